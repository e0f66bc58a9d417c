"""The only place where rated lines become an invoice: their order, its tax and totals, the hash of its inputs."""

from collections import defaultdict
from datetime import date
from typing import NamedTuple

from app.billing.canonical import InputHash, charges_text, header_text, parse_header, subscription_text
from app.billing.canonical_documents import Document, correction_text, parse_document, rate_parsed
from app.billing.corrections import CorrectionInputs
from app.billing.inputs import ChargeInputs, QuoteHeader, SubscriptionInputs
from app.billing.lines import Line
from app.billing.taxes import TaxBase


class RatedDocument(NamedTuple):
    """One document of an invoice's inputs and the lines that it gives, which charge for the header's month."""

    text: str
    header: QuoteHeader
    lines: list[Line]


class InvoiceBuilder:
    """Builds one invoice, document by document; it keeps sums, not lines, so that a tenant of any size takes little
    memory.

    Subscriptions are added in order of slug, each perhaps with a correction of the same month, then the charges
    without one and the other corrections; `close` then gives the tax lines. Totals and hash are the invoice's once it
    is closed. Source: billing-rules, "Invoice".
    """

    def __init__(self, header: QuoteHeader, text: str | None = None) -> None:
        """`text` is the header as it is stored, whose hash is taken; without it the header is written as text."""
        self.header = header
        self.header_text = header_text(header) if text is None else text
        self.line_count = 0
        self.has_amounts = False
        self.tax_base = TaxBase()
        self.net_by_month: dict[date, int] = defaultdict(int)
        self._hash = InputHash(self.header_text)
        self._last_slug = ""

    @classmethod
    def from_text(cls, text: str) -> "InvoiceBuilder":
        """Starts from a stored header. Raises ValueError for another format."""
        return cls(parse_header(text), text)

    @property
    def subtotal_cents(self) -> int:
        return self.tax_base.subtotal_cents

    @property
    def tax_cents(self) -> int:
        """Raises AmountTooLarge for a tax that does not fit 64 bits."""
        return self.tax_base.tax_cents

    @property
    def total_cents(self) -> int:
        """Raises AmountTooLarge for a subtotal, tax or total that does not fit 64 bits."""
        return self.tax_base.total_cents

    @property
    def input_hash(self) -> str:
        """The SHA-256 of the header and the documents added so far, in hexadecimal."""
        return self._hash.hexdigest()

    def add(self, inputs: SubscriptionInputs | ChargeInputs) -> RatedDocument:
        """Rates a subscription's month, or charges of the month that belong to no subscription.

        Raises as rate_subscription does, and ValueError for a subscription that is out of order.
        """
        if isinstance(inputs, ChargeInputs):
            return self._take(inputs, charges_text(inputs))
        return self._take(inputs, subscription_text(inputs, self.header.period))

    def add_late(self, inputs: CorrectionInputs) -> RatedDocument:
        """Adds what changed in a month that is billed already, with the tax of that month.

        Raises ValueError for a month that was billed in another currency.
        """
        return self._take(inputs, correction_text(inputs))

    def add_text(self, text: str) -> RatedDocument:
        """Adds a stored document of any of these. Raises ValueError for a document in another format."""
        return self._take(parse_document(text, self.header), text)

    def close(self) -> list[Line]:
        """Returns the tax lines: none for an invoice without lines."""
        taxes = self.tax_base.lines() if self.line_count else []
        self.line_count += len(taxes)
        return taxes

    def _take(self, document: Document, text: str) -> RatedDocument:
        header = self.header
        if isinstance(document, CorrectionInputs):
            header = document.header
            if header.currency != self.header.currency:
                raise ValueError(f"a month billed in {header.currency} cannot go on an invoice in another currency")
        self._keep_order(document)
        lines = rate_parsed(self.header, document)
        self._hash.add(text)
        if lines:
            net_cents = sum([line.amount_cents for line in lines])
            self.line_count += len(lines)
            self.tax_base.add(header, net_cents)
            self.net_by_month[header.period.start] += net_cents
            self.has_amounts = self.has_amounts or any(line.amount_cents for line in lines)
        return RatedDocument(text, header, lines)

    def _keep_order(self, document: Document) -> None:
        if isinstance(document, SubscriptionInputs):
            if document.slug < self._last_slug:
                raise ValueError(f"subscription {document.slug} must come before {self._last_slug}")
            self._last_slug = document.slug
