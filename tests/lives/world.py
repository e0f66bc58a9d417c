"""The real system on a PostgreSQL database of its own. Every request has its own reading of the clock."""

import asyncio
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
from psycopg.rows import namedtuple_row

from app.database import Database
from app.operations import data_integrity
from app.operations.calls.context import Context
from app.operations.calls.principal import Principal, Role
from app.queue import Queue
from app.settings import Settings
from tests.cleaning import Cleaner
from tests.lives.catalog import ADDONS, PLANS
from tests.lives.offers import create_catalog

T = TypeVar("T")
_OPENED_AT = datetime(2025, 6, 1, tzinfo=UTC)


class LivesWorld:
    """Built once; `begin` resets it, except for the catalog. addon_prices: as they are now, by code."""

    def __init__(self, settings: Settings, runner: asyncio.Runner, owner: psycopg.Connection[Any]) -> None:
        self.settings = settings
        self.database = Database(settings)
        self.queue = Queue(settings)
        self.addon_prices: dict[str, int] = {}
        self._owner = owner
        self._runner = runner
        self.run(self._open())
        self._cleaner = Cleaner(owner)  # which takes the catalog for seeds

    @property
    def zone(self) -> ZoneInfo:
        return self.settings.billing_time_zone

    def begin(self, zone: ZoneInfo) -> None:
        self._cleaner.clean()
        self.settings = replace(self.settings, billing_time_zone=zone)
        self.addon_prices = {code: price for code, (price, _, _) in ADDONS.items()}

    def run(self, work: Awaitable[T]) -> T:
        async def awaited() -> T:
            return await work

        return self._runner.run(awaited())

    def context(self, at: datetime, role: Role = Role.PLATFORM_ADMIN, tenant_id: UUID | None = None) -> Context:
        principal = Principal(role.lower(), frozenset({role}), tenant_id)
        return Context(principal, self.database, lambda: at, self.settings, self.queue)

    def rows(self, statement: str, *arguments: object) -> list[Any]:
        """Reads rows as the owner, without the system under test."""
        return self._owner.execute(statement, list(arguments) or None).fetchall()

    def violations(self, at: datetime) -> list[data_integrity.Violation]:
        return self.run(data_integrity.check(self.context(at), slack=timedelta(0)))

    @contextmanager
    def planted(self, table: str, when: str, body: str) -> Iterator[None]:
        """During the block, a trigger of the table has the effect that a bug would have."""
        self._owner.execute(
            f"CREATE FUNCTION plant() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN {body} END $$"
        )
        self._owner.execute(f"CREATE TRIGGER planted {when} ON {table} FOR EACH ROW EXECUTE FUNCTION plant()")
        try:
            yield
        finally:
            self._owner.execute("DROP FUNCTION plant() CASCADE")

    async def _open(self) -> None:
        await self.database.open()
        await self.queue.open()
        await create_catalog(self.context(_OPENED_AT), PLANS)

    async def close(self) -> None:
        await self.queue.close()
        await self.database.close()


@contextmanager
def open_world(settings: Settings) -> Iterator[LivesWorld]:
    assert settings.database_url is not None
    with (
        psycopg.connect(settings.database_url, autocommit=True, row_factory=namedtuple_row) as owner,
        asyncio.Runner() as runner,
    ):
        world = LivesWorld(settings, runner, owner)
        try:
            yield world
        finally:
            world.run(world.close())
