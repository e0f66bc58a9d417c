"""Steps of issue runs: months whose drafts are issued together, by workers that die and others that go on."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from app.operations import issue_runs
from tests.lives.rating import next_month
from tests.simulation.faults import Fault
from tests.simulation.seen_invoices import SeenInvoices
from tests.simulation.steps import Steps, faults

NEW_RUN = "SELECT id FROM issue_runs WHERE NOT id = ANY (%s)"
OUTCOMES = "SELECT tenant_id, outcome, invoice_id, total_cents FROM issue_outcomes WHERE run_id = %s ORDER BY id"
STARTED = """
SELECT r.id, r.period_start, (
    SELECT array_agg(t.id ORDER BY t.id) FROM issue_chunks c, unnest(c.tenant_ids) AS t (id) WHERE c.run_id = r.id
) AS tenant_ids FROM issue_runs r WHERE NOT r.id = ANY (%s) ORDER BY r.id
"""
RUN = """
SELECT status, drafts_total, drafts_done, invoices_issued, invoices_stale, invoices_skipped, invoices_failed
FROM issue_runs WHERE id = %s
"""


@dataclass(eq=False)
class IssueRun:
    """A run over the drafts that there were when it began, by tenant. outcomes: of those that are done."""

    id: UUID
    month: date
    except_stale: bool
    tenant_ids: list[UUID]
    outcomes: dict[UUID, str] = field(default_factory=dict)

    @property
    def left(self) -> list[UUID]:
        return [tenant_id for tenant_id in self.tenant_ids if tenant_id not in self.outcomes]


class IssueSteps(Steps):
    """What a person starts at a month's end, and what workers make of it."""

    def __init__(self) -> None:
        super().__init__()
        self.issue_runs: list[IssueRun] = []

    def drafts_of(self, month: date) -> dict[UUID, SeenInvoices]:
        return {
            known.month[0]: known
            for known in self.ledger.invoices.values()
            if known.month[1] == month and known.status == "DRAFT"
        }

    @precondition(lambda self: any(known.status == "DRAFT" for known in self.ledger.invoices.values()))
    @rule(months_ago=st.sampled_from([1, 1, 1, 2, 3]), except_stale=st.booleans(), worked=st.booleans(), fault=faults)
    def issue_month(self, months_ago: int, except_stale: bool, worked: bool, fault: Fault | None) -> None:
        """Starts a run over a month's drafts; its workers may come later."""
        month, known = self.ledger.month_ago(months_ago), [run.id for run in self.issue_runs]
        tenant_ids = sorted(self.drafts_of(month))
        if self.attempt(
            lambda: issue_runs.issue_invoices(self.world.context(), period_start=month, except_stale=except_stale),
            fault,
            None,
            lambda: self.exists(NEW_RUN, known),
        ):
            self.issue_runs.append(IssueRun(self.id_of(NEW_RUN, known), month, except_stale, tenant_ids))
            if worked:
                self.work_on_issue_run(self.issue_runs[-1], None)

    @rule(days=st.sampled_from([0, 5, 20]), fault=faults)
    def issue_due_months(self, days: int, fault: Fault | None) -> None:
        """The daily job: it starts runs over drafts of months that ended so many days ago, except stale ones."""
        months = [month for month in map(self.ledger.month_ago, range(1, 5)) if self._ended(month, days)]
        due = {month: self._fresh(month) for month in months}
        open_ones = {(run.month, of) for run in self.issue_runs if run.left for of in run.tenant_ids}
        must_come = any((month, of) not in open_ones for month, tenants in due.items() for of in tenants)
        context = replace(self.world.context(), settings=replace(self.world.settings, issue_after_days=days))
        known = [run.id for run in self.issue_runs]
        self.attempt(
            lambda: issue_runs.issue_due(context),
            fault,
            None,
            lambda: self.exists(NEW_RUN, known) if must_come else None,
        )
        for row in self.world.rows(STARTED, known):
            assert set(row.tenant_ids) <= due[row.period_start], "a run is over drafts that are not due"
            missed = {of for of in due[row.period_start] if (row.period_start, of) not in open_ones}
            assert missed <= set(row.tenant_ids), "a draft is due, and not in the run"
            self.issue_runs.append(IssueRun(row.id, row.period_start, except_stale=True, tenant_ids=row.tenant_ids))

    def _fresh(self, month: date) -> set[UUID]:
        return {of for of, known in self.drafts_of(month).items() if not self.ledger.is_stale(known)}

    def _ended(self, month: date, days: int) -> bool:
        return next_month(month) + timedelta(days=days) <= self.today

    @precondition(lambda self: any(run.left for run in self.issue_runs))
    @rule(fault=faults, twice=st.booleans())
    def work_on_issue_runs(self, fault: Fault | None, twice: bool) -> None:
        for run in [run for run in self.issue_runs if run.left]:
            self.work_on_issue_run(run, fault, at_once=2 if twice and fault is None else 1)

    def work_on_issue_run(self, run: IssueRun, fault: Fault | None, *, at_once: int = 1) -> None:
        """What is left of it: each draft is issued, or left because it is stale. A fault leaves the rest."""
        self.sound = False
        self.world.advance(seconds=1)
        drafts, left = self.drafts_of(run.month), run.left
        stale = {of for of, known in drafts.items() if of in left and run.except_stale and self.ledger.is_stale(known)}

        async def work() -> None:
            workers = (issue_runs.issue_run_here(self.world.context(), run_id=run.id) for _ in range(at_once))
            await asyncio.gather(*workers)

        completed = self.world.under(fault and fault.later, work)
        for row in self.world.rows(OUTCOMES, run.id):
            if row.tenant_id in run.outcomes:
                continue
            assert row.tenant_id in left, "the run has an outcome for a tenant that is not its own"
            expected = "SKIPPED" if row.tenant_id not in drafts else "STALE" if row.tenant_id in stale else "ISSUED"
            self._judge(row, expected, drafts.get(row.tenant_id))
            run.outcomes[row.tenant_id] = row.outcome
        assert not (completed and run.left), f"the run has no outcome for {run.left}"
        self.check_issue_run(run, finished=completed)

    def _judge(self, row: Any, expected: str, known: SeenInvoices | None) -> None:
        assert row.outcome == expected, f"a draft is {row.outcome}, and not {expected}"
        assert row.invoice_id == (known.id if known else None), "another invoice"
        if known is not None and row.outcome == "ISSUED":
            assert row.total_cents == known.total_cents
            self.ledger.receivables.was_issued(known)

    def finish_issue_runs(self) -> None:
        """Without faults: the next workers go on with what was left."""
        for run in self.issue_runs:
            if run.left:
                self.work_on_issue_run(run, None)

    def check_issue_run(self, run: IssueRun, *, finished: bool) -> None:
        """The run counts its outcomes, and has succeeded once it has all."""
        [told] = self.world.rows(RUN, run.id)
        count = Counter(run.outcomes.values())
        counts = (len(run.tenant_ids), len(run.outcomes), count["ISSUED"], count["STALE"], count["SKIPPED"], 0)
        assert tuple(told)[1:] == counts, f"the run counts {tuple(told)[1:]}, and not {counts}"
        assert told.status == "SUCCEEDED" or not finished, f"the run is {told.status}"
