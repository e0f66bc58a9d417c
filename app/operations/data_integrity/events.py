"""Checks events: an aggregate's are numbered without a gap, and every delivery that is pending is in a queue."""

from collections.abc import Sequence
from typing import Any

from app.operations.data_integrity.integrity_check import (
    CheckedTable,
    Examination,
    Finding,
    IntegrityCheck,
    by_statement,
)

_SEQUENCES = """
SELECT s.id, format('its last sequence is %s; it has %s events, the last with the sequence %s',
    s.last_sequence, e.events, coalesce(e.last::text, 'none'))
FROM event_sequences s CROSS JOIN LATERAL (
    SELECT count(*) AS events, max(sequence) AS last FROM events
    WHERE tenant_id = s.tenant_id AND aggregate_id = s.id
) e
WHERE s.tenant_id = any($1::uuid[]) AND (s.last_sequence, s.last_sequence) IS DISTINCT FROM (e.events, e.last)
"""
_NOT_QUEUED = """
SELECT d.id, 'it is pending, and its endpoint has no queue for its aggregate' FROM webhook_deliveries d
WHERE d.status = 'PENDING' AND NOT EXISTS (
    SELECT FROM delivery_queues q
    WHERE q.tenant_id IS NOT DISTINCT FROM d.tenant_id AND q.endpoint_id = d.endpoint_id
      AND q.aggregate_id = d.aggregate_id)
"""


async def _not_queued(examination: Examination, _keys: Sequence[Any]) -> list[Finding]:
    rows = await examination.fetch(_NOT_QUEUED)
    return [Finding(f"webhook_deliveries {key}", message) for key, message in rows]


INTEGRITY_CHECKS = (
    IntegrityCheck(
        "an aggregate's events are numbered without a gap",
        CheckedTable.TENANTS,
        by_statement("event_sequences", _SEQUENCES),
    ),
    IntegrityCheck("a pending delivery is in a queue", None, _not_queued),
)
