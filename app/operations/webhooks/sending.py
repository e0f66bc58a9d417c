"""Sends one request, and says what came of it."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple, Self

import httpcore

from app.operations.webhooks.addresses import AddressRefused, CheckedBackend, Resolver, resolve

TIMEOUT_SECONDS = 15
MAX_BODY_KEPT = 2_048
_IDLE_SECONDS = 30
_SUCCESSES = range(200, 300)
_REDIRECTS = range(300, 400)
_GONE = 410


class Attempt(NamedTuple):
    """The result of an attempt. status, body: of the answer, None without one. error: why it failed, None if it did
    not. retry_after: how many seconds the receiver asked to wait.
    """

    duration_ms: int
    status: int | None = None
    body: str | None = None
    error: str | None = None
    retry_after: float = 0

    @property
    def succeeded(self) -> bool:
        return self.error is None

    @property
    def is_gone(self) -> bool:
        """Whether the receiver asked for no more deliveries."""
        return self.status == _GONE


@dataclass
class _Connections:
    """The connections to one URL, by how many attempts they are used, and when the last ended."""

    pool: httpcore.AsyncConnectionPool
    users: int = 0
    used_at: float = 0


class Sender:
    """Sends requests: `async with Sender(...) as sender`. No redirect is followed, and no proxy of the environment is
    used.

    Each URL has a pool of its own: what a receiver does with its connections is felt by no other, and httpcore's work
    for a request grows with the square of the connections in its pool. certificates: the authorities that are trusted;
    default: the usual ones. reuse: whether one connection serves several requests.
    """

    def __init__(
        self,
        certificates: ssl.SSLContext | None = None,
        backend: httpcore.AsyncNetworkBackend | None = None,
        *,
        reuse: bool = True,
    ) -> None:
        self._certificates = certificates or httpcore.default_ssl_context()
        self._backend = backend
        self._reuse = reuse
        self._connections: dict[str, _Connections] = {}  # the one that was used last is the last

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exception: object) -> None:
        for connections in self._connections.values():
            await connections.pool.aclose()
        self._connections.clear()

    async def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, *, kept: int = MAX_BODY_KEPT
    ) -> Attempt:
        """Sends a request, in 15 seconds or less. Every failure is an Attempt. kept: so many bytes of the answer."""
        began = time.perf_counter()
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                status, answered, text = await self._request(method, url, headers, body, kept)
        except TimeoutError:
            return Attempt(_milliseconds(began), error=f"no answer within {TIMEOUT_SECONDS} seconds")
        except AddressRefused as refused:
            return Attempt(_milliseconds(began), error=str(refused))
        except (OSError, httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as error:
            return Attempt(_milliseconds(began), error=f"{type(error).__name__}: {error}".rstrip(": "))
        except (httpcore.UnsupportedProtocol, UnicodeError, ValueError) as error:
            return Attempt(_milliseconds(began), error=f"the URL cannot be requested: {error}")
        return Attempt(_milliseconds(began), status, text, _error_of(status), _retry_after(answered, datetime.now(UTC)))

    async def _request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, kept: int
    ) -> tuple[int, Sequence[tuple[bytes, bytes]], str]:
        sent = [(name.encode(), value.encode()) for name, value in headers.items()]
        async with self._pool_of(url) as pool, pool.stream(method, url, headers=sent, content=body) as response:
            read = bytearray()
            async for part in response.aiter_stream():
                read += part[: kept - len(read)]
                if len(read) == kept:
                    break
            if _has_more(response):
                await response.extensions["network_stream"].aclose()
            return response.status, response.headers, read.decode(errors="replace").replace("\0", "\ufffd")

    @asynccontextmanager
    async def _pool_of(self, url: str) -> AsyncIterator[httpcore.AsyncConnectionPool]:
        connections = self._connections.pop(url, None) or _Connections(
            httpcore.AsyncConnectionPool(
                ssl_context=self._certificates,
                max_connections=None,
                max_keepalive_connections=None if self._reuse else 0,
                keepalive_expiry=_IDLE_SECONDS,
                network_backend=self._backend,
            )
        )
        self._connections[url] = connections
        connections.users += 1
        try:
            yield connections.pool
        finally:
            connections.users -= 1
            connections.used_at = time.monotonic()
            await self._close_idle()

    async def _close_idle(self) -> None:
        while self._connections:
            url, oldest = next(iter(self._connections.items()))
            if oldest.users or time.monotonic() - oldest.used_at < _IDLE_SECONDS:
                return
            del self._connections[url]
            await oldest.pool.aclose()


class WebhookSender(Sender):
    """Sends events, to checked addresses only. resolver, certificates: for tests."""

    def __init__(
        self, *, allow_loopback: bool, resolver: Resolver = resolve, certificates: ssl.SSLContext | None = None
    ) -> None:
        super().__init__(certificates, CheckedBackend(resolver, allow_loopback=allow_loopback))


def _has_more(response: httpcore.Response) -> bool:
    """Whether the receiver sent more than its answer. On a connection that is used again, the next event would get that
    for an answer. httpcore has no public way to ask.
    """
    more, _ = response.stream._stream._connection._h11_state.trailing_data  # type: ignore[union-attr]  # private
    return bool(more)


def _error_of(status: int) -> str | None:
    if status in _SUCCESSES:
        return None
    return "redirects are not followed" if status in _REDIRECTS else f"the receiver answered {status}"


def _retry_after(headers: Sequence[tuple[bytes, bytes]], now: datetime) -> float:
    """Reads Retry-After, in seconds or as a date; 0 if there is none that can be read."""
    for name, value in headers:
        if name.lower() == b"retry-after":
            text = value.decode(errors="replace").strip()
            try:
                return float(int(text)) if text.isdecimal() else (parsedate_to_datetime(text) - now).total_seconds()
            except (ValueError, TypeError, OverflowError):
                return 0
    return 0


def _milliseconds(began: float) -> int:
    return round((time.perf_counter() - began) * 1000)
