"""One-off charges, and invoices with their lines and inputs."""

from piccolo.constraints import Check, Unique

from app.tables.migrations.initial.catalog import RESOURCE_KINDS
from app.tables.migrations.initial.declaration import (
    bigint,
    date,
    integer,
    numeric,
    reference,
    table,
    text,
    timestamptz,
    uuid,
)
from app.tables.migrations.initial.deployments import CLOUD_DEPLOYMENTS
from app.tables.migrations.initial.subscriptions import SUBSCRIPTION_ADDONS, SUBSCRIPTIONS
from app.tables.migrations.initial.tenants import TENANTS

CHARGES = table(
    "charges",
    id=uuid(primary_key=True),
    tenant_id=reference(TENANTS),
    deployment_id=reference(CLOUD_DEPLOYMENTS, null=True),
    description=text(),
    net_cents=bigint(),
    charged_on=date(),
    created_by=text(),
    created_at=timestamptz(),
    charges_net_cents_check=Check("net_cents <> 0"),
)

TENANT_INVOICES = table(
    "tenant_invoices",
    id=uuid(primary_key=True),
    tenant_id=reference(TENANTS),
    period_start=date(),
    period_end=date(),
    revision=integer(),
    status=text(),
    currency=text(),
    subtotal_cents=bigint(),
    tax_cents=bigint(),
    total_cents=bigint(),
    input_hash=text(),
    number=text(null=True),
    issued_at=timestamptz(null=True),
    due_on=date(null=True),
    paid_at=timestamptz(null=True),
    payment_reference=text(null=True),
    voided_at=timestamptz(null=True),
    void_reason=text(null=True),
    created_at=timestamptz(),
    issued_on=date(null=True),
    tenant_invoices_tenant_id_period_start_revision_key=Unique(["tenant_id", "period_start", "revision"]),
    tenant_invoices_number_key=Unique(["number"]),
    tenant_invoices_period_check=Check(
        "extract(day from period_start) = 1 AND period_end = (period_start + interval '1 month')::date"
    ),
    tenant_invoices_revision_check=Check("revision > 0"),
    tenant_invoices_status_check=Check("status IN ('DRAFT', 'ISSUED', 'PAID', 'VOID')"),
    tenant_invoices_currency_check=Check("currency ~ '^[A-Z]{3}$'"),
    tenant_invoices_total_cents_check=Check("total_cents = subtotal_cents + tax_cents"),
    tenant_invoices_input_hash_check=Check("input_hash ~ '^[0-9a-f]{64}$'"),
    tenant_invoices_issued_check=Check(
        "num_nulls(number, issued_at, issued_on, due_on) IN (0, 4)"
        " AND (status = 'VOID' OR (status = 'DRAFT') = (number IS NULL))"
    ),
    tenant_invoices_paid_check=Check("(status = 'PAID') = (paid_at IS NOT NULL)"),
    tenant_invoices_voided_check=Check("(status = 'VOID') = (voided_at IS NOT NULL)"),
)

TENANT_INVOICE_LINES = table(
    "tenant_invoice_lines",
    id=uuid(primary_key=True),
    tenant_id=reference(TENANTS),
    invoice_id=reference(TENANT_INVOICES),
    position=integer(),
    key=text(),
    kind=text(),
    description=text(),
    resource_kind=reference(RESOURCE_KINDS, null=True),
    quantity=numeric(),
    unit_price_cents=numeric(),
    amount_cents=bigint(),
    deployment_id=reference(CLOUD_DEPLOYMENTS, null=True),
    subscription_id=reference(SUBSCRIPTIONS, null=True),
    subscription_addon_id=reference(SUBSCRIPTION_ADDONS, null=True),
    period_start=date(),
    charge_id=reference(CHARGES, null=True),
    tenant_invoice_lines_invoice_id_position_key=Unique(["invoice_id", "position"]),
    tenant_invoice_lines_kind_check=Check("kind IN ('PLAN_BASE', 'ADDON', 'OVERAGE', 'ADJUSTMENT', 'TAX')"),
    tenant_invoice_lines_tenant_level_check=Check(
        "CASE kind WHEN 'TAX' THEN num_nulls(deployment_id, subscription_id) = 2"
        " WHEN 'ADJUSTMENT' THEN subscription_id IS NULL OR deployment_id IS NOT NULL"
        " ELSE num_nulls(deployment_id, subscription_id) = 0 END"
    ),
    tenant_invoice_lines_addon_check=Check("(kind = 'ADDON') = (subscription_addon_id IS NOT NULL)"),
    tenant_invoice_lines_charge_check=Check("(kind = 'ADJUSTMENT') = (charge_id IS NOT NULL)"),
    tenant_invoice_lines_resource_kind_check=Check("kind <> 'OVERAGE' OR resource_kind IS NOT NULL"),
)

TENANT_INVOICE_INPUTS = table(
    "tenant_invoice_inputs",
    id=uuid(primary_key=True),
    tenant_id=reference(TENANTS),
    invoice_id=reference(TENANT_INVOICES),
    position=integer(),
    subscription_id=reference(SUBSCRIPTIONS, null=True),
    document=text(),
    late_month=date(null=True),
    tenant_invoice_inputs_invoice_id_position_key=Unique(["invoice_id", "position"]),
    tenant_invoice_inputs_header_check=Check("position > 0 OR num_nulls(subscription_id, late_month) = 2"),
)

INVOICE_NUMBER_SEQUENCES = table(
    "invoice_number_sequences",
    year=integer(primary_key=True),
    last_number=integer(),
    invoice_number_sequences_last_number_check=Check("last_number > 0"),
)

TABLES = (CHARGES, TENANT_INVOICES, TENANT_INVOICE_LINES, TENANT_INVOICE_INPUTS, INVOICE_NUMBER_SEQUENCES)
