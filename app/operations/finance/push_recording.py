"""Records what the finance system is to be told, in the transaction that changes an invoice's balance."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from app.database import UnitOfWork
from app.operations.calls.context import Context
from app.tables.finance import FinancePushKind
from app.tables.ids import new_id, new_ids

PUSH_JOB = "push_to_finance"

# The row of an invoice in finance_queues is locked until the commit: so its pushes become visible in the order of their
# sequences, and without a gap. The rows are locked in the order of their ids.
_WRITE = """
WITH taken AS (
    INSERT INTO finance_queues AS q (id, tenant_id, last_sequence, next_attempt_at)
    SELECT n.id, n.tenant_id, n.pushes, $4 FROM unnest($1::uuid[], $2::uuid[], $3::int[]) AS n (tenant_id, id, pushes)
    ON CONFLICT (id) DO UPDATE SET last_sequence = q.last_sequence + excluded.last_sequence,
        next_attempt_at = CASE WHEN q.blocked_at IS NULL THEN coalesce(q.next_attempt_at, $4) END
    RETURNING tenant_id, id, last_sequence
)
INSERT INTO finance_pushes
    (id, tenant_id, invoice_id, sequence, kind, source_id, amount_cents, recorded_at, status, attempts)
SELECT p.id, p.tenant_id, p.invoice_id, taken.last_sequence - p.later, p.kind, coalesce(p.source_id, p.id), p.cents,
       p.recorded_at, 'PENDING', 0
FROM unnest($5::uuid[], $6::int[], $7::uuid[], $8::uuid[], $9::text[], $10::uuid[], $11::bigint[], $12::timestamptz[])
    AS p (id, later, tenant_id, invoice_id, kind, source_id, cents, recorded_at)
JOIN taken ON taken.tenant_id = p.tenant_id AND taken.id = p.invoice_id
"""
# Also of a queue that a worker is looking at: it waits for that, and then finds what the worker has left.
_DUE = """
UPDATE finance_queues q SET next_attempt_at = CASE WHEN q.blocked_at IS NULL THEN coalesce(q.next_attempt_at, $4) END
WHERE q.tenant_id = $1
  AND q.id = coalesce($3, (SELECT n.invoice_id FROM credit_notes n WHERE n.tenant_id = $1 AND n.id = $2))
"""


class NewPush(NamedTuple):
    """A change of an invoice. source_id: the document that made it; None for the tenant's credit, which has none.
    cents: by how much the balance rises, below 0 if it falls.
    """

    tenant_id: UUID
    invoice_id: UUID
    kind: FinancePushKind
    source_id: UUID | None
    cents: int
    recorded_at: datetime


def record_pushes(unit: UnitOfWork, pushes: Sequence[NewPush]) -> None:
    """Adds the pushes to the transaction, in this order."""
    unit.collect(_write, pushes)


async def push_document(
    unit: UnitOfWork, tenant_id: UUID, document_id: UUID, invoice_id: UUID | None, now: datetime
) -> None:
    """Makes the push of a document due, which waited for its PDF. invoice_id: None for a credit note's."""
    await unit.connection.execute(_DUE, tenant_id, document_id, invoice_id, now)


def wake_finance_push(unit: UnitOfWork, context: Context) -> None:
    """Wakes the job once the unit of work is committed, if it has pushes and there is a finance system. A job that runs
    every minute makes up for a wake-up that is lost.
    """
    if context.settings.finance_url is not None and unit.has_collected(_write):
        unit.after_commit(lambda: context.queue.enqueue(PUSH_JOB, str(new_id())))


async def _write(unit: UnitOfWork, pushes: Sequence[NewPush]) -> None:
    counts = Counter((push.tenant_id, push.invoice_id) for push in pushes)
    queues = sorted(counts, key=lambda queue: queue[1])
    later, left = [], Counter(counts)
    for push in pushes:
        left[push.tenant_id, push.invoice_id] -= 1
        later.append(left[push.tenant_id, push.invoice_id])
    columns = (list(column) for column in zip(*pushes, strict=True))
    await unit.connection.execute(
        _WRITE,
        [tenant_id for tenant_id, _ in queues],
        [invoice_id for _, invoice_id in queues],
        [counts[queue] for queue in queues],
        max(push.recorded_at for push in pushes),
        new_ids(len(pushes)),
        later,
        *columns,
    )
