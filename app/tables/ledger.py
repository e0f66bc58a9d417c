"""The ledger, and the balances beside it: what each invoice asks for still, and the money of tenants that we hold."""

from enum import StrEnum

from piccolo.columns import UUID
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from app.billing import Account, LineKind
from app.tables.columns import calendar_day, cents, instant, integer, member_of, primary_key, reference, text
from app.tables.invoices import TenantInvoices
from app.tables.payments import Payments
from app.tables.tenants import Tenants


class JournalEntryKind(StrEnum):
    """The business event that an entry records."""

    INVOICE_ISSUED = "INVOICE_ISSUED"
    INVOICE_VOIDED = "INVOICE_VOIDED"
    CREDIT_NOTE_ISSUED = "CREDIT_NOTE_ISSUED"
    PAYMENT_RECORDED = "PAYMENT_RECORDED"
    PAYMENT_REVERSED = "PAYMENT_REVERSED"
    CREDIT_APPLIED = "CREDIT_APPLIED"
    CREDIT_REFUNDED = "CREDIT_REFUNDED"
    BALANCE_WRITTEN_OFF = "BALANCE_WRITTEN_OFF"
    RECOVERY_RECORDED = "RECOVERY_RECORDED"


class SettledBy(StrEnum):
    """What brought an invoice's balance to 0. ZERO: its total was 0 when it was issued."""

    PAYMENT = "PAYMENT"
    CREDIT = "CREDIT"
    CREDIT_NOTE = "CREDIT_NOTE"
    WRITE_OFF = "WRITE_OFF"
    ZERO = "ZERO"


class JournalEntries(Table, tablename="journal_entries"):
    """One business event; append-only. recorded_on: the day of the billing time zone that holds recorded_at.

    source_id: the invoice, credit note, payment, refund, write-off or recovery that the event made or changed.
    description: a line for people, with the number or reference of that document.
    """

    id = primary_key()
    tenant_id = reference(Tenants)
    kind = text()
    currency = text()
    recorded_on = calendar_day()
    recorded_at = instant()
    source_id = UUID(default=None)
    description = text()

    journal_entries_kind_check = member_of("kind", JournalEntryKind)
    journal_entries_currency_check = Check("currency ~ '^[A-Z]{3}$'")


class JournalPostings(Table, tablename="journal_postings"):
    """One amount of an entry: a debit above 0, a credit below. The postings of an entry add up to 0 (trigger).

    line_kind and resource_kind divide REVENUE; tax is the key of the tax line, of TAX_PAYABLE.
    """

    id = primary_key()
    tenant_id = reference(Tenants)
    entry_id = reference(JournalEntries)
    position = integer()
    account = text()
    amount_cents = cents()
    line_kind = text(null=True)
    resource_kind = text(null=True)
    tax = text(null=True)

    journal_postings_tenant_id_entry_id_position_key = Unique([tenant_id, entry_id, position])
    journal_postings_account_check = member_of("account", Account)
    journal_postings_amount_cents_check = Check("amount_cents <> 0")
    journal_postings_line_kind_check = member_of("line_kind", LineKind)
    journal_postings_revenue_check = Check(
        "(account = 'REVENUE') = (line_kind IS NOT NULL) AND (account = 'TAX_PAYABLE') = (tax IS NOT NULL)"
        " AND (resource_kind IS NULL OR account = 'REVENUE')"
    )


class InvoiceBalances(Table, tablename="invoice_balances"):
    """What an issued invoice asks for still, beside the invoice, which does not change. It has the invoice's id.

    paid_cents: by payments. credit_cents: by the tenant's credit. noted_cents: what credit notes took off the balance
    or off what was written off. written_off_cents: what was given up, recovered_cents of it included. voided_cents: the
    total, once the invoice is void. credited_net_cents and credited_tax_cents are those of all its credit notes.
    """

    id = primary_key()
    tenant_id = reference(Tenants)
    currency = text()
    due_on = calendar_day()
    total_cents = cents()
    paid_cents = cents()
    credit_cents = cents()
    noted_cents = cents()
    written_off_cents = cents()
    voided_cents = cents()
    recovered_cents = cents()
    credited_net_cents = cents()
    credited_tax_cents = cents()
    balance_cents = cents()
    settled_by = text(null=True)
    disputed_at = instant(null=True)
    dispute_reason = text(null=True)

    invoice_balances_balance_check = Check(
        "balance_cents >= 0 AND balance_cents"
        " = total_cents - paid_cents - credit_cents - noted_cents - written_off_cents - voided_cents"
    )
    invoice_balances_parts_check = Check(
        "least(paid_cents, credit_cents, noted_cents, written_off_cents, recovered_cents) >= 0"
        " AND voided_cents IN (0, total_cents) AND recovered_cents <= written_off_cents"
    )
    invoice_balances_settled_by_check = member_of("settled_by", SettledBy)
    invoice_balances_settled_check = Check("settled_by IS NULL OR balance_cents = 0")
    invoice_balances_disputed_check = Check("num_nulls(disputed_at, dispute_reason) IN (0, 2)")


class TenantBalances(Table, tablename="tenant_balances"):
    """The money of a tenant that we hold, in one currency."""

    id = primary_key()
    tenant_id = reference(Tenants)
    currency = text()
    credit_cents = cents()

    tenant_balances_tenant_id_currency_key = Unique([tenant_id, currency])
    tenant_balances_credit_cents_check = Check("credit_cents >= 0")


class InvoiceApplications(Table, tablename="invoice_applications"):
    """A part of a payment, or of the tenant's credit (payment_id null), that was applied to an invoice; the ids of a
    tenant's rise in the order of applying. undone_cents: what of it was taken back since.
    """

    id = primary_key()
    tenant_id = reference(Tenants)
    invoice_id = reference(TenantInvoices)
    payment_id = reference(Payments, null=True)
    amount_cents = cents()
    undone_cents = cents()
    applied_at = instant()

    invoice_applications_amount_cents_check = Check("amount_cents > 0 AND undone_cents BETWEEN 0 AND amount_cents")


class InvoiceApplicationReversals(Table, tablename="invoice_application_reversals"):
    """A part of an application that was taken back, and when; those of an application add up to its undone_cents."""

    id = primary_key()
    tenant_id = reference(Tenants)
    application_id = reference(InvoiceApplications)
    amount_cents = cents()
    reversed_at = instant()

    invoice_application_reversals_amount_cents_check = Check("amount_cents > 0")
