"""Applies a tenant's credit to its invoices, and takes it back."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from app.billing import Allocation, allocate, take_back
from app.billing.ledger import credit_applied, mirrored
from app.database import UnitOfWork
from app.operations.ledger.balances import BalanceChange, Receivable, change_balances, change_credit, lock_credit
from app.operations.ledger.entries import NewJournalEntry, write_entries
from app.tables.ids import new_ids
from app.tables.ledger import JournalEntryKind, SettledBy

_APPLY = """
INSERT INTO invoice_applications (id, tenant_id, invoice_id, payment_id, amount_cents, undone_cents, applied_at)
SELECT a.id, a.tenant_id, a.invoice_id, a.payment_id, a.cents, 0, $1
FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::bigint[])
    AS a (id, tenant_id, payment_id, invoice_id, cents)
"""
_APPLIED_CREDIT = """
SELECT a.id, a.invoice_id, a.amount_cents - a.undone_cents AS cents
FROM invoice_applications a JOIN invoice_balances b ON b.tenant_id = a.tenant_id AND b.id = a.invoice_id
WHERE a.tenant_id = $1 AND a.payment_id IS NULL AND a.undone_cents < a.amount_cents AND b.currency = $2
  AND ($3::uuid[] IS NULL OR a.invoice_id = any($3)) ORDER BY a.id
"""
_UNDO = """
UPDATE invoice_applications a SET undone_cents = a.undone_cents + u.cents
FROM unnest($2::uuid[], $3::bigint[]) AS u (id, cents) WHERE a.tenant_id = $1 AND a.id = u.id
"""
_KEEP_UNDONE = """
INSERT INTO invoice_application_reversals (id, tenant_id, application_id, amount_cents, reversed_at)
SELECT u.new_id, $1, u.id, u.cents, $5 FROM unnest($2::uuid[], $3::bigint[], $4::uuid[]) AS u (id, cents, new_id)
"""


class Application(NamedTuple):
    """A part of a payment, or of the tenant's credit (payment_id None), that is applied to an invoice."""

    tenant_id: UUID
    payment_id: UUID | None
    invoice_id: UUID
    cents: int


async def record_applications(unit: UnitOfWork, applications: Sequence[Application], now: datetime) -> None:
    """Records which invoices payments and credit were applied to."""
    if applications:
        columns = [list(column) for column in zip(*applications, strict=True)]
        await unit.connection.execute(_APPLY, now, new_ids(len(applications)), *columns)


async def apply_credit(unit: UnitOfWork, zone: ZoneInfo, invoices: Sequence[Receivable], now: datetime) -> int:
    """Applies a tenant's credit to locked invoices of its own, all in one currency, the oldest due first.

    Returns how many cents it applied.
    """
    if not invoices:
        return 0
    tenant_id, currency = invoices[0].tenant_id, invoices[0].currency
    available = await lock_credit(unit, tenant_id, currency)
    by_id = {invoice.id: invoice for invoice in invoices}
    allocations = allocate(available, [invoice.open for invoice in by_id.values()])
    await record_applications(unit, [Application(tenant_id, None, *one) for one in allocations], now)
    await change_balances(
        unit, tenant_id, [BalanceChange(one.invoice_id, SettledBy.CREDIT, credit=one.cents) for one in allocations], now
    )
    applied = sum(one.cents for one in allocations)
    await change_credit(unit, tenant_id, currency, -applied)
    entries = [
        NewJournalEntry(
            tenant_id,
            JournalEntryKind.CREDIT_APPLIED,
            currency,
            one.invoice_id,
            f"Credit applied to {by_id[one.invoice_id].number}",
            credit_applied(one.cents),
        )
        for one in allocations
    ]
    await write_entries(unit, zone, entries, now)
    return applied


async def take_back_credit(
    unit: UnitOfWork,
    tenant_id: UUID,
    currency: str,
    cents: int,
    now: datetime,
    *,
    invoice_ids: Sequence[UUID] | None = None,
) -> list[Allocation[UUID]]:
    """Undoes credit that was applied, the latest first, up to an amount; of these invoices only, if they are named.

    The invoices' balances rise and the tenant's credit does; the caller writes the journal entry. Returns what was
    undone, invoice by invoice: less than the amount where less was applied. The invoices must be locked.
    """
    rows = await unit.connection.fetch(_APPLIED_CREDIT, tenant_id, currency, invoice_ids)
    undone = take_back(cents, [Allocation(row["id"], row["cents"]) for row in rows])
    if not undone:
        return []
    invoice_of = {row["id"]: row["invoice_id"] for row in rows}
    await undo_applications(unit, tenant_id, {one.invoice_id: one.cents for one in undone}, now)
    by_invoice: dict[UUID, int] = {}
    for application_id, part in undone:
        invoice_id = invoice_of[application_id]
        by_invoice[invoice_id] = by_invoice.get(invoice_id, 0) + part
    await change_balances(
        unit,
        tenant_id,
        [BalanceChange(invoice_id, SettledBy.CREDIT, credit=-part) for invoice_id, part in by_invoice.items()],
        now,
    )
    await change_credit(unit, tenant_id, currency, sum(by_invoice.values()))
    return [Allocation(invoice_id, part) for invoice_id, part in by_invoice.items()]


async def undo_applications(unit: UnitOfWork, tenant_id: UUID, cents: Mapping[UUID, int], now: datetime) -> None:
    """Records that so much of each application, by its id, is taken back."""
    if cents:
        ids, amounts = list(cents), list(cents.values())
        await unit.connection.execute(_UNDO, tenant_id, ids, amounts)
        await unit.connection.execute(_KEEP_UNDONE, tenant_id, ids, amounts, new_ids(len(ids)), now)


async def return_credit(unit: UnitOfWork, zone: ZoneInfo, invoice: Receivable, now: datetime) -> None:
    """Gives back all credit applied to a locked invoice that is to be voided."""
    if not invoice.credit_cents:
        return
    await lock_credit(unit, invoice.tenant_id, invoice.currency)
    await take_back_credit(
        unit, invoice.tenant_id, invoice.currency, invoice.credit_cents, now, invoice_ids=[invoice.id]
    )
    entry = NewJournalEntry(
        invoice.tenant_id,
        JournalEntryKind.CREDIT_APPLIED,
        invoice.currency,
        invoice.id,
        f"Credit taken back from {invoice.number}",
        mirrored(credit_applied(invoice.credit_cents)),
    )
    await write_entries(unit, zone, [entry], now)
