"""Dunning: which steps an overdue invoice has reached, and what they mean for the tenant's deployments.

A step happens once per invoice. The state that a deployment must have follows from the oldest overdue invoice alone.
Source: receivables, "Dunning".
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Generic, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from app.billing.lifecycle import DeploymentState
from app.billing.terms import InputFault

Id = TypeVar("Id")
MAX_STEP_DAYS = 3_650


class StepKind(StrEnum):
    NOTICE = "NOTICE"
    PAST_DUE = "PAST_DUE"
    FINAL_NOTICE = "FINAL_NOTICE"
    SUSPEND = "SUSPEND"
    PROPOSE_WRITE_OFF = "PROPOSE_WRITE_OFF"


class Step(NamedTuple):
    """What happens so many days after an invoice's due date."""

    kind: StepKind
    days: int


@dataclass(frozen=True, slots=True)
class DunningPolicy:
    """Steps in order of their days. A tenant that owes less than the minimum, in cents, counts as not overdue."""

    steps: tuple[Step, ...]
    minimum_cents: int = 0

    def reached(self, due_on: date, day: date) -> tuple[Step, ...]:
        """The steps that an invoice due on a day has reached on another."""
        return tuple(step for step in self.steps if due_on + timedelta(days=step.days) <= day)


DEFAULT_POLICY = DunningPolicy(
    (
        Step(StepKind.NOTICE, 1),
        Step(StepKind.PAST_DUE, 7),
        Step(StepKind.FINAL_NOTICE, 21),
        Step(StepKind.SUSPEND, 30),
        Step(StepKind.PROPOSE_WRITE_OFF, 90),
    )
)

STEP_STATES: Mapping[StepKind, DeploymentState] = MappingProxyType(
    {StepKind.PAST_DUE: DeploymentState.PAST_DUE, StepKind.SUSPEND: DeploymentState.SUSPENDED}
)
_RANK = {DeploymentState.ACTIVE: 0, DeploymentState.PAST_DUE: 1, DeploymentState.SUSPENDED: 2}


def policy_faults(policy: DunningPolicy) -> Iterator[InputFault]:
    """What is wrong with a policy: steps that do not increase, a kind twice, suspending without PAST_DUE before it."""
    kinds: list[StepKind] = []
    last = 0
    for index, (kind, days) in enumerate(policy.steps):
        path = ("steps", str(index))
        if not 1 <= days <= MAX_STEP_DAYS:
            yield InputFault((*path, "days"), f"must be from 1 to {MAX_STEP_DAYS}")
        elif days <= last:
            yield InputFault((*path, "days"), f"must be more than the {last} days of the step before")
        if kind in kinds:
            yield InputFault((*path, "kind"), f"{kind} is a step already")
        if kind is StepKind.SUSPEND and StepKind.PAST_DUE not in kinds:
            yield InputFault((*path, "kind"), "SUSPEND must come after PAST_DUE")
        kinds.append(kind)
        last = max(last, days)
    if policy.minimum_cents < 0:
        yield InputFault(("minimum_cents",), "must be at least 0")


def dunning_day(now: datetime, zone: ZoneInfo, starts_at: time) -> date:
    """The last day of the zone on which the daily hour of dunning has come."""
    local = now.astimezone(zone)
    return local.date() if local.time() >= starts_at else local.date() - timedelta(days=1)


class OverdueInvoice(NamedTuple, Generic[Id]):
    """An issued invoice with a balance above 0 that is not disputed. taken: the steps that have happened, and when."""

    id: Id
    number: str
    due_on: date
    balance_cents: int
    taken: Mapping[StepKind, datetime] = MappingProxyType({})


class DueStep(NamedTuple, Generic[Id]):
    """A step that an invoice has reached. taken_at: when it happened; null: it happens now."""

    invoice_id: Id
    step: Step
    taken_at: datetime | None


def overdue_invoices(
    policy: DunningPolicy, invoices: Iterable[OverdueInvoice[Id]], credit_cents: int, day: date
) -> list[OverdueInvoice[Id]]:
    """The invoices whose due date is over, the oldest first; none if they and the tenant's credit leave less than the
    policy's minimum.
    """
    overdue = sorted((one for one in invoices if one.due_on < day), key=lambda one: (one.due_on, one.number))
    owed = sum(invoice.balance_cents for invoice in overdue) - credit_cents
    return overdue if owed >= max(policy.minimum_cents, 1) else []


