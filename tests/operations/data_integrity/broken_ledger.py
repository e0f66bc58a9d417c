"""Rows of receivables that violate a check, and the checks that must find them."""

ENTRY_SUMS = "the postings of a journal entry add up to 0"
DOCUMENTS = "a journal entry has its document"
RECEIVABLE = "accounts receivable are the balances of the invoices"
CREDIT = "customer credit is the tenant's credit balance"
NEGATIVE = "no balance is below 0"
BALANCES = "an invoice's balance is its total less what was applied to it"
PAID = "an invoice is paid when its balance is 0"
INVOICES = "an invoice is posted as it was issued, and voided as its mirror image"
NOTES = "a credit note is posted with its amounts"
WRITE_OFFS = "a write-off is posted with its amount"
RECOVERIES = "a recovery is posted with its amount"
PAYMENTS = "a payment is posted with its amounts"
REVERSALS = "a reversed payment is posted as reversed"
PUSHES = "the pushes of an invoice to the finance system add up to its balance"
REFUNDS = "a refund is posted with its amount"


def entry(kind: str, tenant: str) -> str:
    """The id of the tenant's entry of the kind."""
    return (
        "(SELECT e.id FROM journal_entries e JOIN tenants t ON t.id = e.tenant_id"
        f" WHERE e.kind = '{kind}' AND t.code = '{tenant}')"
    )


def without(kind: str, tenant: str) -> str:
    """Takes an entry and its postings out."""
    found = entry(kind, tenant)
    return f"DELETE FROM journal_postings WHERE entry_id = {found}; DELETE FROM journal_entries WHERE id = {found}"


def moved(kind: str, tenant: str, account: str, other: str, more: str = "") -> str:
    """Posts one cent more to an account of an entry, and one less to another, so that it still balances."""
    found = entry(kind, tenant)
    return f"""
        UPDATE journal_postings SET amount_cents = amount_cents + 1
            WHERE entry_id = {found} AND account = '{account}' {more};
        UPDATE journal_postings SET amount_cents = amount_cents - 1 WHERE entry_id = {found} AND account = '{other}'
    """


def invoice(tenant: str) -> str:
    return f"(SELECT i.id FROM tenant_invoices i JOIN tenants t ON t.id = i.tenant_id WHERE t.code = '{tenant}')"


