"""The queues of deliveries: filled when events are published, claimed by workers by their state.

A queue holds the pending deliveries of one aggregate to one endpoint, and only its first may be attempted: so an
endpoint gets an aggregate's events in their order. Whoever adds to a queue or takes from it locks its row.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.database import UnitOfWork
from app.tables.ids import new_id, new_ids

CLAIM_SECONDS = 60
"""How long a worker has for an attempt. If it dies, another attempts the delivery after that."""
MAX_OF_ENDPOINT = 10
"""Attempts at once for one endpoint; 1 while it fails, so that one that hangs takes the places of no other."""

# A test event is for its own endpoint. The endpoint's row is locked against deletion.
_MATCHING = """
SELECT w.id AS endpoint_id, w.tenant_id, e.id AS event_id, e.aggregate_id, e.position
FROM events e JOIN webhook_endpoints w ON w.disabled_at IS NULL
    AND (w.tenant_id IS NULL OR w.tenant_id = e.tenant_id)
    AND CASE e.type WHEN 'webhook_endpoint.test' THEN w.id = e.aggregate_id
                    ELSE cardinality(w.event_types) = 0 OR e.type = any(w.event_types) END
WHERE e.id = any($1::uuid[]) FOR KEY SHARE OF w
"""
_ADD = """
INSERT INTO webhook_deliveries
    (id, tenant_id, endpoint_id, event_id, aggregate_id, position, status, attempts, created_at)
SELECT d.id, d.tenant_id, d.endpoint_id, d.event_id, d.aggregate_id, d.position, 'PENDING', 0, $7
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::bigint[])
    AS d (id, endpoint_id, tenant_id, event_id, aggregate_id, position)
ON CONFLICT (endpoint_id, event_id) DO UPDATE SET status = 'PENDING', attempts = 0
"""
# An update that changes nothing locks the row: a worker that is about to empty the queue waits, and then finds these.
_QUEUE = """
INSERT INTO delivery_queues AS q (id, tenant_id, endpoint_id, aggregate_id, next_attempt_at)
SELECT n.id, n.tenant_id, n.endpoint_id, n.aggregate_id, $5
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[]) AS n (id, endpoint_id, tenant_id, aggregate_id)
ON CONFLICT (endpoint_id, aggregate_id) DO UPDATE SET claim = q.claim
"""
_CLAIM = f"""
WITH due AS (
    SELECT q.id FROM webhook_endpoints w CROSS JOIN LATERAL (
        SELECT d.id, d.next_attempt_at FROM delivery_queues d
        WHERE d.endpoint_id = w.id AND d.next_attempt_at <= $1 ORDER BY d.next_attempt_at
        LIMIT greatest(0, CASE WHEN w.failing_since IS NULL THEN {MAX_OF_ENDPOINT} ELSE 1 END - (
            SELECT count(*) FROM delivery_queues c
            WHERE c.endpoint_id = w.id AND c.next_attempt_at > $1 AND c.claim IS NOT NULL))
        FOR UPDATE SKIP LOCKED
    ) q
    WHERE w.disabled_at IS NULL ORDER BY q.next_attempt_at LIMIT $4
)
UPDATE delivery_queues q SET claim = $2, next_attempt_at = $3 FROM due WHERE q.id = due.id RETURNING q.id
"""  # noqa: S608 - of a constant
_FIRST = """
SELECT q.id AS queue_id, d.id AS delivery_id, d.endpoint_id, d.attempts, w.url, w.secret, w.previous_secret,
       w.previous_secret_until, e.id, e.type, e.version, e.occurred_at, e.tenant_id, e.aggregate_type, e.aggregate_id,
       e.sequence, e.data
FROM delivery_queues q CROSS JOIN LATERAL (
    SELECT * FROM webhook_deliveries d
    WHERE d.endpoint_id = q.endpoint_id AND d.aggregate_id = q.aggregate_id AND d.status = 'PENDING'
    ORDER BY d.position LIMIT 1
) d
JOIN webhook_endpoints w ON w.id = d.endpoint_id JOIN events e ON e.id = d.event_id
WHERE q.id = any($1::uuid[])
"""


async def add_deliveries(unit: UnitOfWork, event_ids: Sequence[UUID], now: datetime) -> None:
    """Adds a delivery of each of the events for every endpoint that is to get it."""
    await queue_deliveries(unit, await unit.connection.fetch(_MATCHING, list(event_ids)), now)


async def queue_deliveries(unit: UnitOfWork, deliveries: Sequence[Any], now: datetime) -> None:
    """Queues these deliveries, again if they exist. Each has endpoint_id, tenant_id, event_id, aggregate_id and
    position.
    """
    if not deliveries:
        return
    queues = sorted({(row["endpoint_id"], row["tenant_id"], row["aggregate_id"]) for row in deliveries}, key=str)
    await unit.connection.execute(_QUEUE, new_ids(len(queues)), *map(list, zip(*queues, strict=True)), now)
    names = ("endpoint_id", "tenant_id", "event_id", "aggregate_id", "position")
    columns = ([row[name] for row in deliveries] for name in names)
    await unit.connection.execute(_ADD, new_ids(len(deliveries)), *columns, now)


async def claim_deliveries(unit: UnitOfWork, now: datetime, places: int) -> tuple[UUID, list[Any]]:
    """Claims up to so many queues that are due; returns the claim, and the first delivery of each with its event and
    endpoint.
    """
    claim = new_id()
    rows = await unit.connection.fetch(_CLAIM, now, claim, now + timedelta(seconds=CLAIM_SECONDS), places)
    claimed = [row["id"] for row in rows]
    return claim, await unit.connection.fetch(_FIRST, claimed) if claimed else []
