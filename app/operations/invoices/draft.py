"""A tenant's month on its way to an invoice, rated subscription by subscription."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from app.billing import (
    InputHash,
    LateInputs,
    Line,
    QuoteHeader,
    SubscriptionInputs,
    header_text,
    late_text,
    rate_subscription,
    subscription_text,
    tax_lines,
)
from app.operations.invoices.staging import StagedInvoice
from app.tables.ids import new_id, new_ids


class Draft:
    """An invoice being rated. Its lines and documents are kept as the rows to write, and forgotten once they are
    written, so that a tenant of any size takes little memory.

    Subscriptions are added in line order, then late usage, then it is closed; only then are its totals and hash the
    invoice's.
    """

    def __init__(
        self, tenant_id: UUID, header: QuoteHeader, *, invoice_id: UUID | None = None, revision: int = 1
    ) -> None:
        self.tenant_id = tenant_id
        self.header = header
        self.invoice_id = invoice_id or new_id()
        self.revision = revision
        self.subtotal_cents = 0
        self.tax_cents = 0
        self.lines: list[bytes] = []
        self.documents: list[bytes] = []
        self._rows = StagedInvoice(tenant_id, self.invoice_id)
        self._last_line = 0
        self._last_document = -1
        text = header_text(header)
        self._hash = InputHash(text)
        self._keep((), header.period.start, text, None)

    @property
    def total_cents(self) -> int:
        return self.subtotal_cents + self.tax_cents

    @property
    def input_hash(self) -> str:
        return self._hash.hexdigest()

    @property
    def billable(self) -> bool:
        """Whether there is anything to pay: a month whose lines are all 0 gets no invoice."""
        return self.subtotal_cents > 0

    def add(self, inputs: SubscriptionInputs) -> list[Line]:
        """Gives the lines that it came to."""
        document = subscription_text(inputs, self.header.period)
        lines = rate_subscription(self.header, inputs)
        self._hash.add(document)
        self._keep(lines, self.header.period.start, document, inputs.subscription_id)
        return lines

    def add_late(self, inputs: LateInputs, lines: Sequence[Line]) -> None:
        """The lines are what the inputs were rated to. Raises ValueError for a month billed in another currency."""
        if inputs.header.currency != self.header.currency:
            raise ValueError(f"a month billed in {inputs.header.currency} cannot go on an invoice in another currency")
        document, month = late_text(inputs), inputs.header.period.start
        self._hash.add(document)
        self._keep(lines, month, document, inputs.subscription.subscription_id, late_month=month)

    def close(self) -> None:
        """Adds the tax."""
        if self._last_line:
            taxes = tax_lines(self.header, self.subtotal_cents)
            self._keep_lines(new_ids(len(taxes)), taxes, self.header.period.start)
            self.tax_cents = sum(line.amount_cents for line in taxes)

    def forget(self) -> None:
        """Drops the lines and documents kept so far, once they are written or not to be."""
        self.lines.clear()
        self.documents.clear()

    def _keep(
        self,
        lines: Sequence[Line],
        month: date,
        document: str,
        subscription_id: str | None,
        late_month: date | None = None,
    ) -> None:
        document_id, *line_ids = new_ids(1 + len(lines))
        self._last_document += 1
        row = self._rows.document(document_id, self._last_document, subscription_id, document, late_month)
        self.documents.append(row)
        self._keep_lines(line_ids, lines, month)
        self.subtotal_cents += sum([line.amount_cents for line in lines])

    def _keep_lines(self, ids: Sequence[UUID], lines: Sequence[Line], month: date) -> None:
        for line_id, line in zip(ids, lines, strict=True):
            self._last_line += 1
            self.lines.append(self._rows.line(line_id, self._last_line, line, month))
