"""From a bearer token to a principal (RFC 7519, RFC 6750)."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
from jwt import PyJWS, get_unverified_header
from jwt.exceptions import PyJWTError

from app.operations.principal import TENANT_ROLES, Principal, Role
from app.server.keys import Clock, IssuerKeys, Keys, fetch_key_set
from app.server.signing import shared_secret
from app.settings import Settings

LEEWAY = timedelta(seconds=30)
MAX_TOKEN_LENGTH = 8_192
MAX_SUBJECT_LENGTH = 255
"""The subject is a key of rate limits and a column of the audit log: PostgreSQL's text holds no U+0000."""
REMEMBERED_TOKENS = 8_192
REMEMBERED_FOR = timedelta(minutes=5)
"""Then a token is verified again, by a key that may meanwhile have been withdrawn."""

_ROLES = {role.value.lower(): role for role in Role}


class UnauthenticatedError(Exception):
    """No principal can be made of what was presented. The text is for the client."""


@dataclass(frozen=True, slots=True)
class Session:
    """A principal and the instant its token ceases to be accepted."""

    principal: Principal
    ends_at: datetime


class _Claims(msgspec.Struct):
    sub: str
    iss: str
    aud: str | list[str]
    exp: float
    iat: float
    roles: list[str]
    nbf: float = 0
    tenant_id: UUID | None = None


class Authenticator:
    """Verifies tokens. A token once verified is remembered until it ends or the trusted keys change."""

    def __init__(self, keys: Keys, issuer: str, audience: str, clock: Clock) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._clock = clock
        self._signatures = PyJWS(algorithms=["HS256", "RS256", "ES256"])
        self._remembered: OrderedDict[str, tuple[Session, datetime]] = OrderedDict()
        self._remembered_under = keys.trusted

    @classmethod
    def from_settings(cls, settings: Settings, clock: Clock) -> "Authenticator":
        url = settings.jwks_url
        issuer = IssuerKeys(lambda: fetch_key_set(url), clock) if url is not None else None
        return cls(Keys(shared_secret(settings), issuer), settings.jwt_issuer, settings.jwt_audience, clock)

    async def authenticate(self, authorization: str | None) -> Session:
        """Who sent an `Authorization` header. Raises UnauthenticatedError, or KeysUnavailableError if none can tell."""
        if not authorization:
            raise UnauthenticatedError("Sign in: this API needs a bearer token.")
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise UnauthenticatedError("Sign in with the Bearer scheme.")
        now = self._clock()
        session = self._recall(token, now)
        if session is None:
            session = self._session(await self._verified_claims(token.strip()), now)
            self._remember(token, session, now)
        if now >= session.ends_at:
            raise UnauthenticatedError("The token has expired.")
        return session

    def time_left(self, session: Session) -> timedelta:
        return session.ends_at - self._clock()

    async def close(self) -> None:
        await self._keys.close()

    def _recall(self, token: str, now: datetime) -> Session | None:
        if self._remembered_under is not self._keys.trusted:
            self._remembered.clear()
            self._remembered_under = self._keys.trusted
        session, until = self._remembered.get(token, (None, now))
        return session if until > now else None

    def _remember(self, token: str, session: Session, now: datetime) -> None:
        self._remembered[token] = session, now + REMEMBERED_FOR
        if len(self._remembered) > REMEMBERED_TOKENS:
            self._remembered.popitem(last=False)

    async def _verified_claims(self, token: str) -> _Claims:
        if len(token) > MAX_TOKEN_LENGTH:
            raise UnauthenticatedError("The token is too long.")
        try:
            header = get_unverified_header(token)
            key_id = header.get("kid")
            key = await self._keys.find(str(header.get("alg")), key_id if isinstance(key_id, str) else None)
            if key is None:
                raise UnauthenticatedError("The token is not signed with a key that is trusted here.")
            payload = self._signatures.decode_complete(token, key.key, algorithms=[key.algorithm])["payload"]
        except (PyJWTError, ValueError, RecursionError) as error:
            raise UnauthenticatedError("The token is malformed or its signature is wrong.") from error
        try:
            return msgspec.json.decode(payload, type=_Claims)
        except (msgspec.DecodeError, RecursionError) as error:
            raise UnauthenticatedError("The token lacks a claim, or a claim is malformed.") from error

    def _session(self, claims: _Claims, at: datetime) -> Session:
        now = at.timestamp()
        leeway = LEEWAY.total_seconds()
        audiences = [claims.aud] if isinstance(claims.aud, str) else claims.aud
        if claims.iss != self._issuer or self._audience not in audiences:
            raise UnauthenticatedError("The token was made by or for someone else.")
        if now >= claims.exp + leeway:
            raise UnauthenticatedError("The token has expired.")
        if max(claims.iat, claims.nbf) > now + leeway:
            raise UnauthenticatedError("The token is not valid yet.")
        try:
            ends_at = datetime.fromtimestamp(claims.exp + leeway, UTC)
        except (ValueError, OverflowError, OSError):
            ends_at = datetime.max.replace(tzinfo=UTC)
        return Session(_principal(claims), ends_at)


def _principal(claims: _Claims) -> Principal:
    roles = frozenset(_ROLES[name] for name in claims.roles if name in _ROLES)
    if not roles:
        raise UnauthenticatedError("The token names no role that is known here.")
    if not 1 <= len(claims.sub) <= MAX_SUBJECT_LENGTH or not claims.sub.isprintable() or claims.sub.isspace():
        raise UnauthenticatedError("The claim sub must be 1 to 255 printable characters.")
    if roles & TENANT_ROLES and claims.tenant_id is None:
        raise UnauthenticatedError("The token names a tenant role and no tenant.")
    return Principal(claims.sub, roles, claims.tenant_id)
