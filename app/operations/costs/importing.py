"""Imports a provider's bill: a row that names a known resource is a cost of that resource's deployment; others are
unallocated.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, BinaryIO, NamedTuple
from uuid import UUID

from app.billing import InputFault, cents_fault
from app.billing.money import EXACT, ZERO, add, multiply
from app.database import UnitOfWork
from app.database.copy import copy_rows
from app.operations.calls import validation
from app.operations.calls.access import Action, authorise
from app.operations.calls.context import Context
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.calls.transaction import transact
from app.operations.costs.bill_file import BillFile, BillSummary
from app.operations.costs.bill_rows import BillRow, MalformedBill, round_cents, sum_exactly
from app.operations.costs.layouts import ColumnOfField, layout_faults, layout_of
from app.operations.costs.matching import Match, match_rows
from app.operations.currencies import CURRENCIES
from app.tables.costs import CloudInvoiceLines, CloudInvoices
from app.tables.ids import new_id

Progress = Callable[[int, int], None]
"""Called with the number of rows imported so far and the total number."""
Admit = Callable[[int], Awaitable[None]]
"""Called with the number of rows before any is written; an exception from it ends the import."""


class ImportOutcome(NamedTuple):
    """The result of importing a provider's bill. Amounts are in the minor unit of the bill's currency."""

    cloud_invoice_id: UUID
    allocated_cents: int
    unallocated_cents: int
    rows: int
    ignored_columns: tuple[str, ...]


async def import_cloud_invoice(
    context: Context,
    *,
    provider: str,
    external_id: str,
    file: BinaryIO,
    currency: str,
    exchange_rate: Decimal | None = None,
    columns: Sequence[ColumnOfField] = (),
    admit: Admit | None = None,
    progress: Progress | None = None,
) -> ImportOutcome:
    """Imports a bill with all its rows, in one transaction and in bounded memory.

    file: CSV in UTF-8, plain or gzip; it is read twice, so it must be seekable. exchange_rate: units of the reporting
    currency for one of the bill's; required if they differ. columns: the file's columns, for providers without a
    built-in layout. admit: see Admit.

    Amounts are stored exactly; sums are rounded once. A malformed file is refused as a whole, with the row and column
    in the message; a bill that was already imported and is not withdrawn is a CONFLICT.
    """
    authorise(context, Action.IMPORT_CLOUD_INVOICE)
    reporting = context.settings.reporting_currency
    validation.refuse(
        [
            *validation.name("provider", provider, longest=63),
            *validation.name("external_id", external_id),
            *validation.currency("currency", currency),
            *_rate_faults(currency, reporting, exchange_rate),
            *layout_faults(provider, columns),
        ]
    )
    rate = Decimal(1) if exchange_rate is None else exchange_rate
    terms = {"provider": provider, "external_id": external_id, "currency": currency, "exchange_rate": rate}
    with BillFile(file, layout_of(provider, currency, columns), CURRENCIES[currency].minor_units) as bill:
        summary = await _summary_of(bill)
        if admit:
            await admit(summary.rows)
        _refuse_too_large(summary, multiply(rate, minor_unit_factor(currency, reporting)))

        async def work(unit: UnitOfWork) -> ImportOutcome:
            invoice = _invoice(context, summary, terms)
            await CloudInvoices.insert(invoice)
            allocated = round_cents(await _insert_lines(unit, invoice, bill, summary.rows, progress))
            await CloudInvoices.update({CloudInvoices.allocated_cents: allocated}).where(CloudInvoices.id == invoice.id)
            return ImportOutcome(
                invoice.id, allocated, invoice.total_cents - allocated, summary.rows, summary.ignored_columns
            )

        return await transact(context, work, ImportOutcome)


async def _summary_of(bill: BillFile) -> BillSummary:
    try:
        return await bill.summary()
    except MalformedBill as error:
        raise Refusal(ProblemCode.VALIDATION_FAILED, str(error), ("csv",)) from error


async def _insert_lines(
    unit: UnitOfWork, invoice: CloudInvoices, bill: BillFile, total: int, progress: Progress | None
) -> Decimal:
    """Inserts the bill's rows with their matches; returns the exact sum of the rows allocated to a deployment."""
    allocated, done = ZERO, 0
    async for block in bill.blocks():
        matches = await match_rows(unit, invoice.provider, block)
        await copy_rows(unit, CloudInvoiceLines, _LINE_COLUMNS, _lines(invoice.id, done, block, matches))
        allocated = add(allocated, sum_of_allocated(block, matches))
        done += len(block)
        if progress:
            progress(done, total)
    return allocated


