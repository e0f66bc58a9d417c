"""The real system on a PostgreSQL database of its own, with a clock that is set and faults that are planned."""

import asyncio
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
from psycopg.rows import namedtuple_row

from app.operations import catalog, laws
from app.operations.context import Context
from app.operations.principal import Principal, Role
from app.queue import Queue
from app.settings import Settings
from tests.cleaning import Cleaner
from tests.simulation.faults import FaultyDatabase
from tests.simulation.model import ADDONS, BEGINNING, PLANS

T = TypeVar("T")


class World:
    """Built once; `begin` makes it new again, but for the catalog."""

    def __init__(self, settings: Settings, runner: asyncio.Runner, owner: psycopg.Connection[Any]) -> None:
        self.settings = settings
        self.owner = owner
        self.database = FaultyDatabase(settings, owner)
        self.queue = Queue(settings)
        self.now = BEGINNING
        self._runner = runner
        self.run(self._open())
        self._cleaner = Cleaner(owner)  # which takes the catalog for seeds

    def begin(self, zone: ZoneInfo) -> None:
        self._cleaner.clean()
        self.now = BEGINNING
        self.settings = replace(self.settings, billing_time_zone=zone)

    def run(self, work: Awaitable[T]) -> T:
        async def awaited() -> T:
            return await work

        return self._runner.run(awaited())

    def context(self, role: Role = Role.PLATFORM_ADMIN, tenant_id: UUID | None = None) -> Context:
        principal = Principal(role.lower(), frozenset({role}), tenant_id)
        return Context(principal, self.database, lambda: self.now, self.settings, self.queue)

    def rows(self, statement: str, *arguments: object) -> list[Any]:
        """As the owner, beside the system."""
        return self.owner.execute(statement, list(arguments) or None).fetchall()

    def violations(self) -> list[laws.Violation]:
        # Every step is a second later than the one before, so nothing needs slack.
        return self.run(laws.check(self.context(), slack=timedelta(0)))

    def advance(self, **duration: float) -> datetime:
        self.now += timedelta(**duration)
        return self.now

    async def _open(self) -> None:
        await self.database.open()
        await self.queue.open()
        for plan in sorted({plan for plan, _ in PLANS}):
            await catalog.create_plan(self.context(), code=plan, name=plan)
        for terms in PLANS.values():
            version = await catalog.draft_plan_version(
                self.context(),
                plan_code=terms.plan,
                base_price_cents=terms.base_price_cents,
                currency=terms.currency,
                proration=terms.proration,
                resources=[
                    catalog.ResourceDraft(
                        resource.resource_kind, resource.included_quantity, resource.tiers, resource.price_model
                    )
                    for resource in terms.resources
                ],
            )
            await catalog.publish_plan_version(self.context(), plan_version_id=version)
        for code, (price, kind, quantity) in ADDONS.items():
            await catalog.create_addon(
                self.context(), code=code, name=code, price_cents=price, resource_kind=kind, quantity=quantity
            )

    async def _close(self) -> None:
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
