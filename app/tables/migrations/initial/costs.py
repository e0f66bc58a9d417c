"""The provider's bills, line by line."""

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
from app.tables.migrations.initial.deployments import CLOUD_DEPLOYMENTS, CLOUD_RESOURCES
from app.tables.migrations.initial.tenants import TENANTS

CLOUD_INVOICES = table(
    "cloud_invoices",
    id=uuid(primary_key=True),
    provider=text(),
    external_id=text(),
    period_start=date(),
    period_end=date(),
    currency=text(),
    exchange_rate=numeric(),
    total_cents=bigint(),
    allocated_cents=bigint(),
    created_at=timestamptz(),
    imported_by=text(),
    matched_at=timestamptz(),
    matched_by=text(),
    reporting_currency=text(),
    withdrawal_reason=text(null=True),
    withdrawn_at=timestamptz(null=True),
    withdrawn_by=text(null=True),
    cloud_invoices_period_check=Check("period_start < period_end"),
    cloud_invoices_currency_check=Check("currency ~ '^[A-Z]{3}$'"),
    cloud_invoices_exchange_rate_check=Check("exchange_rate > 0 AND exchange_rate < 'Infinity'"),
    cloud_invoices_reporting_currency_check=Check("reporting_currency ~ '^[A-Z]{3}$'"),
    cloud_invoices_same_currency_check=Check("currency <> reporting_currency OR exchange_rate = 1"),
    cloud_invoices_withdrawn_check=Check("num_nonnulls(withdrawn_at, withdrawn_by, withdrawal_reason) IN (0, 3)"),
)

CLOUD_INVOICE_LINES = table(
    "cloud_invoice_lines",
    id=uuid(primary_key=True),
    cloud_invoice_id=reference(CLOUD_INVOICES),
    position=integer(),
    product=text(),
    group_description=text(),
    description=text(),
    hours=numeric(null=True),
    started_at=timestamptz(),
    ended_at=timestamptz(),
    amount_cents=bigint(),
    project_name=text(),
    category=text(),
    cloud_resource_id=reference(CLOUD_RESOURCES, null=True),
    tenant_id=reference(TENANTS, null=True),
    deployment_id=reference(CLOUD_DEPLOYMENTS, null=True),
    resource_kind=reference(RESOURCE_KINDS, null=True),
    month=date(),
    exact_cents=numeric(),
    matched_by=text(null=True),
    unallocated_reason=text(null=True),
    cloud_invoice_lines_cloud_invoice_id_position_key=Unique(["cloud_invoice_id", "position"]),
    cloud_invoice_lines_started_at_check=Check("started_at <= ended_at"),
    cloud_invoice_lines_allocation_check=Check("(tenant_id IS NULL) = (deployment_id IS NULL)"),
    cloud_invoice_lines_match_check=Check("(cloud_resource_id IS NULL) = (matched_by IS NULL)"),
    cloud_invoice_lines_matched_by_check=Check("matched_by IN ('PROVIDER_ID', 'NAME', 'SHORT_NAME', 'GROUP')"),
    cloud_invoice_lines_reason_check=Check("(deployment_id IS NULL) = (unallocated_reason IS NOT NULL)"),
    cloud_invoice_lines_unallocated_reason_check=Check(
        "unallocated_reason IN ('UNKNOWN_NAME', 'NOT_ALIVE', 'SEVERAL_DEPLOYMENTS', 'NO_DEPLOYMENT')"
    ),
)

TABLES = (CLOUD_INVOICES, CLOUD_INVOICE_LINES)
