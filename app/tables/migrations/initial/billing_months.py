"""Each tenant's months, and what changed since they were rated."""

from piccolo.columns import UUID
from piccolo.constraints import Check, Unique

from app.tables.migrations.initial.declaration import (
    array,
    bigint,
    date,
    integer,
    reference,
    table,
    text,
    timestamptz,
    uuid,
)
from app.tables.migrations.initial.deployments import CLOUD_DEPLOYMENTS
from app.tables.migrations.initial.invoices import TENANT_INVOICES
from app.tables.migrations.initial.tenants import TENANTS

BILLING_MONTHS = table(
    "billing_months",
    id=uuid(primary_key=True),
    tenant_id=reference(TENANTS),
    period_start=date(),
    state=text(),
    invoice_id=reference(TENANT_INVOICES, null=True),
    run_id=uuid(null=True),
    input_hash=text(null=True),
    rules_version=integer(null=True),
    rated_cents=bigint(null=True),
    billed_cents=bigint(),
    open_credit_deployments=array(UUID),
    rated_at=timestamptz(null=True),
    failure=text(null=True),
    waived_at=timestamptz(null=True),
    waived_by=text(null=True),
    waive_reason=text(null=True),
    billing_months_tenant_id_period_start_key=Unique(["tenant_id", "period_start"]),
    billing_months_period_start_check=Check("extract(day from period_start) = 1"),
    billing_months_state_check=Check("state IN ('OPEN', 'DRAFT', 'ISSUED', 'ZERO', 'WAIVED', 'FAILED')"),
    billing_months_invoice_check=Check("(state IN ('DRAFT', 'ISSUED')) = (invoice_id IS NOT NULL)"),
    billing_months_rated_check=Check("(state IN ('DRAFT', 'ISSUED', 'ZERO', 'WAIVED')) = (rated_cents IS NOT NULL)"),
    billing_months_waived_check=Check(
        "num_nulls(waived_at, waived_by, waive_reason) = CASE state WHEN 'WAIVED' THEN 0 ELSE 3 END"
        " AND (state <> 'WAIVED' OR rated_cents = 0)"
    ),
    billing_months_failure_check=Check("state <> 'FAILED' OR failure IS NOT NULL"),
)

BILLING_MONTH_CHANGES = table(
    "billing_month_changes",
    id=uuid(primary_key=True),
    tenant_id=reference(TENANTS),
    period_start=date(),
    deployment_id=reference(CLOUD_DEPLOYMENTS, null=True),
    reason=text(),
    changed_at=timestamptz(),
    billing_month_changes_reason_check=Check(
        "reason IN ('USAGE', 'USAGE_CORRECTED', 'SUBSCRIBED', 'ADDON_ATTACHED', 'ADDON_DETACHED',"
        " 'PLAN_CHANGED', 'TRANSITION', 'CHARGE_ADDED', 'TAX_EXEMPTION', 'RESOURCE_ENDED', 'INVOICE_VOIDED',"
        " 'INVOICE_REPLACED', 'LATE_CORRECTION')"
    ),
)

TABLES = (BILLING_MONTHS, BILLING_MONTH_CHANGES)
