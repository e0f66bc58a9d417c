"""A tenant's month on its way to an invoice, rated document by document."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

from app.billing import (
    ChargeInputs,
    CorrectionInputs,
    InputHash,
    Line,
    QuoteHeader,
    SubscriptionInputs,
    TaxBase,
    charges_text,
    correction_text,
    header_text,
    rate_charges,
    rate_correction,
    rate_subscription,
    subscription_text,
)
from app.operations.invoices.staging import StagedInvoice
from app.tables.ids import new_id, new_ids


class Draft:
    """An invoice being rated. Its lines and documents are kept as the rows to write, and dropped once they are
    written, so that a tenant of any size takes little memory.

    Subscriptions are added in line order, then charges without one, then corrections; then it is closed. Only then are
    its totals and hash the invoice's.
    """

    def __init__(
        self, tenant_id: UUID, header: QuoteHeader, *, invoice_id: UUID | None = None, revision: int = 1
    ) -> None:
        self.tenant_id = tenant_id
        self.header = header
        self.invoice_id = invoice_id or new_id()
        self.revision = revision
        self.billable = False
        self.tax_base = TaxBase()
        self.net_by_month: dict[date, int] = defaultdict(int)
        self.lines: list[bytes] = []
        self.documents: list[bytes] = []
        self._rows = StagedInvoice(tenant_id, self.invoice_id)
        self._last_line = 0
        self._last_document = -1
        text = header_text(header)
        self._hash = InputHash(text)
        self._keep_document(new_id(), text, None, None)

    @property
    def subtotal_cents(self) -> int:
        return self.tax_base.subtotal_cents

    @property
    def tax_cents(self) -> int:
        return self.tax_base.tax_cents

    @property
    def total_cents(self) -> int:
        return self.tax_base.total_cents

    @property
    def input_hash(self) -> str:
        return self._hash.hexdigest()

    def add(self, inputs: SubscriptionInputs) -> list[Line]:
        """Rates a subscription's month, and returns its lines."""
        document = subscription_text(inputs, self.header.period)
        lines = rate_subscription(self.header, inputs)
        self._keep(lines, self.header, document, inputs.subscription_id)
        return lines

    def add_charges(self, inputs: ChargeInputs) -> list[Line]:
        """Adds charges of the month that belong to no subscription, and returns their lines."""
        lines = rate_charges(self.header, inputs)
        self._keep(lines, self.header, charges_text(inputs), None)
        return lines

    def add_correction(self, inputs: CorrectionInputs) -> list[Line]:
        """Adds a month's differences. Raises ValueError for a month that was billed in another currency."""
        if inputs.header.currency != self.header.currency:
            raise ValueError(f"a month billed in {inputs.header.currency} cannot go on an invoice in another currency")
        subject = inputs.subject
        subscription_id = subject.subscription_id if isinstance(subject, SubscriptionInputs) else None
        lines = rate_correction(inputs)
        month = inputs.header.period.start
        self._keep(lines, inputs.header, correction_text(inputs), subscription_id, late_month=month)
        return lines

    def close(self) -> None:
        """Adds the tax lines."""
        if self._last_line:
            taxes = self.tax_base.lines()
            self._keep_lines(new_ids(len(taxes)), taxes, self.header.period.start)

    def forget(self) -> None:
        """Drops the lines and documents kept so far, once they are written or not to be."""
        self.lines.clear()
        self.documents.clear()

    def _keep(
        self,
        lines: Sequence[Line],
        header: QuoteHeader,
        document: str,
        subscription_id: str | None,
        late_month: date | None = None,
    ) -> None:
        document_id, *line_ids = new_ids(1 + len(lines))
        self._hash.add(document)
        self._keep_document(document_id, document, subscription_id, late_month)
        self._keep_lines(line_ids, lines, header.period.start)
        if lines:
            net = sum([line.amount_cents for line in lines])
            self.tax_base.add(header, net)
            self.net_by_month[header.period.start] += net
            self.billable = self.billable or any(line.amount_cents for line in lines)

    def _keep_document(
        self, document_id: UUID, document: str, subscription_id: str | None, late_month: date | None
    ) -> None:
        self._last_document += 1
        row = self._rows.document(document_id, self._last_document, subscription_id, document, late_month)
        self.documents.append(row)

    def _keep_lines(self, ids: Iterable[UUID], lines: Sequence[Line], month: date) -> None:
        for line_id, line in zip(ids, lines, strict=True):
            self._last_line += 1
            self.lines.append(self._rows.line(line_id, self._last_line, line, month))
