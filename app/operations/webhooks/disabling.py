"""Disables endpoints: what waits for them has failed, and can be delivered again by `redeliver`."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from app.database import UnitOfWork
from app.operations.events import Aggregate, EndpointData, record_event
from app.tables.events import AggregateType, EventType

_DISABLE = """
UPDATE webhook_endpoints SET disabled_at = $2, disabled_reason = $3 WHERE id = $1 AND disabled_at IS NULL
RETURNING tenant_id, url
"""
_EMPTY_QUEUES = "DELETE FROM delivery_queues WHERE tenant_id IS NOT DISTINCT FROM $2 AND endpoint_id = $1"
_FAIL_PENDING = """
UPDATE webhook_deliveries SET status = 'FAILED', error = coalesce(error, 'the endpoint was disabled')
WHERE tenant_id IS NOT DISTINCT FROM $2 AND endpoint_id = $1 AND status = 'PENDING'
"""


async def disable_endpoints(unit: UnitOfWork, reasons: Mapping[UUID, str], now: datetime) -> None:
    """Disables the endpoints that are not disabled yet, each for its reason, and records an event for each."""
    for endpoint_id, reason in sorted(reasons.items()):
        row = await unit.connection.fetchrow(_DISABLE, endpoint_id, now, reason)
        if row is None:
            continue
        await unit.connection.execute(_EMPTY_QUEUES, endpoint_id, row["tenant_id"])
        await unit.connection.execute(_FAIL_PENDING, endpoint_id, row["tenant_id"])
        data = EndpointData(endpoint_id=endpoint_id, tenant_id=row["tenant_id"], url=row["url"], reason=reason)
        aggregate = Aggregate(AggregateType.WEBHOOK_ENDPOINT, endpoint_id, row["tenant_id"])
        record_event(unit, EventType.WEBHOOK_ENDPOINT_DISABLED, aggregate, data, now)
