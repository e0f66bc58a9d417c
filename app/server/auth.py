"""Verifies bearer tokens and returns their principals (RFC 7519, RFC 6750)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from jwt import PyJWS, get_unverified_header
from jwt.exceptions import PyJWTError

from app.lru_cache import LRUCache
from app.operations.calls.principal import Principal
from app.server.claims import OWN_TOKENS, Bearer, ClaimError, Claims, check_issuer_and_audience, seconds
from app.server.keys import ISSUED_ALGORITHMS, SECRET_ALGORITHM, Clock, IssuerKeys, Keys, fetch_key_set
from app.server.signing import shared_secret
from app.settings import Settings

LEEWAY = timedelta(seconds=30)
MAX_TOKEN_LENGTH = 8_192
ACCESS_TOKEN_TYPES = frozenset({"jwt", "at+jwt"})
REMEMBERED_TOKENS = 8_192
REMEMBERED_FOR = timedelta(minutes=5)
"""After that, a token is verified again, because its key may have been withdrawn."""


class UnauthenticatedError(Exception):
    """The request has no valid token. The message is for the client."""


@dataclass(frozen=True, slots=True)
class Session:
    """A principal, and the instant at which its token is no longer accepted."""

    principal: Principal
    ends_at: datetime


class Authenticator:
    """Verifies tokens. A verified token is cached until it expires or the trusted keys change."""

    def __init__(self, keys: Keys, issuer: str, audience: str, clock: Clock, bearer: Bearer = OWN_TOKENS) -> None:
        self._keys = keys
        self._bearer = bearer
        self._issuer = issuer
        self._audience = audience
        self._clock = clock
        self._signatures = PyJWS(algorithms=[SECRET_ALGORITHM, *ISSUED_ALGORITHMS])
        self._remembered: LRUCache[str, tuple[Session, datetime]] = LRUCache(REMEMBERED_TOKENS)
        self._remembered_under = keys.trusted

    @classmethod
    def from_settings(cls, settings: Settings, clock: Clock) -> "Authenticator":
        url = settings.jwks_url
        issuer = IssuerKeys(lambda: fetch_key_set(url), clock) if url is not None else None
        keys = Keys(shared_secret(settings), issuer)
        return cls(keys, settings.jwt_issuer, settings.jwt_audience, clock, Bearer.from_settings(settings))

    async def authenticate(self, authorization: str | None) -> Session:
        """Returns the session for an `Authorization` header. Raises UnauthenticatedError, or KeysUnavailableError if no
        keys can be fetched to verify it.
        """
        if not authorization:
            raise UnauthenticatedError("The request has no bearer token: send the header Authorization: Bearer TOKEN.")
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise UnauthenticatedError(
                "The Authorization header does not use the Bearer scheme: send Authorization: Bearer TOKEN."
            )
        now = self._clock()
        session = self._recall(token, now)
        if session is None:
            session = self._session(await self._verified_claims(token.strip()), now)
            self._remember(token, session, now)
        if now >= session.ends_at:
            raise UnauthenticatedError("The token has expired: get a new one.")
        return session

    def time_left(self, session: Session) -> timedelta:
        return session.ends_at - self._clock()

    async def close(self) -> None:
        await self._keys.close()

    def _recall(self, token: str, now: datetime) -> Session | None:
        if self._remembered_under is not self._keys.trusted:
            self._remembered.clear()
            self._remembered_under = self._keys.trusted
        session, until = self._remembered.get(token) or (None, now)
        return session if until > now else None

    def _remember(self, token: str, session: Session, now: datetime) -> None:
        self._remembered.put(token, (session, now + REMEMBERED_FOR))

    async def _verified_claims(self, token: str) -> Claims:
        if len(token) > MAX_TOKEN_LENGTH:
            raise UnauthenticatedError("The token is too long.")
        try:
            header = get_unverified_header(token)
            _check_type(header)
            algorithm, key_id = str(header.get("alg")), header.get("kid")
            key = await self._keys.find(algorithm, key_id if isinstance(key_id, str) else None)
            if key is None:
                raise UnauthenticatedError("The token is not signed with a key that this service trusts.")
            payload = self._signatures.decode_complete(token, key.key, algorithms=[algorithm])["payload"]
        except (PyJWTError, ValueError, RecursionError) as error:
            raise UnauthenticatedError("The token is malformed or its signature is wrong.") from error
        try:
            return msgspec.json.decode(payload, type=dict[str, Any])
        except (msgspec.DecodeError, RecursionError) as error:
            raise UnauthenticatedError("The token's claims are not a JSON object.") from error

    def _session(self, claims: Claims, at: datetime) -> Session:
        now = at.timestamp()
        leeway = LEEWAY.total_seconds()
        try:
            check_issuer_and_audience(claims, self._issuer, self._audience)
            ends = seconds(claims, "exp") + leeway
            begins = max(seconds(claims, "iat"), seconds(claims, "nbf", 0)) - leeway
            principal = self._bearer.principal(claims)
        except ClaimError as error:
            raise UnauthenticatedError(str(error)) from error
        if now >= ends:
            raise UnauthenticatedError("The token has expired: get a new one.")
        if begins > now:
            raise UnauthenticatedError("The token is not valid yet.")
        try:
            ends_at = datetime.fromtimestamp(ends, UTC)
        except (ValueError, OverflowError, OSError):
            ends_at = datetime.max.replace(tzinfo=UTC)
        return Session(principal, ends_at)


def _check_type(header: Mapping[str, Any]) -> None:
    """Refuses tokens that an issuer signs with the same keys for other purposes (RFC 8725, section 3.11), and
    extensions that a verifier must understand (RFC 7515, section 4.1.11).
    """
    kind = str(header.get("typ") or "JWT").lower().removeprefix("application/")
    if kind not in ACCESS_TOKEN_TYPES:
        raise UnauthenticatedError("The token is not an access token, according to its header typ.")
    if "crit" in header:
        raise UnauthenticatedError("The token's header crit names an extension that this service does not support.")
