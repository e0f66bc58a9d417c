"""Records what came of attempts: delivered, to be tried again, or failed for good; and the state of their endpoints."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from app.database import UnitOfWork
from app.operations.webhooks.disabling import disable_endpoints
from app.operations.webhooks.sending import Attempt
from app.tables.webhooks import DeliveryStatus

RETRY_SECONDS: tuple[int, ...] = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""The pauses before each further attempt. After the last the delivery has failed."""
JITTER = 0.1
MAX_RETRY_AFTER_SECONDS = 86_400
FAILING_FOR = timedelta(days=5)
"""How long an endpoint may fail without a success before it is disabled."""

_LOCK = """
SELECT id FROM delivery_queues WHERE id = any($1::uuid[]) AND claim = any($2::uuid[]) ORDER BY id FOR UPDATE
"""
_KEEP = """
UPDATE webhook_deliveries d SET status = r.status, attempts = d.attempts + 1, last_attempt_at = $7,
    duration_ms = r.duration_ms, response_status = r.response_status, response_body = r.body, error = r.error
FROM unnest($1::uuid[], $2::text[], $3::int[], $4::int[], $5::text[], $6::text[])
    AS r (id, status, duration_ms, response_status, body, error)
WHERE d.id = r.id
"""
_NEXT = """
UPDATE delivery_queues q SET claim = NULL, next_attempt_at = n.at
FROM unnest($1::uuid[], $2::timestamptz[]) AS n (id, at) WHERE q.id = n.id
"""
# The row is locked, so nothing is added to the queue meanwhile.
_REMOVE_EMPTY = """
DELETE FROM delivery_queues q WHERE q.id = any($1::uuid[]) AND NOT EXISTS (
    SELECT FROM webhook_deliveries d
    WHERE d.endpoint_id = q.endpoint_id AND d.aggregate_id = q.aggregate_id AND d.status = 'PENDING')
"""
_SUCCEEDED = """
UPDATE webhook_endpoints SET failing_since = NULL WHERE id = any($1::uuid[]) AND failing_since IS NOT NULL
"""
_FAILING = """
UPDATE webhook_endpoints SET failing_since = coalesce(failing_since, $2)
WHERE id = any($1::uuid[]) AND disabled_at IS NULL RETURNING id, failing_since
"""


class AttemptResult(NamedTuple):
    """An attempt of a claimed delivery. attempts: how many there were before it."""

    queue_id: UUID
    claim: UUID
    delivery_id: UUID
    endpoint_id: UUID
    attempts: int
    attempt: Attempt

    @property
    def status(self) -> DeliveryStatus:
        if self.attempt.succeeded:
            return DeliveryStatus.DELIVERED
        return DeliveryStatus.PENDING if self.attempts < len(RETRY_SECONDS) else DeliveryStatus.FAILED

    def next_attempt_at(self, now: datetime) -> datetime:
        """When the queue is due again: at once, unless the same delivery is to be tried again."""
        if self.status is not DeliveryStatus.PENDING:
            return now
        pause = RETRY_SECONDS[self.attempts] * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - jitter
        wait = max(pause, min(self.attempt.retry_after, MAX_RETRY_AFTER_SECONDS))
        return now + timedelta(seconds=wait)


async def record_attempts(unit: UnitOfWork, results: Sequence[AttemptResult], now: datetime) -> None:
    """Records the attempts of queues that are still claimed. Of others nothing: another worker attempts them again."""
    queues = [result.queue_id for result in results]
    rows = await unit.connection.fetch(_LOCK, queues, [result.claim for result in results])
    claimed = {row["id"] for row in rows}
    kept = [result for result in results if result.queue_id in claimed]
    if not kept:
        return
    await unit.connection.execute(
        _KEEP,
        [result.delivery_id for result in kept],
        [result.status for result in kept],
        [result.attempt.duration_ms for result in kept],
        [result.attempt.status for result in kept],
        [result.attempt.body for result in kept],
        [result.attempt.error for result in kept],
        now,
    )
    await unit.connection.execute(
        _NEXT, [result.queue_id for result in kept], [result.next_attempt_at(now) for result in kept]
    )
    ended = [result.queue_id for result in kept if result.status is not DeliveryStatus.PENDING]
    await unit.connection.execute(_REMOVE_EMPTY, ended)
    await _judge_endpoints(unit, kept, now)


async def _judge_endpoints(unit: UnitOfWork, results: Sequence[AttemptResult], now: datetime) -> None:
    """Notes which endpoints fail, and disables those that are gone or have failed for too long."""
    succeeded = {result.endpoint_id for result in results if result.attempt.succeeded}
    failed = {result.endpoint_id for result in results} - succeeded
    gone = {result.endpoint_id for result in results if result.attempt.is_gone}
    if succeeded:
        await unit.connection.execute(_SUCCEEDED, sorted(succeeded))
    reasons = dict.fromkeys(gone, "the receiver answered 410: it wants no more deliveries")
    if failed:
        for row in await unit.connection.fetch(_FAILING, sorted(failed), now):
            if now - row["failing_since"] >= FAILING_FOR:
                reasons.setdefault(row["id"], f"every attempt has failed since {row['failing_since'].isoformat()}")
    await disable_endpoints(unit, reasons, now)
