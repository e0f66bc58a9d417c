"""The keys that tokens are verified with: a shared secret, an issuer's published key set (JWKS), or both.

The kind of a key fixes its algorithms, or its `alg` the one. A token names which of a key's own it was signed with.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
import msgspec
from jwt import PyJWK
from jwt.exceptions import PyJWTError

log = logging.getLogger(__name__)

REFRESH_AFTER = timedelta(minutes=4)
"""Then newer keys are fetched while these are used."""
STALE_AFTER = timedelta(minutes=5)
"""Then newer keys are waited for; if they cannot be fetched, these decide."""
MAX_AGE = timedelta(hours=1)
"""Older keys decide nothing: who withdrew one is owed an end of its tokens."""
LOOKUP_INTERVAL = timedelta(seconds=1)
"""Between two requests to the issuer, however many unknown key ids arrive."""
RETRY_INTERVAL = timedelta(seconds=5)
"""After a failed request: until then an unknown key id is answered without asking."""
FETCH_TIMEOUT = 3.0
MAX_KEY_SET_BYTES = 262_144
MIN_RSA_BITS = 2_048

Clock = Callable[[], datetime]


class KeysUnavailableError(Exception):
    """The issuer's keys cannot be fetched, so a token can be neither accepted nor refused."""


SECRET_ALGORITHM = "HS256"  # noqa: S105  # its name, not its content
_ALGORITHMS = {
    "RSA": frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}),
    "EC P-256": frozenset({"ES256"}),
    "EC P-384": frozenset({"ES384"}),
    "EC P-521": frozenset({"ES512"}),
    "OKP Ed25519": frozenset({"EdDSA"}),
    "OKP Ed448": frozenset({"EdDSA"}),
}
"""What each kind of key verifies. None of these takes a public key for a secret."""
ISSUED_ALGORITHMS = frozenset().union(*_ALGORITHMS.values())


@dataclass(frozen=True, slots=True)
class VerificationKey:
    algorithms: frozenset[str]
    key: Any
    key_id: str | None = None


class IssuerKeys:
    """An issuer's key set: one request at a time, shared by all who wait; stale keys serve while the issuer is away."""

    def __init__(self, fetch: Callable[[], Awaitable[bytes]], clock: Clock) -> None:
        self._fetch = fetch
        self._clock = clock
        self._keys: tuple[VerificationKey, ...] = ()
        self._fetched_at: datetime | None = None
        self._tried_at: datetime | None = None
        self._failed = False
        self._refreshing: asyncio.Task[None] | None = None

    @property
    def keys(self) -> tuple[VerificationKey, ...]:
        return self._keys

    async def find(self, algorithm: str, key_id: str | None) -> VerificationKey | None:
        """The key, after asking the issuer if the set is stale, or once if the key is unknown here. Raises
        KeysUnavailableError when that fails: beyond their age, known keys decide nothing either.
        """
        was_refreshed = await self._refresh_if_due()
        key = self._known(algorithm, key_id)
        if key is not None:
            return key
        if not was_refreshed and not self._resting():
            await asyncio.shield(self._start())
        key = self._known(algorithm, key_id)
        if key is None and self._failed:
            raise KeysUnavailableError
        return key

    async def _refresh_if_due(self) -> bool:
        """Whether the issuer was asked and waited for. Raises KeysUnavailableError if all keys are too old."""
        was_refreshed = False
        if self._age() > REFRESH_AFTER and not self._resting():
            refreshing = self._start()
            if self._age() > STALE_AFTER:
                await asyncio.shield(refreshing)
                was_refreshed = True
        if self._age() > MAX_AGE:
            raise KeysUnavailableError
        return was_refreshed

    def _age(self) -> timedelta:
        return timedelta.max if self._fetched_at is None else self._clock() - self._fetched_at

    async def close(self) -> None:
        if self._refreshing is not None:
            self._refreshing.cancel()
            await asyncio.gather(self._refreshing, return_exceptions=True)

    def _known(self, algorithm: str, key_id: str | None) -> VerificationKey | None:
        fitting = [key for key in self._keys if algorithm in key.algorithms and key_id in {None, key.key_id}]
        return fitting[0] if len(fitting) == 1 else None

    def _resting(self) -> bool:
        return self._failed and self._tried_at is not None and self._clock() - self._tried_at < RETRY_INTERVAL

    def _start(self) -> asyncio.Task[None]:
        if self._refreshing is None or self._refreshing.done():
            self._refreshing = asyncio.create_task(self._refresh(), name="issuer-keys")
        return self._refreshing

    async def _refresh(self) -> None:
        if self._tried_at is not None:
            pause = LOOKUP_INTERVAL - (self._clock() - self._tried_at)
            await asyncio.sleep(max(pause.total_seconds(), 0))
        self._tried_at = self._clock()
        try:
            keys = parse_key_set(await self._fetch())
        except (httpx.HTTPError, OSError, ValueError) as error:
            self._failed = True
            log.warning("the issuer's keys could not be fetched", extra={"error": type(error).__name__})
            return
        self._failed = False
        self._fetched_at = self._clock()
        if [key.key_id for key in keys] != [key.key_id for key in self._keys]:
            log.info("the issuer's keys changed", extra={"key_ids": [key.key_id for key in keys]})
        self._keys = keys