def steps_to_take(policy: DunningPolicy, overdue: Iterable[OverdueInvoice[Id]], day: date) -> list[DueStep[Id]]:
    """The steps that happen now: each that an invoice has reached and not taken yet, invoice by invoice in order."""
    return [
        DueStep(invoice.id, step, None)
        for invoice in overdue
        for step in policy.reached(invoice.due_on, day)
        if step.kind not in invoice.taken
    ]


def state_steps(policy: DunningPolicy, overdue: Sequence[OverdueInvoice[Id]], day: date) -> tuple[DueStep[Id], ...]:
    """The steps of the oldest overdue invoice that ask for a deployment's state, in order: the last is the state that
    is required now. None: no state is.
    """
    if not overdue:
        return ()
    oldest = overdue[0]
    return tuple(
        DueStep(oldest.id, step, oldest.taken.get(step.kind))
        for step in policy.reached(oldest.due_on, day)
        if step.kind in STEP_STATES
    )


@dataclass(frozen=True, slots=True)
class DunnedDeployment(Generic[Id]):
    """A deployment as dunning finds it.

    moved_by_dunning: its last transition was dunning's. operator_moved_at: when it was an operator's; null otherwise.
    withheld: the invoices and steps whose transitions were ever withheld; RECOVERY where the way back was, since its
    last transition.
    """

    state: DeploymentState
    moved_by_dunning: bool = False
    operator_moved_at: datetime | None = None
    billing_action_suspended: bool = False
    withheld: Collection[tuple[Id, StepKind] | None] = frozenset()


RECOVERY = None
"""The cause of a transition back to ACTIVE: no step asks for a state any more."""


class DunningTransition(NamedTuple, Generic[Id]):
    """A transition to request as the system, and the invoice and step that ask for it; RECOVERY for the way back.

    Under billing_action_suspended it is recorded as withheld.
    """

    to: DeploymentState
    cause: tuple[Id, StepKind] | None


def dunning_transitions(
    deployment: DunnedDeployment[Id], required: Sequence[DueStep[Id]], *, held: bool = False
) -> list[DunningTransition[Id]]:
    """What dunning does to one deployment, in order. required: see state_steps. held: dunning of the tenant is on hold,
    so nothing gets worse.

    Only ACTIVE and PAST_DUE deployments are moved on, and only what dunning moved comes back. What an operator moved
    after a step happened stands until the next step that asks for a state. A transition is withheld once a step.
    """
    state, planned = deployment.state, list[DunningTransition[Id]]()
    if deployment.moved_by_dunning and _RANK.get(state, 0) > _rank(required):
        planned.append(DunningTransition(DeploymentState.ACTIVE, RECOVERY))
        state = DeploymentState.ACTIVE if not deployment.billing_action_suspended else state
    if not held:
        planned += _onward(deployment, state, required)
    if deployment.billing_action_suspended:
        return [transition for transition in planned if transition.cause not in deployment.withheld]
    return planned


def _onward(
    deployment: DunnedDeployment[Id], state: DeploymentState, required: Sequence[DueStep[Id]]
) -> Iterator[DunningTransition[Id]]:
    last = len(required) - 1
    for index, (invoice_id, step, taken_at) in enumerate(required):
        to = STEP_STATES[step.kind]
        if state not in {DeploymentState.ACTIVE, DeploymentState.PAST_DUE} or _RANK[state] >= _RANK[to]:
            continue
        if taken_at is not None and (index < last or _stands(deployment, taken_at)):
            continue  # a step taken before is applied only where it is the state required now
        yield DunningTransition(to, (invoice_id, step.kind))
        if not deployment.billing_action_suspended:
            state = to


def _stands(deployment: DunnedDeployment[Id], taken_at: datetime) -> bool:
    moved_at = deployment.operator_moved_at
    return moved_at is not None and moved_at >= taken_at


def _rank(required: Sequence[DueStep[Id]]) -> int:
    return _RANK[STEP_STATES[required[-1].step.kind]] if required else 0
