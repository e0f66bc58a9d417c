"""Invoices and their lines."""

from datetime import date, datetime

import strawberry

from app.reads import (
    TODAY,
    Connection,
    column,
    computed,
    connection,
    desc,
    many,
    one,
    python_field,
    read_type,
    root_connection,
    root_one,
)
from app.schema import document_links
from app.schema.context import reads_tenants
from app.schema.invoices.filters import INVOICE_FILTERS, INVOICE_LINE_FILTERS, InvoiceFilter, InvoiceLineFilter
from app.schema.invoices.invoice_lines import InvoiceLine
from app.schema.lazy_types import (
    LazyCreditNote,
    LazyDunningStep,
    LazyInvoiceApplication,
    LazyRecovery,
    LazyTenant,
    LazyWriteOff,
)
from app.schema.nodes import Node
from app.schema.scalars import Cents
from app.tables.credit_notes import CreditNotes
from app.tables.dunning import DunningSteps
from app.tables.invoices import InvoiceStatus, TenantInvoiceLines, TenantInvoices
from app.tables.ledger import InvoiceApplications, SettledBy
from app.tables.payments import Recoveries, WriteOffs

_KEY = (TenantInvoices.tenant_id, TenantInvoices.id)
_DOCUMENT = (*_KEY, TenantInvoices.number)


