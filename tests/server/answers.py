"""Helpers that read responses."""

from typing import Any

import httpx

JSON = "application/json"


def only_error(response: httpx.Response) -> dict[str, Any]:
    """The one error of a body that has nothing else but, to a caller who is known, the cost."""
    body = response.json()
    assert body.keys() - {"extensions"} == {"errors"}
    (error,) = body["errors"]
    assert isinstance(error, dict)
    return error


def code(response: httpx.Response) -> str:
    return str(only_error(response)["extensions"]["code"])


async def post(client: httpx.AsyncClient, content: bytes, **headers: str) -> httpx.Response:
    return await client.post("/graphql", content=content, headers={"content-type": JSON, **headers})


def without_cost(body: dict[str, Any]) -> dict[str, Any]:
    """A decoded answer, without the cost that every one has."""
    rest = {name: value for name, value in body.items() if name != "extensions"}
    assert body["extensions"].keys() == {"cost"}
    assert body["extensions"]["cost"].keys() == {"requested", "limit", "remaining", "resetAt"}
    return rest
