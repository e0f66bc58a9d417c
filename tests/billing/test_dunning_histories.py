"""Dunning over generated histories: no step is skipped or repeated, and no transition that the map does not allow."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.billing import (
    DEFAULT_POLICY,
    RECOVERY,
    Actor,
    DeploymentState,
    DueStep,
    DunnedDeployment,
    DunningTransition,
    OverdueInvoice,
    StepKind,
    TransitionDecision,
    allowed_transitions,
    decide_transition,
    dunning_transitions,
    overdue_invoices,
    state_steps,
    steps_to_take,
)

FIRST_DAY = date(2026, 5, 1)
DUE = {"april": date(2026, 5, 15), "may": date(2026, 6, 14)}
ACTIONS = ["nothing", "pay", "bounce", "operator", "tenant", "override", "hold"]


@dataclass
class Life:
    """A tenant with two invoices and one deployment, as the tables keep it."""

    day: date = FIRST_DAY
    paid: set[str] = field(default_factory=set)
    held: bool = False
    taken: dict[str, dict[StepKind, datetime]] = field(default_factory=lambda: {name: {} for name in DUE})
    state: DeploymentState = DeploymentState.ACTIVE
    moved_by: str = ""
    moved_at: datetime | None = None
    overridden: bool = False
    withheld: set[tuple[str, StepKind] | None] = field(default_factory=set)

    @property
    def now(self) -> datetime:
        return datetime.combine(self.day, time(9), UTC)

    def overdue(self) -> list[OverdueInvoice[str]]:
        invoices = [
            OverdueInvoice(name, name, due_on, 5500, self.taken[name])
            for name, due_on in DUE.items()
            if name not in self.paid
        ]
        return overdue_invoices(DEFAULT_POLICY, invoices, 0, self.day)

    def transitions(self, required: tuple[DueStep[str], ...]) -> list[DunningTransition[str]]:
        deployment = DunnedDeployment(
            self.state,
            moved_by_dunning=self.moved_by == "dunning",
            operator_moved_at=self.moved_at if self.moved_by == "operator" else None,
            billing_action_suspended=self.overridden,
            withheld=self.withheld,
        )
        return dunning_transitions(deployment, required, held=self.held)

    def move(self, to: DeploymentState, by: str, at: datetime) -> None:
        self.state, self.moved_by, self.moved_at = to, by, at
        self.withheld.discard(RECOVERY)

    def evaluate(self) -> None:
        overdue = self.overdue()
        required = state_steps(DEFAULT_POLICY, overdue, self.day)
        for invoice_id, step, _ in [] if self.held else steps_to_take(DEFAULT_POLICY, overdue, self.day):
            assert step.kind not in self.taken[invoice_id]
            self.taken[invoice_id][step.kind] = self.now
        for transition in self.transitions(required):
            decision = decide_transition(
                self.state, transition.to, Actor.SYSTEM, billing_action_suspended=self.overridden
            )
            assert decision is not TransitionDecision.REFUSE
            if decision is TransitionDecision.WITHHOLD:
                assert transition.cause not in self.withheld
                self.withheld.add(transition.cause)
            else:
                self.move(transition.to, "dunning", self.now)

    def act(self, action: str) -> None:
        later = self.now + timedelta(hours=1)
        match action:
            case "pay":
                self.paid |= {invoice.id for invoice in self.overdue()[:1]}
            case "bounce":
                self.paid.clear()
            case "override":
                self.overridden = not self.overridden
            case "hold":
                self.held = not self.held
            case "operator":
                targets = [to for to in allowed_transitions(self.state, Actor.OPERATOR) if to != "CANCELLED"]
                self.move(targets[0], "operator", later)
            case "tenant":
                targets = [to for to in allowed_transitions(self.state, Actor.TENANT) if to != "CANCELLED"]
                if targets:
                    self.move(targets[0], "tenant", later)


@given(st.lists(st.tuples(st.integers(1, 12), st.sampled_from(ACTIONS)), max_size=30))
def test_no_step_is_skipped_or_repeated_and_every_transition_is_allowed(history: list[tuple[int, str]]) -> None:
    life = Life()
    for days, action in history:
        life.day += timedelta(days=days)
        life.evaluate()
        overdue = life.overdue()
        if not life.held:
            for invoice in overdue:
                late = (life.day - invoice.due_on).days
                assert set(life.taken[invoice.id]) >= {kind for kind, days in DEFAULT_POLICY.steps if days <= late}
        assert life.transitions(state_steps(DEFAULT_POLICY, overdue, life.day)) == []
        if not overdue and not life.overridden:
            assert life.moved_by != "dunning" or life.state is DeploymentState.ACTIVE
        life.act(action)
