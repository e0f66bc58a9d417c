"""An issuer's keys: rotation, shared requests, and use while the issuer is unavailable."""

import asyncio
import json
from typing import Any

import httpx
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from app.server.keys import (
    LOOKUP_INTERVAL,
    MAX_KEY_SET_BYTES,
    REFRESH_AFTER,
    RETRY_INTERVAL,
    IssuerKeys,
    KeysUnavailableError,
    fetch_key_set,
    parse_key_set,
)
from tests.clock import Clock
from tests.server.issuer import Issuer
from tests.server.serving import served


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
def issuer() -> Issuer:
    issuer = Issuer()
    issuer.publish("ES256", new_key(), key_id="a")
    return issuer


@pytest.fixture
def keys(issuer: Issuer, clock: Clock) -> IssuerKeys:
    return IssuerKeys(issuer.fetch, clock)


async def test_a_known_key_is_fetched_once(issuer: Issuer, keys: IssuerKeys) -> None:
    for _ in range(3):
        key = await keys.find("ES256", "a")
        assert key is not None
        assert (key.algorithms, key.key_id) == (frozenset({"ES256"}), "a")
    assert issuer.requests == 1


async def test_a_hundred_callers_make_one_request(issuer: Issuer, keys: IssuerKeys) -> None:
    issuer.delay = 0.02
    found = await asyncio.gather(*(keys.find("ES256", "a") for _ in range(100)))
    assert all(found)
    assert issuer.requests == 1


async def test_a_new_key_is_found_at_once(issuer: Issuer, keys: IssuerKeys, clock: Clock) -> None:
    await keys.find("ES256", "a")
    issuer.publish("ES256", new_key(), key_id="b")
    clock.advance(seconds=LOOKUP_INTERVAL.total_seconds())
    assert await keys.find("ES256", "b") is not None
    assert issuer.requests == 2


async def test_unknown_key_ids_are_bounded_and_do_not_hide_a_new_key(issuer: Issuer, keys: IssuerKeys) -> None:
    """The second look-up is one second after the first, for any caller; callers with the new key wait for it and no
    longer.
    """
    await keys.find("ES256", "a")
    issuer.publish("ES256", new_key(), key_id="b")
    loop = asyncio.get_running_loop()
    began = loop.time()
    found = await asyncio.gather(*(keys.find("ES256", f"random-{n}") for n in range(200)), keys.find("ES256", "b"))
    assert [key is not None for key in found] == [False] * 200 + [True]
    assert issuer.requests == 2
    assert 0.9 < loop.time() - began < 2


async def test_keys_are_refreshed_before_they_are_stale(issuer: Issuer, keys: IssuerKeys, clock: Clock) -> None:
    await keys.find("ES256", "a")
    clock.advance(seconds=REFRESH_AFTER.total_seconds() + 1)
    issuer.delay = 0.05
    began = asyncio.get_running_loop().time()
    assert await keys.find("ES256", "a") is not None
    assert asyncio.get_running_loop().time() - began < 0.04
    await issuer.fetched_times(2)
    await keys.close()


async def test_known_keys_serve_for_an_hour_while_the_issuer_is_unavailable(
    issuer: Issuer, keys: IssuerKeys, clock: Clock
) -> None:
    await keys.find("ES256", "a")
    issuer.away = True
    for asked in range(1, 5):
        clock.advance(minutes=14)
        for _ in range(3):
            assert await keys.find("ES256", "a") is not None
        assert issuer.requests == asked + 1
    await keys.close()


async def test_a_withdrawn_key_is_refused_after_idle_hours(issuer: Issuer, keys: IssuerKeys, clock: Clock) -> None:
    await keys.find("ES256", "a")
    issuer.withdraw("a")
    issuer.publish("ES256", new_key(), key_id="b")
    clock.advance(hours=12)
    assert await keys.find("ES256", "a") is None
    assert issuer.requests == 2
    await keys.close()