class Keys:
    """Every key this API trusts."""

    def __init__(self, secret: str | None, issuer: IssuerKeys | None) -> None:
        self._secret = VerificationKey(frozenset({SECRET_ALGORITHM}), secret.encode()) if secret is not None else None
        self._issuer = issuer

    @property
    def trusted(self) -> object:
        """Changes identity when the set of trusted keys does."""
        return self._issuer.keys if self._issuer is not None else self._secret

    async def find(self, algorithm: str, key_id: str | None) -> VerificationKey | None:
        if algorithm == SECRET_ALGORITHM:
            return self._secret
        if algorithm in ISSUED_ALGORITHMS and self._issuer is not None:
            return await self._issuer.find(algorithm, key_id)
        return None

    async def close(self) -> None:
        if self._issuer is not None:
            await self._issuer.close()


class _KeySet(msgspec.Struct):
    keys: list[dict[str, Any]]


def parse_key_set(document: bytes) -> tuple[VerificationKey, ...]:
    """The keys of a JWKS (RFC 7517) that sign with these algorithms; others are passed over. Raises ValueError."""
    key_set = msgspec.json.decode(document, type=_KeySet)
    return tuple(key for key in map(_verification_key, key_set.keys) if key is not None)


def _verification_key(jwk: dict[str, Any]) -> VerificationKey | None:
    algorithms = _ALGORITHMS.get(" ".join(str(jwk[name]) for name in ("kty", "crv") if name in jwk), frozenset())
    if "alg" in jwk:
        algorithms &= {jwk["alg"]}
    if not algorithms or jwk.get("use", "sig") != "sig" or "verify" not in jwk.get("key_ops", ["verify"]):
        return None
    public: dict[str, Any] = {name: jwk[name] for name in ("kty", "crv", "n", "e", "x", "y") if name in jwk}
    try:
        key = PyJWK(public, min(algorithms)).key
    except (PyJWTError, ValueError, TypeError):
        return None
    if jwk["kty"] == "RSA" and key.key_size < MIN_RSA_BITS:
        return None
    key_id = jwk.get("kid")
    return VerificationKey(algorithms, key, key_id if isinstance(key_id, str) else None)


async def fetch_key_set(url: str) -> bytes:
    """The document at `url`, at most 256 KB of it; redirects are not followed."""
    async with httpx.AsyncClient(timeout=FETCH_TIMEOUT) as client, client.stream("GET", url) as response:
        response.raise_for_status()
        document = b""
        async for chunk in response.aiter_bytes():
            document += chunk
            if len(document) > MAX_KEY_SET_BYTES:
                raise ValueError("the key set is too large")
    return document
