"""A tenant's month on its way to an invoice: rated subscription by subscription, written in bulk."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
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
from app.database.copy import copy_rows
from app.database.unit_of_work import UnitOfWork
from app.tables.ids import new_id, new_ids
from app.tables.invoices import InvoiceStatus, TenantInvoiceInputs, TenantInvoiceLines, TenantInvoices

LINE_COLUMNS = (
    TenantInvoiceLines.id,
    TenantInvoiceLines.tenant_id,
    TenantInvoiceLines.invoice_id,
    TenantInvoiceLines.position,
    TenantInvoiceLines.key,
    TenantInvoiceLines.kind,
    TenantInvoiceLines.description,
    TenantInvoiceLines.resource_kind,
    TenantInvoiceLines.quantity,
    TenantInvoiceLines.unit_price_cents,
    TenantInvoiceLines.amount_cents,
    TenantInvoiceLines.deployment_id,
    TenantInvoiceLines.subscription_id,
    TenantInvoiceLines.subscription_addon_id,
    TenantInvoiceLines.period_start,
)
INPUT_COLUMNS = (
    TenantInvoiceInputs.id,
    TenantInvoiceInputs.tenant_id,
    TenantInvoiceInputs.invoice_id,
    TenantInvoiceInputs.position,
    TenantInvoiceInputs.subscription_id,
    TenantInvoiceInputs.document,
    TenantInvoiceInputs.late_month,
)
INVOICE_COLUMNS = (
    TenantInvoices.id,
    TenantInvoices.tenant_id,
    TenantInvoices.period_start,
    TenantInvoices.period_end,
    TenantInvoices.revision,
    TenantInvoices.status,
    TenantInvoices.currency,
    TenantInvoices.subtotal_cents,
    TenantInvoices.tax_cents,
    TenantInvoices.total_cents,
    TenantInvoices.input_hash,
    TenantInvoices.created_at,
)
_RATED_AGAIN = """
ON CONFLICT (id) DO UPDATE SET currency = excluded.currency, subtotal_cents = excluded.subtotal_cents,
    tax_cents = excluded.tax_cents, total_cents = excluded.total_cents, input_hash = excluded.input_hash,
    stale_since = NULL
"""


class _Line(NamedTuple):
    """Of the month from `month` on."""

    position: int
    line: Line
    month: date


class _Document(NamedTuple):
    """The fields are in the order of the columns."""

    position: int
    subscription_id: str | None
    text: str
    late_month: date | None


class Draft:
    """An invoice being rated. What is written is forgotten, so a tenant of any size takes little memory.

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
        self.lines: list[_Line] = []
        self.documents: list[_Document] = []
        self._last_line = 0
        self._last_document = -1
        text = header_text(header)
        self._hash = InputHash(text)
        self._keep(None, text)

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
        self._keep(inputs.subscription_id, document)
        self._number(lines, self.header.period.start)
        self.subtotal_cents += sum(line.amount_cents for line in lines)
        return lines

    def add_late(self, inputs: LateInputs, lines: Sequence[Line]) -> None:
        """The lines are what the inputs were rated to. Raises ValueError for a month billed in another currency."""
        if inputs.header.currency != self.header.currency:
            raise ValueError(f"a month billed in {inputs.header.currency} cannot go on an invoice in another currency")
        document, month = late_text(inputs), inputs.header.period.start
        self._hash.add(document)
        self._keep(inputs.subscription.subscription_id, document, month)
        self._number(lines, month)
        self.subtotal_cents += sum(line.amount_cents for line in lines)

    def close(self) -> None:
        """Adds the tax."""
        if self._last_line:
            taxes = tax_lines(self.header, self.subtotal_cents)
            self._number(taxes, self.header.period.start)
            self.tax_cents = sum(line.amount_cents for line in taxes)

    def forget(self) -> None:
        """Drops the lines and documents kept so far, once they are written or not to be."""
        self.lines.clear()
        self.documents.clear()

    def _number(self, lines: Iterable[Line], month: date) -> None:
        for line in lines:
            self._last_line += 1
            self.lines.append(_Line(self._last_line, line, month))

    def _keep(self, subscription_id: str | None, document: str, late_month: date | None = None) -> None:
        self._last_document += 1
        self.documents.append(_Document(self._last_document, subscription_id, document, late_month))


async def write_invoices(unit: UnitOfWork, drafts: Iterable[Draft], now: datetime) -> None:
    """Writes the invoices, or their new totals where they are drafts already."""
    await copy_rows(unit, TenantInvoices, INVOICE_COLUMNS, (_invoice(d, now) for d in drafts), on_conflict=_RATED_AGAIN)


async def write_lines_and_inputs(unit: UnitOfWork, drafts: Sequence[Draft]) -> None:
    """Writes what the drafts, whose invoices are written, have kept since the last time."""
    ids = iter(new_ids(sum(len(draft.lines) + len(draft.documents) for draft in drafts)))
    lines = (_line(next(ids), draft, *numbered) for draft in drafts for numbered in draft.lines)
    documents = ((next(ids), draft.tenant_id, draft.invoice_id, *kept) for draft in drafts for kept in draft.documents)
    await copy_rows(unit, TenantInvoiceLines, LINE_COLUMNS, lines)
    await copy_rows(unit, TenantInvoiceInputs, INPUT_COLUMNS, documents)
    for draft in drafts:
        draft.forget()


async def clear_drafts(unit: UnitOfWork, invoice_ids: Sequence[UUID]) -> None:
    """Removes the lines and inputs of draft invoices that are rated again."""
    if invoice_ids:
        await unit.connection.execute(
            "DELETE FROM tenant_invoice_lines WHERE invoice_id = any($1::uuid[])", invoice_ids
        )
        await unit.connection.execute(
            "DELETE FROM tenant_invoice_inputs WHERE invoice_id = any($1::uuid[])", invoice_ids
        )


def _invoice(draft: Draft, now: datetime) -> tuple[Any, ...]:
    period = draft.header.period
    return (
        draft.invoice_id,
        draft.tenant_id,
        period.start,
        period.end,
        draft.revision,
        InvoiceStatus.DRAFT,
        draft.header.currency,
        draft.subtotal_cents,
        draft.tax_cents,
        draft.total_cents,
        draft.input_hash,
        now,
    )


def _line(line_id: UUID, draft: Draft, position: int, line: Line, month: date) -> tuple[Any, ...]:
    return (
        line_id,
        draft.tenant_id,
        draft.invoice_id,
        position,
        line.key,
        line.kind,
        line.description,
        line.resource_kind,
        line.quantity,
        line.unit_price_cents,
        line.amount_cents,
        line.deployment_id,
        line.subscription_id,
        line.addon_id,
        month,
    )
