"""Credit notes and their lines, what they absorbed of later corrections, and by what notes are found."""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

import strawberry

from app.billing import LineKind
from app.reads import (
    Connection,
    among,
    at_least,
    before,
    column,
    desc,
    equals,
    many,
    one,
    read_type,
    related,
    root_connection,
    root_one,
)
from app.reads.filter_conditions import Condition
from app.schema.arguments import optional
from app.schema.context import reads_tenants
from app.schema.lazy_types import LazyInvoice, LazyInvoiceLine, LazyTenant
from app.schema.nodes import Node
from app.schema.scalars import Cents
from app.tables.credit_notes import AbsorbedCorrections, CreditNoteLines, CreditNotes, CreditReason
from app.tables.invoices import TenantInvoiceLines
from app.tables.tenants import Tenants


@read_type(
    CreditNoteLines,
    description="What a credit note takes off one line of its invoice. The amount is in the minor unit of `currency`.",
)
class CreditNoteLine(Node):
    """A row of `credit_note_lines`."""

    line: LazyInvoiceLine = one(CreditNoteLines.invoice_line_id, description="The credited line of the invoice.")
    kind: LineKind = related(
        CreditNoteLines.invoice_line_id, TenantInvoiceLines.kind, description="The kind of the credited line."
    )
    amount_cents: Cents = column(
        CreditNoteLines.amount_cents,
        description="The amount taken off the line: without tax, or of a tax line the tax. Negative where a negative "
        "line is reversed.",
    )
    currency: str = related(
        CreditNoteLines.credit_note_id,
        CreditNotes.currency,
        description="The ISO 4217 code of the currency of the amount.",
    )


@read_type(
    CreditNotes,
    description="A credit note (in Australia an adjustment note): it reduces lines of one issued invoice, with their "
    "tax. It is never changed or withdrawn. Amounts are in the minor unit of `currency`.",
)
class CreditNote(Node):
    """A row of `credit_notes`."""

    number: str = column(
        CreditNotes.number, description="The number of the credit note, without gaps within a calendar year."
    )
    tenant: LazyTenant = one(CreditNotes.tenant_id, description="The tenant that the credit note is addressed to.")
    invoice: LazyInvoice = one(CreditNotes.invoice_id, description="The invoice that the credit note reduces.")
    reason: CreditReason = column(CreditNotes.reason, description="The kind of reason for the credit.")
    description: str = column(CreditNotes.description, description="The reason for the credit, in words.")
    currency: str = column(CreditNotes.currency, description="The ISO 4217 code of the currency of the amounts.")
    net_cents: Cents = column(CreditNotes.net_cents, description="The credited amount without tax.")
    tax_cents: Cents = column(CreditNotes.tax_cents, description="The credited tax.")
    total_cents: Cents = column(CreditNotes.total_cents, description="The credited amount including tax.")
    reversed_write_off_cents: Cents = column(
        CreditNotes.written_off_cents,
        description="The part of the total that reduced what had been written off of the invoice.",
    )
    applied_to_invoice_cents: Cents = column(
        CreditNotes.receivable_cents, description="The part of the total that reduced the balance of the invoice."
    )
    credited_to_balance_cents: Cents = column(
        CreditNotes.credit_cents, description="The part of the total that was added to the tenant's credit balance."
    )
    issued_at: datetime = column(CreditNotes.issued_at, description="The time at which the credit note was issued.")
    issued_on: date = column(
        CreditNotes.issued_on, description="The date of the credit note: the day of issue in the billing time zone."
    )
    lines: list[CreditNoteLine] = many(
        CreditNoteLines.credit_note_id,
        order=(CreditNoteLines.position,),
        description="The credited lines, in the order of the invoice, tax last.",
    )


@read_type(
    AbsorbedCorrections,
    description="A part of a late correction of a month that was not credited, because credit notes for other reasons "
    "had left nothing of the series to credit. It counts as corrected. The amount is in the minor unit of `currency`.",
)
class AbsorbedCorrection(Node):
    """A row of `absorbed_corrections`."""

    month: date = related(
        AbsorbedCorrections.invoice_line_id,
        TenantInvoiceLines.period_start,
        description="The first day of the month whose value changed after it was invoiced.",
    )
    amount_cents: Cents = column(
        AbsorbedCorrections.absorbed_cents,
        description="The amount without tax by which the month fell in value without a credit note. Negative where "
        "the month rose again: so much of the rise was not billed.",
    )
    currency: str = related(
        AbsorbedCorrections.tenant_id, Tenants.currency, description="The ISO 4217 code of the currency of the amount."
    )
    recorded_at: datetime = column(
        AbsorbedCorrections.recorded_at, description="The time of the rollup that corrected the month."
    )


@strawberry.input(description="Selects credit notes that meet every given condition.")
class CreditNoteFilter:
    """The filter of a credit note connection."""

    tenant_id: UUID | None = optional(description="Only credit notes of this tenant.")
    invoice_id: UUID | None = optional(description="Only credit notes that reduce this invoice.")
    number: str | None = optional(description="Only the credit note with exactly this number.")
    reason: list[CreditReason] | None = optional(description="Only credit notes with one of these reasons.")
    issued_from: date | None = optional(description="Only credit notes issued on this day or later.")
    issued_to: date | None = optional(description="Only credit notes issued before this day.")


CREDIT_NOTE_FILTERS: Mapping[str, Condition] = {
    "tenant_id": equals(CreditNotes.tenant_id),
    "invoice_id": equals(CreditNotes.invoice_id),
    "number": equals(CreditNotes.number),
    "reason": among(CreditNotes.reason),
    "issued_from": at_least(CreditNotes.issued_on),
    "issued_to": before(CreditNotes.issued_on),
}


@strawberry.type
class CreditNoteQueries:
    """Credit notes at the root."""

    credit_note: CreditNote | None = root_one(
        by={"id": CreditNotes.id, "number": CreditNotes.number},
        allow=reads_tenants,
        description="The credit note with this id or number (provide exactly one); null if there is none that the "
        "caller may see.",
    )
    credit_notes: Connection[CreditNote] = root_connection(
        order=(desc(CreditNotes.issued_on), desc(CreditNotes.id)),
        filters=CREDIT_NOTE_FILTERS,
        filter_input=CreditNoteFilter,
        allow=reads_tenants,
        description="The credit notes that the caller may see, the latest first.",
    )
