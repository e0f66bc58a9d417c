"""Imports the provider's bill: a row that names a resource of ours is its deployment's cost, the rest is nobody's."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from app.billing import Fault
from app.database import UnitOfWork
from app.database.copy import copy_rows
from app.operations import validation
from app.operations.access import Action, authorise
from app.operations.context import Context
from app.operations.costs.digitalocean import COLUMNS, BillRow, MalformedBill, read_bill
from app.operations.refusal import ProblemCode, Refusal
from app.operations.transaction import transact
from app.tables.costs import CloudInvoiceLines, CloudInvoices
from app.tables.ids import new_id

BILL_CURRENCY = "USD"
"""What DigitalOcean bills in, and calls the column of amounts."""

_RESOURCES = """
SELECT id, tenant_id, deployment_id, external_id, name, resource_kind, created_at, destroyed_at
FROM cloud_resources WHERE provider = $1 AND (external_id = any($2::text[]) OR name = any($2::text[]))
ORDER BY created_at, id
"""


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
    """Keeps the bill with all its rows. exchange_rate: units of the reporting currency for one of the bill's.

    A malformed file is refused whole, with the row named; the same bill a second time is a CONFLICT.
    """
    authorise(context, Action.IMPORT_CLOUD_INVOICE)
    validation.refuse(_faults(provider, external_id, currency, exchange_rate))
    try:
        bill = read_bill(csv)
    except MalformedBill as error:
        raise Refusal(ProblemCode.VALIDATION_FAILED, str(error), ("csv",)) from error

    async def work(unit: UnitOfWork) -> CloudInvoiceImported:
        owners = await _owners(unit, provider, bill)
        total = sum(row.amount_cents for row in bill)
        allocated = sum(row.amount_cents for row in bill if (owner := owners.of(row)) and owner["deployment_id"])
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
        await copy_rows(unit, CloudInvoiceLines, _LINE_COLUMNS, _lines(invoice.id, bill, owners))
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


class _Owners:
    """The resources that a bill names, by what it may call them."""

    def __init__(self, resources: Iterable[Any]) -> None:
        self._by_external_id: dict[str, Any] = {}
        self._by_name: dict[str, list[Any]] = defaultdict(list)
        for resource in resources:
            self._by_external_id[resource["external_id"]] = resource
            self._by_name[resource["name"]].append(resource)

    def of(self, row: BillRow) -> Any | None:
        """The resource a row is for. None if there is none, or if resources of several deployments have its name."""
        for name in row.names:
            if name in self._by_external_id:
                return self._by_external_id[name]
        for name in row.names:
            if name in self._by_name:
                return _only_one(self._by_name[name], row)
        return None


def _only_one(resources: Sequence[Any], row: BillRow) -> Any | None:
    """A name may have been used again: what lived in the row's time goes before what did not."""
    alive = [
        resource
        for resource in resources
        if resource["created_at"] < row.ended_at
        and (resource["destroyed_at"] is None or resource["destroyed_at"] > row.started_at)
    ]
    candidates = alive or resources
    deployments = {resource["deployment_id"] for resource in candidates}
    return candidates[0] if len(deployments) == 1 else None


async def _owners(unit: UnitOfWork, provider: str, bill: Sequence[BillRow]) -> _Owners:
    names = list({name for row in bill for name in row.names})
    return _Owners(await unit.connection.fetch(_RESOURCES, provider, names))


_LINE_COLUMNS = (
    CloudInvoiceLines.id,
    CloudInvoiceLines.cloud_invoice_id,
    CloudInvoiceLines.position,
    CloudInvoiceLines.month,
    CloudInvoiceLines.cloud_resource_id,
    CloudInvoiceLines.tenant_id,
    CloudInvoiceLines.deployment_id,
    CloudInvoiceLines.resource_kind,
    CloudInvoiceLines.product,
    CloudInvoiceLines.group_description,
    CloudInvoiceLines.description,
    CloudInvoiceLines.hours,
    CloudInvoiceLines.started_at,
    CloudInvoiceLines.ended_at,
    CloudInvoiceLines.amount_cents,
    CloudInvoiceLines.project_name,
    CloudInvoiceLines.category,
)


def _lines(invoice_id: UUID, bill: Sequence[BillRow], owners: _Owners) -> Iterator[tuple[Any, ...]]:
    for position, row in enumerate(bill, 1):
        owner = owners.of(row)
        owned = (None,) * 4
        if owner is not None:
            owned = (owner["id"], owner["tenant_id"], owner["deployment_id"], owner["resource_kind"])
        yield new_id(), invoice_id, position, row.month, *owned, *row
