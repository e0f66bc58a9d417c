"""Dunning: steps after the due date, once per invoice, and their effect on deployments. Figure 7 of receivables.md."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from types import MappingProxyType
from zoneinfo import ZoneInfo

import pytest

from app.billing import (
    DEFAULT_POLICY,
    RECOVERY,
    DeploymentState,
    DueStep,
    DunnedDeployment,
    DunningPolicy,
    DunningTransition,
    OverdueInvoice,
    Step,
    StepKind,
    dunning_day,
    dunning_transitions,
    overdue_invoices,
    policy_faults,
    state_steps,
    steps_to_take,
)

ACTIVE, PAST_DUE, SUSPENDED = DeploymentState.ACTIVE, DeploymentState.PAST_DUE, DeploymentState.SUSPENDED
DUE = date(2026, 5, 15)
NOTHING_TAKEN: Mapping[StepKind, datetime] = MappingProxyType({})


def invoice(
    name: str = "april", due_on: date = DUE, cents: int = 7064, taken: Mapping[StepKind, datetime] = NOTHING_TAKEN
) -> OverdueInvoice[str]:
    return OverdueInvoice(name, f"INV-2026-{name}", due_on, cents, taken)


def at(day: int, hour: int = 9) -> datetime:
    return datetime(2026, 6, day, hour, tzinfo=UTC)


def test_receivables_figure_7_each_step_happens_on_its_day() -> None:
    taken: dict[StepKind, datetime] = {}
    happened = []
    for offset in range(120):
        day = DUE + timedelta(days=offset)
        overdue = overdue_invoices(DEFAULT_POLICY, [invoice(taken=taken)], 0, day)
        for _, step, _ in steps_to_take(DEFAULT_POLICY, overdue, day):
            happened.append((day, step.kind))
            taken[step.kind] = datetime.combine(day, time(9), UTC)
    assert happened == [
        (date(2026, 5, 16), StepKind.NOTICE),
        (date(2026, 5, 22), StepKind.PAST_DUE),
        (date(2026, 6, 5), StepKind.FINAL_NOTICE),
        (date(2026, 6, 14), StepKind.SUSPEND),
        (date(2026, 8, 13), StepKind.PROPOSE_WRITE_OFF),
    ]


def test_steps_that_were_missed_happen_on_the_day_dunning_runs_again_in_their_order() -> None:
    day = date(2026, 6, 20)
    overdue = overdue_invoices(DEFAULT_POLICY, [invoice(taken={StepKind.NOTICE: at(1)})], 0, day)
    assert [due.step.kind for due in steps_to_take(DEFAULT_POLICY, overdue, day)] == [
        StepKind.PAST_DUE,
        StepKind.FINAL_NOTICE,
        StepKind.SUSPEND,
    ]


@pytest.mark.parametrize(
    ("now", "day"),
    [
        (datetime(2026, 6, 13, 22, 59, tzinfo=UTC), date(2026, 6, 13)),  # 08:59 in Sydney, of the 14th
        (datetime(2026, 6, 13, 23, 0, tzinfo=UTC), date(2026, 6, 14)),
    ],
)
def test_a_day_of_dunning_begins_at_its_hour_in_the_billing_zone(now: datetime, day: date) -> None:
    assert dunning_day(now, ZoneInfo("Australia/Sydney"), time(9)) == day


def test_the_oldest_overdue_invoice_decides_the_state_and_each_has_its_own_notices() -> None:
    day = date(2026, 6, 22)
    may = invoice("may", date(2026, 6, 14))
    overdue = overdue_invoices(DEFAULT_POLICY, [may, invoice()], 0, day)
    assert [one.id for one in overdue] == ["april", "may"]
    assert [due.step.kind for due in state_steps(DEFAULT_POLICY, overdue, day)] == [StepKind.PAST_DUE, StepKind.SUSPEND]
    assert [(due.invoice_id, due.step.kind) for due in steps_to_take(DEFAULT_POLICY, overdue, day)][-2:] == [
        ("may", StepKind.NOTICE),
        ("may", StepKind.PAST_DUE),
    ]


def test_an_invoice_is_not_overdue_on_its_due_date() -> None:
    assert overdue_invoices(DEFAULT_POLICY, [invoice()], 0, DUE) == []
    assert overdue_invoices(DEFAULT_POLICY, [invoice()], 0, DUE + timedelta(days=1)) == [invoice()]


@pytest.mark.parametrize(("credit", "overdue"), [(0, True), (6064, True), (6065, False)])
def test_a_tenant_that_owes_less_than_the_minimum_counts_as_not_overdue(credit: int, *, overdue: bool) -> None:
    policy = DunningPolicy(DEFAULT_POLICY.steps, minimum_cents=1000)
    assert bool(overdue_invoices(policy, [invoice()], credit, date(2026, 6, 1))) is overdue


def test_a_tenant_whose_credit_covers_what_is_overdue_is_not_overdue() -> None:
    assert overdue_invoices(DEFAULT_POLICY, [invoice()], 7064, date(2026, 6, 1)) == []


@pytest.mark.parametrize(
    ("steps", "faults"),
    [
        (DEFAULT_POLICY.steps, []),
        ((), []),
        ((Step(StepKind.NOTICE, 0),), [("steps.0.days", "must be from 1 to 3650")]),
        ((Step(StepKind.NOTICE, 3_651),), [("steps.0.days", "must be from 1 to 3650")]),
        (
            (Step(StepKind.NOTICE, 7), Step(StepKind.PAST_DUE, 7)),
            [("steps.1.days", "must be more than the 7 days of the step before")],
        ),
        (
            (Step(StepKind.SUSPEND, 5), Step(StepKind.PAST_DUE, 7)),
            [("steps.0.kind", "SUSPEND must come after PAST_DUE")],
        ),
        ((Step(StepKind.SUSPEND, 5),), [("steps.0.kind", "SUSPEND must come after PAST_DUE")]),
        (
            (Step(StepKind.NOTICE, 5), Step(StepKind.NOTICE, 7)),
            [("steps.1.kind", "NOTICE is a step already")],
        ),
    ],
)
def test_a_policy_whose_steps_do_not_fit_is_refused(steps: tuple[Step, ...], faults: list[tuple[str, str]]) -> None:
    found = [(".".join(fault.path), fault.message) for fault in policy_faults(DunningPolicy(steps))]
    assert found == faults


def test_a_minimum_below_zero_is_refused() -> None:
    assert [fault.path for fault in policy_faults(DunningPolicy((), -1))] == [("minimum_cents",)]


PAST_DUE_STEP, SUSPEND_STEP = Step(StepKind.PAST_DUE, 7), Step(StepKind.SUSPEND, 30)


def required(*steps: tuple[Step, datetime | None]) -> list[DueStep[str]]:
    return [DueStep("april", step, taken_at) for step, taken_at in steps]


TO_PAST_DUE = DunningTransition(PAST_DUE, ("april", StepKind.PAST_DUE))
TO_SUSPENDED = DunningTransition(SUSPENDED, ("april", StepKind.SUSPEND))
TO_ACTIVE: DunningTransition[str] = DunningTransition(ACTIVE, RECOVERY)
NEW_PAST_DUE = required((PAST_DUE_STEP, None))
OLD_PAST_DUE = required((PAST_DUE_STEP, at(1)))
NEW_SUSPEND = required((PAST_DUE_STEP, at(1)), (SUSPEND_STEP, None))
OLD_SUSPEND = required((PAST_DUE_STEP, at(1)), (SUSPEND_STEP, at(14)))
BOTH_NEW = required((PAST_DUE_STEP, None), (SUSPEND_STEP, None))


@pytest.mark.parametrize(
    ("deployment", "steps", "transitions"),
    [
        (DunnedDeployment(ACTIVE), NEW_PAST_DUE, [TO_PAST_DUE]),
        (DunnedDeployment(PAST_DUE), NEW_SUSPEND, [TO_SUSPENDED]),
        (DunnedDeployment(ACTIVE), BOTH_NEW, [TO_PAST_DUE, TO_SUSPENDED]),
        # New and resumed deployments get the state that is required now, at once.
        (DunnedDeployment(ACTIVE), OLD_PAST_DUE, [TO_PAST_DUE]),
        (DunnedDeployment(ACTIVE), OLD_SUSPEND, [TO_SUSPENDED]),
        # It is there already.
        (DunnedDeployment(PAST_DUE), OLD_PAST_DUE, []),
        (DunnedDeployment(SUSPENDED), OLD_SUSPEND, []),
        # Others get notices only.
        *((DunnedDeployment(state), BOTH_NEW, []) for state in DeploymentState if state not in {ACTIVE, PAST_DUE}),
        # What an operator moved after a step stands until the next.
        (DunnedDeployment(ACTIVE, operator_moved_at=at(2)), OLD_PAST_DUE, []),
        (DunnedDeployment(ACTIVE, operator_moved_at=at(2)), NEW_SUSPEND, [TO_SUSPENDED]),
        (DunnedDeployment(ACTIVE, operator_moved_at=at(2)), OLD_SUSPEND, [TO_SUSPENDED]),
        (DunnedDeployment(ACTIVE, operator_moved_at=at(14)), OLD_SUSPEND, []),
        # Recovery.
        (DunnedDeployment(PAST_DUE, moved_by_dunning=True), [], [TO_ACTIVE]),
        (DunnedDeployment(SUSPENDED, moved_by_dunning=True), [], [TO_ACTIVE]),
        (DunnedDeployment(SUSPENDED, moved_by_dunning=True), OLD_PAST_DUE, [TO_ACTIVE, TO_PAST_DUE]),
        (DunnedDeployment(SUSPENDED), [], []),
        (DunnedDeployment(PAST_DUE), [], []),
        (DunnedDeployment(ACTIVE, moved_by_dunning=True), [], []),
    ],
)
def test_what_dunning_does_to_a_deployment(
    deployment: DunnedDeployment[str], steps: Sequence[DueStep[str]], transitions: list[DunningTransition[str]]
) -> None:
    assert dunning_transitions(deployment, steps) == transitions


@pytest.mark.parametrize(
    ("state", "withheld", "steps", "transitions"),
    [
        (ACTIVE, set(), NEW_PAST_DUE, [TO_PAST_DUE]),
        (ACTIVE, {TO_PAST_DUE.cause}, OLD_PAST_DUE, []),
        (ACTIVE, {TO_PAST_DUE.cause}, NEW_SUSPEND, [TO_SUSPENDED]),
        (ACTIVE, set(), BOTH_NEW, [TO_PAST_DUE, TO_SUSPENDED]),
        (SUSPENDED, set(), [], [TO_ACTIVE]),
        (SUSPENDED, {RECOVERY}, [], []),
        (SUSPENDED, set(), OLD_PAST_DUE, [TO_ACTIVE]),
    ],
)
def test_a_transition_under_the_operators_override_is_withheld_once_a_step(
    state: DeploymentState,
    withheld: set[tuple[str, StepKind] | None],
    steps: Sequence[DueStep[str]],
    transitions: list[DunningTransition[str]],
) -> None:
    moved = state is SUSPENDED
    deployment = DunnedDeployment(state, moved, billing_action_suspended=True, withheld=withheld)
    assert dunning_transitions(deployment, steps) == transitions


def test_a_hold_stops_what_gets_worse_but_not_recovery() -> None:
    assert dunning_transitions(DunnedDeployment(ACTIVE), BOTH_NEW, held=True) == []
    assert dunning_transitions(DunnedDeployment(SUSPENDED, moved_by_dunning=True), [], held=True) == [TO_ACTIVE]


def test_done_once_nothing_more_is_done_in_any_combination() -> None:
    """Applies what dunning decides and asks again: no state and no step is acted upon twice."""
    for state, steps, moved in product(
        DeploymentState, [[], OLD_PAST_DUE, NEW_PAST_DUE, BOTH_NEW, NEW_SUSPEND, OLD_SUSPEND], [True, False]
    ):
        transitions = dunning_transitions(DunnedDeployment(state, moved), steps)
        final = transitions[-1].to if transitions else state
        taken = [due._replace(taken_at=due.taken_at or at(20)) for due in steps]
        again: DunnedDeployment[str] = DunnedDeployment(final, moved or bool(transitions))
        assert dunning_transitions(again, taken) == [], (state, steps, moved)
