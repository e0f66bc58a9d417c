"""Verification of tokens, claim by claim."""

import hmac
import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.operations.calls.principal import Principal, Role
from app.server.auth import LEEWAY, REMEMBERED_FOR, Authenticator, UnauthenticatedError
from app.server.keys import IssuerKeys, Keys
from tests.clock import Clock
from tests.server.issuer import Issuer

SECRET = "a secret of tests, thirty-two bytes or more"
TENANT = UUID("01890000-0000-7000-8000-000000000001")
ABSENT = object()


def claims(clock: Clock, **changes: Any) -> dict[str, Any]:
    now = int(clock().timestamp())
    given = {
        "iss": "arcadia",
        "aud": "arcadia-billing",
        "sub": "ada",
        "iat": now,
        "exp": now + 600,
        "roles": ["tenant_admin"],
        "tenant_id": str(TENANT),
        **changes,
    }
    return {name: value for name, value in given.items() if value is not ABSENT}


def bearer(payload: dict[str, Any], key: Any = SECRET, algorithm: str = "HS256", **headers: Any) -> str:
    return "Bearer " + jwt.encode(payload, key, algorithm=algorithm, headers=headers)


@pytest.fixture
def authenticator(clock: Clock) -> Authenticator:
    return Authenticator(Keys(SECRET, None), "arcadia", "arcadia-billing", clock)


async def refusal(authenticator: Authenticator, authorization: str | None) -> str:
    with pytest.raises(UnauthenticatedError) as caught:
        await authenticator.authenticate(authorization)
    return str(caught.value)


async def test_a_good_token(authenticator: Authenticator, clock: Clock) -> None:
    session = await authenticator.authenticate(bearer(claims(clock)))
    assert session.principal == Principal("ada", frozenset({Role.TENANT_ADMIN}), TENANT)
    assert session.ends_at == clock() + timedelta(seconds=600) + LEEWAY
    assert authenticator.time_left(session) == timedelta(seconds=630)


@pytest.mark.parametrize(
    ("changes", "principal"),
    [
        ({"roles": ["platform_admin"], "tenant_id": ABSENT}, Principal("ada", frozenset({Role.PLATFORM_ADMIN}))),
        ({"roles": ["meter"], "tenant_id": ABSENT}, Principal("ada", frozenset({Role.METER}))),
        ({"roles": ["tenant_viewer", "billing-guild"]}, Principal("ada", frozenset({Role.TENANT_VIEWER}), TENANT)),
        ({"aud": ["other", "arcadia-billing"]}, Principal("ada", frozenset({Role.TENANT_ADMIN}), TENANT)),
        ({"tenant": "another"}, Principal("ada", frozenset({Role.TENANT_ADMIN}), TENANT)),
    ],
)
async def test_other_good_claims(
    authenticator: Authenticator, clock: Clock, changes: dict[str, Any], principal: Principal
) -> None:
    assert (await authenticator.authenticate(bearer(claims(clock, **changes)))).principal == principal


@pytest.mark.parametrize("name", ["iss", "aud", "sub", "iat", "exp", "roles"])
async def test_every_claim_is_required(authenticator: Authenticator, clock: Clock, name: str) -> None:
    told = await refusal(authenticator, bearer(claims(clock, **{name: ABSENT})))
    assert told == f"The token has no claim {name}."


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"iss": "someone"}, "claim iss"),
        ({"aud": "someone"}, "claim aud"),
        ({"aud": []}, "claim aud"),
        ({"sub": ""}, "255 printable"),
        ({"sub": 7}, "claim sub"),
        ({"exp": "tomorrow"}, "claim exp"),
        ({"roles": []}, "no role"),
        ({"roles": {"platform_admin": True}}, "claim roles"),
        ({"roles": ["PLATFORM_ADMIN"]}, "no role"),
        ({"roles": ["root"]}, "no role"),
        ({"tenant_id": ABSENT}, "no claim tenant_id"),
        ({"tenant_id": "everyone"}, "claim tenant_id"),
    ],
)
async def test_a_bad_claim(authenticator: Authenticator, clock: Clock, changes: dict[str, Any], told: str) -> None:
    assert told in await refusal(authenticator, bearer(claims(clock, **changes)))


@pytest.mark.parametrize(
    "subject",
    [
        *("a\0b", "a\nb", "\x1b[31m", "\u202eada", "a" * 256, "é" * 256, " ", "\u200b"),
    ],
)
async def test_a_subject_is_short_and_printable(authenticator: Authenticator, clock: Clock, subject: str) -> None:
    assert "255 printable characters" in await refusal(authenticator, bearer(claims(clock, sub=subject)))


@pytest.mark.parametrize(
    "subject", ["a" * 255, "auth0|5f7c8ec7c33c6c004bbafe82", "Ada Lovelace", "Åsa", "google-oauth2|1"]
)
async def test_subjects_of_issuers(authenticator: Authenticator, clock: Clock, subject: str) -> None:
    session = await authenticator.authenticate(bearer(claims(clock, sub=subject)))
    assert session.principal.subject == subject


