"""Gives up an invoice's balance, and records money that comes for it later all the same."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from app.billing import InputFault, WriteOffShares, WrittenOffAmount, WrittenOffTax, day_of
from app.billing.ledger import balance_written_off, recovery_recorded
from app.database import UnitOfWork
from app.operations.calls import validation
from app.operations.calls.access import Action, authorise
from app.operations.calls.context import Context
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.calls.transaction import transact
from app.operations.ledger import (
    BalanceChange,
    NewJournalEntry,
    Receivable,
    change_balances,
    lock_receivables,
    lock_tenant_of_invoice,
    write_entries,
)
from app.operations.payments.recording import MAX_REFERENCE_LENGTH, amount_faults, day_faults
from app.tables.ids import new_id, new_ids
from app.tables.ledger import JournalEntryKind, SettledBy
from app.tables.payments import PaymentMethod, Recoveries, WriteOffs

# Tax lines in the invoice's order, less what credit notes took off them.
_REMAINING_TAXES = """
SELECT l.key, l.amount_cents - coalesce(sum(c.amount_cents), 0)::bigint AS cents
FROM tenant_invoice_lines l
LEFT JOIN credit_note_lines c ON c.tenant_id = l.tenant_id AND c.invoice_line_id = l.id
WHERE l.tenant_id = $1 AND l.invoice_id = $2 AND l.kind = 'TAX'
GROUP BY l.id ORDER BY l.position
"""
_WRITE_TAXES = """
INSERT INTO write_off_taxes (id, tenant_id, write_off_id, position, tax, tax_cents)
SELECT t.id, $1, $2, t.position, t.tax, t.cents
FROM unnest($3::uuid[], $4::int[], $5::text[], $6::bigint[]) AS t (id, position, tax, cents)
"""
_WRITE_OFFS = """
SELECT w.id, w.amount_cents, w.rest_cents, w.remaining_cents,
       array(SELECT t.tax FROM write_off_taxes t
             WHERE t.tenant_id = w.tenant_id AND t.write_off_id = w.id ORDER BY t.position) AS taxes,
       array(SELECT t.tax_cents FROM write_off_taxes t
             WHERE t.tenant_id = w.tenant_id AND t.write_off_id = w.id ORDER BY t.position) AS tax_cents
