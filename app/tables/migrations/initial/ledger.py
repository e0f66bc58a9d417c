"""The ledger and the balances beside it."""

from piccolo.constraints import Check, Unique

from app.tables.migrations.initial.declaration import bigint, date, integer, reference, table, text, timestamptz, uuid
from app.tables.migrations.initial.invoices import TENANT_INVOICES
from app.tables.migrations.initial.payments import PAYMENTS
from app.tables.migrations.initial.tenants import TENANTS

JOURNAL_ENTRIES = table(
    "journal_entries",
    id=uuid(primary_key=True),
    tenant_id=reference(TENANTS),
    kind=text(),
    currency=text(),
    recorded_on=date(),
    recorded_at=timestamptz(),
    source_id=uuid(),
    description=text(),
    journal_entries_kind_check=Check(
        "kind IN ('INVOICE_ISSUED', 'INVOICE_VOIDED', 'CREDIT_NOTE_ISSUED', 'PAYMENT_RECORDED',"
        " 'PAYMENT_REVERSED', 'CREDIT_APPLIED', 'CREDIT_REFUNDED', 'BALANCE_WRITTEN_OFF', 'RECOVERY_RECORDED')"
    ),
    journal_entries_currency_check=Check("currency ~ '^[A-Z]{3}$'"),
)

JOURNAL_POSTINGS = table(
    "journal_postings",
    id=uuid(primary_key=True),
    tenant_id=reference(TENANTS),
    entry_id=reference(JOURNAL_ENTRIES),
    position=integer(),
    account=text(),
    amount_cents=bigint(),
    line_kind=text(null=True),
    resource_kind=text(null=True),
    tax=text(null=True),
    journal_postings_tenant_id_entry_id_position_key=Unique(["tenant_id", "entry_id", "position"]),
    journal_postings_account_check=Check(
        "account IN ('ACCOUNTS_RECEIVABLE', 'CUSTOMER_CREDIT', 'BAD_DEBT', 'TAX_PAYABLE', 'CASH_CLEARING', 'REVENUE')"
    ),
    journal_postings_amount_cents_check=Check("amount_cents <> 0"),
    journal_postings_line_kind_check=Check("line_kind IN ('PLAN_BASE', 'ADDON', 'OVERAGE', 'ADJUSTMENT', 'TAX')"),
    journal_postings_revenue_check=Check(
        "(account = 'REVENUE') = (line_kind IS NOT NULL) AND (account = 'TAX_PAYABLE') = (tax IS NOT NULL)"
        " AND (resource_kind IS NULL OR account = 'REVENUE')"
    ),
)

INVOICE_BALANCES = table(
    "invoice_balances",
    id=uuid(primary_key=True),
    tenant_id=reference(TENANTS),
    currency=text(),
    due_on=date(),
    total_cents=bigint(),
    paid_cents=bigint(),
    credit_cents=bigint(),
    noted_cents=bigint(),
    written_off_cents=bigint(),
    voided_cents=bigint(),
    recovered_cents=bigint(),
    credited_net_cents=bigint(),
    credited_tax_cents=bigint(),
    balance_cents=bigint(),
    settled_by=text(null=True),
    disputed_at=timestamptz(null=True),
    dispute_reason=text(null=True),
    invoice_balances_balance_check=Check(
        "balance_cents >= 0 AND balance_cents = total_cents - paid_cents - credit_cents - noted_cents -"
        " written_off_cents - voided_cents"
    ),
    invoice_balances_parts_check=Check(
        "least(paid_cents, credit_cents, noted_cents, written_off_cents, recovered_cents) >= 0 AND"
        " voided_cents IN (0, total_cents) AND recovered_cents <= written_off_cents"
    ),
    invoice_balances_settled_by_check=Check("settled_by IN ('PAYMENT', 'CREDIT', 'CREDIT_NOTE', 'WRITE_OFF', 'ZERO')"),
    invoice_balances_settled_check=Check("settled_by IS NULL OR balance_cents = 0"),
    invoice_balances_disputed_check=Check("num_nulls(disputed_at, dispute_reason) IN (0, 2)"),
)

TENANT_BALANCES = table(
    "tenant_balances",
    id=uuid(primary_key=True),
    tenant_id=reference(TENANTS),
    currency=text(),
    credit_cents=bigint(),
    tenant_balances_tenant_id_currency_key=Unique(["tenant_id", "currency"]),
    tenant_balances_credit_cents_check=Check("credit_cents >= 0"),
)

INVOICE_APPLICATIONS = table(
    "invoice_applications",
    id=uuid(primary_key=True),
    tenant_id=reference(TENANTS),
    invoice_id=reference(TENANT_INVOICES),
    payment_id=reference(PAYMENTS, null=True),
    amount_cents=bigint(),
    undone_cents=bigint(),
    applied_at=timestamptz(),
    invoice_applications_amount_cents_check=Check("amount_cents > 0 AND undone_cents BETWEEN 0 AND amount_cents"),
)

INVOICE_APPLICATION_REVERSALS = table(
    "invoice_application_reversals",
    id=uuid(primary_key=True),
    tenant_id=reference(TENANTS),
    application_id=reference(INVOICE_APPLICATIONS),
    amount_cents=bigint(),
    reversed_at=timestamptz(),
    invoice_application_reversals_amount_cents_check=Check("amount_cents > 0"),
)

TABLES = (
    JOURNAL_ENTRIES,
    JOURNAL_POSTINGS,
    INVOICE_BALANCES,
    TENANT_BALANCES,
    INVOICE_APPLICATIONS,
    INVOICE_APPLICATION_REVERSALS,
)
