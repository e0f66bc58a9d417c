"""Evaluates one tenant: records the steps that its overdue invoices have reached, and moves its deployments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from app.billing import (
    DueStep,
    DunnedDeployment,
    DunningTransition,
    OverdueInvoice,
    StepKind,
    dunning_day,
    dunning_transitions,
    overdue_invoices,
    state_steps,
    steps_to_take,
)
from app.database import UnitOfWork
from app.operations.calls.access import Action, authorise
from app.operations.calls.context import Context
from app.operations.calls.principal import Principal, Role
from app.operations.calls.transaction import transact
from app.operations.deployments.transition import TransitionRequest, enter_transition
from app.operations.dunning.dunned import lock_deployments, read_credit, read_overdue
from app.operations.dunning.holds import end_hold
from app.operations.dunning.policies import read_policy
from app.operations.events import DunningStepData, record_tenant_event
from app.operations.ledger import lock_tenant
from app.tables.deployments import EventCause
from app.tables.events import EventType
from app.tables.ids import new_ids

DUNNING = Principal("system:dunning", frozenset({Role.PLATFORM_ADMIN}))
"""The principal of evaluations, whoever caused them."""

_HOLD = "SELECT until FROM dunning_holds WHERE tenant_id = $1 AND ended_at IS NULL"
_TAKE = """
INSERT INTO dunning_steps (id, tenant_id, invoice_id, kind, days, taken_on, taken_at)
SELECT s.id, $1, s.invoice_id, s.kind, s.days, $6, $7
FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::int[]) AS s (id, invoice_id, kind, days)
ON CONFLICT (tenant_id, invoice_id, kind) DO NOTHING RETURNING id, invoice_id, kind, days
"""


@dataclass(frozen=True, slots=True)
class DunningResult:
    """What an evaluation did, in numbers."""

    steps_taken: int = 0
    transitions_applied: int = 0
    transitions_withheld: int = 0


async def evaluate_tenant(context: Context, *, tenant_id: UUID) -> DunningResult:
    """Takes the tenant's steps that are due, each once, and moves its deployments to the state now required, as the
    system. Evaluated again it changes nothing; nor for an unknown tenant.
    """
    authorise(context, Action.ACT_AS_SYSTEM)
    system = as_dunning(context)
    return await transact(system, lambda unit: enter_evaluation(unit, system, tenant_id))


def as_dunning(context: Context) -> Context:
    """The context of an evaluation: it is no part of the call that caused it."""
    return replace(context, principal=DUNNING, call=None)


def current_dunning_day(context: Context) -> date:
    """The last day on which the time of dunning has come."""
    settings = context.settings
    return dunning_day(context.clock(), settings.billing_time_zone, settings.dunning_time)


async def enter_evaluation(unit: UnitOfWork, context: Context, tenant_id: UUID) -> DunningResult:
    """The same in a transaction that is open. It locks the tenant first, so that no payment comes in between."""
    currency = await lock_tenant(unit, tenant_id)
    if currency is None:
        return DunningResult()
    day, now = current_dunning_day(context), context.clock()
    held = await _is_held(unit, context, tenant_id, day)
    policy = (await read_policy(unit, tenant_id)).policy
    invoices = await read_overdue(unit, tenant_id, currency, day)
    overdue = overdue_invoices(policy, invoices, await read_credit(unit, tenant_id, currency), day)
    due = [] if held else steps_to_take(policy, overdue, day)
    taken = await _take(unit, tenant_id, due, day, now)
    required = state_steps(policy, overdue, day)
    applied = withheld = 0
    for deployment_id, deployment in (await lock_deployments(unit, tenant_id)).items():
        for transition in dunning_transitions(deployment, required, held=held):
            request = _request(deployment_id, deployment, transition, overdue)
            recorded = await enter_transition(unit, context, request)
            withheld += recorded.withheld
            applied += not recorded.withheld
    return DunningResult(taken, applied, withheld)


async def _is_held(unit: UnitOfWork, context: Context, tenant_id: UUID, day: date) -> bool:
    """Whether a hold of the tenant lasts. One whose last day is over ends here."""
    until: date | None = await unit.connection.fetchval(_HOLD, tenant_id)
    if until is not None and until < day:
        await end_hold(unit, context, tenant_id)
        return False
    return until is not None


async def _take(unit: UnitOfWork, tenant_id: UUID, due: Sequence[DueStep[UUID]], day: date, now: datetime) -> int:
    if not due:
        return 0
    ids, kinds = [step.invoice_id for step in due], [step.step.kind for step in due]
    days = [step.step.days for step in due]
    rows = await unit.connection.fetch(_TAKE, tenant_id, new_ids(len(due)), ids, kinds, days, day, now)
    for row in rows:
        data = DunningStepData(
            step_id=row["id"],
            tenant_id=tenant_id,
            invoice_id=row["invoice_id"],
            kind=StepKind(row["kind"]),
            days=row["days"],
            taken_on=day,
        )
        record_tenant_event(unit, EventType.DUNNING_STEP, tenant_id, data, now)
    return len(rows)


def _request(
    deployment_id: UUID,
    deployment: DunnedDeployment[UUID],
    transition: DunningTransition[UUID],
    overdue: Sequence[OverdueInvoice[UUID]],
) -> TransitionRequest:
    by_id: Mapping[UUID, OverdueInvoice[UUID]] = {invoice.id: invoice for invoice in overdue}
    if transition.cause is None:
        reason = f"No overdue invoice requires {deployment.state} any more"
    else:
        invoice = by_id[transition.cause[0]]
        reason = f"Invoice {invoice.number} was due on {invoice.due_on}"
    return TransitionRequest(
        deployment_id=deployment_id,
        to=transition.to,
        cause=EventCause.DUNNING,
        reason=reason,
        step=transition.cause,
    )
