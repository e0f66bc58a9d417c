"""The invoices as they should be: each held to the month that the model foretold when it was rated, and for good."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg

from app.billing import Aggregation, Period, day_of
from app.database import DatabaseUnavailable
from app.operations import rollups
from app.tables.ids import new_id
from tests.simulation.faults import Crash, Fault
from tests.simulation.late import Foretold, Known, Month, foretell, late_line, terms_of
from tests.simulation.model import KINDS, Event, Tenant
from tests.simulation.world import World

INVOICES = """
SELECT i.id, i.tenant_id, i.period_start, i.revision, i.status, i.number, i.subtotal_cents, i.tax_cents, i.total_cents
FROM tenant_invoices i ORDER BY i.id
"""
LINES = """
SELECT l.invoice_id, d.slug, l.kind, l.resource_kind, l.quantity, l.unit_price_cents, l.amount_cents, l.description,
       l.period_start, l.key LIKE 'late:%%' AS is_late
FROM tenant_invoice_lines l LEFT JOIN cloud_deployments d ON d.id = l.deployment_id ORDER BY l.invoice_id, l.position
"""
OUTCOMES = """
SELECT o.id, o.tenant_id, o.period_start, o.outcome, o.total_cents, o.invoice_id, r.force, r.dry_run
FROM rollup_outcomes o JOIN rollup_runs r ON r.id = o.run_id WHERE NOT o.id = ANY (%s) ORDER BY o.id
"""
RIVAL = """
INSERT INTO tenant_invoices (id, tenant_id, period_start, period_end, revision, status, currency, subtotal_cents,
                             tax_cents, total_cents, input_hash, created_at)
