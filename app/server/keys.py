"""The keys that verify tokens: a shared secret, an issuer's published key set (JWKS), or both.

The algorithm that a token names must be one that the key allows: the one in the key's member `alg` or, if it has none,
those for its type of key.
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
"""After that, newer keys are fetched in the background."""
STALE_AFTER = timedelta(minutes=5)
"""After that, a request waits until newer keys are fetched; if that fails, the old keys are used."""
MAX_AGE = timedelta(hours=1)
"""Older keys are not used at all, so that withdrawn keys stop working."""
LOOKUP_INTERVAL = timedelta(seconds=1)
"""The minimum time between two requests to the issuer, however many unknown key ids arrive."""
RETRY_INTERVAL = timedelta(seconds=5)
"""After a failed request: until then an unknown key id is refused without a request."""
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
"""The algorithms that each type of key can verify. None of them uses a public key as a secret."""
ISSUED_ALGORITHMS = frozenset().union(*_ALGORITHMS.values())


@dataclass(frozen=True, slots=True)
class VerificationKey:
    algorithms: frozenset[str]
    key: Any
    key_id: str | None = None


class IssuerKeys:
    """An issuer's key set. One request at a time is shared by all waiting callers; old keys are used while the issuer
    is unavailable.
    """

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
        """Returns the key with this id. Fetches the issuer's key set first if the known set is old, and once more if
        the key is unknown. Raises KeysUnavailableError if the request fails and the known keys are too old.
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
        """Starts to fetch the issuer's key set if the known one is old; returns whether it waited for the result, as it
        does if the set is very old. Raises KeysUnavailableError if all keys are too old.
        """
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
            log.warning("the identity provider's keys could not be fetched", extra={"error": type(error).__name__})
            return
        self._failed = False
        self._fetched_at = self._clock()
        if [key.key_id for key in keys] != [key.key_id for key in self._keys]:
            log.info("the identity provider's keys changed", extra={"key_ids": [key.key_id for key in keys]})
        self._keys = keys


class Keys:
    """All keys that this API trusts."""

    def __init__(self, secret: str | None, issuer: IssuerKeys | None) -> None:
        self._secret = VerificationKey(frozenset({SECRET_ALGORITHM}), secret.encode()) if secret is not None else None
        self._issuer = issuer

    @property
    def trusted(self) -> object:
        """An object that represents the current set of trusted keys: while it is the same object, the keys have not
        changed.
        """
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
    """Returns the keys of a JWKS (RFC 7517) for signatures with these algorithms, and skips others. Raises
    ValueError.
    """
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
    """Fetches an issuer's key set (JWKS) from `url`, at most 256 KB. Redirects are not followed."""
    async with httpx.AsyncClient(timeout=FETCH_TIMEOUT) as client, client.stream("GET", url) as response:
        response.raise_for_status()
        document = b""
        async for chunk in response.aiter_bytes():
            document += chunk
            if len(document) > MAX_KEY_SET_BYTES:
                raise ValueError("the key set is too large")
    return document
