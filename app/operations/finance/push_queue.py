"""The queues of pushes: claimed by workers by their state, and the results of attempts.

A queue holds the pushes of one invoice, and only the first that is not sent may be attempted. Whoever adds to a queue
or takes from it locks its row.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from app.database import UnitOfWork
from app.operations.finance.answers import judge, pause_after
from app.operations.finance.composing import compose
from app.operations.webhooks.sending import Attempt
from app.settings import Settings
from app.tables.finance import FinancePushKind, FinancePushStatus
from app.tables.ids import new_id

CLAIM_SECONDS = 60
"""How long a worker has for an attempt. If it dies, another attempts the push after that."""

_CLAIM = """
WITH due AS (
    SELECT tenant_id, id FROM finance_queues WHERE next_attempt_at <= $1 ORDER BY next_attempt_at LIMIT $4
    FOR UPDATE SKIP LOCKED
)
UPDATE finance_queues q SET claim = $2, next_attempt_at = $3 FROM due
WHERE q.tenant_id = due.tenant_id AND q.id = due.id
RETURNING q.tenant_id, q.id
"""
_FIRST = """
SELECT f.*, i.number, i.currency
FROM unnest($1::uuid[], $2::uuid[]) AS n (tenant_id, id) CROSS JOIN LATERAL (
    SELECT * FROM finance_pushes p WHERE p.tenant_id = n.tenant_id AND p.invoice_id = n.id AND p.status <> 'SENT'
    ORDER BY p.sequence LIMIT 1
) f JOIN tenant_invoices i ON i.tenant_id = f.tenant_id AND i.id = f.invoice_id
"""
_KEEP_BODY = "UPDATE finance_pushes SET body = $3 WHERE tenant_id = $1 AND id = $2"
_REST = "UPDATE finance_queues SET claim = NULL, next_attempt_at = NULL WHERE tenant_id = $1 AND id = $2"
_LOCK = """
SELECT q.id FROM finance_queues q
JOIN unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS n (tenant_id, id, claim)
    ON q.tenant_id = n.tenant_id AND q.id = n.id AND q.claim = n.claim
ORDER BY q.id FOR UPDATE OF q
"""
_KEEP = """
UPDATE finance_pushes SET status = $3, attempts = attempts + 1, last_attempt_at = $4, response_status = $5,
    response_body = $6, error = $7, external_id = $8
WHERE tenant_id = $1 AND id = $2
"""
# The row is locked, so nothing is added meanwhile. $3: null for a push that is SENT: the next is due at once.
_NEXT = """
UPDATE finance_queues q SET claim = NULL,
    next_attempt_at = CASE WHEN NOT $5 THEN coalesce($3::timestamptz, CASE WHEN EXISTS (
        SELECT FROM finance_pushes p
        WHERE p.tenant_id = q.tenant_id AND p.invoice_id = q.id AND p.status = 'PENDING') THEN $4::timestamptz END) END,
    blocked_at = CASE WHEN $5 THEN $4::timestamptz END
WHERE q.tenant_id = $1 AND q.id = $2
"""


class ClaimedPush(NamedTuple):
    """The first push of a queue that this worker may attempt."""

    claim: UUID
    tenant_id: UUID
    invoice_id: UUID
    id: UUID
    kind: FinancePushKind
    source_id: UUID
    attempts: int
    body: bytes


async def claim_pushes(
    unit: UnitOfWork, settings: Settings, now: datetime, places: int
) -> tuple[int, list[ClaimedPush]]:
    """Claims up to so many queues that are due; returns their number, and the first push of each. A body is kept before
    it is sent for the first time. A queue whose first push waits for its PDF rests until that is kept.
    """
    claim = new_id()
    rows = await unit.connection.fetch(_CLAIM, now, claim, now + timedelta(seconds=CLAIM_SECONDS), places)
    resting = {(row["tenant_id"], row["id"]) for row in rows}
    keys = [row["tenant_id"] for row in rows], [row["id"] for row in rows]
    claimed = []
    for push in await unit.connection.fetch(_FIRST, *keys) if rows else ():
        body = None if push["body"] is None else push["body"].encode()
        if body is None and (body := await compose(unit, settings, push)) is not None:
            await unit.connection.execute(_KEEP_BODY, push["tenant_id"], push["id"], body.decode())
        if body is not None:
            claimed.append(
                ClaimedPush(
                    claim,
                    push["tenant_id"],
                    push["invoice_id"],
                    push["id"],
                    FinancePushKind(push["kind"]),
                    push["source_id"],
                    push["attempts"],
                    body,
                )
            )
            resting.remove((push["tenant_id"], push["invoice_id"]))
    for tenant_id, invoice_id in sorted(resting):
        await unit.connection.execute(_REST, tenant_id, invoice_id)
    return len(rows), claimed


async def record_attempts(
    unit: UnitOfWork, attempted: Sequence[tuple[ClaimedPush, Attempt]], now: datetime
) -> list[ClaimedPush]:
    """Records the attempts of queues that are still claimed, and returns the pushes that are BLOCKED now. Of other
    queues nothing is recorded: another worker attempts their pushes again, with the same bytes.
    """
    pushes = [push for push, _ in attempted]
    rows = await unit.connection.fetch(
        _LOCK,
        [push.tenant_id for push in pushes],
        [push.invoice_id for push in pushes],
        [push.claim for push in pushes],
    )
    still_claimed = {row["id"] for row in rows}
    blocked = []
    for push, attempt in attempted:
        if push.invoice_id not in still_claimed:
            continue
        judged = judge(attempt)
        answer = attempt.status, attempt.body, judged.error, judged.external_id
        await unit.connection.execute(_KEEP, push.tenant_id, push.id, judged.status, now, *answer)
        is_pending, is_blocked = (
            judged.status is status for status in (FinancePushStatus.PENDING, FinancePushStatus.BLOCKED)
        )
        again = now + pause_after(push.attempts, attempt) if is_pending else None
        await unit.connection.execute(_NEXT, push.tenant_id, push.invoice_id, again, now, is_blocked)
        if is_blocked:
            blocked.append(push)
    return blocked
