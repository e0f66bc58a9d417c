"""Disputes: an invoice taken out of dunning until the dispute is resolved."""

from uuid import UUID

from app.database import UnitOfWork
from app.operations.calls import validation
from app.operations.calls.access import Action, authorise
from app.operations.calls.context import Context
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.calls.transaction import transact
from app.operations.dunning_wake_up import wake_dunning
from app.operations.payments.write_offs import lock_receivable

_DISPUTE = """
UPDATE invoice_balances SET disputed_at = $3, dispute_reason = $4
WHERE tenant_id = $1 AND id = $2 AND disputed_at IS NULL RETURNING id
"""
_RESOLVE = """
UPDATE invoice_balances SET disputed_at = NULL, dispute_reason = NULL
WHERE tenant_id = $1 AND id = $2 AND disputed_at IS NOT NULL RETURNING id
"""


async def dispute_invoice(context: Context, *, invoice_id: UUID, reason: str) -> UUID:
    """Takes an issued invoice out of dunning, and returns its id. Deployments that dunning moved for it recover.

    Raises NOT_FOUND, INVOICE_NOT_ISSUED, VALIDATION_FAILED for a blank reason; INVOICE_PAID for an invoice without a
    balance, CONFLICT for one that is disputed already.
    """
    authorise(context, Action.MANAGE_DUNNING)
    validation.refuse(validation.name("reason", reason, validation.MAX_TEXT_LENGTH))

    async def work(unit: UnitOfWork) -> UUID:
        invoice = await lock_receivable(unit, invoice_id)
        if not invoice.balance_cents:
            message = f"the invoice {invoice.number} has no balance to dispute"
            raise Refusal(ProblemCode.INVOICE_PAID, message, ("invoiceId",))
        changed = await unit.connection.fetchval(_DISPUTE, invoice.tenant_id, invoice_id, context.clock(), reason)
        if changed is None:
            raise Refusal(ProblemCode.CONFLICT, f"the invoice {invoice.number} is disputed already", ("invoiceId",))
        wake_dunning(unit, context, invoice.tenant_id)
        return invoice_id

    return await transact(context, work, UUID)


async def resolve_dispute(context: Context, *, invoice_id: UUID) -> UUID:
    """Ends the dispute of an invoice, and returns its id. The steps that were missed happen at once.

    Raises NOT_FOUND, INVOICE_NOT_ISSUED; CONFLICT for an invoice that is not disputed.
    """
    authorise(context, Action.MANAGE_DUNNING)

    async def work(unit: UnitOfWork) -> UUID:
        invoice = await lock_receivable(unit, invoice_id)
        if await unit.connection.fetchval(_RESOLVE, invoice.tenant_id, invoice_id) is None:
            raise Refusal(ProblemCode.CONFLICT, f"the invoice {invoice.number} is not disputed", ("invoiceId",))
        wake_dunning(unit, context, invoice.tenant_id)
        return invoice_id

    return await transact(context, work, UUID)