async def test_keys_beyond_their_age_decide_nothing(issuer: Issuer, keys: IssuerKeys, clock: Clock) -> None:
    await keys.find("ES256", "a")
    issuer.away = True
    clock.advance(hours=2)
    for _ in range(2):
        with pytest.raises(KeysUnavailableError):
            await keys.find("ES256", "a")
    assert issuer.requests == 2
    clock.advance(seconds=RETRY_INTERVAL.total_seconds())
    issuer.away = False
    assert await keys.find("ES256", "a") is not None
    await keys.close()


async def test_an_unavailable_issuer_is_not_requested_for_every_caller(
    issuer: Issuer, keys: IssuerKeys, clock: Clock
) -> None:
    issuer.away = True
    for _ in range(20):
        with pytest.raises(KeysUnavailableError):
            await keys.find("ES256", "a")
    assert issuer.requests == 1
    clock.advance(seconds=RETRY_INTERVAL.total_seconds())
    issuer.away = False
    assert await keys.find("ES256", "a") is not None
    assert issuer.requests == 2


async def test_another_algorithm_is_another_key(keys: IssuerKeys) -> None:
    assert await keys.find("RS256", "a") is None


async def test_without_a_key_id_only_one_key_may_fit(issuer: Issuer, keys: IssuerKeys, clock: Clock) -> None:
    assert await keys.find("ES256", None) is not None
    issuer.publish("ES256", new_key(), key_id="b")
    clock.advance(seconds=1)
    assert await keys.find("ES256", "b") is not None
    clock.advance(seconds=1)
    assert await keys.find("ES256", None) is None


def published(algorithm: str, private: Any, **members: Any) -> list[str | None]:
    issuer = Issuer()
    issuer.publish(algorithm, private, key_id="k", **members)
    return [key.key_id for key in parse_key_set(json.dumps({"keys": list(issuer.keys.values())}).encode())]


def test_which_keys_are_accepted() -> None:
    strong = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert published("RS256", strong) == ["k"]
    assert published("RS256", strong, alg="RS256") == ["k"]
    assert published("RS256", strong, alg="RS512") == ["k"]
    assert published("RS256", strong, alg="HS256") == []
    assert published("RS256", strong, key_ops=["encrypt"]) == []
    assert published("RS256", strong, key_ops=["verify"]) == ["k"]
    assert published("RS256", strong, use="enc") == []
    assert published("RS256", strong, n="AQAB") == []
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505  # to be refused
    assert published("RS256", weak) == []
    assert published("ES256", new_key()) == ["k"]
    assert published("ES256", new_key(), alg="ES384") == []
    assert published("ES384", ec.generate_private_key(ec.SECP384R1())) == ["k"]
    assert published("ES256K", ec.generate_private_key(ec.SECP256K1())) == []
    assert parse_key_set(b'{"keys": [{"kty": "oct", "k": "c2VjcmV0"}, {"kty": "OKP"}, {}, {"kty": ["RSA"]}]}') == ()


@pytest.mark.parametrize("document", [b"", b"[]", b"{}", b'{"keys": {}}', b'{"keys": [3]}'])
def test_a_malformed_key_set(document: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        parse_key_set(document)


async def test_fetching_is_bounded() -> None:
    async def pages(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        small = scope["path"] == "/small"
        body = b'{"keys": []}' if small else b" " * (MAX_KEY_SET_BYTES + 1)
        await send({"type": "http.response.start", "status": 302 if scope["path"] == "/moved" else 200, "headers": []})
        await send({"type": "http.response.body", "body": body})

    async with served(pages) as url:
        assert await fetch_key_set(f"{url}/small") == b'{"keys": []}'
        with pytest.raises(ValueError, match="too large"):
            await fetch_key_set(f"{url}/large")
        with pytest.raises(httpx.HTTPStatusError, match="302"):
            await fetch_key_set(f"{url}/moved")
