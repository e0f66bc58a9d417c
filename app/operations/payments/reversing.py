"""Reverses a payment that bounced: what it paid is owed again, and credit that it created is taken back."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from app.billing import Posting
from app.billing.ledger import credit_applied, mirrored
from app.database import UnitOfWork
from app.operations.calls import validation
from app.operations.calls.access import Action, authorise, not_found
from app.operations.calls.context import Context
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.calls.transaction import transact
from app.operations.events import PaidInvoice, PaymentReversedData, record_tenant_event
from app.operations.ledger import (
    BalanceChange,
    NewJournalEntry,
    apply_credit,
    change_balances,
    change_credit,
    lock_credit,
    lock_receivables,
    lock_tenant,
    postings_of,
    take_back_credit,
    undo_applications,
    write_entries,
)
from app.tables.events import EventType
from app.tables.ledger import JournalEntryKind, SettledBy

_PAYMENT = """
SELECT id, tenant_id, amount_cents, currency, reference, credit_cents, reversed_at FROM payments WHERE id = $1
"""
_MARK = """
UPDATE payments SET reversed_at = $3, reversed_by = $4, reversal_reason = $5 WHERE tenant_id = $1 AND id = $2
"""
_APPLIED = """
SELECT id, invoice_id, amount_cents - undone_cents AS cents FROM invoice_applications
WHERE tenant_id = $1 AND payment_id = $2 AND undone_cents < amount_cents
"""
# Everything that taking back may touch: what the payment paid, and what the tenant's credit did.
_TOUCHED = """
SELECT DISTINCT invoice_id FROM invoice_applications
WHERE tenant_id = $1 AND undone_cents < amount_cents AND (payment_id = $2 OR payment_id IS NULL)
"""


async def reverse_payment(context: Context, *, payment_id: UUID, reason: str) -> UUID:
    """Reverses the payment: the mirror image of its entry, and of credit that its money was applied by elsewhere, the
    latest first. Invoices that it had settled are ISSUED again, and take the tenant's credit if the settings say so.

    Raises NOT_FOUND, CONFLICT for one that is reversed already or whose money has been refunded.
    """
    authorise(context, Action.REVERSE_PAYMENT)
    validation.refuse(validation.name("reason", reason, validation.MAX_TEXT_LENGTH))

    async def work(unit: UnitOfWork) -> UUID:
        payment = await unit.connection.fetchrow(_PAYMENT, payment_id)
        if payment is None:
            raise not_found("payment", payment_id, ("paymentId",))
        await lock_tenant(unit, payment["tenant_id"])
        payment = await unit.connection.fetchrow(_PAYMENT, payment_id)
        if payment["reversed_at"] is not None:
            raise Refusal(ProblemCode.CONFLICT, "the payment is reversed already", ("paymentId",))
        now = context.clock()
        await unit.connection.execute(_MARK, payment["tenant_id"], payment_id, now, context.principal.subject, reason)
        await _reverse(unit, context, payment, reason, now)
        return payment_id

    return await transact(context, work, UUID)


async def _reverse(unit: UnitOfWork, context: Context, payment: Any, reason: str, now: datetime) -> None:
    tenant_id, currency = payment["tenant_id"], payment["currency"]
    touched = [row["invoice_id"] for row in await unit.connection.fetch(_TOUCHED, tenant_id, payment["id"])]
    await lock_receivables(unit, [tenant_id], touched)
    taken_back = await _take_back_created_credit(unit, payment, now)
    applied = await unit.connection.fetch(_APPLIED, tenant_id, payment["id"])
    _record_event(unit, payment, applied, reason, now)
    await undo_applications(unit, tenant_id, {row["id"]: row["cents"] for row in applied}, now)
    changes = [
        BalanceChange(row["invoice_id"], SettledBy.PAYMENT, paid=-row["cents"], source_id=payment["id"])
        for row in applied
    ]
    reopened = await change_balances(unit, tenant_id, changes, now)
    await change_credit(unit, tenant_id, currency, -payment["credit_cents"])
    postings = await postings_of(unit, tenant_id, payment["id"], JournalEntryKind.PAYMENT_RECORDED)
    entry = NewJournalEntry(
        tenant_id,
        JournalEntryKind.PAYMENT_REVERSED,
        currency,
        payment["id"],
        f"Payment {payment['reference']} reversed",
        (*mirrored(postings), *taken_back),
    )
    await write_entries(unit, context.settings.billing_time_zone, [entry], now)
    if context.settings.apply_credit:
        receivables = await lock_receivables(unit, [tenant_id], reopened)
        await apply_credit(unit, context.settings.billing_time_zone, receivables, now)


def _record_event(unit: UnitOfWork, payment: Any, applied: Sequence[Any], reason: str, now: datetime) -> None:
    data = PaymentReversedData(
        payment_id=payment["id"],
        tenant_id=payment["tenant_id"],
        amount_cents=payment["amount_cents"],
        currency=payment["currency"],
        reference=payment["reference"],
        reason=reason,
        invoices=tuple(PaidInvoice(invoice_id=row["invoice_id"], amount_cents=row["cents"]) for row in applied),
    )
    record_tenant_event(unit, EventType.PAYMENT_REVERSED, payment["tenant_id"], data, now)


async def _take_back_created_credit(unit: UnitOfWork, payment: Any, now: datetime) -> tuple[Posting, ...]:
    """Raises the tenant's credit to what the payment had created, from invoices that it was applied to."""
    tenant_id, currency = payment["tenant_id"], payment["currency"]
    missing = payment["credit_cents"] - await lock_credit(unit, tenant_id, currency)
    if missing <= 0:
        return ()
    undone = await take_back_credit(unit, tenant_id, currency, missing, now)
    if sum(one.cents for one in undone) < missing:
        message = "money of this payment has been refunded; record what the tenant owes as a charge instead"
        raise Refusal(ProblemCode.CONFLICT, message, ("paymentId",))
    return mirrored(credit_applied(missing))