FROM write_offs w WHERE w.tenant_id = $1 AND w.invoice_id = $2 AND w.rest_cents > 0 ORDER BY w.id DESC
"""
_LOWER = "UPDATE write_offs SET rest_cents = rest_cents - $3 WHERE tenant_id = $1 AND id = $2"
_SAME_REFERENCE = """
SELECT id, invoice_id, amount_cents, received_on FROM recoveries
WHERE tenant_id = $1 AND method = $2 AND reference = $3
"""


class NewRecovery(NamedTuple):
    """Money that came for an invoice that was written off."""

    invoice_id: UUID
    amount_cents: int
    received_on: date
    method: PaymentMethod
    reference: str


async def write_off_invoice(context: Context, *, invoice_id: UUID, reason: str) -> UUID:
    """Writes off the whole balance of an issued invoice, and returns the invoice's id.

    Raises NOT_FOUND, INVOICE_NOT_ISSUED, VALIDATION_FAILED; INVOICE_PAID for an invoice without a balance.
    """
    authorise(context, Action.WRITE_OFF_INVOICE)
    validation.refuse(validation.name("reason", reason, validation.MAX_TEXT_LENGTH))

    async def work(unit: UnitOfWork) -> UUID:
        invoice = await lock_receivable(unit, invoice_id)
        if not invoice.balance_cents:
            message = f"the invoice {invoice.number} has no balance to write off"
            raise Refusal(ProblemCode.INVOICE_PAID, message, ("invoiceId",))
        await _write_off(unit, context, invoice, reason, context.clock())
        return invoice_id

    return await transact(context, work, UUID)


async def record_recovery(context: Context, recovery: NewRecovery) -> UUID:
    """Records the recovery and returns its id; that of the first where the same was recorded before.

    Raises NOT_FOUND, INVOICE_NOT_ISSUED, VALIDATION_FAILED (also for more than is written off still), and CONFLICT for
    a reference that was used for another recovery.
    """
    authorise(context, Action.RECORD_RECOVERY)
    now = context.clock()
    today = day_of(now, context.settings.billing_time_zone)
    validation.refuse(
        [
            *amount_faults("amount_cents", recovery.amount_cents),
            *day_faults("received_on", recovery.received_on, today),
            *validation.name("reference", recovery.reference, MAX_REFERENCE_LENGTH),
        ]
    )

    async def work(unit: UnitOfWork) -> UUID:
        invoice = await lock_receivable(unit, recovery.invoice_id)
        row = await unit.connection.fetchrow(_SAME_REFERENCE, invoice.tenant_id, recovery.method, recovery.reference)
        if row is not None:
            if tuple(row)[1:] != (recovery.invoice_id, recovery.amount_cents, recovery.received_on):
                message = f"another recovery by {recovery.method} has the reference {recovery.reference!r}"
                raise Refusal(ProblemCode.CONFLICT, message, ("reference",))
            first: UUID = row["id"]
            return first
        return await _recover(unit, context, invoice, recovery, now)

    return await transact(context, work, UUID)


async def lock_receivable(unit: UnitOfWork, invoice_id: UUID) -> Receivable:
    """Locks an issued or paid invoice and its tenant. Raises NOT_FOUND, INVOICE_NOT_ISSUED for a draft or void one."""
    tenant_id = await lock_tenant_of_invoice(unit, invoice_id)
    return refuse_unissued(await lock_receivables(unit, [tenant_id], [invoice_id]))


def refuse_unissued(receivables: Sequence[Receivable]) -> Receivable:
    """The one invoice that was looked up. Raises INVOICE_NOT_ISSUED for a draft (none was found) or a void one."""
    if not receivables or receivables[0].status == "VOID":
        state = "void" if receivables else "a draft"
        message = f"the invoice is {state}; only an issued invoice can be credited, paid, written off or disputed"
        raise Refusal(ProblemCode.INVOICE_NOT_ISSUED, message, ("invoiceId",))
    return receivables[0]


async def lower_write_offs(
    unit: UnitOfWork, tenant_id: UUID, invoice_id: UUID, cents: int
) -> tuple[WrittenOffAmount, ...]:
    """Lowers what is written off of a locked invoice by an amount, at most the rest, the latest write-off first.

    Returns how the amount divides into bad debt and tax, for each write-off that it lowers.
    """
    lowered = []
    for row in await unit.connection.fetch(_WRITE_OFFS, tenant_id, invoice_id):
        part = min(cents, row["rest_cents"])
        if part:
            taxes = (WrittenOffTax(*tax) for tax in zip(row["taxes"], row["tax_cents"], strict=True))
            shares = _shares(row["amount_cents"], row["remaining_cents"], taxes)
            lowered.append(shares.returned(row["rest_cents"], part))
            await unit.connection.execute(_LOWER, tenant_id, row["id"], part)
            cents -= part
    return tuple(lowered)


async def _write_off(unit: UnitOfWork, context: Context, invoice: Receivable, reason: str, now: datetime) -> None:
    taxes = [
        WrittenOffTax(*row) for row in await unit.connection.fetch(_REMAINING_TAXES, invoice.tenant_id, invoice.id)
    ]
    remaining = invoice.total_cents - invoice.credited_net_cents - invoice.credited_tax_cents
    write_off_id = new_id()
    await WriteOffs.insert(
        WriteOffs(
            id=write_off_id,
            tenant_id=invoice.tenant_id,
            invoice_id=invoice.id,
            amount_cents=invoice.balance_cents,
            remaining_cents=remaining,
            rest_cents=invoice.balance_cents,
            reason=reason,
            recorded_at=now,
            recorded_by=context.principal.subject,
        )
    )
    await _keep_taxes(unit, invoice.tenant_id, write_off_id, taxes)
    written_off = BalanceChange(
        invoice.id, SettledBy.WRITE_OFF, written_off=invoice.balance_cents, source_id=write_off_id
    )
    await change_balances(unit, invoice.tenant_id, [written_off], now)
    entry = NewJournalEntry(
        invoice.tenant_id,
        JournalEntryKind.BALANCE_WRITTEN_OFF,
        invoice.currency,
        write_off_id,
        f"Write-off of {invoice.number}",
        balance_written_off(_shares(invoice.balance_cents, remaining, taxes).divide(invoice.balance_cents)),
    )
    await write_entries(unit, context.settings.billing_time_zone, [entry], now)


async def _keep_taxes(unit: UnitOfWork, tenant_id: UUID, write_off_id: UUID, taxes: Sequence[WrittenOffTax]) -> None:
    keys, cents = [tax.key for tax in taxes], [tax.tax_cents for tax in taxes]
    positions = list(range(1, len(taxes) + 1))
    await unit.connection.execute(_WRITE_TAXES, tenant_id, write_off_id, new_ids(len(taxes)), positions, keys, cents)


async def _recover(
    unit: UnitOfWork, context: Context, invoice: Receivable, recovery: NewRecovery, now: datetime
) -> UUID:
    rest = invoice.written_off_rest_cents
    if recovery.amount_cents > rest:
        message = f"must be at most {rest}: so many cents of the invoice {invoice.number} are still written off"
        validation.refuse([InputFault(("amount_cents",), message)])
    recovery_id = new_id()
    await Recoveries.insert(
        Recoveries(
            id=recovery_id,
            tenant_id=invoice.tenant_id,
            recorded_at=now,
            recorded_by=context.principal.subject,
            **recovery._asdict(),
        )
    )
    recovered = BalanceChange(invoice.id, SettledBy.WRITE_OFF, recovered=recovery.amount_cents, source_id=recovery_id)
    await change_balances(unit, invoice.tenant_id, [recovered], now)
    parts = await lower_write_offs(unit, invoice.tenant_id, invoice.id, recovery.amount_cents)
    entry = NewJournalEntry(
        invoice.tenant_id,
        JournalEntryKind.RECOVERY_RECORDED,
        invoice.currency,
        recovery_id,
        f"Recovery on {invoice.number}",
        tuple(posting for part in parts for posting in recovery_recorded(part)),
    )
    await write_entries(unit, context.settings.billing_time_zone, [entry], now)
    return recovery_id


def _shares(amount_cents: int, remaining_cents: int, taxes: Iterable[WrittenOffTax]) -> WriteOffShares:
    return WriteOffShares(tuple(taxes), remaining_cents, max(amount_cents - remaining_cents, 0))
