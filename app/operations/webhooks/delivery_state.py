"""What waits to be published or delivered, for operators."""

from datetime import datetime
from typing import Any, NamedTuple

_STATE = """
SELECT (SELECT count(*) FROM events WHERE position IS NULL) AS unpublished,
       (SELECT count(*) FROM webhook_deliveries WHERE status = 'PENDING') AS pending,
       (SELECT count(*) FROM webhook_deliveries WHERE status = 'FAILED') AS failed,
       (SELECT count(*) FROM webhook_endpoints WHERE disabled_at IS NOT NULL) AS endpoints_disabled,
       least((SELECT min(occurred_at) FROM events WHERE position IS NULL),
             (SELECT min(created_at) FROM webhook_deliveries WHERE status = 'PENDING')) AS oldest
"""


# A delivery that is retried is not late before its next attempt is.
_LATE = """
SELECT least((SELECT min(occurred_at) FROM events WHERE position IS NULL),
             (SELECT min(q.next_attempt_at) FROM delivery_queues q
              JOIN webhook_endpoints w ON w.id = q.endpoint_id AND w.disabled_at IS NULL))
"""


class DeliveryState(NamedTuple):
    """Numbers of events and deliveries by state. oldest_seconds: the age of the oldest event that is not published, or
    not delivered to an endpoint that is to get it; 0 if there is none.
    """

    unpublished: int
    pending: int
    failed: int
    endpoints_disabled: int
    oldest_seconds: int


async def delivery_state(connection: Any, now: datetime) -> DeliveryState:
    """Reads the state as the platform."""
    row = await connection.fetchrow(_STATE)
    counts = {name: count for name, count in row.items() if name != "oldest"}
    return DeliveryState(**counts, oldest_seconds=age_seconds(row["oldest"], now))


async def late_seconds(connection: Any, now: datetime) -> int:
    """Returns for how long the oldest event waits to be published, or a delivery to be attempted after it was due; 0 if
    none does. Reads as the platform.
    """
    oldest = await connection.fetchval(_LATE)
    return age_seconds(oldest, now)


def age_seconds(since: datetime | None, now: datetime) -> int:
    """Returns the whole seconds since a time; 0 without one, and for one that is ahead of this clock."""
    return 0 if since is None else max(0, round((now - since).total_seconds()))
