"""Publishes events: gives them their positions, in an order that a consumer can follow by a cursor.

Ids are made before the commit, and transactions commit in any order: a consumer that reads "after the last id" would
miss events. Positions are given after the commit, by one transaction at a time that holds a lock until its own commit.
So an event that becomes visible later has a higher position. See docs/adr/0041.
"""

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from app.database import PLATFORM, UnitOfWork
from app.database.locks import lock
from app.operations.calls.access import Action, authorise
from app.operations.calls.context import Context

BATCH = 1_000

Consumer = Callable[[UnitOfWork, Sequence[UUID]], Awaitable[None]]
"""Gets the ids of events that are published by the transaction."""

# An aggregate's events become visible in the order of their sequences, so whatever precedes one is published or here.
_PUBLISH = """
WITH pending AS (
    SELECT id, aggregate_id, sequence FROM events WHERE position IS NULL ORDER BY aggregate_id, sequence LIMIT $1
), placed AS (
    SELECT id, row_number() OVER (ORDER BY first_id, sequence) AS place
    FROM (SELECT *, first_value(id) OVER (PARTITION BY aggregate_id ORDER BY sequence) AS first_id FROM pending) p
)
UPDATE events e
SET position = placed.place + coalesce(
    (SELECT position FROM events WHERE position IS NOT NULL ORDER BY position DESC LIMIT 1), 0)
FROM placed WHERE e.id = placed.id
RETURNING e.id
"""


async def publish_events(context: Context, then: Consumer | None = None) -> int:
    """Publishes every event that is committed; returns their number. Several processes may do so at once.

    then: what is to be done with published events, in the same transaction.
    """
    authorise(context, Action.PUBLISH_EVENTS)

    async def work(unit: UnitOfWork) -> int:
        await lock(unit, "events", "publish")
        published = [row["id"] for row in await unit.connection.fetch(_PUBLISH, BATCH)]
        if then is not None and published:
            await then(unit, published)
        return len(published)

    published = 0
    while batch := await context.database.run_in_transaction(PLATFORM, work):
        published += batch
    return published
