"""The documents of issued invoices and credit notes."""

from piccolo.constraints import Check

from app.tables.migrations.initial.credit_notes import CREDIT_NOTES
from app.tables.migrations.initial.declaration import bigint, bytea, jsonb, reference, table, text, timestamptz, uuid
from app.tables.migrations.initial.invoices import TENANT_INVOICES
from app.tables.migrations.initial.tenants import TENANTS

ISSUED_DOCUMENTS = table(
    "issued_documents",
    id=uuid(primary_key=True),
    tenant_id=reference(TENANTS),
    invoice_id=reference(TENANT_INVOICES, null=True),
    credit_note_id=reference(CREDIT_NOTES, null=True),
    parties=jsonb(),
    applied_credit_cents=bigint(),
    created_at=timestamptz(),
    pdf=bytea(null=True),
    pdf_sha256=text(null=True),
    issued_documents_source_check=Check(
        "num_nulls(invoice_id, credit_note_id) = 1 AND id = coalesce(invoice_id, credit_note_id)"
    ),
    issued_documents_pdf_check=Check(
        "num_nulls(pdf, pdf_sha256) IN (0, 2) AND pdf_sha256 = encode(sha256(pdf), 'hex')"
    ),
)

TABLES = (ISSUED_DOCUMENTS,)
