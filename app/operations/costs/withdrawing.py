"""Withdraws a wrong bill: its lines stay readable but no longer count, and the bill can be imported again."""

from typing import Any
from uuid import UUID

from app.database import UnitOfWork
from app.operations.calls import validation
from app.operations.calls.access import Action, authorise, not_found
from app.operations.calls.context import Context
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.calls.transaction import transact
from app.tables.costs import CloudInvoices

_PATH = ("cloudInvoiceId",)


async def withdraw_cloud_invoice(context: Context, *, cloud_invoice_id: UUID, reason: str) -> UUID:
    """Marks the bill as withdrawn and returns its id; this cannot be undone. Raises NOT_FOUND, and CONFLICT if it is
    already withdrawn.
    """
    authorise(context, Action.WITHDRAW_CLOUD_INVOICE)
    validation.refuse(validation.name("reason", reason))

    async def work(_unit: UnitOfWork) -> UUID:
        await lock_bill(cloud_invoice_id)
        await CloudInvoices.update(
            {
                CloudInvoices.withdrawn_at: context.clock(),
                CloudInvoices.withdrawn_by: context.principal.subject,
                CloudInvoices.withdrawal_reason: reason,
            }
        ).where(CloudInvoices.id == cloud_invoice_id)
        return cloud_invoice_id

    return await transact(context, work, UUID)


async def lock_bill(cloud_invoice_id: UUID) -> dict[str, Any]:
    """Locks a bill that is not withdrawn and returns its row. Raises NOT_FOUND or CONFLICT."""
    query = CloudInvoices.select(
        CloudInvoices.provider, CloudInvoices.total_cents, CloudInvoices.withdrawn_at, CloudInvoices.withdrawn_by
    ).where(CloudInvoices.id == cloud_invoice_id)
    bill: dict[str, Any] | None = await query.first().lock_rows("NO KEY UPDATE")
    if bill is None:
        raise not_found("cloud invoice", cloud_invoice_id, _PATH)
    if bill["withdrawn_at"] is not None:
        message = f"the bill was withdrawn on {bill['withdrawn_at']:%Y-%m-%d} by {bill['withdrawn_by']}"
        raise Refusal(ProblemCode.CONFLICT, f"{message}; to use it, import it again", _PATH)
    return bill
