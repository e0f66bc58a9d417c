"""Signs this service's own tokens with the shared secret, for `arcadia token`."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

import jwt

from app.operations.calls.kept_secret import kept_secret
from app.operations.calls.principal import Role
from app.server.claims import Bearer, ClaimError
from app.settings import Settings

SECRET_FILE = "jwt-secret"  # noqa: S105  # its name, not its content


class NoSigningSecretError(Exception):
    """No such token can be signed here: tokens come from the issuer whose keys ARCADIA_JWKS_URL names, or the settings
    have no name for a role.
    """


def shared_secret(settings: Settings) -> str | None:
    """Returns the HS256 secret: the configured one. If neither a secret nor an issuer is configured, a secret is
    generated once and stored in the data directory.
    """
    if settings.jwt_secret is not None:
        return settings.jwt_secret
    return None if settings.jwks_url is not None else kept_secret(settings.data_dir / SECRET_FILE)


def sign_token(  # noqa: PLR0917  # a token is these
    settings: Settings, subject: str, roles: Iterable[Role], tenant_id: UUID | None, ttl: timedelta, now: datetime
) -> str:
    """Returns a bearer token that this installation's API accepts for `ttl` from `now`."""
    secret = shared_secret(settings)
    if secret is None:
        raise NoSigningSecretError("ARCADIA_JWKS_URL is set and ARCADIA_JWT_SECRET is not: ask the issuer for a token.")
    try:
        bearer = Bearer.from_settings(settings).claims(subject, roles, tenant_id)
    except ClaimError as error:
        raise NoSigningSecretError(str(error)) from error
    claims = {
        "iss": settings.jwt_issuer,
        "aud": settings.jwt_audience,
        "iat": int(now.timestamp()),
        "exp": int((now + ttl).timestamp()),
        **bearer,
    }
    return jwt.encode(claims, secret, algorithm="HS256")
