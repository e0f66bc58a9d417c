"""Records a payment: it pays invoices, the oldest due first unless the caller says which, and the rest is credit."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from app.billing import Allocation, InputFault, allocate, day_of
from app.billing.ledger import payment_recorded
from app.database import UnitOfWork
from app.operations.calls import validation
from app.operations.calls.access import Action, authorise, not_found
from app.operations.calls.context import Context
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.calls.transaction import transact
from app.operations.events import PaidInvoice, PaymentData, record_tenant_event
from app.operations.ledger import (
    Application,
    BalanceChange,
    NewJournalEntry,
    Receivable,
    change_balances_of,
    change_credit,
    lock_credit,
    lock_open_receivables,
    lock_receivables,
    lock_tenant,
    record_applications,
    write_entries,
)
from app.tables.events import EventType
from app.tables.ids import new_ids
from app.tables.ledger import JournalEntryKind, SettledBy
from app.tables.payments import PaymentMethod, Payments

MAX_REFERENCE_LENGTH = 200
MAX_INSERTED = 1_000
"""Rows in one INSERT: PostgreSQL takes at most 32,767 parameters."""

_SAME_REFERENCE = """
SELECT id, amount_cents, currency, received_on, payer_text, requested, reversed_at FROM payments
WHERE tenant_id = $1 AND method = $2 AND reference = $3
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPayment:
    """A payment as the caller describes it. allocations: null for the oldest due invoices first."""

    tenant_id: UUID
    amount_cents: int
    currency: str
    received_on: date
    method: PaymentMethod
    reference: str
    payer_text: str | None = None
    allocations: tuple[Allocation[UUID], ...] | None = None

    @property
    def requested(self) -> str | None:
        """The allocations as canonical JSON, in order of the invoices' ids."""
        if self.allocations is None:
            return None
        return json.dumps([[str(one.invoice_id), one.cents] for one in sorted(self.allocations)])


async def record_payment(context: Context, payment: NewPayment) -> UUID:
    """Records the payment and returns its id; the id of the first where the same payment was recorded before.

    Raises NOT_FOUND, CURRENCY_MISMATCH, VALIDATION_FAILED, and CONFLICT for a reference that was used for another
    payment.
    """
    authorise(context, Action.RECORD_PAYMENT)
    validation.refuse(_faults(context, payment))

    async def work(unit: UnitOfWork) -> UUID:
        currency = await lock_tenant(unit, payment.tenant_id)
        if currency is None:
            raise not_found("tenant", payment.tenant_id, ("tenantId",))
        if (recorded := await _recorded(unit, payment)) is not None:
            return recorded
        if payment.currency != currency:
            message = f"the payment is in {payment.currency}; the tenant's invoices are in {currency}"
            raise Refusal(ProblemCode.CURRENCY_MISMATCH, message, ("currency",))
        return await enter_payment(unit, context, payment, context.clock())

    return await transact(context, work, UUID)


async def enter_payment(
    unit: UnitOfWork,
    context: Context,
    payment: NewPayment,
    now: datetime,
    *,
    paid_at: datetime | None = None,
    invoice_reference: str | None = None,
) -> UUID:
    """Enters a new payment of a locked tenant, allocates it and posts it.

    paid_at and invoice_reference: what the invoices that it settles keep; default: now, and the payment's reference.

    Raises VALIDATION_FAILED for an allocation that does not fit, NOT_FOUND for one to another tenant's invoice.
    """
    receivables = await _receivables(unit, payment)
    allocations = payment.allocations
    if allocations is None:
        allocations = tuple(allocate(payment.amount_cents, [one.open for one in receivables]))
    allocated = AllocatedPayment(payment, allocations, invoice_reference or payment.reference)
    [payment_id] = await enter_payments(unit, context, [allocated], now, paid_at=paid_at)
    return payment_id


class AllocatedPayment(NamedTuple):
    """A payment and what it pays of locked invoices. invoice_reference: what the invoices that it settles keep."""

    payment: NewPayment
    allocations: tuple[Allocation[UUID], ...]
    invoice_reference: str

    @property
    def credit_cents(self) -> int:
        return self.payment.amount_cents - sum(one.cents for one in self.allocations)


async def enter_payments(
    unit: UnitOfWork,
    context: Context,
    allocated: Sequence[AllocatedPayment],
    now: datetime,
    *,
    paid_at: datetime | None = None,
) -> list[UUID]:
    """Enters payments of locked tenants and posts them; returns their ids. Their number hardly changes the number of
    statements.
    """
    ids = new_ids(len(allocated))
    rows = [_row(context, one, payment_id, now) for payment_id, one in zip(ids, allocated, strict=True)]
    for first in range(0, len(rows), MAX_INSERTED):
        await Payments.insert(*rows[first : first + MAX_INSERTED])
    for payment_id, one in zip(ids, allocated, strict=True):
        _record_event(unit, payment_id, one, now)
    parts = [
        (one, Application(one.payment.tenant_id, payment_id, *allocation))
        for payment_id, one in zip(ids, allocated, strict=True)
        for allocation in one.allocations
    ]
    await record_applications(unit, [application for _, application in parts], now)
    await change_balances_of(
        unit,
        [application.tenant_id for _, application in parts],
        [
            BalanceChange(part.invoice_id, SettledBy.PAYMENT, paid=part.cents, source_id=part.payment_id)
            for _, part in parts
        ],
        now,
        [one.invoice_reference for one, _ in parts],
        paid_at=paid_at,
    )
    for payment, credit_cents in ((one.payment, one.credit_cents) for one in allocated):
        if credit_cents:
            await lock_credit(unit, payment.tenant_id, payment.currency)
            await change_credit(unit, payment.tenant_id, payment.currency, credit_cents)
    entries = [_entry(payment_id, one) for payment_id, one in zip(ids, allocated, strict=True)]
    await write_entries(unit, context.settings.billing_time_zone, entries, now)
    return ids


