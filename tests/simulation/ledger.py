"""The invoices as they should be: each held to the month that the model foretold when it was rated, and for good."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg

from app.billing import Period, Quote, day_of
from app.database import DatabaseUnavailable
from app.operations import rollups
from app.tables.ids import new_id
from tests.simulation.faults import Crash, Fault
from tests.simulation.model import Tenant, shown
from tests.simulation.world import World

INVOICES = """
SELECT i.id, i.tenant_id, i.period_start, i.revision, i.status, i.number, i.subtotal_cents, i.tax_cents, i.total_cents
FROM tenant_invoices i ORDER BY i.id
"""
LINES = """
SELECT l.invoice_id, d.slug, l.kind, l.resource_kind, l.quantity, l.unit_price_cents, l.amount_cents, l.description
FROM tenant_invoice_lines l LEFT JOIN cloud_deployments d ON d.id = l.deployment_id ORDER BY l.invoice_id, l.position
"""
OUTCOMES = """
SELECT o.id, o.tenant_id, o.period_start, o.outcome, o.total_cents, r.force, r.dry_run
FROM rollup_outcomes o JOIN rollup_runs r ON r.id = o.run_id WHERE NOT o.id = ANY (%s) ORDER BY o.id
"""
RIVAL = """
INSERT INTO tenant_invoices (id, tenant_id, period_start, period_end, revision, status, currency, subtotal_cents,
                             tax_cents, total_cents, input_hash, created_at)
SELECT %s, tenant_id, period_start, period_end, revision + 100, 'DRAFT', currency, 0, 0, 0, input_hash, created_at
FROM tenant_invoices WHERE id = %s RETURNING id
"""
FINAL = frozenset({"ISSUED", "PAID"})

Month = tuple[UUID, date]


@dataclass
class Known:
    """An invoice that was seen, as it is to stay."""

    id: UUID
    month: Month
    revision: int
    status: str
    number: str | None
    content: Any


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

    def foretold(self, month: Month) -> Quote | None:
        (tenant,) = [tenant for tenant in self.tenants if tenant.id == month[0]]
        return tenant.rate(Period(month[1], self.zone))

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
        assert listed == owed - self._live() - self.settled

    def _live(self) -> set[Month]:
        return {known.month for known in self.invoices.values() if known.status != "VOID"}

    def _unbilled(self) -> list[rollups.UnbilledPeriod]:
        return self.world.run(rollups.unbilled_periods(self.world.context()))

    def _observe(self) -> None:
        """Takes in what rollups did since the last time: only what outcomes tell of may have changed."""
        outcomes = self.world.rows(OUTCOMES, self._outcomes)
        before = {known.month: known.status for known in self.invoices.values() if known.status != "VOID"}
        rated = {
            (outcome.tenant_id, outcome.period_start): outcome
            for outcome in outcomes
            if outcome.outcome in {"CREATED", "REPLACED", "SETTLED"}
        }
        lines: dict[UUID, list[tuple[object, ...]]] = {}
        for line in self.world.rows(LINES):
            lines.setdefault(line.invoice_id, []).append(tuple(line)[1:])
        seen = set()
        for row in self.world.rows(INVOICES):
            seen.add(row.id)
            content = (row.subtotal_cents, row.tax_cents, row.total_cents, lines.get(row.id, []))
            self._take(row, content, rated.get((row.tenant_id, row.period_start)))
        assert seen == self.invoices.keys(), "an invoice is gone"
        for outcome in outcomes:
            self._judge(outcome, before)
            self._outcomes.append(outcome.id)

    def _take(self, row: Any, content: Any, rated: Any) -> None:
        month = (row.tenant_id, row.period_start)
        known = self.invoices.get(row.id)
        if known is None:
            assert rated is not None, "an invoice came from nowhere"
            revisions = [other.revision for other in self.invoices.values() if other.month == month]
            assert (row.status, row.revision) == ("DRAFT", max(revisions, default=0) + 1)
            assert content == self._content(month)
            self.invoices[row.id] = Known(row.id, month, row.revision, row.status, row.number, content)
            self.settled.discard(month)
            return
        if row.status != known.status:
            assert row.status == "VOID", f"{known.status} became {row.status}"
            assert rated is not None, "an invoice was voided by nobody"
            assert rated.force, "a plain rollup voided an invoice"
            assert known.status in {"DRAFT", "ISSUED"}
            known.status = "VOID"
        if content != known.content or (known.status == "DRAFT" and rated is not None and rated.force):
            assert known.status == "DRAFT", "an invoice changed that was final"
            assert rated is not None, "a draft changed and nobody rated it"
            assert content == self._content(month)
            known.content = content
        assert known.number in {None, row.number}, "a number changed"
        known.number = row.number

    def _content(self, month: Month) -> Any:
        quote = self.foretold(month)
        assert quote is not None, "a month was billed that cannot be rated"
        return (quote.subtotal_cents, quote.tax_cents, quote.total_cents, shown(quote.lines))

    def _judge(self, outcome: Any, before: dict[Month, str]) -> None:
        """What became of a tenant in a run is what the model foretells for it."""
        month = (outcome.tenant_id, outcome.period_start)
        quote = self.foretold(month)
        match outcome.outcome:
            case "CREATED" | "REPLACED":
                assert quote is not None
                assert (outcome.total_cents, quote.subtotal_cents > 0) == (quote.total_cents, True)
            case "SETTLED":
                assert quote is not None
                assert quote.subtotal_cents == 0
                assert month not in self._live()
                self.settled.add(month)
            case "PREVIEWED":
                assert quote is not None
                assert outcome.total_cents == quote.total_cents
            case "SKIPPED":
                assert not outcome.force
                assert month in before or month in self._live() | self.settled
            case "FAILED":
                assert quote is None or (outcome.force and "PAID" in {before.get(month), *self._statuses(month)})

    def _statuses(self, month: Month) -> set[str]:
        return {known.status for known in self.invoices.values() if known.month == month}
