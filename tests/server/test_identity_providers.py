"""Tokens as Auth0, Keycloak and Entra ID make them, verified with the keys that an issuer publishes over HTTP."""

import json
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

from app.operations.calls.principal import Principal, Role
from app.server.auth import Authenticator, Session, UnauthenticatedError
from app.server.signing import NoSigningSecretError, sign_token
from app.settings import Settings, SettingsError
from tests.clock import Clock
from tests.server.issuer import Issuer
from tests.server.serving import served

SECRET = "a secret of tests, thirty-two bytes or more"
TENANT = UUID("01890000-0000-7000-8000-000000000001")
SignIn = Callable[..., Any]

RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PRIVATE: dict[str, Any] = {
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), RSA),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "ES384": ec.generate_private_key(ec.SECP384R1()),
    "ES512": ec.generate_private_key(ec.SECP521R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}

AUTH0 = {
    "https://billing.example.com/roles": ["Billing Admin", "Support"],
    "https://billing.example.com/tenant": str(TENANT),
    "iss": "https://acme.eu.auth0.com/",
    "sub": "auth0|5f7c8ec7c33c6c004bbafe82",
    "aud": ["https://billing.example.com/api", "https://acme.eu.auth0.com/userinfo"],
    "azp": "my_client_id",
    "scope": "openid profile",
    "permissions": ["read:invoices"],
}
KEYCLOAK = {
    "iss": "https://sso.example.com/realms/acme",
    "aud": "account",
    "sub": "f:7e3a:ada",
    "typ": "Bearer",
    "azp": "billing",
    "realm_access": {"roles": ["offline_access", "billing-viewer", "uma_authorization"]},
    "resource_access": {"billing.web": {"roles": ["tenant_admin"]}, "account": {"roles": ["manage-account"]}},
    "scope": "email profile",
    "tenant": {"id": str(TENANT)},
    "preferred_username": "ada",
}
ENTRA = {
    "aud": "api://5f2a1c10-0000-4000-8000-000000000000",
    "iss": "https://login.microsoftonline.com/5f2a/v2.0",
    "sub": "AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ",
    "oid": "00000000-0000-0000-66f3-3332eca7ea81",
    "roles": ["Billing.Platform"],
    "scp": "Usage.Write Invoices.Read",
    "extension_tenant": str(TENANT),
    "ver": "2.0",
    "tid": "9188040d-6c67-4c5b-b112-36a304b66dad",
}


