"""Corrects an event: it then counts with another quantity. The original event stays on record."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from app.billing import Aggregation
from app.database import UnitOfWork
from app.operations.billing_months import record_changes
from app.operations.calls import validation
from app.operations.calls.access import Action, authorise, not_found, tenant_for
from app.operations.calls.context import Context
from app.operations.calls.principal import Principal
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.calls.transaction import transact
from app.operations.usage.affected_days import Occurrence, changes_of
from app.operations.usage.metered_events import MAX_KEY_LENGTH
from app.operations.usage.refold import fold_days, lock_days
from app.tables.billing_months import ChangeReason
from app.tables.ids import new_id

_KEY = "SELECT id, occurred_at FROM usage_event_keys WHERE tenant_id = $1 AND source = $2 AND event_id = $3"
# Finds by the whole key of the record, because its deployment and kind are needed too.
_RECORD = """
SELECT r.deployment_id, r.resource_kind, k.aggregation, r.resource_id, r.day, r.occurred_at, r.quantity
FROM usage_records r JOIN resource_kinds k ON k.code = r.resource_kind
WHERE r.tenant_id = $1 AND r.id = $2 AND r.occurred_at = $3
  AND r.deployment_id = any(ARRAY(SELECT d.id FROM cloud_deployments d WHERE d.tenant_id = $1))
  AND r.resource_kind = any(ARRAY(SELECT code FROM resource_kinds))
"""
_LAST = """
SELECT quantity, corrected_at FROM usage_corrections
WHERE tenant_id = $1 AND deployment_id = $2 AND resource_kind = $3 AND day = $4 AND record_id = $5
ORDER BY corrected_at DESC, id DESC LIMIT 1
"""
_INSERT = """
INSERT INTO usage_corrections (
    id, tenant_id, deployment_id, resource_kind, record_id, source, event_id, occurred_at, day, previous_quantity,
    quantity, reason, actor, corrected_at
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
"""


@dataclass(frozen=True, slots=True)
class CorrectionOutcome:
    """The result of correcting a usage event. previous_quantity: the event's quantity before this correction."""

    correction_id: UUID
    deployment_id: UUID
    previous_quantity: Decimal
    quantity: Decimal


async def correct_usage(
    context: Context, *, tenant_id: UUID | None = None, source: str, event_id: str, quantity: Decimal, reason: str
) -> CorrectionOutcome:
    """Corrects the quantity of a usage event: 0 removes an amount, or is a level of 0. The last correction of an event
    applies; all corrections stay stored.

    Raises NOT_FOUND for an event that was never recorded, VALIDATION_FAILED for an invalid quantity or a blank reason.
    """
    authorise(context, Action.CORRECT_USAGE)
    tenant = _tenant_of(context.principal, tenant_id)
    validation.refuse(
        [
            *validation.free_text("source", source, MAX_KEY_LENGTH),
            *validation.free_text("event_id", event_id, MAX_KEY_LENGTH),
            *validation.quantity("quantity", quantity),
            *validation.name("reason", reason, validation.MAX_TEXT_LENGTH),
        ]
    )

    async def work(unit: UnitOfWork) -> CorrectionOutcome:
        record_id, event, recorded = await _find(unit, tenant, source, event_id)
        zone = context.settings.billing_time_zone
        await record_changes(context, unit, await changes_of(unit, zone, [event]), ChangeReason.USAGE_CORRECTED)
        await lock_days(unit, zone, [event.key])
        of_event = tenant, event.deployment_id, event.resource_kind, event.day, record_id
        last = await unit.connection.fetchrow(_LAST, *of_event)
        previous: Decimal = recorded if last is None else last["quantity"]
        now = context.clock()
        if last is not None:  # another machine's clock may be ahead: the newest correction must have the latest time
            now = max(now, last["corrected_at"] + timedelta(microseconds=1))
        correction_id = new_id()
        values = source, event_id, event.occurred_at, event.day, previous, quantity, reason
        await unit.connection.execute(
            _INSERT, correction_id, *of_event[:3], record_id, *values, context.principal.subject, now
        )
        await fold_days(unit, zone, [event.key])
        return CorrectionOutcome(correction_id, event.deployment_id, previous, quantity)

    return await transact(context, work, CorrectionOutcome, scope=context.principal.metering_scope)


def _tenant_of(principal: Principal, tenant_id: UUID | None) -> UUID:
    """Returns the event's tenant. A caller who serves all tenants must name it."""
    if principal.metering_scope.tenant_id is not None:
        return tenant_for(principal, tenant_id)
    if tenant_id is None:
        raise Refusal(
            ProblemCode.VALIDATION_FAILED, "tenantId is required: name the tenant whose event it is", ("tenantId",)
        )
    return tenant_id


async def _find(unit: UnitOfWork, tenant_id: UUID, source: str, event_id: str) -> tuple[UUID, Occurrence, Decimal]:
    """Finds a recorded usage event. Returns its record's id, the event, and the quantity with which it was recorded."""
    key = await unit.connection.fetchrow(_KEY, tenant_id, source, event_id)
    if key is None:
        raise not_found("usage event", event_id, ("eventId",))
    row: Any = await unit.connection.fetchrow(_RECORD, tenant_id, key["id"], key["occurred_at"])
    event = Occurrence(
        tenant_id,
        row["deployment_id"],
        row["resource_kind"],
        Aggregation(row["aggregation"]),
        row["resource_id"],
        row["day"],
        row["occurred_at"],
    )
    return key["id"], event, row["quantity"]