@read_type(
    TenantInvoices,
    description="An invoice: one tenant's charges for one calendar month. Amounts are in the minor unit of `currency`.",
)
class Invoice(Node):
    """A row of `tenant_invoices`."""

    number: str | None = column(
        TenantInvoices.number,
        description="The invoice number, without gaps within a year; null before the invoice is issued.",
    )
    tenant: LazyTenant = one(TenantInvoices.tenant_id, description="The tenant that the invoice is addressed to.")
    period_start: date = column(TenantInvoices.period_start, description="The first day of the month.")
    period_end: date = column(TenantInvoices.period_end, description="The day after the last day of the month.")
    revision: int = column(
        TenantInvoices.revision,
        description="The number of this invoice among the invoices of its tenant and month, counted from 1.",
    )
    status: InvoiceStatus = column(TenantInvoices.status, description="The status of the invoice.")
    currency: str = column(TenantInvoices.currency, description="The ISO 4217 code of the currency of the amounts.")
    subtotal_cents: Cents = column(TenantInvoices.subtotal_cents, description="The sum of the lines without tax.")
    tax_cents: Cents = column(TenantInvoices.tax_cents, description="The sum of the tax lines.")
    total_cents: Cents = column(TenantInvoices.total_cents, description="The total including tax.")
    issued_at: datetime | None = column(
        TenantInvoices.issued_at, description="The time at which the invoice was issued; null before."
    )
    due_on: date | None = column(
        TenantInvoices.due_on, description="The day by which the invoice is to be paid; null before it is issued."
    )
    paid_at: datetime | None = column(
        TenantInvoices.paid_at, description="The time at which the invoice was paid in full; null before."
    )
    payment_reference: str | None = column(
        TenantInvoices.payment_reference,
        description="The reference of the payment, such as the bank's; null before the invoice is paid.",
    )
    balance_cents: Cents | None = computed(
        "invoice_balance_cents",
        *_KEY,
        description="The amount that is still to be paid; null before the invoice is issued.",
    )
    paid_cents: Cents | None = computed(
        "invoice_paid_cents",
        *_KEY,
        description="The sum that payments paid; null before the invoice is issued.",
    )
    applied_credit_cents: Cents | None = computed(
        "invoice_applied_credit_cents",
        *_KEY,
        description="The sum that the tenant's credit balance paid; null before the invoice is issued.",
    )
    written_off_cents: Cents | None = computed(
        "invoice_written_off_cents",
        *_KEY,
        description="The sum that was written off, including what was recovered; null before the invoice is issued.",
    )
    recovered_cents: Cents | None = computed(
        "invoice_recovered_cents",
        *_KEY,
        description="The sum that was received for what was written off; null before the invoice is issued.",
    )
    settled_by: SettledBy | None = computed(
        "invoice_settled_by",
        *_KEY,
        description="What brought the balance to 0; null while there is a balance, and for a draft or void invoice.",
    )
    overdue_since: date | None = computed(
        "invoice_overdue_since",
        *_KEY,
        TODAY,
        description="The first day after the due date; null unless that day has come and the invoice has a balance.",
    )
    applications: Connection[LazyInvoiceApplication] = connection(
        InvoiceApplications.invoice_id,
        order=(InvoiceApplications.id,),
        description="The payments and the credit that were applied to the invoice, in order of their application.",
    )
    write_offs: list[LazyWriteOff] = many(
        WriteOffs.invoice_id, order=(WriteOffs.id,), description="The write-offs of the invoice's balance, in order."
    )
    recoveries: list[LazyRecovery] = many(
        Recoveries.invoice_id,
        order=(Recoveries.id,),
        description="The receipts for what was written off of the invoice, in order.",
    )
    voided_at: datetime | None = column(
        TenantInvoices.voided_at, description="The time at which the invoice was voided; null if it is not void."
    )
    void_reason: str | None = column(
        TenantInvoices.void_reason,
        description="The reason for voiding the invoice; null if it is not void or none was given.",
    )
    created_at: datetime = column(
        TenantInvoices.created_at, description="The time at which the invoice was created as a draft."
    )
    stale: bool = computed(
        "invoice_is_stale",
        TenantInvoices.tenant_id,
        TenantInvoices.period_start,
        TenantInvoices.status,
        description="True for a draft whose usage or terms changed after it was rated; roll up with force to rate it "
        "again.",
    )
    stale_since: datetime | None = computed(
        "invoice_stale_since",
        TenantInvoices.tenant_id,
        TenantInvoices.period_start,
        TenantInvoices.status,
        description="The time of the first change of the month's usage or terms since the draft was rated; null if "
        "nothing changed.",
    )
    disputed_at: datetime | None = computed(
        "invoice_disputed_at",
        TenantInvoices.tenant_id,
        TenantInvoices.id,
        description="The time at which the tenant's dispute of the invoice was recorded; null if it is not disputed.",
    )
    dispute_reason: str | None = computed(
        "invoice_dispute_reason",
        TenantInvoices.tenant_id,
        TenantInvoices.id,
        description="The reason for the dispute; null if the invoice is not disputed.",
    )
    dunning_steps: list[LazyDunningStep] = many(
        DunningSteps.invoice_id,
        order=(DunningSteps.taken_at, DunningSteps.days),
        description="The steps of dunning that the invoice has reached, in the order in which they happened.",
    )
    input_hash: str = column(
        TenantInvoices.input_hash,
        description="The SHA-256 of the invoice's stored inputs (usage, terms and tax rates), in hexadecimal.",
    )
    lines: Connection[InvoiceLine] = connection(
        TenantInvoiceLines.invoice_id,
        order=(TenantInvoiceLines.position,),
        filters=INVOICE_LINE_FILTERS,
        filter_input=InvoiceLineFilter,
        description="The lines of the invoice: by deployment slug, for each deployment the base price, add-ons and "
        "overage; tax last.",
    )
    credited_cents: Cents | None = computed(
        "invoice_credited_cents",
        TenantInvoices.tenant_id,
        TenantInvoices.id,
        description="The sum of the invoice's credit notes, including tax; null before the invoice is issued.",
    )
    remaining_net_cents: Cents | None = computed(
        "invoice_remaining_net_cents",
        TenantInvoices.tenant_id,
        TenantInvoices.id,
        TenantInvoices.status,
        TenantInvoices.subtotal_cents,
        description="What is left of the lines without tax after the invoice's credit notes; null if the invoice is "
        "not issued or is void.",
    )
    remaining_tax_cents: Cents | None = computed(
        "invoice_remaining_tax_cents",
        TenantInvoices.tenant_id,
        TenantInvoices.id,
        TenantInvoices.status,
        TenantInvoices.tax_cents,
        description="What is left of the tax after the invoice's credit notes; null if the invoice is not issued or "
        "is void.",
    )
    pdf_url = python_field(needs=_DOCUMENT, description=document_links.PDF)(document_links.pdf_urls)
    html_url = python_field(needs=_DOCUMENT, description=document_links.HTML)(document_links.html_urls)
    e_invoice_url = python_field(needs=_DOCUMENT, description=document_links.E_INVOICE)(document_links.e_invoice_urls)
    document_url = python_field(needs=_DOCUMENT, description=document_links.DOCUMENT)(document_links.document_urls)
    pdf_sha256: str | None = computed(
        "document_pdf_sha256",
        TenantInvoices.tenant_id,
        TenantInvoices.id,
        description=document_links.SHA256,
        name="pdfSha256",
    )
    credit_notes: Connection[LazyCreditNote] = connection(
        CreditNotes.invoice_id,
        order=(CreditNotes.id,),
        description="The credit notes that reduce the invoice, in the order in which they were issued.",
    )


@strawberry.type
class InvoiceQueries:
    """Root queries for invoices."""

    invoice: Invoice | None = root_one(
        by={"id": TenantInvoices.id, "number": TenantInvoices.number},
        allow=reads_tenants,
        description="The invoice with this id or number (provide exactly one); null if there is none that the caller "
        "may see.",
    )
    invoices: Connection[Invoice] = root_connection(
        order=(desc(TenantInvoices.period_start), desc(TenantInvoices.id)),
        filters=INVOICE_FILTERS,
        filter_input=InvoiceFilter,
        allow=reads_tenants,
        description="The invoices that the caller may see, the latest period first.",
    )