@pytest.fixture
async def issuer() -> AsyncIterator[tuple[Issuer, str]]:
    issuer = Issuer()

    async def jwks(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            body = await issuer.fetch()
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/json")]})
            await send({"type": "http.response.body", "body": body})

    async with served(jwks) as url:
        yield issuer, f"{url}/keys"


@pytest.fixture
async def sign_in(issuer: tuple[Issuer, str], clock: Clock) -> SignIn:
    """Signs a token with a published key and gives the session of who presents it."""

    async def present(
        claims: dict[str, Any],
        algorithm: str = "RS256",
        *,
        kid: bool = True,
        typ: str | None = "JWT",
        alg: str | None = None,
        **settings: str,
    ) -> Session:
        published, url = issuer
        published.publish(algorithm, PRIVATE[algorithm], algorithm, **({"alg": alg} if alg else {}))
        now = int(clock().timestamp())
        given = {"iss": "arcadia", "aud": "arcadia-billing", "iat": now, "exp": now + 600, **claims}
        given = {name: value for name, value in given.items() if value is not ...}
        environment = {"JWKS_URL": url, **{name.upper(): text for name, text in settings.items()}}
        read = Settings.from_environment({f"ARCADIA_{name}": text for name, text in environment.items()})
        headers = {"typ": typ, **({"kid": algorithm} if kid else {})}
        token = jwt.PyJWS().encode(json.dumps(given).encode(), PRIVATE[algorithm], algorithm, headers)
        authenticator = Authenticator.from_settings(read, clock)
        try:
            return await authenticator.authenticate(f"Bearer {token}")
        finally:
            await authenticator.close()

    return present


PROVIDERS: list[tuple[dict[str, Any], dict[str, str], Principal]] = [
    (
        AUTH0,
        {
            "jwt_issuer": "https://acme.eu.auth0.com/",
            "jwt_audience": "https://billing.example.com/api",
            "jwt_roles_claim": "https://billing.example.com/roles",
            "jwt_tenant_claim": "https://billing.example.com/tenant",
            "jwt_role_names": "Billing Admin=tenant_admin, Billing Reader=tenant_viewer",
        },
        Principal("auth0|5f7c8ec7c33c6c004bbafe82", frozenset({Role.TENANT_ADMIN}), TENANT),
    ),
    (
        KEYCLOAK,
        {
            "jwt_issuer": "https://sso.example.com/realms/acme",
            "jwt_audience": "account",
            "jwt_roles_claim": "realm_access.roles",
            "jwt_tenant_claim": "tenant.id",
            "jwt_role_names": "billing-viewer=tenant_viewer",
        },
        Principal("f:7e3a:ada", frozenset({Role.TENANT_VIEWER}), TENANT),
    ),
    (
        KEYCLOAK,
        {
            "jwt_issuer": "https://sso.example.com/realms/acme",
            "jwt_audience": "account",
            "jwt_roles_claim": "resource_access.billing.web.roles",
            "jwt_tenant_claim": "tenant.id",
            "jwt_subject_claim": "preferred_username",
        },
        Principal("ada", frozenset({Role.TENANT_ADMIN}), TENANT),
    ),
    (
        ENTRA,
        {
            "jwt_issuer": "https://login.microsoftonline.com/5f2a/v2.0",
            "jwt_audience": "api://5f2a1c10-0000-4000-8000-000000000000",
            "jwt_subject_claim": "oid",
            "jwt_roles_claim": "roles, scp",
            "jwt_tenant_claim": "extension_tenant",
            "jwt_role_names": "Billing.Platform=platform_admin, Usage.Write=meter",
        },
        Principal(ENTRA["oid"], frozenset({Role.PLATFORM_ADMIN, Role.METER}), TENANT),  # type: ignore[arg-type]  # a text
    ),
]


@pytest.mark.parametrize(("claims", "settings", "principal"), PROVIDERS)
async def test_tokens_of_providers(
    sign_in: SignIn, claims: dict[str, Any], settings: dict[str, str], principal: Principal
) -> None:
    assert (await sign_in(claims, **settings)).principal == principal


OURS = {"sub": "ada", "roles": ["platform_admin"]}


@pytest.mark.parametrize(
    "algorithm",
    [
        *("RS256", "ES256"),
        *("RS384", "RS512", "PS256", "PS384", "PS512", "ES384", "ES512", "EdDSA"),
    ],
)
@pytest.mark.parametrize("kid", [True, False])
async def test_the_algorithms_of_each_kind_of_key(sign_in: SignIn, algorithm: str, kid: bool) -> None:
    assert (await sign_in(OURS, algorithm, kid=kid)).principal.subject == "ada"


async def test_a_key_that_names_its_algorithm_verifies_no_other(sign_in: SignIn) -> None:
    assert (await sign_in(OURS, "RS256", alg="RS256")).principal.subject == "ada"
    with pytest.raises(UnauthenticatedError, match="trusts"):
        await sign_in(OURS, "RS256", alg="PS256")


@pytest.mark.parametrize("typ", [None, "JWT", "jwt", "at+jwt", "application/at+jwt"])
async def test_types_of_access_tokens(sign_in: SignIn, typ: str | None) -> None:
    assert (await sign_in(OURS, typ=typ)).principal.subject == "ada"


@pytest.mark.parametrize("typ", ["logout+jwt", "dpop+jwt", "secevent+jwt"])
async def test_a_token_made_for_something_else(sign_in: SignIn, typ: str) -> None:
    with pytest.raises(UnauthenticatedError, match="typ"):
        await sign_in(OURS, typ=typ)


@pytest.mark.parametrize(
    "roles", ["tenant_viewer meter", "tenant_viewer,meter", "meter, tenant_viewer other", ["tenant_viewer", "meter"]]
)
async def test_roles_as_a_list_or_as_one_text(sign_in: SignIn, roles: Any) -> None:
    session = await sign_in({"sub": "ada", "roles": roles, "tenant_id": str(TENANT)}, jwt_subject_claim="sub")
    assert session.principal.roles == {Role.TENANT_VIEWER, Role.METER}
    with pytest.raises(UnauthenticatedError, match="people"):
        await sign_in({"sub": "ada", "roles": roles, "tenant_id": str(TENANT)}, jwt_roles_claim="people")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"exp": ...}, "The token has no claim exp."),
        ({"iss": ...}, "The token has no claim iss."),
        ({"aud": ...}, "The token has no claim aud."),
        ({"iat": ...}, "The token has no claim iat."),
        ({"sub": ...}, "The token has no claim sub."),
        ({"roles": ...}, "The token has no claim roles."),
        ({"roles": None}, "The token has no claim roles."),
        ({"exp": "soon"}, "The claim exp must be a number of seconds since 1970."),
        ({"iat": True}, "The claim iat must be a number of seconds since 1970."),
        ({"nbf": "x"}, "The claim nbf must be a number of seconds since 1970."),
        ({"iss": "hunter2"}, "The claim iss names an issuer that this service does not trust."),
        ({"iss": 7}, "The claim iss must be text."),
        ({"aud": "hunter2"}, "The claim aud does not name this API."),
        ({"aud": {}}, "The claim aud must be text or a list of texts."),
        ({"sub": 7}, "The claim sub must be 1 to 255 printable characters."),
        ({"roles": {"a": 1}}, "The claim roles must be a list of texts, or one text with spaces or commas."),
        ({"roles": [1]}, "The claim roles must be a list of texts, or one text with spaces or commas."),
        ({"roles": ["hunter2"]}, "The claim roles names no role that this service knows."),
        ({"roles": []}, "The claim roles names no role that this service knows."),
        ({"roles": ["tenant_admin"]}, "The token has no claim tenant_id, which its role requires."),
        ({"roles": ["tenant_admin"], "tenant_id": "hunter2"}, "The claim tenant_id must be a UUID."),
        ({"roles": ["tenant_admin"], "tenant_id": 7}, "The claim tenant_id must be a UUID."),
    ],
)
async def test_a_refusal_names_the_claim_and_tells_nothing_of_it(
    sign_in: SignIn, changes: dict[str, Any], told: str
) -> None:
    with pytest.raises(UnauthenticatedError) as caught:
        await sign_in({**OURS, **changes})
    assert str(caught.value) == told


