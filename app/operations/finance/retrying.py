"""Tries blocked pushes again, when a person says so."""

from uuid import UUID

from app.database import UnitOfWork
from app.operations.calls.access import Action, authorise, not_found
from app.operations.calls.context import Context
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.calls.transaction import transact
from app.operations.finance.push_recording import PUSH_JOB
from app.tables.finance import FinancePushStatus
from app.tables.ids import new_id

_PUSH = "SELECT tenant_id, invoice_id FROM finance_pushes WHERE id = $1"
_LOCK = "SELECT FROM finance_queues WHERE tenant_id = $1 AND id = $2 FOR UPDATE"
_RETRY = """
UPDATE finance_pushes SET status = 'PENDING', attempts = 0 WHERE tenant_id = $1 AND id = $2 AND status = $3 RETURNING id
"""
_DUE = "UPDATE finance_queues SET blocked_at = NULL, next_attempt_at = $3 WHERE tenant_id = $1 AND id = $2"


async def retry_finance_push(context: Context, *, push_id: UUID) -> UUID:
    """Makes a blocked push pending again, with the same bytes and idempotency key, and returns its id.

    Raises NOT_FOUND, CONFLICT for one that is not blocked.
    """
    authorise(context, Action.PUSH_TO_FINANCE)

    async def work(unit: UnitOfWork) -> UUID:
        push = await unit.connection.fetchrow(_PUSH, push_id)
        if push is None:
            raise not_found("finance push", push_id, ("pushId",))
        tenant_id, invoice_id = push
        await unit.connection.execute(_LOCK, tenant_id, invoice_id)
        if await unit.connection.fetchval(_RETRY, tenant_id, push_id, FinancePushStatus.BLOCKED) is None:
            raise Refusal(ProblemCode.CONFLICT, "the push is not blocked", ("pushId",))
        await unit.connection.execute(_DUE, tenant_id, invoice_id, context.clock())
        unit.after_commit(lambda: context.queue.enqueue(PUSH_JOB, str(new_id())))
        return push_id

    return await transact(context, work, UUID)
