"""Builds a tenant's invoice for a month, document by document."""

from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

from app.billing import (
    ChargeInputs,
    CorrectionInputs,
    HashedInvoiceBuilder,
    KeptDocument,
    Line,
    QuoteHeader,
    SubscriptionInputs,
)
from app.operations.invoices.line_rows import StagedInvoice
from app.tables.ids import new_id, new_ids


class Draft:
    """An invoice that is being built. Its lines and documents are kept as rows to write and dropped once they are
    written, which limits the memory for a large tenant.
    """

    def __init__(
        self, tenant_id: UUID, header: QuoteHeader, *, invoice_id: UUID | None = None, revision: int = 1
    ) -> None:
        self.tenant_id = tenant_id
        self.header = header
        self.invoice_id = invoice_id or new_id()
        self.revision = revision
        self.invoice = HashedInvoiceBuilder(header)
        self.lines: list[bytes] = []
        self.documents: list[bytes] = []
        self._rows = StagedInvoice(tenant_id, self.invoice_id)
        self._last_document = -1
        self._keep_document(new_id(), self.invoice.header_text, None, None)

    @property
    def billable(self) -> bool:
        """Whether any line of the draft has an amount other than 0. If none has, no invoice is created."""
        return self.invoice.has_amounts

    def add(self, inputs: SubscriptionInputs) -> list[Line]:
        """Rates a subscription's month and returns its lines."""
        return self._keep(self.invoice.add(inputs), inputs.subscription_id)

    def add_charges(self, inputs: ChargeInputs) -> list[Line]:
        """Adds charges of the month that belong to no subscription, and returns their lines."""
        return self._keep(self.invoice.add(inputs), None)

    def add_correction(self, inputs: CorrectionInputs) -> list[Line]:
        """Adds the correction of a month. Raises ValueError for a month that was billed in another currency."""
        subject = inputs.subject
        subscription_id = subject.subscription_id if isinstance(subject, SubscriptionInputs) else None
        return self._keep(self.invoice.add_late(inputs), subscription_id, late_month=inputs.header.period.start)

    def close(self) -> None:
        """Adds the tax lines."""
        taxes = self.invoice.close()
        self._keep_lines(new_ids(len(taxes)), taxes, self.header.period.start)

    def forget(self) -> None:
        """Discards the draft's collected lines and documents, after they were written or if they
        will not be written.
        """
        self.lines.clear()
        self.documents.clear()

    def _keep(
        self, document: KeptDocument, subscription_id: str | None, *, late_month: date | None = None
    ) -> list[Line]:
        document_id, *line_ids = new_ids(1 + len(document.lines))
        self._keep_document(document_id, document.text, subscription_id, late_month)
        self._keep_lines(line_ids, document.lines, document.header.period.start)
        return document.lines

    def _keep_document(
        self, document_id: UUID, document: str, subscription_id: str | None, late_month: date | None
    ) -> None:
        self._last_document += 1
        row = self._rows.document(document_id, self._last_document, subscription_id, document, late_month)
        self.documents.append(row)

    def _keep_lines(self, ids: Iterable[UUID], lines: Sequence[Line], month: date) -> None:
        """Encodes the invoice lines that were added to the builder last, as rows to be written."""
        first = self.invoice.line_count - len(lines) + 1
        for position, (line_id, line) in enumerate(zip(ids, lines, strict=True), first):
            self.lines.append(self._rows.line(line_id, position, line, month))
