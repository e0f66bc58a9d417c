"""The documents of issued invoices and credit notes: whom they name, and their PDF."""

from piccolo.columns import JSONB, Bytea
from piccolo.constraints import Check
from piccolo.table import Table

from app.tables.columns import cents, instant, primary_key, reference, text
from app.tables.credit_notes import CreditNotes
from app.tables.invoices import TenantInvoices
from app.tables.tenants import Tenants


class IssuedDocuments(Table, tablename="issued_documents"):
    """The document of an issued invoice or credit note, whose id it has. Only its PDF is added later.

    parties: the names, addresses and bank account of supplier and buyer as they were when it was issued.
    applied_credit_cents: what of the tenant's credit was applied to the invoice when it was issued. pdf: the bytes that
    are served, whatever version of the service runs; null until they are rendered.
    """

    id = primary_key()
    tenant_id = reference(Tenants)
    invoice_id = reference(TenantInvoices, null=True)
    credit_note_id = reference(CreditNotes, null=True)
    parties = JSONB(default=None)
    applied_credit_cents = cents()
    created_at = instant()
    pdf = Bytea(default=None, null=True)
    pdf_sha256 = text(null=True)

    issued_documents_source_check = Check(
        "num_nulls(invoice_id, credit_note_id) = 1 AND id = coalesce(invoice_id, credit_note_id)"
    )
    issued_documents_pdf_check = Check(
        "num_nulls(pdf, pdf_sha256) IN (0, 2) AND pdf_sha256 = encode(sha256(pdf), 'hex')"
    )