def minor_unit_factor(currency: str, reporting_currency: str) -> Decimal:
    """Returns the factor, besides the exchange rate, from minor units of the currency to minor units of the reporting
    currency: 100 for JPY to AUD.
    """
    digits = CURRENCIES[reporting_currency].minor_units - CURRENCIES[currency].minor_units
    return Decimal(1).scaleb(digits, EXACT)


def sum_of_allocated(rows: Iterable[BillRow], matches: Iterable[Match]) -> Decimal:
    """Returns the exact sum of a bill's rows that are allocated to a deployment."""
    pairs = zip(rows, matches, strict=True)
    return sum_exactly(row.exact_cents for row, match in pairs if match.deployment_id is not None)


def _rate_faults(currency: str, reporting_currency: str, exchange_rate: Decimal | None) -> Iterator[InputFault]:
    path = ("exchange_rate",)
    if currency == reporting_currency:
        if exchange_rate not in {None, Decimal(1)}:
            yield InputFault(path, f"must be 1 or omitted: the bill is in the reporting currency, {reporting_currency}")
    elif exchange_rate is None:
        yield InputFault(path, f"is required: the number of {reporting_currency} for 1 {currency}")
    elif exchange_rate == 0:
        yield InputFault(path, "must be positive")
    else:
        yield from validation.quantity("exchange_rate", exchange_rate)


def _refuse_too_large(summary: BillSummary, factor: Decimal) -> None:
    """Raises AMOUNT_TOO_LARGE if a sum does not fit 64 bits, in the bill's currency or the reporting currency."""
    for amount, where in (
        (summary.absolute_cents, "the sum of the bill's amounts"),
        (multiply(summary.absolute_cents, factor), "the sum of the bill's amounts in the reporting currency"),
    ):
        if fault := cents_fault(round_cents(amount)):
            raise Refusal(ProblemCode.AMOUNT_TOO_LARGE, f"{where} {fault} cents", ("csv",))


def _invoice(context: Context, summary: BillSummary, terms: Mapping[str, Any]) -> CloudInvoices:
    """Returns the row of a new bill, none of whose lines is allocated yet. terms: the values of further columns."""
    now, subject = context.clock(), context.principal.subject
    return CloudInvoices(
        **terms,
        id=new_id(),
        period_start=summary.first_day,
        period_end=summary.end_day,
        reporting_currency=context.settings.reporting_currency,
        total_cents=round_cents(summary.exact_cents),
        allocated_cents=0,
        created_at=now,
        imported_by=subject,
        matched_at=now,
        matched_by=subject,
    )


_LINE_COLUMNS = (
    CloudInvoiceLines.id,
    CloudInvoiceLines.cloud_invoice_id,
    CloudInvoiceLines.position,
    CloudInvoiceLines.month,
    CloudInvoiceLines.amount_cents,
    CloudInvoiceLines.cloud_resource_id,
    CloudInvoiceLines.tenant_id,
    CloudInvoiceLines.deployment_id,
    CloudInvoiceLines.resource_kind,
    CloudInvoiceLines.matched_by,
    CloudInvoiceLines.unallocated_reason,
    CloudInvoiceLines.product,
    CloudInvoiceLines.group_description,
    CloudInvoiceLines.description,
    CloudInvoiceLines.hours,
    CloudInvoiceLines.started_at,
    CloudInvoiceLines.ended_at,
    CloudInvoiceLines.exact_cents,
    CloudInvoiceLines.project_name,
    CloudInvoiceLines.category,
)


def _lines(
    invoice_id: UUID, before: int, rows: Sequence[BillRow], matches: Sequence[Match]
) -> Iterator[tuple[Any, ...]]:
    """Yields the bill's rows as values in the order of _LINE_COLUMNS. before: the number of the bill's rows that
    precede them.
    """
    for position, (row, match) in enumerate(zip(rows, matches, strict=True), before + 1):
        yield new_id(), invoice_id, position, row.month, row.amount_cents, *match, *row
