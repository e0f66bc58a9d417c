"""Credit notes: net amounts taken off the lines of an issued invoice, with their tax. Append-only."""

from enum import StrEnum

from piccolo.columns import UUID
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from app.tables.columns import calendar_day, cents, instant, integer, member_of, primary_key, reference, text
from app.tables.invoices import TenantInvoiceLines, TenantInvoices
from app.tables.tenants import Tenants


class CreditReason(StrEnum):
    """Why an invoice is credited. Part of the API. Only LATE_CORRECTION counts as billed when a month is corrected."""

    SERVICE_FAULT = "SERVICE_FAULT"
    PRICE_CHANGE = "PRICE_CHANGE"
    BILLING_ERROR = "BILLING_ERROR"
    CANCELLATION = "CANCELLATION"
    GOODWILL = "GOODWILL"
    LATE_CORRECTION = "LATE_CORRECTION"


class CreditNotes(Table, tablename="credit_notes"):
    """One credit note. Its total went, in this order, off what was written off of the invoice, off the invoice's
    balance, and to the tenant's credit.
    """

    id = primary_key()
    tenant_id = reference(Tenants)
    invoice_id = reference(TenantInvoices)
    number = text()
    reason = text()
    description = text()
    currency = text()
    net_cents = cents()
    tax_cents = cents()
    total_cents = cents()
    written_off_cents = cents()
    receivable_cents = cents()
    credit_cents = cents()
    issued_on = calendar_day()
    issued_at = instant()
    issued_by = text()

    credit_notes_number_key = Unique([number])
    credit_notes_reason_check = member_of("reason", CreditReason)
    credit_notes_total_cents_check = Check(
        "total_cents = net_cents + tax_cents AND total_cents = written_off_cents + receivable_cents + credit_cents"
    )
    credit_notes_parts_check = Check("least(total_cents, written_off_cents, receivable_cents, credit_cents) >= 0")


class CreditNoteLines(Table, tablename="credit_note_lines"):
    """What a credit note takes off one line of the invoice; a tax line's row has the tax in net_cents' place.

    position: the invoice line's. taxed_net_cents: of a tax line, the net amount by which what it taxes falls; null on
    others.
    """

    id = primary_key()
    tenant_id = reference(Tenants)
    credit_note_id = reference(CreditNotes)
    invoice_line_id = reference(TenantInvoiceLines)
    position = integer()
    amount_cents = cents()
    taxed_net_cents = cents(null=True)

    credit_note_lines_tenant_id_credit_note_id_position_key = Unique([tenant_id, credit_note_id, position])


class CreditNoteNumberSequences(Table, tablename="credit_note_number_sequences"):
    """The last number of a calendar year's credit notes; its row lock keeps numbers gapless."""

    year = integer(primary_key=True)
    last_number = integer()

    credit_note_number_sequences_last_number_check = Check("last_number > 0")


class AbsorbedCorrections(Table, tablename="absorbed_corrections"):
    """A part of a month's fall in value that credit notes for other reasons had covered already: the line had no more
    to credit. It counts as corrected, as a LATE_CORRECTION note does. A negative amount: the month rose again, which
    used so much of it up. run_id: the rollup that found it. Append-only.
    """

    id = primary_key()
    tenant_id = reference(Tenants)
    invoice_line_id = reference(TenantInvoiceLines)
    run_id = UUID(default=None)
    absorbed_cents = cents()
    recorded_at = instant()

    absorbed_corrections_absorbed_cents_check = Check("absorbed_cents <> 0")
