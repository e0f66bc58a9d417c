"""The places in `connection_init` where clients put their token, and the close reasons of refused sockets."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.server.test_sockets import connected

Token = Callable[..., str]


@pytest.mark.parametrize("name", ["authorization", "Authorization"])
async def test_the_token_s_name_in_either_case(base_url: str, token: Token, name: str) -> None:
    async with connected(base_url) as client:
        await client.send(type="connection_init", payload={name: f"Bearer {token()}"})
        assert await client.receive() == {"type": "connection_ack"}


@pytest.mark.parametrize(
    "payload",
    [
        lambda token: {"headers": {"Authorization": token}},
        lambda token: {"headers": {"authorization": token, "x-other": 7}},
        lambda token: {"Headers": {"AUTHORIZATION": token}},
        lambda token: {"authToken": "x", "AUTHORIZATION": token},
    ],
)
async def test_where_clients_put_the_token(base_url: str, token: Token, payload: Callable[[str], Any]) -> None:
    async with connected(base_url) as client:
        await client.send(type="connection_init", payload=payload(f"Bearer {token()}"))
        assert await client.receive() == {"type": "connection_ack"}


@pytest.mark.parametrize("payload", [None, {}, {"headers": {}}, {"authorization": ""}, {"authorization": None}])
async def test_the_token_of_the_upgrade_s_header(base_url: str, token: Token, payload: Any) -> None:
    headers = {"authorization": f"Bearer {token()}"}
    async with connected(base_url, additional_headers=headers) as client:
        await client.send(type="connection_init", **({} if payload is None else {"payload": payload}))
        assert await client.receive() == {"type": "connection_ack"}


async def test_the_token_of_the_message_goes_before_the_header_s(base_url: str, token: Token) -> None:
    async with connected(base_url, additional_headers={"authorization": f"Bearer {token()}"}) as client:
        await client.send(type="connection_init", payload={"authorization": "Bearer x"})
        assert await client.closed() == (4403, "The token is malformed or its signature is wrong.")


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (None, "The request has no bearer token: send the header Authorization: Bearer TOKEN."),
        ({}, "The request has no bearer token: send the header Authorization: Bearer TOKEN."),
        ({"authorization": None}, "The request has no bearer token: send the header Authorization: Bearer TOKEN."),
        (
            {"authorization": "Basic x"},
            "The Authorization header does not use the Bearer scheme: send Authorization: Bearer TOKEN.",
        ),
        ({"authorization": "Bearer x"}, "The token is malformed or its signature is wrong."),
        ({"authorization": f"Bearer {'x' * 10_000}"}, "The token is too long."),
    ],
)
async def test_a_refused_socket_says_why(base_url: str, payload: Any, reason: str) -> None:
    async with connected(base_url) as client:
        await client.send(type="connection_init", payload=payload)
        assert await client.closed() == (4403, reason)


@pytest.mark.parametrize(
    "payload", [3, "Bearer x", [], {"authorization": 3}, {"headers": [1]}, {"headers": {"authorization": {}}}]
)
async def test_a_malformed_init(base_url: str, payload: Any) -> None:
    async with connected(base_url) as client:
        await client.send(type="connection_init", payload=payload)
        assert await client.closed() == (4400, "Invalid connection_init payload")