SELECT %s, tenant_id, period_start, period_end, revision + 100, 'DRAFT', currency, 0, 0, 0, input_hash, created_at
FROM tenant_invoices WHERE id = %s RETURNING id
"""
OPENED = """
SELECT FROM late_usage
WHERE tenant_id = %s AND date_trunc('month', opened_on::timestamp)::date = %s AND state = 'OPEN'
"""
FINAL = frozenset({"ISSUED", "PAID"})


class Ledger:
    def __init__(self, world: World, tenants: list[Tenant], zone: ZoneInfo) -> None:
        self.world = world
        self.tenants = tenants
        self.zone = zone
        self.invoices: dict[UUID, Known] = {}
        self.settled: set[Month] = set()
        self._outcomes: list[UUID] = []

    def is_final(self, tenant: Tenant, first_day: date) -> bool:
        """Whether a month that holds the day, or a later one, is invoiced for good."""
        return any(
            known.status in FINAL and known.month[0] == tenant.id and Period(known.month[1], self.zone).end > first_day
            for known in self.invoices.values()
        )

    def tenant(self, month: Month) -> Tenant:
        (tenant,) = [tenant for tenant in self.tenants if tenant.id == month[0]]
        return tenant

    def foretold(self, month: Month) -> Foretold | None:
        """What the month is to be invoiced for, by what is invoiced now."""
        live = [known for known in self.invoices.values() if known.status != "VOID" and known.month[0] == month[0]]
        others = [known for known in live if known.month != month]
        return foretell(self.tenant(month), Period(month[1], self.zone), others)

    def reopen(self, tenant: Tenant, first_day: date) -> None:
        """Something was changed from this day on."""
        self.settled -= {month for month in self.settled if month[0] == tenant.id and self._end(month) > first_day}

    def meter(self, tenant: Tenant, event: Event) -> None:
        """The event came, and is among the tenant's."""
        day = day_of(event.occurred_at, self.zone)
        later = [
            day_of(other.occurred_at, self.zone)
            for other in tenant.events.values()
            if (other.deployment_id, other.kind) == (event.deployment_id, event.kind)
            and day_of(other.occurred_at, self.zone) > day
        ]
        is_level = KINDS.get(event.kind) is Aggregation.TIME_WEIGHTED
        for month in [month for month in self.settled if month[0] == tenant.id]:
            carried = is_level and month[1] > day and min(later, default=month[1]) >= month[1]
            if month[1] == day.replace(day=1) or carried:
                self.settled.discard(month)

    def _end(self, month: Month) -> date:
        return Period(month[1], self.zone).end

    # Rollups

    async def start(self, month: date, tenant_ids: Sequence[UUID] | None, *, force: bool, dry: bool) -> None:
        await rollups.roll_up_period(
            self.world.context(), period_start=month, tenant_ids=tenant_ids, force=force, dry_run=dry
        )

    def catch_up(self, times: int, fault: Fault | None) -> None:
        """So many at once; all that is due is then under way."""

        async def work() -> None:
            await asyncio.gather(*(rollups.catch_up(self.world.context()) for _ in range(times)))

        self.world.advance(seconds=1)
        if self._under(fault, work):
            due = day_of(self.world.now - timedelta(hours=3), self.zone).replace(day=1)
            for unbilled in self._unbilled():
                assert unbilled.period_start >= due or unbilled.reason == "a rollup is under way", unbilled

    def work(self, fault: Fault | None, *, at_once: int = 1) -> None:
        """What is left of all runs, by so many workers at once."""
        if fault is not None:
            fault = replace(fault, at=fault.at * 4)
        for run in self.world.rows("SELECT id FROM rollup_runs WHERE finished_at IS NULL ORDER BY id"):
            run_id = run.id

            async def work(run_id: UUID = run_id) -> None:
                await asyncio.gather(
                    *(rollups.roll_up_run(self.world.context(), run_id=run_id) for _ in range(at_once))
                )

            self._under(fault, work)
        self._observe()

    def finish(self) -> None:
        """Without faults: everything that is open is worked off, and every month that is over is billed."""
        self.work(None)
        assert self.world.rows("SELECT id FROM rollup_runs WHERE finished_at IS NULL") == []
        assert self._unbilled() == []
        today = day_of(self.world.now, self.zone)
        for tenant in self.tenants:
            assert {(tenant.id, month) for month in tenant.owed(today)} <= self._live() | self.settled
        for known in [known for known in self.invoices.values() if known.status != "VOID"][:1]:
            self.rival(known)
        self.hold()

    def rival(self, known: Known) -> None:
        with suppress(psycopg.errors.UniqueViolation):
            self.world.rows(RIVAL, new_id(), known.id)

    def _under(self, fault: Fault | None, work: Any) -> bool:
        """Whether it came to its end."""
        self.world.database.plan(fault)
        try:
            self.world.run(work())
        except (Crash, DatabaseUnavailable):
            return False
        finally:
            self.world.database.plan(None)
        return True

    # What is there

    def hold(self) -> None:
        """Nothing moved that nobody moved, and what is unbilled is what the model says."""
        self._observe()
        today = day_of(self.world.now, self.zone)
        owed = {(tenant.id, month) for tenant in self.tenants for month in tenant.owed(today)}
        listed = {(unbilled.tenant_id, unbilled.period_start) for unbilled in self._unbilled()}
        missing = owed - self._live() - self.settled
        assert listed >= missing, "a month that is due is not listed"
        assert all(self.world.rows(OPENED, *month) for month in listed - missing), "a month is due that is not"

    def _live(self) -> set[Month]:
        return {known.month for known in self.invoices.values() if known.status != "VOID"}

    def _unbilled(self) -> list[rollups.UnbilledPeriod]:
        return self.world.run(rollups.unbilled_periods(self.world.context()))

    def _observe(self) -> None:
        """Takes in what rollups did since the last time, by outcome: only what they tell of may have changed."""
        outcomes = self.world.rows(OUTCOMES, self._outcomes)
        lines: dict[UUID, list[tuple[object, ...]]] = {}
        for line in self.world.rows(LINES):
            lines.setdefault(line.invoice_id, []).append(_shown(line))
        rows = {row.id: row for row in self.world.rows(INVOICES)}
        for outcome in outcomes:
            self._judge(outcome, rows)
            self._outcomes.append(outcome.id)
        assert rows.keys() >= self.invoices.keys(), "an invoice is gone"
        for row in rows.values():
            assert row.id in self.invoices, "an invoice came from nowhere"
            known = self.invoices[row.id]
            assert (row.status, row.revision) == (known.status, known.revision)
            content = (row.subtotal_cents, row.tax_cents, row.total_cents, lines.get(row.id, []))
            assert content == known.content, f"a {known.status} invoice is not what was foretold"
            assert known.number in {None, row.number}, "a number changed"
            known.number = row.number

    def _judge(self, outcome: Any, rows: dict[UUID, Any]) -> None:
        """What became of a tenant in a run is what the model foretells for it."""
        month = (outcome.tenant_id, outcome.period_start)
        foretold = self.foretold(month)
        live = next((known for known in self._of(month) if known.status != "VOID"), None)
        match outcome.outcome:
            case "CREATED" | "REPLACED":
                assert foretold is not None, "a month was billed that cannot be rated"
                assert foretold.subtotal_cents > 0, "nothing was billed"
                assert outcome.total_cents == foretold.total_cents, "another amount was billed than foretold"
                assert (live is not None) == (outcome.outcome == "REPLACED") == (live is not None and outcome.force)
                self._take(outcome.invoice_id, month, live, foretold)
            case "SETTLED":
                assert foretold is not None
                assert foretold.subtotal_cents <= 0, "a month was settled that is not nothing"
                if live is not None:
                    self._void(live, outcome.force)
                self.settled.add(month)
            case "PREVIEWED":
                assert foretold is not None
                assert outcome.total_cents == foretold.total_cents, "another amount was previewed than foretold"
            case "SKIPPED":
                assert not outcome.force
                assert live is not None or month in self.settled, "a month was skipped that is due"
            case "FAILED":
                assert foretold is None or (outcome.force and live is not None and live.status == "PAID")

    def _take(self, invoice_id: UUID, month: Month, live: Known | None, foretold: Foretold) -> None:
        if live is not None and live.status != "DRAFT":
            self._void(live, force=True)
            live = None
        if live is None:
            revision = max((known.revision for known in self._of(month)), default=0) + 1
            assert invoice_id not in self.invoices
            live = self.invoices[invoice_id] = Known(invoice_id, month, revision, "DRAFT", None, None)
        assert live.id == invoice_id
        live.content, live.charges = foretold.content, foretold.charges
        live.terms = terms_of(self.tenant(month), Period(month[1], self.zone))
        self.settled.discard(month)

    def _void(self, known: Known, force: bool) -> None:
        assert force, "a plain rollup voided an invoice"
        assert known.status in {"DRAFT", "ISSUED"}
        known.status = "VOID"

    def _of(self, month: Month) -> list[Known]:
        return [known for known in self.invoices.values() if known.month == month]


def _shown(line: Any) -> tuple[object, ...]:
    """As the model tells it."""
    if line.is_late:
        return late_line(line.slug, line.resource_kind, line.amount_cents, line.period_start)
    return tuple(line)[1:8]
