"""Credit notes with their lines."""

from piccolo.constraints import Check, Unique

from app.tables.migrations.initial.declaration import bigint, date, integer, reference, table, text, timestamptz, uuid
from app.tables.migrations.initial.invoices import TENANT_INVOICE_LINES, TENANT_INVOICES
from app.tables.migrations.initial.tenants import TENANTS

CREDIT_NOTES = table(
    "credit_notes",
    id=uuid(primary_key=True),
    tenant_id=reference(TENANTS),
    invoice_id=reference(TENANT_INVOICES),
    number=text(),
    reason=text(),
    description=text(),
    currency=text(),
    net_cents=bigint(),
    tax_cents=bigint(),
    total_cents=bigint(),
    written_off_cents=bigint(),
    receivable_cents=bigint(),
    credit_cents=bigint(),
    issued_on=date(),
    issued_at=timestamptz(),
    issued_by=text(),
    credit_notes_number_key=Unique(["number"]),
    credit_notes_reason_check=Check(
        "reason IN ('SERVICE_FAULT', 'PRICE_CHANGE', 'BILLING_ERROR', 'CANCELLATION', 'GOODWILL', 'LATE_CORRECTION')"
    ),
    credit_notes_total_cents_check=Check(
        "total_cents = net_cents + tax_cents AND total_cents = written_off_cents + receivable_cents + credit_cents"
    ),
    credit_notes_parts_check=Check("least(total_cents, written_off_cents, receivable_cents, credit_cents) >= 0"),
)

CREDIT_NOTE_LINES = table(
    "credit_note_lines",
    id=uuid(primary_key=True),
    tenant_id=reference(TENANTS),
    credit_note_id=reference(CREDIT_NOTES),
    invoice_line_id=reference(TENANT_INVOICE_LINES),
    position=integer(),
    amount_cents=bigint(),
    taxed_net_cents=bigint(null=True),
    credit_note_lines_tenant_id_credit_note_id_position_key=Unique(["tenant_id", "credit_note_id", "position"]),
)

CREDIT_NOTE_NUMBER_SEQUENCES = table(
    "credit_note_number_sequences",
    year=integer(primary_key=True),
    last_number=integer(),
    credit_note_number_sequences_last_number_check=Check("last_number > 0"),
)

ABSORBED_CORRECTIONS = table(
    "absorbed_corrections",
    id=uuid(primary_key=True),
    tenant_id=reference(TENANTS),
    invoice_line_id=reference(TENANT_INVOICE_LINES),
    run_id=uuid(),
    absorbed_cents=bigint(),
    recorded_at=timestamptz(),
    absorbed_corrections_absorbed_cents_check=Check("absorbed_cents <> 0"),
)

TABLES = (
    CREDIT_NOTES,
    CREDIT_NOTE_LINES,
    ABSORBED_CORRECTIONS,
    CREDIT_NOTE_NUMBER_SEQUENCES,
)