# What is done to the rows, and the checks that find it.
BROKEN_LEDGER: dict[str, tuple[str, set[str]]] = {
    "a posting's amount": (
        f"""
        UPDATE journal_postings SET amount_cents = amount_cents + 1
            WHERE entry_id = {entry("INVOICE_ISSUED", "paid")} AND account = 'TAX_PAYABLE'
        """,
        {ENTRY_SUMS, INVOICES},
    ),
    "an entry of nothing": (
        f"DELETE FROM journal_postings WHERE entry_id = {entry('CREDIT_REFUNDED', 'paid')}",
        {ENTRY_SUMS, REFUNDS, CREDIT},
    ),
    "an entry of another document": (
        f"UPDATE journal_entries SET source_id = {invoice('lost')} WHERE id = {entry('CREDIT_REFUNDED', 'paid')}",
        {DOCUMENTS, REFUNDS},
    ),
    "an entry in another currency": (
        f"UPDATE journal_entries SET currency = 'NZD' WHERE id = {entry('CREDIT_REFUNDED', 'paid')}",
        {DOCUMENTS, CREDIT},
    ),
    "an invoice's balance": (
        f"""
        UPDATE invoice_balances SET paid_cents = paid_cents + 5, balance_cents = balance_cents - 5
            WHERE id = {invoice("bounced")}
        """,
        {BALANCES, RECEIVABLE, PUSHES},
    ),
    "a credit balance": ("UPDATE tenant_balances SET credit_cents = credit_cents + 1 WHERE credit_cents > 0", {CREDIT}),
    "a credit balance lost": ("DELETE FROM tenant_balances WHERE credit_cents > 0", {CREDIT}),
    "a balance lost": (f"DELETE FROM invoice_balances WHERE id = {invoice('bounced')}", {BALANCES, RECEIVABLE}),
    "a due date": (f"UPDATE invoice_balances SET due_on = '2026-07-01' WHERE id = {invoice('paid')}", {BALANCES}),
    "an application": (
        f"UPDATE invoice_applications SET amount_cents = amount_cents + 1 WHERE invoice_id = {invoice('paid')}",
        {BALANCES},
    ),
    "a rest of a write-off": ("UPDATE write_offs SET rest_cents = rest_cents - 1", {BALANCES}),
    "an invoice that is paid with a balance": (
        f"UPDATE tenant_invoices SET status = 'PAID', paid_at = issued_at WHERE id = {invoice('bounced')}",
        {PAID},
    ),
    "a balance below 0": (
        f"""
        ALTER TABLE invoice_balances DROP CONSTRAINT invoice_balances_balance_check;
        UPDATE invoice_balances SET paid_cents = paid_cents + 1, balance_cents = -1, settled_by = NULL
            WHERE id = {invoice("paid")}
        """,
        {NEGATIVE, BALANCES, RECEIVABLE, PAID, PUSHES},
    ),
    "a credit balance below 0": (
        """
        ALTER TABLE tenant_balances DROP CONSTRAINT tenant_balances_credit_cents_check;
        UPDATE tenant_balances SET credit_cents = -1 WHERE credit_cents = 0
        """,
        {NEGATIVE, CREDIT},
    ),
    "an invoice issued without an entry": (without("INVOICE_ISSUED", "bounced"), {INVOICES, RECEIVABLE}),
    "an invoice voided without an entry": (without("INVOICE_VOIDED", "void"), {INVOICES, RECEIVABLE}),
    "revenue of another kind of line": (
        f"""
        UPDATE journal_postings SET line_kind = 'ADJUSTMENT'
            WHERE entry_id = {entry("INVOICE_ISSUED", "paid")} AND line_kind = 'PLAN_BASE'
        """,
        {INVOICES},
    ),
    "tax of another rate": (
        f"""
        UPDATE journal_postings SET tax = 'tax:GST:0.2'
            WHERE entry_id = {entry("CREDIT_NOTE_ISSUED", "paid")} AND account = 'TAX_PAYABLE'
        """,
        {NOTES},
    ),
    "a credit note without an entry": (without("CREDIT_NOTE_ISSUED", "bounced"), {NOTES, CREDIT}),
    "a credit note's entry": (
        moved("CREDIT_NOTE_ISSUED", "paid", "REVENUE", "TAX_PAYABLE"),
        {NOTES},
    ),
    "a write-off without an entry": (without("BALANCE_WRITTEN_OFF", "lost"), {WRITE_OFFS, RECEIVABLE}),
    "a write-off's entry": (
        moved("BALANCE_WRITTEN_OFF", "lost", "BAD_DEBT", "ACCOUNTS_RECEIVABLE"),
        {WRITE_OFFS, RECEIVABLE},
    ),
    "a recovery without an entry": (without("RECOVERY_RECORDED", "lost"), {RECOVERIES}),
    "a payment without an entry": (without("PAYMENT_RECORDED", "lost"), {PAYMENTS, RECEIVABLE}),
    "a payment's entry": (
        moved("PAYMENT_RECORDED", "paid", "ACCOUNTS_RECEIVABLE", "CUSTOMER_CREDIT"),
        {PAYMENTS, RECEIVABLE, CREDIT},
    ),
    "a reversal without an entry": (without("PAYMENT_REVERSED", "bounced"), {REVERSALS, RECEIVABLE}),
    "a payment that was never reversed": (
        "UPDATE payments SET reversed_at = NULL, reversed_by = NULL, reversal_reason = NULL",
        {REVERSALS},
    ),
    "a refund's amount": ("UPDATE refunds SET amount_cents = amount_cents + 1", {REFUNDS}),
}
