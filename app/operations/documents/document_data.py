"""A document as data: everything that its PDF, HTML and e-invoice show."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from app.operations.documents.parties import AUSTRALIA, Parties


class DocumentKind(StrEnum):
    INVOICE = "INVOICE"
    CREDIT_NOTE = "CREDIT_NOTE"


class DocumentTax(NamedTuple):
    """A tax line: the tax of a rate on the sum of what it taxes."""

    name: str
    rate: Decimal
    taxable_cents: int
    tax_cents: int


class DocumentLine(NamedTuple):
    """A line without tax. taxes: the tax and rate of each tax on it. month: its service month, when that is an earlier
    one. On a credit note, before_cents is what was left of the invoice's line, and amount_cents what it falls by.
    """

    id: str
    description: str
    explanation: str | None
    quantity: Decimal
    unit: str | None
    unit_price_cents: Decimal | None
    amount_cents: int
    taxes: tuple[tuple[str, Decimal], ...]
    month: date | None = None
    before_cents: int | None = None


class LineGroup(NamedTuple):
    """The lines of a deployment; title: its name and slug, or that they are the tenant's as a whole."""

    title: str
    lines: tuple[DocumentLine, ...]
    amount_cents: int


class CreditedInvoice(NamedTuple):
    """The invoice that a credit note reduces, with what was left of it before the note, net and tax."""

    number: str
    issued_on: date
    reason: str
    description: str
    before_net_cents: int
    before_tax_cents: int
    to_balance_cents: int
    to_credit_cents: int


class AccountState(NamedTuple):
    """What is paid and due of an invoice on a day: as the HTML shows it, never the PDF."""

    day: date
    paid_cents: int
    credit_cents: int
    credited_cents: int
    written_off_cents: int
    balance_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentData:
    """A document. number, issued_on and due_on are null on a draft; due_on and the period on a credit note, too.

    applied_credit_cents: of the tenant's credit, when the invoice was issued.
    """

    kind: DocumentKind
    number: str | None
    void: bool
    issued_on: date | None
    due_on: date | None
    period_start: date | None
    period_end: date | None
    currency: str
    parties: Parties
    groups: tuple[LineGroup, ...]
    subtotal_cents: int
    taxes: tuple[DocumentTax, ...]
    tax_cents: int
    total_cents: int
    applied_credit_cents: int = 0
    credited: CreditedInvoice | None = None
    account: AccountState | None = None

    @property
    def draft(self) -> bool:
        return self.number is None

    @property
    def due_cents(self) -> int:
        """What is to be paid at issue."""
        return self.total_cents - self.applied_credit_cents

    @property
    def title(self) -> str:
        """The words that the law asks for on Australian documents."""
        australian = self.parties.buyer.country == AUSTRALIA or bool(self.taxes)
        if self.kind is DocumentKind.INVOICE:
            return "Tax invoice" if australian else "Invoice"
        return "Adjustment note" if australian else "Credit note"
