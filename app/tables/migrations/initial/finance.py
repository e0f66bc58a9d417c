"""The push to the finance system."""

from piccolo.constraints import Check, Unique

from app.tables.migrations.initial.declaration import bigint, integer, reference, table, text, timestamptz, uuid
from app.tables.migrations.initial.invoices import TENANT_INVOICES
from app.tables.migrations.initial.tenants import TENANTS

FINANCE_QUEUES = table(
    "finance_queues",
    id=uuid(primary_key=True),
    tenant_id=reference(TENANTS),
    last_sequence=integer(),
    next_attempt_at=timestamptz(null=True),
    claim=uuid(null=True),
    blocked_at=timestamptz(null=True),
    finance_queues_last_sequence_check=Check("last_sequence >= 1"),
    finance_queues_blocked_check=Check("num_nulls(blocked_at, next_attempt_at) >= 1"),
)

FINANCE_PUSHES = table(
    "finance_pushes",
    id=uuid(primary_key=True),
    tenant_id=reference(TENANTS),
    invoice_id=reference(TENANT_INVOICES),
    sequence=integer(),
    kind=text(),
    source_id=uuid(),
    amount_cents=bigint(),
    recorded_at=timestamptz(),
    status=text(),
    body=text(null=True),
    attempts=integer(),
    last_attempt_at=timestamptz(null=True),
    response_status=integer(null=True),
    response_body=text(null=True),
    error=text(null=True),
    external_id=text(null=True),
    finance_pushes_tenant_id_invoice_id_sequence_key=Unique(["tenant_id", "invoice_id", "sequence"]),
    finance_pushes_kind_check=Check(
        "kind IN ('INVOICE_ISSUED', 'INVOICE_VOIDED', 'CREDIT_NOTE_ISSUED', 'PAYMENT_RECORDED', 'PAYMENT_REVERSED',"
        " 'CREDIT_APPLIED', 'BALANCE_WRITTEN_OFF', 'RECOVERY_RECORDED')"
    ),
    finance_pushes_status_check=Check("status IN ('PENDING', 'SENT', 'BLOCKED')"),
    finance_pushes_sequence_check=Check("sequence >= 1 AND attempts >= 0"),
    finance_pushes_body_check=Check("status = 'PENDING' OR body IS NOT NULL"),
)

FINANCE_RECONCILIATIONS = table(
    "finance_reconciliations",
    id=uuid(primary_key=True),
    requested_at=timestamptz(),
    requested_by=text(),
    reason=text(null=True),
    finished_at=timestamptz(null=True),
    compared=integer(null=True),
    out_of_step=integer(null=True),
    error=text(null=True),
    finance_reconciliations_finished_check=Check(
        "num_nulls(compared, out_of_step) IN (0, 2)"
        " AND (finished_at IS NOT NULL) = (num_nonnulls(compared, error) = 1) AND num_nonnulls(compared, error) < 2"
    ),
)

RECEIVABLES_OUT_OF_STEP = table(
    "receivables_out_of_step",
    id=uuid(primary_key=True),
    tenant_id=reference(TENANTS, null=True),
    invoice_id=reference(TENANT_INVOICES, null=True),
    receivable_id=uuid(),
    currency=text(),
    balance_cents=bigint(null=True),
    finance_balance_cents=bigint(null=True),
    found_at=timestamptz(),
    receivables_out_of_step_receivable_id_key=Unique(["receivable_id"]),
    receivables_out_of_step_invoice_check=Check("num_nulls(tenant_id, invoice_id, balance_cents) IN (0, 3)"),
    receivables_out_of_step_balance_check=Check("num_nonnulls(balance_cents, finance_balance_cents) >= 1"),
)

TABLES = (FINANCE_QUEUES, FINANCE_PUSHES, FINANCE_RECONCILIATIONS, RECEIVABLES_OUT_OF_STEP)
