"""Imports the provider's bill: a row that names a resource of ours is its deployment's cost, the rest is nobody's."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, time, timedelta
from decimal import Decimal
from functools import reduce
from itertools import compress
from typing import Any, NamedTuple
from uuid import UUID

from app.billing import Fault, cents_fault
from app.billing.money import ZERO, add
from app.database import UnitOfWork
from app.database.copy import copy_rows
from app.operations import validation
from app.operations.access import Action, authorise
from app.operations.context import Context
from app.operations.costs.digitalocean import COLUMNS, BillRow, MalformedBill, read_bill, round_cents
from app.operations.costs.matching import matcher_for
from app.operations.refusal import ProblemCode, Refusal
from app.operations.transaction import transact
from app.tables.costs import CloudInvoiceLines, CloudInvoices
from app.tables.ids import new_id

BILL_CURRENCY = "USD"
"""What DigitalOcean bills in, and calls the column of amounts."""


class CloudInvoiceImported(NamedTuple):
    """What became of the bill, in cents of its currency."""

    cloud_invoice_id: UUID
    allocated_cents: int
    unallocated_cents: int


async def import_cloud_invoice(
    context: Context,
    *,
    provider: str,
    external_id: str,
    csv: str,
    currency: str = BILL_CURRENCY,
    exchange_rate: Decimal = Decimal(1),
) -> CloudInvoiceImported:
    """Keeps the bill with all its rows. exchange_rate: units of the reporting currency for one of the bill's. Amounts
    are kept exactly; the bill's sums are rounded from the exact ones.

    A malformed file is refused whole, with the row named; the same bill a second time is a CONFLICT.
    """
    authorise(context, Action.IMPORT_CLOUD_INVOICE)
    validation.refuse(_faults(provider, external_id, currency, exchange_rate))
    try:
        bill = read_bill(csv)
    except MalformedBill as error:
        raise Refusal(ProblemCode.VALIDATION_FAILED, str(error), ("csv",)) from error
    total = round_cents(_sum(row.exact_cents for row in bill))
    if fault := cents_fault(round_cents(_sum(row.exact_cents.copy_abs() for row in bill))):
        raise Refusal(ProblemCode.AMOUNT_TOO_LARGE, f"the sum of the bill's amounts {fault} cents", ("csv",))

    async def work(unit: UnitOfWork) -> CloudInvoiceImported:
        matcher = await matcher_for(unit, provider, bill)
        matched = [(row, matcher.resource_of(row)) for row in bill]
        is_allocated = [resource is not None and resource["deployment_id"] is not None for _, resource in matched]
        allocated = round_cents(_sum(row.exact_cents for row in compress(bill, is_allocated)))
        first_day, end_day = _days(bill)
        invoice = CloudInvoices(
            id=new_id(),
            provider=provider,
            external_id=external_id,
            period_start=first_day,
            period_end=end_day,
            currency=currency,
            exchange_rate=exchange_rate,
            total_cents=total,
            allocated_cents=allocated,
            created_at=context.clock(),
        )
        await CloudInvoices.insert(invoice)
        await copy_rows(unit, CloudInvoiceLines, _LINE_COLUMNS, _lines(invoice.id, matched))
        return CloudInvoiceImported(invoice.id, allocated, total - allocated)

    return await transact(context, work)


def _faults(provider: str, external_id: str, currency: str, exchange_rate: Decimal) -> Iterator[Fault]:
    yield from validation.name("provider", provider, longest=63)
    yield from validation.name("external_id", external_id)
    if currency != BILL_CURRENCY:
        yield Fault(("currency",), f"must be {BILL_CURRENCY}, as in the bill's column of amounts ({','.join(COLUMNS)})")
    if exchange_rate == 0:
        yield Fault(("exchange_rate",), "must be positive")
    yield from validation.quantity("exchange_rate", exchange_rate)


def _days(bill: Sequence[BillRow]) -> tuple[date, date]:
    """The bill's first day and the first one after it, in its own zone."""
    first = min(row.started_at.date() for row in bill)
    last = max(row.ended_at for row in bill)
    end = last.date() if last.time() == time() else last.date() + timedelta(days=1)
    return first, max(end, first + timedelta(days=1))


_LINE_COLUMNS = (
    CloudInvoiceLines.id,
    CloudInvoiceLines.cloud_invoice_id,
    CloudInvoiceLines.position,
    CloudInvoiceLines.month,
    CloudInvoiceLines.cloud_resource_id,
    CloudInvoiceLines.tenant_id,
    CloudInvoiceLines.deployment_id,
    CloudInvoiceLines.resource_kind,
    CloudInvoiceLines.amount_cents,
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


def _lines(invoice_id: UUID, matched: Iterable[tuple[BillRow, Any | None]]) -> Iterator[tuple[Any, ...]]:
    for position, (row, resource) in enumerate(matched, 1):
        owner = (None,) * 4
        if resource is not None:
            owner = (resource["id"], resource["tenant_id"], resource["deployment_id"], resource["resource_kind"])
        yield new_id(), invoice_id, position, row.month, *owner, row.amount_cents, *row


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    """The exact sum."""
    return reduce(add, amounts, ZERO)
