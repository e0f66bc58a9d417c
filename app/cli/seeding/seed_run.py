"""Runs the days of a seeded cloud in order: billing, dunning, what tenants do, and their usage."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from importlib import resources
from random import Random

from app.cli.seeding.seed_bills import import_bill_of_month
from app.cli.seeding.seed_calls import DiscardingQueue, LiveDeployment, SeedClock, SeedState
from app.cli.seeding.seed_receivables import SeededReceivables
from app.cli.seeding.seed_tenants import active_deployments, tenants_of_day
from app.cli.seeding.seeded_cloud import SeededTenant, draw_tenants
from app.cli.seeding.seeded_usage import usage_of_day
from app.operations.calls.context import Context
from app.operations.catalog_file import apply_catalog, read_catalog
from app.operations.dunning import run_dunning
from app.operations.events.publishing import publish_events
from app.operations.issue_runs import issue_invoices, issue_run_here
from app.operations.rollups import roll_up_period, roll_up_run
from app.operations.subscriptions import apply_pending_plan_changes
from app.operations.usage import MeteredEvent, record_batch

STARTER_CENTS, RISEN_CENTS = 2900, 3200
"""The base price of the plan Starter, at first and from the middle on: subscriptions keep theirs."""
DAYS_IN_A_BATCH = 5
"""How many days of usage are recorded at once."""
BILL_DAY, LATE_DAY = 3, 6
"""The days of a month on which the bill of the month before is imported, and late usage of it arrives."""


@dataclass(frozen=True, slots=True)
class SeedSpan:
    """The days of a seeding: whole months, then the running month until before the end."""

    first_day: date
    end: date

    @classmethod
    def until(cls, end: date, months: int) -> "SeedSpan":
        """Returns the span of so many whole months and of the days after them until before the end, one at least."""
        month = (end - timedelta(days=1)).replace(day=1)
        for _ in range(months):
            month = _month_before(month)
        return cls(month, end)

    @property
    def price_rise(self) -> date:
        """The first day of the month in the middle."""
        return (self.first_day + (self.end - self.first_day) / 2).replace(day=1)

    def __iter__(self) -> Iterator[date]:
        return (self.first_day + timedelta(days=at) for at in range((self.end - self.first_day).days))


def _month_before(day: date) -> date:
    """Returns the first day of the month before that of the day."""
    return (day.replace(day=1) - timedelta(days=1)).replace(day=1)


async def seed_cloud(
    context: Context, span: SeedSpan, *, tenants: int, seed: int, progress: Callable[[date], None]
) -> SeedState:
    """Makes the cloud in a database without tenants. The same arguments make the same one, but for its ids."""
    zone = context.settings.billing_time_zone
    clock = SeedClock(datetime.combine(span.first_day, time(), zone))
    own = replace(context, clock=clock, queue=DiscardingQueue(context.settings))
    random = Random(f"arcadia {seed}")  # noqa: S311 - it decides what is shown, and must be repeatable
    state = SeedState(own, clock, random)
    run = _SeedRun(state, span, draw_tenants(random, tenants, span.first_day, span.end))
    await run.apply_catalog(STARTER_CENTS)
    for day in span:
        progress(day)
        await run.day(day)
    await publish_events(state.system)
    return state


class _SeedRun:
    """The parts of a day, and the usage that is not recorded yet."""

    def __init__(self, state: SeedState, span: SeedSpan, drawn: list[SeededTenant]) -> None:
        self._state = state
        self._span = span
        self._drawn = drawn
        self._receivables = SeededReceivables(state)
        self._usage: list[MeteredEvent] = []
        self._late: list[MeteredEvent] = []

    async def apply_catalog(self, starter_cents: int) -> None:
        """Applies the example's catalog, with another base price of its plan Starter."""
        text = resources.files(__package__).joinpath("catalog.yaml").read_text(encoding="utf-8")
        text = text.replace(f"base_price_cents: {STARTER_CENTS}", f"base_price_cents: {starter_cents}")
        await apply_catalog(self._state.operator, read_catalog(text, "catalog.yaml"))

    async def day(self, day: date) -> None:
        clock = self._state.clock
        if day.day == 1 and day > self._span.first_day:
            clock.move(day, 3, 30)
            await self._close_month(_month_before(day), day)
            if day == self._span.price_rise:
                await self.apply_catalog(RISEN_CENTS)
        clock.move(day, 9, 30)
        await run_dunning(self._state.system)
        clock.move(day, 10)
        await tenants_of_day(self._state, self._drawn, day)
        await self._receivables.of_day(day)
        if day.day == LATE_DAY:
            await self._record(self._late)
        if day.day == BILL_DAY and (month := _month_before(day)) >= self._span.first_day:
            await import_bill_of_month(self._state, month, day.replace(day=1))
        clock.move(day, 23, 30)
        await self._meter(day)

    async def _close_month(self, month: date, day: date) -> None:
        await apply_pending_plan_changes(self._state.system)
        run_id = await roll_up_period(self._state.system, period_start=month)
        await roll_up_run(self._state.system, run_id=run_id)
        issue_run_id = await issue_invoices(self._state.system, period_start=month)
        await issue_run_here(self._state.system, run_id=issue_run_id)
        await self._receivables.plan_month(month, day)

    async def _meter(self, day: date) -> None:
        """Collects the usage of a day; records it every few days and at the end of a month."""
        tomorrow = day + timedelta(days=1)
        running = await active_deployments(self._state.system)
        for tenant in self._state.tenants:
            for deployment in tenant.deployments:
                if str(deployment.id) in running:
                    late = tenant.seeded.late_usage and tomorrow.day == 1
                    (self._late if late else self._usage).extend(self._events(deployment, day))
        if day.day % DAYS_IN_A_BATCH == 0 or tomorrow.day == 1 or tomorrow == self._span.end:
            await self._record(self._usage)

    def _events(self, deployment: LiveDeployment, day: date) -> Iterator[MeteredEvent]:
        zone = self._state.context.settings.billing_time_zone
        return usage_of_day(self._state.random, deployment, datetime.combine(day, time(12), zone))

    async def _record(self, events: list[MeteredEvent]) -> None:
        if events:
            await record_batch(self._state.operator, events)
            events.clear()
