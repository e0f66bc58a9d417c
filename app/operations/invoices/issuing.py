"""Issues drafts: numbers, due dates, balances and journal entries, for any number of invoices at once."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from app.billing import LineKind, RevenuePart, day_of
from app.billing.ledger import invoice_issued
from app.database import UnitOfWork
from app.operations.calls.context import Context
from app.operations.documents.document_issuing import keep_invoice_documents
from app.operations.events import record_invoices
from app.operations.finance.push_recording import NewPush, record_pushes
from app.operations.ledger import NewJournalEntry, apply_credit, lock_receivables, write_entries
from app.tables.events import EventType
from app.tables.finance import FinancePushKind
from app.tables.ledger import JournalEntryKind

# The row's lock lasts until the commit, so the numbers of a year have no gap and no order but that of the commits.
_TAKE_NUMBERS = """
INSERT INTO invoice_number_sequences (year, last_number) VALUES ($1, $2)
ON CONFLICT (year) DO UPDATE SET last_number = invoice_number_sequences.last_number + $2
RETURNING last_number
"""
_ISSUE = """
UPDATE tenant_invoices i SET status = 'ISSUED', number = n.number, issued_at = $4, issued_on = $5, due_on = $6
FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS n (tenant_id, id, number)
WHERE i.tenant_id = n.tenant_id AND i.id = n.id
"""
_OPEN_BALANCES = """
INSERT INTO invoice_balances (id, tenant_id, currency, due_on, total_cents, paid_cents, credit_cents, noted_cents,
    written_off_cents, voided_cents, recovered_cents, credited_net_cents, credited_tax_cents, balance_cents, settled_by)
SELECT i.id, i.tenant_id, i.currency, i.due_on, i.total_cents, 0, 0, 0, 0, 0, 0, 0, 0, i.total_cents,
       CASE i.total_cents WHEN 0 THEN 'ZERO' END
FROM tenant_invoices i JOIN unnest($1::uuid[], $2::uuid[]) AS n (tenant_id, id)
    ON i.tenant_id = n.tenant_id AND i.id = n.id
RETURNING tenant_id, id, total_cents
"""
_SETTLE_ZERO = """
UPDATE tenant_invoices i SET status = 'PAID', paid_at = $3
FROM unnest($1::uuid[], $2::uuid[]) AS n (tenant_id, id)
WHERE i.tenant_id = n.tenant_id AND i.id = n.id AND i.total_cents = 0
RETURNING i.tenant_id, i.id
"""
_AMOUNTS = """
SELECT l.tenant_id, l.invoice_id, l.kind, l.resource_kind, CASE l.kind WHEN 'TAX' THEN l.key END AS tax,
       sum(l.amount_cents)::bigint AS cents
FROM tenant_invoice_lines l JOIN unnest($1::uuid[], $2::uuid[]) AS n (tenant_id, id)
    ON l.tenant_id = n.tenant_id AND l.invoice_id = n.id
GROUP BY 1, 2, 3, 4, 5
"""
_WITH_CREDIT = """
SELECT tenant_id, currency FROM tenant_balances WHERE tenant_id = any($1::uuid[]) AND credit_cents > 0
"""


class DraftInvoice(NamedTuple):
    """A draft to issue, whose row is locked, as the months that it bills are."""

    tenant_id: UUID
    id: UUID
    currency: str


async def issue_drafts(unit: UnitOfWork, context: Context, drafts: Sequence[DraftInvoice]) -> None:
    """Issues the drafts in the order given. At a total of 0 an invoice is paid at once; a tenant's credit is applied if
    the settings say so. Raises SUPPLIER_INCOMPLETE.
    """
    now = context.clock()
    today = day_of(now, context.settings.billing_time_zone)
    tenant_ids, ids = [draft.tenant_id for draft in drafts], [draft.id for draft in drafts]
    numbers = await _take_numbers(unit, today.year, len(drafts))
    due_on = today + timedelta(days=context.settings.payment_terms_days)
    await unit.connection.execute(_ISSUE, tenant_ids, ids, numbers, now, today, due_on)
    opened = await unit.connection.fetch(_OPEN_BALANCES, tenant_ids, ids)
    record_pushes(
        unit,
        [
            NewPush(tenant_id, invoice_id, FinancePushKind.INVOICE_ISSUED, invoice_id, total_cents, now)
            for tenant_id, invoice_id, total_cents in opened
        ],
    )
    await record_invoices(unit, EventType.INVOICE_ISSUED, zip(tenant_ids, ids, strict=True), now)
    paid = await unit.connection.fetch(_SETTLE_ZERO, tenant_ids, ids, now)
    await record_invoices(unit, EventType.INVOICE_PAID, map(tuple, paid), now)
    await _post(unit, context, drafts, numbers, now)
    if context.settings.apply_credit:
        await _apply_credit(unit, context, drafts, now)
    await keep_invoice_documents(unit, context, tenant_ids, ids, now)


async def _take_numbers(unit: UnitOfWork, year: int, count: int) -> list[str]:
    last: int = await unit.connection.fetchval(_TAKE_NUMBERS, year, count)
    return [f"INV-{year}-{number:06}" for number in range(last - count + 1, last + 1)]


async def _post(
    unit: UnitOfWork, context: Context, drafts: Sequence[DraftInvoice], numbers: Sequence[str], now: datetime
) -> None:
    revenue: dict[UUID, dict[RevenuePart, int]] = defaultdict(dict)
    taxes: dict[UUID, dict[str, int]] = defaultdict(dict)
    tenant_ids, ids = [draft.tenant_id for draft in drafts], [draft.id for draft in drafts]
    for row in await unit.connection.fetch(_AMOUNTS, tenant_ids, ids):
        if row["tax"] is not None:
            taxes[row["invoice_id"]][row["tax"]] = row["cents"]
        else:
            revenue[row["invoice_id"]][RevenuePart(LineKind(row["kind"]), row["resource_kind"])] = row["cents"]
    entries = [
        NewJournalEntry(
            draft.tenant_id,
            JournalEntryKind.INVOICE_ISSUED,
            draft.currency,
            draft.id,
            f"Invoice {number}",
            invoice_issued(revenue[draft.id], taxes[draft.id]),
        )
        for draft, number in zip(drafts, numbers, strict=True)
    ]
    await write_entries(unit, context.settings.billing_time_zone, entries, now)


async def _apply_credit(unit: UnitOfWork, context: Context, drafts: Sequence[DraftInvoice], now: datetime) -> None:
    rows = await unit.connection.fetch(_WITH_CREDIT, [draft.tenant_id for draft in drafts])
    with_credit = {(row["tenant_id"], row["currency"]) for row in rows}
    for tenant_id, currency in sorted(with_credit):
        issued = [one.id for one in drafts if (one.tenant_id, one.currency) == (tenant_id, currency)]
        if issued:
            receivables = await lock_receivables(unit, [tenant_id], issued)
            await apply_credit(unit, context.settings.billing_time_zone, receivables, now)
