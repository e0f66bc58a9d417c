"""Builds invoices from rated lines: the only place that decides line order, tax, totals and the hash of the inputs."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from app.billing.canonical import InputHash, charges_text, header_text, parse_header, subscription_text
from app.billing.canonical_documents import Document, correction_text, parse_document, rate_parsed
from app.billing.corrections import CorrectionInputs
from app.billing.inputs import ChargeInputs, QuoteHeader, SubscriptionInputs
from app.billing.lines import Line
from app.billing.taxes import TaxBase


@dataclass(slots=True)
class RatedDocument:
    """The lines of one document of an invoice's inputs, which charge for the header's month."""

    header: QuoteHeader
    lines: list[Line]


@dataclass(slots=True)
class KeptDocument(RatedDocument):
    """A rated document and its canonical text."""

    text: str


class InvoiceBuilder:
    """Builds one invoice, document by document. It keeps sums instead of lines, so memory does not grow with the
    tenant.

    Add the subscriptions in order of slug, each followed by its correction if there is one, then the charges without a
    subscription, then the other corrections. Then `close` returns the tax lines and makes the totals final.
    Source: billing-rules, "Invoice".
    """

    def __init__(self, header: QuoteHeader) -> None:
        self.header = header
        self.line_count = 0
        self.has_amounts = False
        self.tax_base = TaxBase()
        self.net_by_month: dict[date, int] = defaultdict(int)
        self._last_slug = ""

    @property
    def subtotal_cents(self) -> int:
        return self.tax_base.subtotal_cents

    @property
    def tax_cents(self) -> int:
        """The tax on what was added so far. Raises AmountTooLarge if it does not fit 64 bits."""
        return self.tax_base.tax_cents

    @property
    def total_cents(self) -> int:
        """Subtotal and tax of what was added so far. Raises AmountTooLarge if an amount does not fit 64 bits."""
        return self.tax_base.total_cents

    def add(self, inputs: SubscriptionInputs | ChargeInputs) -> RatedDocument:
        """Rates a subscription's month, or charges of the month that belong to no subscription.

        Raises as rate_subscription does, and ValueError for a subscription that is out of order.
        """
        return RatedDocument(*self._rate(inputs))

    def add_late(self, inputs: CorrectionInputs) -> RatedDocument:
        """Adds a correction: what changed in a month that was already billed, with the tax of that month.

        Raises ValueError for a month that was billed in another currency.
        """
        return RatedDocument(*self._rate(inputs))

    def close(self) -> list[Line]:
        """Returns the tax lines: none for an invoice without lines."""
        taxes = self.tax_base.lines() if self.line_count else []
        self.line_count += len(taxes)
        return taxes

    def _rate(self, document: Document) -> tuple[QuoteHeader, list[Line]]:
        """Rates a document and adds its lines to the totals. Returns the header that it is rated
        with, and the lines.
        """
        header = self.header
        if isinstance(document, CorrectionInputs):
            header = document.header
            if header.currency != self.header.currency:
                raise ValueError(f"a month billed in {header.currency} cannot go on an invoice in another currency")
        self._keep_order(document)
        lines = rate_parsed(self.header, document)
        if lines:
            net_cents = sum([line.amount_cents for line in lines])
            self.line_count += len(lines)
            self.tax_base.add(header, net_cents)
            self.net_by_month[header.period.start] += net_cents
            self.has_amounts = self.has_amounts or any(line.amount_cents for line in lines)
        return header, lines

    def _keep_order(self, document: Document) -> None:
        if isinstance(document, SubscriptionInputs):
            if document.slug < self._last_slug:
                raise ValueError(f"subscription {document.slug} must come before {self._last_slug}")
            self._last_slug = document.slug


class HashedInvoiceBuilder(InvoiceBuilder):
    """Builds an invoice whose inputs are kept: each document is also encoded as canonical text, and all are hashed."""

    def __init__(self, header: QuoteHeader, text: str | None = None) -> None:
        """`text`: the stored text of the header, for the hash; if omitted, the header is encoded."""
        super().__init__(header)
        self.header_text = header_text(header) if text is None else text
        self._hash = InputHash(self.header_text)

    @classmethod
    def from_text(cls, text: str) -> "HashedInvoiceBuilder":
        """Creates a builder from the stored text of an invoice's header. Raises ValueError for another format."""
        return cls(parse_header(text), text)

    @property
    def input_hash(self) -> str:
        """The SHA-256 of the header and the documents added so far, in hexadecimal."""
        return self._hash.hexdigest()

    def add(self, inputs: SubscriptionInputs | ChargeInputs) -> KeptDocument:
        """Adds a subscription or charges as InvoiceBuilder.add does. Raises ValueError also for usage outside the
        header's month.
        """
        if isinstance(inputs, ChargeInputs):
            return self._keep(inputs, charges_text(inputs))
        return self._keep(inputs, subscription_text(inputs, self.header.period))

    def add_late(self, inputs: CorrectionInputs) -> KeptDocument:
        """Adds a correction as InvoiceBuilder.add_late does."""
        return self._keep(inputs, correction_text(inputs))

    def add_text(self, text: str) -> KeptDocument:
        """Adds a stored document: a subscription, charges or a correction. Raises ValueError for a document in another
        format.
        """
        return self._keep(parse_document(text, self.header), text)

    def _keep(self, document: Document, text: str) -> KeptDocument:
        rated = KeptDocument(*self._rate(document), text)
        self._hash.add(text)
        return rated
