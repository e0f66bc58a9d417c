"""What waits to be pushed to the finance system, for operators."""

from datetime import datetime
from typing import Any, NamedTuple

from app.operations.webhooks.delivery_state import age_seconds

ALARM_SECONDS = 3600

_STATE = """
SELECT (SELECT count(*) FROM finance_pushes WHERE status = 'PENDING') AS pending,
       (SELECT count(*) FROM finance_pushes WHERE status = 'BLOCKED') AS blocked,
       (SELECT min(recorded_at) FROM finance_pushes WHERE status <> 'SENT') AS oldest,
       (SELECT count(*) FROM receivables_out_of_step) AS out_of_step,
       late.error AS last_error, late.recorded_at IS NOT NULL AS is_late
FROM (SELECT) one LEFT JOIN LATERAL (
    SELECT p.recorded_at, p.error FROM finance_pushes p
    JOIN finance_queues q ON q.tenant_id = p.tenant_id AND q.id = p.invoice_id AND q.blocked_at IS NULL
    WHERE p.status = 'PENDING' AND p.recorded_at <= $1 ORDER BY p.recorded_at LIMIT 1
) late ON true
"""


class PushState(NamedTuple):
    """Numbers of pushes by state. oldest_seconds: the age of the oldest that is not sent; 0 if there is none.
    is_overdue: whether one has been pending for over an hour that waits for no blocked one; last_error: why, if it was
    attempted.
    """

    pending: int
    blocked: int
    out_of_step: int
    oldest_seconds: int
    is_overdue: bool
    last_error: str | None


async def push_state(connection: Any, now: datetime) -> PushState:
    """Reads the state as the platform."""
    row = await connection.fetchrow(_STATE, datetime.fromtimestamp(now.timestamp() - ALARM_SECONDS, now.tzinfo))
    age = age_seconds(row["oldest"], now)
    return PushState(row["pending"], row["blocked"], row["out_of_step"], age, row["is_late"], row["last_error"])