@pytest.mark.parametrize(
    ("changes", "good"),
    [
        ({"exp": -29}, True),
        ({"exp": -30}, False),
        ({"iat": 30}, True),
        ({"iat": 31}, False),
        ({"nbf": 30}, True),
        ({"nbf": 31}, False),
    ],
)
async def test_thirty_seconds_of_leeway(
    authenticator: Authenticator, clock: Clock, changes: dict[str, int], good: bool
) -> None:
    now = int(clock().timestamp())
    token = bearer(claims(clock, **{name: now + seconds for name, seconds in changes.items()}))
    if good:
        await authenticator.authenticate(token)
    else:
        assert await refusal(authenticator, token) in {
            "The token has expired: get a new one.",
            "The token is not valid yet.",
        }


async def test_a_remembered_token_expires(authenticator: Authenticator, clock: Clock) -> None:
    token = bearer(claims(clock, exp=int(clock().timestamp()) + 60))
    await authenticator.authenticate(token)
    clock.advance(seconds=89)
    await authenticator.authenticate(token)
    clock.advance(seconds=1)
    assert await refusal(authenticator, token) == "The token has expired: get a new one."


@pytest.mark.parametrize("authorization", [None, "", "Basic YTpi", "bearer", "Bearer ", "Bearer .", "Bearer a.b.c"])
async def test_no_token(authenticator: Authenticator, authorization: str | None) -> None:
    await refusal(authenticator, authorization)


async def test_the_scheme_is_case_insensitive(authenticator: Authenticator, clock: Clock) -> None:
    await authenticator.authenticate("bEARER" + bearer(claims(clock)).removeprefix("Bearer"))


async def test_the_signature_counts(authenticator: Authenticator, clock: Clock) -> None:
    token = bearer(claims(clock))
    await authenticator.authenticate(token)
    head, payload, signature = token.split(".")
    forged = jwt.encode(claims(clock, roles=["platform_admin"]), "x" * 32).split(".")[1]
    assert "signature" in await refusal(authenticator, f"{head}.{forged}.{signature}")
    assert "signature" in await refusal(authenticator, f"{head}.{payload}.")
    assert "signature" in await refusal(authenticator, bearer(claims(clock), "y" * 32))


@pytest.mark.parametrize("algorithm", ["none", "HS384", "HS512"])
async def test_the_algorithm_is_the_key_s(authenticator: Authenticator, clock: Clock, algorithm: str) -> None:
    key = "" if algorithm == "none" else SECRET * 2
    assert "trusts" in await refusal(authenticator, bearer(claims(clock), key, algorithm))


async def test_issued_tokens(clock: Clock) -> None:
    issuer = Issuer()
    private = {
        "RS256": rsa.generate_private_key(public_exponent=65537, key_size=2048),
        "ES256": ec.generate_private_key(ec.SECP256R1()),
    }
    for algorithm, key in private.items():
        issuer.publish(algorithm, key, key_id=algorithm)
    authenticator = Authenticator(Keys(None, IssuerKeys(issuer.fetch, clock)), "arcadia", "arcadia-billing", clock)
    for algorithm, key in private.items():
        await authenticator.authenticate(bearer(claims(clock), key, algorithm, kid=algorithm))
        await authenticator.authenticate(bearer(claims(clock), key, algorithm))  # the only key of its kind
    await authenticator.close()


async def test_a_public_key_is_no_secret(clock: Clock) -> None:
    """The old attack: sign HS256 with the bytes of the published key."""
    issuer = Issuer()
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    issuer.publish("RS256", key, key_id="a")
    authenticator = Authenticator(Keys(None, IssuerKeys(issuer.fetch, clock)), "arcadia", "arcadia-billing", clock)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    parts = [json.dumps(part).encode() for part in ({"alg": "HS256", "kid": "a"}, claims(clock))]
    signed = b".".join(urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    signature = urlsafe_b64encode(hmac.digest(public, signed, "sha256")).rstrip(b"=")
    assert "trusts" in await refusal(authenticator, f"Bearer {(signed + b'.' + signature).decode()}")
    await authenticator.close()


async def test_a_withdrawn_key_ends_its_tokens(clock: Clock) -> None:
    issuer = Issuer()
    old, new = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    issuer.publish("ES256", old, key_id="old")
    keys = IssuerKeys(issuer.fetch, clock)
    authenticator = Authenticator(Keys(None, keys), "arcadia", "arcadia-billing", clock)
    token = bearer(claims(clock, exp=int(clock().timestamp()) + 86_400), old, "ES256", kid="old")
    await authenticator.authenticate(token)
    issuer.withdraw("old")
    issuer.publish("ES256", new, key_id="new")
    clock.advance(seconds=REMEMBERED_FOR.total_seconds() + 1)
    assert "trusts" in await refusal(authenticator, token)
    await authenticator.close()


async def test_an_expiry_beyond_the_calendar(authenticator: Authenticator, clock: Clock) -> None:
    session = await authenticator.authenticate(bearer(claims(clock, exp=10**18)))
    assert session.ends_at == datetime.max.replace(tzinfo=UTC)
