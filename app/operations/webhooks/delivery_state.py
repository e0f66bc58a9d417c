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
    age = 0 if row["oldest"] is None else max(0, round((now - row["oldest"]).total_seconds()))
    counts = {name: count for name, count in row.items() if name != "oldest"}
    return DeliveryState(**counts, oldest_seconds=age)
