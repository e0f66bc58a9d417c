"""The expected invoices: every cent of every ended month is billed once, or listed as unbilled."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg

from app.operations import billing_months, invoices, rollups
from app.operations.billing_months import UnbilledMonthRow
from app.operations.subscriptions import apply_pending_plan_changes
from app.tables.ids import new_id
from tests.lives.rating import local_day, month_of, next_month, start_of
from tests.simulation.balances import Receivables
from tests.simulation.faults import Fault
from tests.simulation.model import Tenant
from tests.simulation.seen_invoices import (
    CORRECTED,
    INVOICES,
    LINES,
    OUTCOMES,
    OUTCOMES_OF_RUN,
    RIVAL,
    Month,
    SeenInvoices,
)
from tests.simulation.world import World

FINAL = frozenset({"ISSUED", "PAID"})
MAX_MONTHS = 4
"""After the faults stop: by then everything is billed, or it is no longer going to be."""


class Ledger:
    def __init__(self, world: World, tenants: list[Tenant], zone: ZoneInfo) -> None:
        self.world = world
        self.tenants = tenants
        self.zone = zone
        self.invoices: dict[UUID, SeenInvoices] = {}
        self.settled: set[Month] = set()
        self.receivables = Receivables(world)
        self._outcomes: list[UUID] = []

    @property
    def running(self) -> date:
        """The first day of the month that has not ended."""
        return month_of(local_day(self.world.now, self.zone))

    def tenant(self, tenant_id: UUID) -> Tenant:
        (tenant,) = [tenant for tenant in self.tenants if tenant.id == tenant_id]
        return tenant

    def month_ago(self, months: int) -> date:
        """The first day of the month so many before the running one."""
        month = self.running
        for _ in range(months):
            month = month_of(month - timedelta(days=1))
        return month

    def live(self, month: Month) -> SeenInvoices | None:
        return next((known for known in self._of(month) if known.status != "VOID"), None)

    def live_invoices(self) -> list[SeenInvoices]:
        return [known for known in self.invoices.values() if known.status != "VOID"]

    def last(self, month: Month) -> SeenInvoices:
        return self._of(month)[-1]

    def is_stale(self, known: SeenInvoices) -> bool:
        """Whether changes of its month wait to be rated, as the system tells."""
        unbilled = self.listed().get(known.month)
        return unbilled is not None and unbilled.difference_cents is None

    def listed(self) -> dict[Month, UnbilledMonthRow]:
        page = self.world.run(billing_months.unbilled_months(self.world.context(), first=1000))
        assert not page.has_more
        return {(unbilled.tenant_id, unbilled.period_start): unbilled for unbilled in page.months}

    # Rollups

    async def start(self, month: date, tenant_ids: Sequence[UUID] | None, *, force: bool, dry: bool) -> UUID:
        return await rollups.roll_up_period(
            self.world.context(), period_start=month, tenant_ids=tenant_ids, force=force, dry_run=dry
        )

    def catch_up(self, times: int, fault: Fault | None) -> None:
        """Runs this number of catch-ups at the same time; afterwards every month that can be billed is in a run."""

        async def work() -> None:
            await apply_pending_plan_changes(self.world.context())
            await asyncio.gather(*(rollups.catch_up(self.world.context()) for _ in range(times)))

        self.world.advance(seconds=1)
        if self.world.under(fault, work):
            due = month_of(local_day(self.world.now - timedelta(hours=3), self.zone))
            for month, unbilled in self.listed().items():
                live = self.live(month)
                corrected_elsewhere = unbilled.difference_cents is not None or (live and live.status in FINAL)
                if month[1] < due and not corrected_elsewhere:
                    assert unbilled.reason == "a rollup is in progress", unbilled

    def work(self, fault: Fault | None, *, at_once: int = 1) -> None:
        """Processes the rest of all runs with several workers at once."""
        fault = fault and fault.later
        for run in self.world.rows("SELECT id FROM rollup_runs WHERE finished_at IS NULL ORDER BY id"):
            self.work_on(run.id, fault, at_once=at_once)

    def work_on(self, run_id: UUID, fault: Fault | None = None, *, at_once: int = 1) -> dict[UUID, tuple[str, int]]:
        """The run's outcomes and totals so far, by tenant."""

        async def work() -> None:
            await asyncio.gather(*(self.rate(run_id) for _ in range(at_once)))

        completed = self.world.under(fault, work)
        self._observe()
        not_woken = self.receivables.corrected - self.world.queue.woken
        assert not (completed and fault is None and not_woken), "a correction did not wake dunning"
        rows = self.world.rows(OUTCOMES_OF_RUN, run_id)
        return {row.tenant_id: (row.outcome, row.total_cents) for row in rows}

    async def rate(self, run_id: UUID) -> None:
        await rollups.roll_up_run(self.world.context(), run_id=run_id)

    def finish(self) -> None:
        """Without faults: months pass, rolled up and issued, until nothing is due but credits that find no room."""
        self.work(None)
        listed: dict[Month, UnbilledMonthRow] = {}
        for number in range(MAX_MONTHS):
            self.world.now = start_of(next_month(self.running), self.zone) + timedelta(hours=4)
            self.catch_up(1, None)
            self.work(None)
            self.issue_drafts()
            self.hold()
            listed = self.listed()
            if number and all((unbilled.difference_cents or 0) < 0 for unbilled in listed.values()):
                break
        assert self.world.rows("SELECT id FROM rollup_runs WHERE finished_at IS NULL") == []
        for unbilled in listed.values():
            assert (unbilled.difference_cents or 0) < 0, f"a month is never billed: {unbilled}"
        for known in self.live_invoices()[:1]:
            self.rival(known)
        self.hold()

    def issue_drafts(self) -> None:
        """Issues all drafts; none of them is stale any more."""
        for known in sorted(self.invoices.values(), key=lambda known: known.month[1]):
            if known.status == "DRAFT":
                self.world.run(invoices.issue_invoice(self.world.context(), invoice_id=known.id))
                self.receivables.was_issued(known)

    def rival(self, known: SeenInvoices) -> None:
        with suppress(psycopg.errors.UniqueViolation):
            self.world.rows(RIVAL, new_id(), known.id)

    # What is there

    def hold(self) -> None:
        """Checks that nothing changed unexpectedly, and that every cent of every ended month is billed or listed."""
        self._observe()
        self.receivables.hold()
        listed, billed = self.listed(), self._billed()
        for tenant in self.tenants:
            months = {*tenant.months(self.running), *(month for of, month in listed.keys() | billed if of == tenant.id)}
            for month in sorted(months):
                worth, cents = tenant.worth(month, self.zone), billed[tenant.id, month]
                unbilled = listed.get((tenant.id, month))
                told = f"{month:%Y-%m} of {tenant.code} is worth {worth}c, {cents}c are billed: {unbilled}"
                if unbilled is None:
                    assert cents == worth, f"cents are neither billed nor listed: {told}"
                elif unbilled.difference_cents is not None:
                    assert unbilled.difference_cents == worth - cents, f"another difference is listed: {told}"

    def _billed(self) -> dict[Month, int]:
        """Net, by service month, on live invoices, less late corrections."""
        billed: dict[Month, int] = defaultdict(int)
        for known in self.invoices.values():
            if known.status != "VOID":
                for month, cents in known.net_by_month.items():
                    billed[known.month[0], month] += cents
        for row in self.world.rows(CORRECTED):
            billed[row.tenant_id, row.period_start] -= row.cents
        return billed

    def _observe(self) -> None:
        """Reads the outcomes of rollups since the last call, and checks that only the invoices in them have changed."""
        outcomes = self.world.rows(OUTCOMES, self._outcomes)
        lines: dict[UUID, list[Any]] = defaultdict(list)
        for line in self.world.rows(LINES):
            lines[line.invoice_id].append(line)
        rows = {row.id: row for row in self.world.rows(INVOICES)}
        written: dict[UUID, SeenInvoices] = {}
        for outcome in outcomes:
            written.pop(outcome.tenant_id, None)
            if (known := self._judge(outcome)) is not None:
                written[outcome.tenant_id] = known
            self._outcomes.append(outcome.id)
        self.receivables.take_in_corrections(self.invoices)
        assert rows.keys() >= self.invoices.keys(), "an invoice is gone"
        for row in rows.values():
            assert row.id in self.invoices, "an invoice came from nowhere"
            known = self.invoices[row.id]
            assert (row.status, row.revision) == (known.status, known.revision)
            content = (row.subtotal_cents, row.tax_cents, row.total_cents, lines[row.id])
            if known.content is None:
                known.take_in(content)
                tenant = self.tenant(known.month[0])
                known.taxed_months = frozenset(month for month in known.net_by_month if not tenant.is_exempt(month))
                self.has_its_tax(known)
            assert content == known.content, f"a {known.status} invoice has changed"
            assert known.number in {None, row.number}, "a number changed"
            known.number = row.number
        if written:
            self._credits_are_taken(written.values())

    def has_its_tax(self, known: SeenInvoices) -> None:
        """An invoice that is not void and has just been rated, or was issued and not stale, has the tax of now."""
        tax = self.tenant(known.month[0]).tax(known.net_by_month)
        assert known.status == "VOID" or known.content[1] == tax, f"the tax is {known.content[1]}, and not {tax}"

    def _credits_are_taken(self, written: Any) -> None:
        """An invoice that was just rated leaves no credit open that it had room for."""
        listed = self.listed()
        for known in written:
            tenant_id, own = known.month
            owed = [
                unbilled
                for (of, month), unbilled in listed.items()
                if of == tenant_id and month <= own and (unbilled.difference_cents or 0) < 0
            ]
            drafts = [one for one in self._live_of(tenant_id) if one.status == "DRAFT" and one is not known]
            owed = [one for one in owed if not any(one.period_start in draft.net_by_month for draft in drafts)]
            if owed and known.status != "VOID" and not self.tenant(tenant_id).was_ever_exempt:
                assert known.content[0] == 0, f"an invoice of {known.content[:3]} takes no credit: {owed}"

    def _judge(self, outcome: Any) -> SeenInvoices | None:
        """Checks that a tenant's outcome in a run is possible. Returns the invoice that was written."""
        month = (outcome.tenant_id, outcome.period_start)
        tenant, live = self.tenant(outcome.tenant_id), self.live(month)
        is_draft = live is not None and live.status == "DRAFT"
        replaces = outcome.force or (outcome.rates_stale_drafts and is_draft)
        match outcome.outcome:
            case "CREATED" | "REPLACED":
                assert month[1] not in tenant.waived, "a waived month was billed"
                assert tenant.can_be_billed(month[1], self.zone), "a month was billed that cannot be"
                assert (live is not None) == (outcome.outcome == "REPLACED") == (live is not None and replaces)
                self.settled.discard(month)
                return self._take(outcome.invoice_id, month, live)
            case "SETTLED":
                if live is not None:
                    assert replaces, "a plain rollup voided an invoice"
                    assert self.receivables.can_be_voided(live), "a rollup voided an invoice with payments or notes"
                    self.receivables.was_voided(live)
                self.settled.add(month)
            case "SKIPPED":
                settled = live is not None or month in self.settled
                assert month[1] in tenant.waived or (not outcome.force and settled), "a month was skipped that is due"
            case "FAILED":
                cannot_be = live is not None and not self.receivables.can_be_voided(live)
                assert not tenant.can_be_billed(month[1], self.zone) or (outcome.force and cannot_be), (
                    "nothing is wrong"
                )
        return None

    def _take(self, invoice_id: UUID, month: Month, live: SeenInvoices | None) -> SeenInvoices:
        if live is not None and live.status != "DRAFT":
            assert self.receivables.can_be_voided(live), "an invoice with payments or notes was replaced"
            self.receivables.was_voided(live)
            live = None
        if live is None:
            revision = max((known.revision for known in self._of(month)), default=0) + 1
            assert invoice_id not in self.invoices
            live = self.invoices[invoice_id] = SeenInvoices(invoice_id, month, revision)
        assert live.id == invoice_id
        live.content = None
        return live

    def _live_of(self, tenant_id: UUID) -> list[SeenInvoices]:
        return [known for known in self.invoices.values() if known.month[0] == tenant_id and known.status != "VOID"]

    def _of(self, month: Month) -> list[SeenInvoices]:
        return [known for known in self.invoices.values() if known.month == month]