def _entry(payment_id: UUID, allocated: AllocatedPayment) -> NewJournalEntry:
    payment = allocated.payment
    return NewJournalEntry(
        payment.tenant_id,
        JournalEntryKind.PAYMENT_RECORDED,
        payment.currency,
        payment_id,
        f"Payment {payment.reference}",
        payment_recorded(payment.amount_cents, payment.amount_cents - allocated.credit_cents),
    )


def _record_event(unit: UnitOfWork, payment_id: UUID, allocated: AllocatedPayment, now: datetime) -> None:
    payment = allocated.payment
    data = PaymentData(
        payment_id=payment_id,
        tenant_id=payment.tenant_id,
        amount_cents=payment.amount_cents,
        currency=payment.currency,
        received_on=payment.received_on,
        method=payment.method,
        reference=payment.reference,
        invoices=tuple(PaidInvoice(invoice_id=one.invoice_id, amount_cents=one.cents) for one in allocated.allocations),
        credit_cents=allocated.credit_cents,
    )
    record_tenant_event(unit, EventType.PAYMENT_RECORDED, payment.tenant_id, data, now)


async def _receivables(unit: UnitOfWork, payment: NewPayment) -> list[Receivable]:
    """Locks the invoices that can be paid, and refuses allocations that do not fit them."""
    if payment.allocations is None:
        return await lock_open_receivables(unit, payment.tenant_id, payment.currency)
    receivables = await lock_receivables(unit, [payment.tenant_id], [one.invoice_id for one in payment.allocations])
    by_id = {one.id: one for one in receivables}
    for index, (invoice_id, cents) in enumerate(payment.allocations):
        path = ("allocations", str(index))
        if invoice_id not in by_id:
            raise not_found("issued invoice", invoice_id, (*path, "invoiceId"))
        if cents > by_id[invoice_id].balance_cents:
            message = f"is more than the invoice's balance of {by_id[invoice_id].balance_cents}"
            validation.refuse([InputFault((*path, "amount_cents"), message)])
    return receivables


async def _recorded(unit: UnitOfWork, payment: NewPayment) -> UUID | None:
    """The payment with this reference, if it is the same; None: there is none yet. Raises CONFLICT."""
    row = await unit.connection.fetchrow(_SAME_REFERENCE, payment.tenant_id, payment.method, payment.reference)
    if row is None:
        return None
    described = payment.amount_cents, payment.currency, payment.received_on, payment.payer_text, payment.requested
    if tuple(row)[1:6] != described or row["reversed_at"] is not None:
        how = "was reversed" if row["reversed_at"] is not None else "differs from this one"
        message = f"a payment by {payment.method} with reference {payment.reference!r} is recorded and {how}"
        raise Refusal(ProblemCode.CONFLICT, message, ("reference",))
    recorded: UUID = row["id"]
    return recorded


def _faults(context: Context, payment: NewPayment) -> list[InputFault]:
    today = day_of(context.clock(), context.settings.billing_time_zone)
    faults = [
        *amount_faults("amount_cents", payment.amount_cents),
        *validation.currency("currency", payment.currency),
        *day_faults("received_on", payment.received_on, today),
        *validation.name("reference", payment.reference, MAX_REFERENCE_LENGTH),
        *validation.free_text("payer_text", payment.payer_text),
    ]
    if payment.allocations is not None:
        faults += _allocation_faults(payment.allocations, payment.amount_cents)
    return faults


def _allocation_faults(allocations: Sequence[Allocation[UUID]], amount_cents: int) -> list[InputFault]:
    faults, seen = [], set[UUID]()
    for index, (invoice_id, cents) in enumerate(allocations):
        path = ("allocations", str(index))
        if invoice_id in seen:
            faults.append(InputFault((*path, "invoice_id"), "is named twice"))
        seen.add(invoice_id)
        if cents <= 0:
            faults.append(InputFault((*path, "amount_cents"), "must be above 0"))
    if sum(one.cents for one in allocations) > amount_cents:
        faults.append(InputFault(("allocations",), f"add up to more than the payment's {amount_cents}"))
    return faults


def amount_faults(field: str, cents: int) -> list[InputFault]:
    """An amount of money that moved is above 0 and fits 64 bits."""
    return [*validation.cents(field, cents)] or ([InputFault((field,), "must be above 0")] if cents <= 0 else [])


def day_faults(field: str, day: date, today: date) -> list[InputFault]:
    """The day on which money moved is not in the future."""
    faults = [*validation.day(field, day)]
    return faults or ([InputFault((field,), f"must not be in the future; today is {today}")] if day > today else [])


def _row(context: Context, allocated: AllocatedPayment, payment_id: UUID, now: datetime) -> Any:
    payment = allocated.payment
    return Payments(
        id=payment_id,
        tenant_id=payment.tenant_id,
        amount_cents=payment.amount_cents,
        currency=payment.currency,
        received_on=payment.received_on,
        method=payment.method,
        reference=payment.reference,
        payer_text=payment.payer_text,
        requested=payment.requested,
        credit_cents=allocated.credit_cents,
        recorded_at=now,
        recorded_by=context.principal.subject,
    )
