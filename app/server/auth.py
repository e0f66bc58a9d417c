"""From a bearer token to a principal (RFC 7519, RFC 6750)."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from jwt import PyJWS, get_unverified_header
from jwt.exceptions import PyJWTError

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
"""Then a token is verified again, by a key that may meanwhile have been withdrawn."""


class UnauthenticatedError(Exception):
    """No principal can be made of what was presented. The text is for the client."""


@dataclass(frozen=True, slots=True)
class Session:
    """A principal and the instant its token ceases to be accepted."""

    principal: Principal
    ends_at: datetime


class Authenticator:
    """Verifies tokens. A token once verified is remembered until it ends or the trusted keys change."""

    def __init__(self, keys: Keys, issuer: str, audience: str, clock: Clock, bearer: Bearer = OWN_TOKENS) -> None:
        self._keys = keys
        self._bearer = bearer
        self._issuer = issuer
        self._audience = audience
        self._clock = clock
        self._signatures = PyJWS(algorithms=[SECRET_ALGORITHM, *ISSUED_ALGORITHMS])
        self._remembered: OrderedDict[str, tuple[Session, datetime]] = OrderedDict()
        self._remembered_under = keys.trusted

    @classmethod
    def from_settings(cls, settings: Settings, clock: Clock) -> "Authenticator":
        url = settings.jwks_url
        issuer = IssuerKeys(lambda: fetch_key_set(url), clock) if url is not None else None
        keys = Keys(shared_secret(settings), issuer)
        return cls(keys, settings.jwt_issuer, settings.jwt_audience, clock, Bearer.from_settings(settings))

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

    async def _verified_claims(self, token: str) -> Claims:
        if len(token) > MAX_TOKEN_LENGTH:
            raise UnauthenticatedError("The token is too long.")
        try:
            header = get_unverified_header(token)
            _check_type(header)
            algorithm, key_id = str(header.get("alg")), header.get("kid")
            key = await self._keys.find(algorithm, key_id if isinstance(key_id, str) else None)
            if key is None:
                raise UnauthenticatedError("The token is not signed with a key that is trusted here.")
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
            raise UnauthenticatedError("The token has expired.")
        if begins > now:
            raise UnauthenticatedError("The token is not valid yet.")
        try:
            ends_at = datetime.fromtimestamp(ends, UTC)
        except (ValueError, OverflowError, OSError):
            ends_at = datetime.max.replace(tzinfo=UTC)
        return Session(principal, ends_at)


def _check_type(header: Mapping[str, Any]) -> None:
    """Refuses what an issuer signs with the same keys for other uses (RFC 8725, section 3.11), and extensions that a
    verifier must know (RFC 7515, section 4.1.11).
    """
    kind = str(header.get("typ") or "JWT").lower().removeprefix("application/")
    if kind not in ACCESS_TOKEN_TYPES:
        raise UnauthenticatedError("The token's header typ says that it is no access token.")
    if "crit" in header:
        raise UnauthenticatedError("The token's header crit asks for what is not known here.")