async def test_only_mapped_names_are_roles_once_there_is_a_map(sign_in: SignIn) -> None:
    with pytest.raises(UnauthenticatedError, match="names no role"):
        await sign_in(OURS, jwt_role_names="admins=platform_admin")
    session = await sign_in({"sub": "ada", "roles": ["admins"]}, jwt_role_names="admins=platform_admin")
    assert session.principal == Principal("ada", frozenset({Role.PLATFORM_ADMIN}))


@pytest.mark.parametrize("names", ["admins", "admins=", "=platform_admin", "a=root", "a=platform_admin,a=meter"])
def test_a_malformed_map_of_roles(names: str, clock: Clock) -> None:
    with pytest.raises(SettingsError, match="ARCADIA_JWT_ROLE_NAMES"):
        Authenticator.from_settings(
            Settings.from_environment({"ARCADIA_JWT_SECRET": SECRET, "ARCADIA_JWT_ROLE_NAMES": names}), clock
        )


async def test_our_own_tokens_have_the_claims_that_the_settings_name(clock: Clock) -> None:
    given = {
        "ARCADIA_JWT_SECRET": SECRET,
        "ARCADIA_JWT_ROLES_CLAIM": "https://billing.example.com/roles, scp",
        "ARCADIA_JWT_TENANT_CLAIM": "tenant.id",
        "ARCADIA_JWT_SUBJECT_CLAIM": "email",
        "ARCADIA_JWT_ROLE_NAMES": "Readers=tenant_viewer",
    }
    settings = Settings.from_environment(given)
    authenticator = Authenticator.from_settings(settings, clock)
    token = sign_token(settings, "ada@example.com", {Role.TENANT_VIEWER}, TENANT, timedelta(hours=1), clock())
    assert jwt.decode(token, options={"verify_signature": False})["https://billing.example.com/roles"] == ["Readers"]
    session = await authenticator.authenticate(f"Bearer {token}")
    assert session.principal == Principal("ada@example.com", frozenset({Role.TENANT_VIEWER}), TENANT)
    with pytest.raises(NoSigningSecretError, match="tenant_admin"):
        sign_token(settings, "ada", {Role.TENANT_ADMIN}, TENANT, timedelta(hours=1), clock())


async def test_ed448_is_eddsa_too(issuer: tuple[Issuer, str], sign_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PRIVATE, "EdDSA", ed448.Ed448PrivateKey.generate())
    assert (await sign_in(OURS, "EdDSA")).principal.subject == "ada"
    assert json.loads(await issuer[0].fetch())["keys"][0]["crv"] == "Ed448"
