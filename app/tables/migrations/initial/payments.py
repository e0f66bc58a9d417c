"""Payments, refunds, write-offs and recoveries."""

from piccolo.constraints import Check, Unique

from app.tables.migrations.initial.declaration import bigint, date, integer, reference, table, text, timestamptz, uuid
from app.tables.migrations.initial.invoices import TENANT_INVOICES
from app.tables.migrations.initial.tenants import TENANTS

PAYMENTS = table(
    "payments",
    id=uuid(primary_key=True),
    tenant_id=reference(TENANTS),
    amount_cents=bigint(),
    currency=text(),
    received_on=date(),
    method=text(),
    reference=text(),
    payer_text=text(null=True),
    requested=text(null=True),
    credit_cents=bigint(),
    recorded_at=timestamptz(),
    recorded_by=text(),
    reversed_at=timestamptz(null=True),
    reversed_by=text(null=True),
    reversal_reason=text(null=True),
    payments_tenant_id_method_reference_key=Unique(["tenant_id", "method", "reference"]),
    payments_amount_cents_check=Check("amount_cents > 0 AND credit_cents BETWEEN 0 AND amount_cents"),
    payments_method_check=Check("method IN ('BANK_TRANSFER', 'DIRECT_DEBIT', 'CARD', 'CASH', 'OTHER')"),
    payments_currency_check=Check("currency ~ '^[A-Z]{3}$'"),
    payments_reversed_check=Check("num_nulls(reversed_at, reversed_by, reversal_reason) IN (0, 3)"),
)

REFUNDS = table(
    "refunds",
    id=uuid(primary_key=True),
    tenant_id=reference(TENANTS),
    amount_cents=bigint(),
    currency=text(),
    paid_out_on=date(),
    reference=text(),
    recorded_at=timestamptz(),
    recorded_by=text(),
    refunds_tenant_id_reference_key=Unique(["tenant_id", "reference"]),
    refunds_amount_cents_check=Check("amount_cents > 0"),
)

WRITE_OFFS = table(
    "write_offs",
    id=uuid(primary_key=True),
    tenant_id=reference(TENANTS),
    invoice_id=reference(TENANT_INVOICES),
    amount_cents=bigint(),
    remaining_cents=bigint(),
    rest_cents=bigint(),
    reason=text(),
    recorded_at=timestamptz(),
    recorded_by=text(),
    write_offs_amount_cents_check=Check(
        "amount_cents > 0 AND remaining_cents >= 0 AND rest_cents BETWEEN 0 AND amount_cents"
    ),
)

WRITE_OFF_TAXES = table(
    "write_off_taxes",
    id=uuid(primary_key=True),
    tenant_id=reference(TENANTS),
    write_off_id=reference(WRITE_OFFS),
    position=integer(),
    tax=text(),
    tax_cents=bigint(),
    write_off_taxes_tenant_id_write_off_id_position_key=Unique(["tenant_id", "write_off_id", "position"]),
)

RECOVERIES = table(
    "recoveries",
    id=uuid(primary_key=True),
    tenant_id=reference(TENANTS),
    invoice_id=reference(TENANT_INVOICES),
    amount_cents=bigint(),
    received_on=date(),
    method=text(),
    reference=text(),
    recorded_at=timestamptz(),
    recorded_by=text(),
    recoveries_tenant_id_method_reference_key=Unique(["tenant_id", "method", "reference"]),
    recoveries_amount_cents_check=Check("amount_cents > 0"),
    recoveries_method_check=Check("method IN ('BANK_TRANSFER', 'DIRECT_DEBIT', 'CARD', 'CASH', 'OTHER')"),
)

TABLES = (
    PAYMENTS,
    REFUNDS,
    WRITE_OFFS,
    WRITE_OFF_TAXES,
    RECOVERIES,
)
