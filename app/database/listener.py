"""Receives NOTIFY messages over a single connection and distributes them to this process's subscribers."""

import asyncio
import logging
import random
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg

from app.database.connect import connection
from app.database.errors import DatabaseNotMigrated, DatabaseUnavailable
from app.settings import Settings

MAX_PENDING_NOTIFICATIONS = 1000
"""How many notifications may wait for a slow subscriber; beyond that it gets one gap instead of all of them."""

_PROBE_SECONDS = 15
_MAX_PAUSE_SECONDS = 10.0

logger = logging.getLogger(__name__)


class ChannelSubscription:
    """The notifications of one channel, for one reader: `async for payload in subscription`.

    A payload of None is a gap: notifications may have been missed (the connection was lost, or the reader was too
    slow), so the reader must read the current state again.
    """

    def __init__(self) -> None:
        self._waiting: asyncio.Queue[str | None] = asyncio.Queue(MAX_PENDING_NOTIFICATIONS)

    def __aiter__(self) -> "ChannelSubscription":
        return self

    async def __anext__(self) -> str | None:
        return await self._waiting.get()

    def put(self, payload: str | None) -> None:
        if self._waiting.full():
            while not self._waiting.empty():
                self._waiting.get_nowait()
            payload = None
        self._waiting.put_nowait(payload)


class Listener:
    """Listens on one connection, which is opened for the first subscription to a channel. When it is lost, reconnects
    with increasing delays.
    """

    def __init__(self, settings: Settings, url: str) -> None:
        self._settings = settings
        self._url = url
        self._subscriptions: defaultdict[str, set[ChannelSubscription]] = defaultdict(set)
        self._changed = asyncio.Event()
        self._listening = asyncio.Condition()
        self._heard: set[str] = set()
        self._task: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def subscribe(self, channel: str) -> AsyncIterator[ChannelSubscription]:
        """Yields a subscription that receives every NOTIFY of the channel from now on. Waits until LISTEN
        is in effect.
        """
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="database listener")
        subscription = ChannelSubscription()
        self._subscriptions[channel].add(subscription)
        self._changed.set()
        try:
            async with self._listening:
                await self._listening.wait_for(lambda: channel in self._heard)
            yield subscription
        finally:
            self._subscriptions[channel].discard(subscription)
            if not self._subscriptions[channel]:
                del self._subscriptions[channel]
            self._changed.set()

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _run(self) -> None:
        pause = 0.1
        while True:
            try:
                async with connection(self._settings, self._url) as opened:
                    pause = 0.1
                    await self._serve(opened)
            except (DatabaseUnavailable, DatabaseNotMigrated, OSError, TimeoutError) as error:
                logger.warning("The listener reconnects to PostgreSQL: %s", error)
            except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                logger.warning("The listener lost its connection: %s", error)
            await self._forget()
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - jitter
            pause = min(pause * 2, _MAX_PAUSE_SECONDS)

    async def _serve(self, opened: Any) -> None:
        """Runs LISTEN for the channels that have subscribers, until the connection is lost."""
        opened.add_termination_listener(lambda _connection: self._changed.set())
        while not opened.is_closed():
            self._changed.clear()
            channels = set(self._subscriptions)
            for channel in channels - self._heard:
                await opened.add_listener(channel, self._receive)
            for channel in self._heard - channels:
                await opened.remove_listener(channel, self._receive)
            async with self._listening:
                self._heard = channels
                self._listening.notify_all()
            try:
                async with asyncio.timeout(_PROBE_SECONDS):
                    await self._changed.wait()
            except TimeoutError:
                await opened.fetchval("SELECT 1")  # a half-open connection reports nothing by itself

    async def _forget(self) -> None:
        async with self._listening:
            self._heard = set()
        for subscriptions in self._subscriptions.values():
            for subscription in subscriptions:
                subscription.put(None)

    def _receive(self, _connection: Any, _process: int, channel: str, payload: str) -> None:
        for subscription in self._subscriptions.get(channel, ()):
            subscription.put(payload)
