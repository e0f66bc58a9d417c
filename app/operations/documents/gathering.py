"""Gathers a document's data: from the immutable rows of its invoice or credit note, and the parties kept at issue."""

from typing import Any
from uuid import UUID

import msgspec

from app.database import UnitOfWork
from app.operations.calls.context import Context
from app.operations.documents.document_data import AccountState, CreditedInvoice, DocumentData, DocumentKind
from app.operations.documents.document_lines import InvoiceTerms, credited_lines, invoice_lines
from app.operations.documents.parties import BUYER_JSON, Buyer, Parties, supplier_of

_FIND = """
SELECT i.tenant_id, 'INVOICE' AS kind FROM tenant_invoices i
WHERE i.id = $1 AND ($2::uuid IS NULL OR i.tenant_id = $2)
UNION ALL
SELECT n.tenant_id, 'CREDIT_NOTE' FROM credit_notes n WHERE n.id = $1 AND ($2::uuid IS NULL OR n.tenant_id = $2)
"""
_INVOICE = f"""
SELECT i.number, i.status, i.issued_on, i.due_on, i.period_start, i.period_end, i.currency, i.subtotal_cents,
       i.tax_cents, i.total_cents, d.parties, coalesce(d.applied_credit_cents, 0) AS applied_credit_cents,
       {BUYER_JSON} AS buyer, b.paid_cents, b.credit_cents, b.noted_cents, b.written_off_cents, b.balance_cents
FROM tenant_invoices i
JOIN tenants t ON t.id = i.tenant_id
LEFT JOIN issued_documents d ON d.tenant_id = i.tenant_id AND d.id = i.id
LEFT JOIN invoice_balances b ON b.tenant_id = i.tenant_id AND b.id = i.id
WHERE i.tenant_id = $1 AND i.id = $2
"""  # noqa: S608 - of constants
# What was left of the invoice before the note: notes are numbered in the order of their ids.
_CREDIT_NOTE = f"""
SELECT n.number, n.issued_on, n.currency, n.net_cents, n.tax_cents, n.total_cents, n.reason, n.description,
       n.written_off_cents, n.receivable_cents, n.credit_cents, d.parties, {BUYER_JSON} AS buyer,
       i.id AS invoice_id, i.number AS invoice_number, i.issued_on AS invoice_issued_on,
       i.subtotal_cents - coalesce(earlier.net_cents, 0) AS before_net_cents,
       i.tax_cents - coalesce(earlier.tax_cents, 0) AS before_tax_cents
FROM credit_notes n
JOIN tenant_invoices i ON i.tenant_id = n.tenant_id AND i.id = n.invoice_id
JOIN tenants t ON t.id = n.tenant_id
LEFT JOIN issued_documents d ON d.tenant_id = n.tenant_id AND d.id = n.id
LEFT JOIN LATERAL (
    SELECT sum(e.net_cents)::bigint AS net_cents, sum(e.tax_cents)::bigint AS tax_cents FROM credit_notes e
    WHERE e.tenant_id = n.tenant_id AND e.invoice_id = n.invoice_id AND e.id < n.id
) earlier ON true
WHERE n.tenant_id = $1 AND n.id = $2
"""  # noqa: S608 - of constants


async def find_document(
    unit: UnitOfWork, document_id: UUID, tenant_id: UUID | None
) -> tuple[UUID, DocumentKind] | None:
    """Returns the tenant and the kind of a document, or None. `tenant_id`: the only tenant to look at."""
    row = await unit.connection.fetchrow(_FIND, document_id, tenant_id)
    return None if row is None else (row["tenant_id"], DocumentKind(row["kind"]))


async def gather(
    unit: UnitOfWork,
    context: Context,
    tenant_id: UUID,
    document_id: UUID,
    kind: DocumentKind,
    *,
    every_line: bool = False,
) -> DocumentData:
    """Returns the data of a document that exists. `every_line`: also where the lines of a long one would be summed."""
    if kind is DocumentKind.INVOICE:
        return await _invoice(unit, context, tenant_id, document_id, every_line=every_line)
    return await _credit_note(unit, context, tenant_id, document_id)


async def _invoice(
    unit: UnitOfWork, context: Context, tenant_id: UUID, invoice_id: UUID, *, every_line: bool
) -> DocumentData:
    row = await unit.connection.fetchrow(_INVOICE, tenant_id, invoice_id)
    terms = InvoiceTerms(row["period_start"], row["currency"])
    lines = await invoice_lines(unit, tenant_id, invoice_id, terms, every=every_line)
    account = None
    if row["balance_cents"] is not None:
        account = AccountState(
            context.today(),
            row["paid_cents"],
            row["credit_cents"],
            row["noted_cents"],
            row["written_off_cents"],
            row["balance_cents"],
        )
    return DocumentData(
        kind=DocumentKind.INVOICE,
        number=row["number"],
        void=row["status"] == "VOID",
        issued_on=row["issued_on"],
        due_on=row["due_on"],
        period_start=row["period_start"],
        period_end=row["period_end"],
        currency=row["currency"],
        parties=_parties(row, context),
        groups=lines.groups,
        taxes=lines.taxes,
        subtotal_cents=row["subtotal_cents"],
        tax_cents=row["tax_cents"],
        total_cents=row["total_cents"],
        applied_credit_cents=row["applied_credit_cents"],
        account=account,
    )


async def _credit_note(unit: UnitOfWork, context: Context, tenant_id: UUID, note_id: UUID) -> DocumentData:
    row = await unit.connection.fetchrow(_CREDIT_NOTE, tenant_id, note_id)
    lines = await credited_lines(unit, tenant_id, row["invoice_id"], note_id)
    return DocumentData(
        kind=DocumentKind.CREDIT_NOTE,
        number=row["number"],
        void=False,
        issued_on=row["issued_on"],
        due_on=None,
        period_start=None,
        period_end=None,
        currency=row["currency"],
        parties=_parties(row, context),
        groups=lines.groups,
        taxes=lines.taxes,
        subtotal_cents=row["net_cents"],
        tax_cents=row["tax_cents"],
        total_cents=row["total_cents"],
        credited=CreditedInvoice(
            number=row["invoice_number"],
            issued_on=row["invoice_issued_on"],
            reason=row["reason"],
            description=row["description"],
            before_net_cents=row["before_net_cents"],
            before_tax_cents=row["before_tax_cents"],
            to_balance_cents=row["written_off_cents"] + row["receivable_cents"],
            to_credit_cents=row["credit_cents"],
        ),
    )


def _parties(row: Any, context: Context) -> Parties:
    """The parties kept at issue; those of now for a draft."""
    if row["parties"] is not None:
        return msgspec.json.decode(row["parties"], type=Parties)
    return Parties(supplier_of(context.settings), msgspec.json.decode(row["buyer"], type=Buyer))
