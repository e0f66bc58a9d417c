"""Keeps whom a document names when its invoice or credit note is issued, in that transaction."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from app.database import UnitOfWork
from app.operations.calls.context import Context
from app.operations.documents.parties import AUSTRALIA, BUYER_JSON, refuse_incomplete_supplier, supplier_of

RENDER_JOB = "render_documents"

_ANY_AUSTRALIAN = "SELECT EXISTS (SELECT FROM tenants WHERE id = any($1::uuid[]) AND country = $2)"
_KEEP_INVOICES = f"""
INSERT INTO issued_documents (id, tenant_id, invoice_id, parties, applied_credit_cents, created_at)
SELECT b.id, b.tenant_id, b.id, jsonb_build_object('supplier', $3::jsonb, 'buyer', {BUYER_JSON}), b.credit_cents, $4
FROM unnest($1::uuid[], $2::uuid[]) AS n (tenant_id, id)
JOIN invoice_balances b ON b.tenant_id = n.tenant_id AND b.id = n.id
JOIN tenants t ON t.id = b.tenant_id
"""  # noqa: S608 - of constants
# The supplier is the invoice's, whatever the settings say now.
_KEEP_CREDIT_NOTE = f"""
INSERT INTO issued_documents (id, tenant_id, credit_note_id, parties, applied_credit_cents, created_at)
SELECT n.id, n.tenant_id, n.id, jsonb_build_object('supplier', d.parties -> 'supplier', 'buyer', {BUYER_JSON}), 0, $3
FROM credit_notes n
JOIN issued_documents d ON d.tenant_id = n.tenant_id AND d.id = n.invoice_id
JOIN tenants t ON t.id = n.tenant_id
WHERE n.tenant_id = $1 AND n.id = $2
"""  # noqa: S608 - of constants


async def keep_invoice_documents(
    unit: UnitOfWork, context: Context, tenant_ids: Sequence[UUID], ids: Sequence[UUID], now: datetime
) -> None:
    """Writes the documents of invoices that were just issued, and enqueues their rendering after the commit.

    Raises SUPPLIER_INCOMPLETE for an Australian tenant's invoice.
    """
    supplier = supplier_of(context.settings)
    if await unit.connection.fetchval(_ANY_AUSTRALIAN, tenant_ids, AUSTRALIA):
        refuse_incomplete_supplier(supplier)
    text = msgspec.json.encode(supplier).decode()
    await unit.connection.execute(_KEEP_INVOICES, tenant_ids, ids, text, now)
    unit.after_commit(lambda: context.queue.enqueue(RENDER_JOB, "due"))


async def keep_credit_note_document(unit: UnitOfWork, tenant_id: UUID, note_id: UUID, now: datetime) -> None:
    """Writes the document of a credit note that was just issued."""
    await unit.connection.execute(_KEEP_CREDIT_NOTE, tenant_id, note_id, now)
