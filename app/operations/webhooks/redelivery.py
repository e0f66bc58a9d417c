"""Delivers events again: the deliveries that are named, or those of a range of events."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from app.billing import InputFault
from app.database import UnitOfWork
from app.operations.calls import validation
from app.operations.calls.access import Action, authorise, not_found
from app.operations.calls.context import Context
from app.operations.calls.transaction import transact
from app.operations.events.wake_up import wake_delivery
from app.operations.webhooks.delivery_queue import queue_deliveries
from app.operations.webhooks.endpoints import lock_endpoint, require_enabled

MAX_REDELIVERIES = 10_000

_NAMED = """
SELECT endpoint_id, tenant_id, event_id, aggregate_id, position FROM webhook_deliveries
WHERE endpoint_id = $1 AND id = any($2::uuid[]) AND status <> 'PENDING'
"""
_KNOWN = "SELECT id FROM webhook_deliveries WHERE endpoint_id = $1 AND id = any($2::uuid[])"
# Also events that were published while the endpoint was disabled, or before it was made.
_RANGE = """
SELECT w.id AS endpoint_id, w.tenant_id, e.id AS event_id, e.aggregate_id, e.position
FROM webhook_endpoints w JOIN events e ON e.position IS NOT NULL AND e.occurred_at >= $2 AND e.occurred_at < $3
    AND (w.tenant_id IS NULL OR w.tenant_id = e.tenant_id) AND e.type <> 'webhook_endpoint.test'
    AND (cardinality(w.event_types) = 0 OR e.type = any(w.event_types))
WHERE w.id = $1 AND NOT EXISTS (
    SELECT FROM webhook_deliveries d WHERE d.endpoint_id = w.id AND d.event_id = e.id AND d.status = 'PENDING')
ORDER BY e.position LIMIT $4
"""


async def redeliver(
    context: Context,
    *,
    endpoint_id: UUID,
    delivery_ids: Sequence[UUID] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> int:
    """Queues deliveries again, with the ids that their events have; returns their number. Either the deliveries are
    named, or the time of the events: from `since` on and before `until`. Those that are pending are left alone.

    Raises NOT_FOUND, VALIDATION_FAILED; CONFLICT if the endpoint is disabled.
    """
    authorise(context, Action.MANAGE_WEBHOOKS)
    validation.refuse(_faults(delivery_ids, since, until))

    async def work(unit: UnitOfWork) -> int:
        require_enabled(await lock_endpoint(unit, context, endpoint_id))
        if delivery_ids is None:
            rows = await unit.connection.fetch(_RANGE, endpoint_id, since, until, MAX_REDELIVERIES)
        else:
            known = {row["id"] for row in await unit.connection.fetch(_KNOWN, endpoint_id, list(delivery_ids))}
            for at, delivery_id in enumerate(delivery_ids):
                if delivery_id not in known:
                    raise not_found("delivery", delivery_id, ("deliveryIds", str(at)))
            rows = await unit.connection.fetch(_NAMED, endpoint_id, list(delivery_ids))
        await queue_deliveries(unit, rows, context.clock())
        unit.after_commit(lambda: wake_delivery(context))
        return len(rows)

    return await transact(context, work, int)


def _faults(delivery_ids: Sequence[UUID] | None, since: datetime | None, until: datetime | None) -> list[InputFault]:
    faults = [*validation.instant("since", since), *validation.instant("until", until)]
    if (delivery_ids is None) == (since is None) or (since is None) != (until is None):
        faults.append(InputFault((), "either deliveryIds or since and until are required"))
    elif delivery_ids is not None:
        faults += validation.at_most("delivery_ids", delivery_ids, MAX_REDELIVERIES)
    return faults
