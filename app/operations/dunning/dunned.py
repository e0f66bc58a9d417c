"""What an evaluation reads of a locked tenant: its overdue invoices with their steps, and its deployments."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from app.billing import DeploymentState, DunnedDeployment, OverdueInvoice, StepKind
from app.database import UnitOfWork
from app.tables.deployments import EventCause

_OVERDUE = """
SELECT b.id, i.number, b.due_on, b.balance_cents
FROM invoice_balances b JOIN tenant_invoices i ON i.tenant_id = b.tenant_id AND i.id = b.id
WHERE b.tenant_id = $1 AND b.currency = $2 AND b.balance_cents > 0 AND b.disputed_at IS NULL AND b.due_on < $3
"""
_STEPS = "SELECT invoice_id, kind, taken_at FROM dunning_steps WHERE tenant_id = $1 AND invoice_id = any($2::uuid[])"
_CREDIT = "SELECT credit_cents FROM tenant_balances WHERE tenant_id = $1 AND currency = $2"
_LOCK_DEPLOYMENTS = """
SELECT id, state, billing_action_suspended FROM cloud_deployments
WHERE tenant_id = $1 AND (state IN ('ACTIVE', 'PAST_DUE') OR dunned_at IS NOT NULL)
ORDER BY id FOR NO KEY UPDATE
"""
# The last of what was carried out; a creation is no transition.
_LAST_TRANSITIONS = """
SELECT d.id AS deployment_id, e.cause, e.occurred_at
FROM unnest($2::uuid[]) AS d (id)
CROSS JOIN LATERAL (
    SELECT cause, occurred_at FROM cloud_deployment_events
    WHERE tenant_id = $1 AND deployment_id = d.id AND NOT withheld AND from_state IS NOT NULL
    ORDER BY occurred_at DESC, id DESC LIMIT 1) AS e
"""
_WITHHELD = """
SELECT deployment_id, dunning_invoice_id, dunning_step, occurred_at FROM cloud_deployment_events
WHERE tenant_id = $1 AND deployment_id = any($2::uuid[]) AND withheld AND cause = 'DUNNING'
"""

Withheld = set[tuple[UUID, StepKind] | None]


class _LastTransition(NamedTuple):
    cause: EventCause
    occurred_at: datetime


async def read_overdue(unit: UnitOfWork, tenant_id: UUID, currency: str, day: date) -> list[OverdueInvoice[UUID]]:
    """The tenant's undisputed invoices with a balance that were due before a day, with the steps taken of each."""
    rows = await unit.connection.fetch(_OVERDUE, tenant_id, currency, day)
    taken: dict[UUID, dict[StepKind, datetime]] = defaultdict(dict)
    if rows:
        for step in await unit.connection.fetch(_STEPS, tenant_id, [row["id"] for row in rows]):
            taken[step["invoice_id"]][StepKind(step["kind"])] = step["taken_at"]
    return [
        OverdueInvoice(row["id"], row["number"], row["due_on"], row["balance_cents"], taken[row["id"]]) for row in rows
    ]


async def read_credit(unit: UnitOfWork, tenant_id: UUID, currency: str) -> int:
    """The tenant's credit balance in cents."""
    cents: int | None = await unit.connection.fetchval(_CREDIT, tenant_id, currency)
    return cents or 0


async def lock_deployments(unit: UnitOfWork, tenant_id: UUID) -> dict[UUID, DunnedDeployment[UUID]]:
    """Locks the tenant's deployments that dunning may move, in the order of their ids, and returns them by id."""
    rows = await unit.connection.fetch(_LOCK_DEPLOYMENTS, tenant_id)
    if not rows:
        return {}
    last = {
        row["deployment_id"]: _LastTransition(EventCause(row["cause"]), row["occurred_at"])
        for row in await unit.connection.fetch(_LAST_TRANSITIONS, tenant_id, [row["id"] for row in rows])
    }
    suspended = [row["id"] for row in rows if row["billing_action_suspended"]]
    withheld = await _withheld(unit, tenant_id, suspended, last)
    return {row["id"]: _deployment(row, last.get(row["id"]), withheld[row["id"]]) for row in rows}


async def _withheld(
    unit: UnitOfWork, tenant_id: UUID, deployment_ids: Sequence[UUID], last: dict[UUID, _LastTransition]
) -> defaultdict[UUID, Withheld]:
    """The steps whose transitions were ever withheld; RECOVERY where that was since the last transition."""
    withheld: defaultdict[UUID, Withheld] = defaultdict(set)
    if not deployment_ids:
        return withheld
    for row in await unit.connection.fetch(_WITHHELD, tenant_id, list(deployment_ids)):
        deployment_id, invoice_id, step, occurred_at = row
        if step is not None:
            withheld[deployment_id].add((invoice_id, StepKind(step)))
        elif deployment_id not in last or occurred_at >= last[deployment_id].occurred_at:
            withheld[deployment_id].add(None)
    return withheld


def _deployment(row: Any, last: _LastTransition | None, withheld: Withheld) -> DunnedDeployment[UUID]:
    by_operator = last is not None and last.cause is EventCause.OPERATOR
    return DunnedDeployment(
        DeploymentState(row["state"]),
        moved_by_dunning=last is not None and last.cause is EventCause.DUNNING,
        operator_moved_at=last.occurred_at if last is not None and by_operator else None,
        billing_action_suspended=row["billing_action_suspended"],
        withheld=withheld,
    )
