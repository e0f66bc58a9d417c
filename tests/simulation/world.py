"""The real system on a PostgreSQL database of its own, with a settable clock and planned faults."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
from psycopg.rows import namedtuple_row

from app.database import DatabaseUnavailable
from app.operations import data_integrity
from app.operations.calls.context import Context
from app.operations.calls.principal import Principal, Role
from app.operations.dunning_wake_up import EVALUATE_JOB
from app.operations.webhooks import WebhookSender
from app.queue import Queue
from app.settings import Settings
from tests.cleaning import Cleaner
from tests.lives.offers import create_catalog
from tests.operations.webhooks.receiver import receiving
from tests.simulation.faults import Crash, Fault, FaultyDatabase
from tests.simulation.model import BEGINNING, PLANS
from tests.simulation.receivers import HonestReceiver

T = TypeVar("T")
Work = Callable[[], Coroutine[Any, Any, object]]

WAITING = """
SELECT DISTINCT w.pid FROM pg_locks w WHERE NOT w.granted AND EXISTS (
    SELECT FROM pg_locks h
    WHERE h.pid = w.pid AND h.database = (SELECT oid FROM pg_database WHERE datname = current_database()))
"""


class WatchedQueue(Queue):
    """The real queue, of whose jobs no worker takes any: the simulation does what it sees in `woken`, the tenants that
    dunning was woken for.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.woken: set[UUID] = set()

    async def enqueue(self, job: str, key: str, /, **arguments: Any) -> bool:
        if job == EVALUATE_JOB:
            self.woken.add(UUID(arguments["tenant_id"]))
        return await super().enqueue(job, key, **arguments)


class World:
    """Built once; `begin` resets it, except for the catalog. receivers: of webhooks. sender: what all workers
    post with.
    """

    def __init__(self, settings: Settings, runner: asyncio.Runner, owner: psycopg.Connection[Any]) -> None:
        self.settings = settings
        self.owner = owner
        self.database = FaultyDatabase(settings, owner)
        self.queue = WatchedQueue(settings)
        self.now = BEGINNING
        self.sender = WebhookSender(allow_loopback=True)
        self.receivers: list[HonestReceiver] = []
        self._open_ones = AsyncExitStack()
        self._runner = runner
        self.run(self._open())
        self._cleaner = Cleaner(owner)  # which takes the catalog for seeds

    def begin(self, zone: ZoneInfo) -> None:
        self._cleaner.clean()
        self.queue.woken.clear()
        self.now = BEGINNING
        self.settings = replace(self.settings, billing_time_zone=zone)

    def run(self, work: Awaitable[T]) -> T:
        async def awaited() -> T:
            return await work

        return self._runner.run(awaited())

    def under(self, fault: Fault | None, work: Work) -> bool:
        """Runs the work under a fault; returns whether it completed."""
        self.database.plan(fault)
        try:
            self.run(work())
        except (Crash, DatabaseUnavailable):
            return False
        finally:
            self.database.plan(None)
        return True

    def run_beside(self, first: Work, second: Work, *, held_up_at: str) -> None:
        """Starts the first operation, which waits as soon as it writes to the table; then the second, until it waits
        too or ends. Then lets both run to their ends.
        """

        async def work() -> None:
            with self.owner.transaction():
                self.owner.execute(f"LOCK TABLE {held_up_at} IN SHARE MODE")
                begun = []
                for each in (first, second):
                    begun.append(asyncio.ensure_future(each()))
                    await self.all_wait(begun)
            await asyncio.gather(*begun)

        self.run(work())

    async def all_wait(self, tasks: Sequence[asyncio.Future[Any]]) -> None:
        """Until each of them waits for a lock, or has ended."""
        async with asyncio.timeout(30):
            while len(self.rows(WAITING)) < sum(not task.done() for task in tasks):  # noqa: ASYNC110 - a lock has no event
                await asyncio.sleep(0.002)

    def context(
        self, role: Role = Role.PLATFORM_ADMIN, tenant_id: UUID | None = None, *, behind: timedelta = timedelta(0)
    ) -> Context:
        """Returns a context. behind: how far the machine's clock is behind."""
        principal = Principal(role.lower(), frozenset({role}), tenant_id)
        return Context(principal, self.database, lambda: self.now - behind, self.settings, self.queue)

    def rows(self, statement: str, *arguments: object) -> list[Any]:
        """Reads rows as the owner, without the system under test."""
        return self.owner.execute(statement, list(arguments) or None).fetchall()

    def violations(self) -> list[data_integrity.Violation]:
        # Every step is a second later than the one before, so nothing needs slack.
        return self.run(data_integrity.check(self.context(), slack=timedelta(0)))

    def advance(self, **duration: float) -> datetime:
        self.now += timedelta(**duration)
        return self.now

    async def _open(self) -> None:
        await self.database.open()
        await self.queue.open()
        await create_catalog(self.context(), PLANS.values())
        self.receivers = [HonestReceiver(await self._open_ones.enter_async_context(receiving())) for _ in range(3)]
        await self._open_ones.enter_async_context(self.sender)

    async def _close(self) -> None:
        await self._open_ones.aclose()
        await self.queue.close()
        await self.database.close()


@contextmanager
def open_world(settings: Settings) -> Iterator[World]:
    assert settings.database_url is not None
    with (
        psycopg.connect(settings.database_url, autocommit=True, row_factory=namedtuple_row) as owner,
        asyncio.Runner() as runner,
    ):
        world = World(settings, runner, owner)
        try:
            yield world
        finally:
            world.run(world._close())
