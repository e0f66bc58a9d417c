"""Verifies an invoice: against its own inputs, and against today's data."""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from app.billing import HashedInvoiceBuilder, Line, Period
from app.database import UnitOfWork
from app.operations.billing_months.month_amounts import month_in_data
from app.operations.calls.access import Action, authorise, not_found
from app.operations.calls.context import Context
from app.operations.calls.transaction import transact

SLICE = 500
"""Subscriptions read and rated at a time, which limits the memory for a large tenant."""

MAX_DIFFERENCES = 100

_INVOICE = """
SELECT id, tenant_id, period_start, status, currency, subtotal_cents, tax_cents, total_cents, input_hash
FROM tenant_invoices WHERE id = $1
"""
_HEADER = "SELECT document FROM tenant_invoice_inputs WHERE invoice_id = $1 AND position = 0"
_DOCUMENTS = """
SELECT document FROM tenant_invoice_inputs WHERE invoice_id = $1 AND position BETWEEN $2 AND $3 ORDER BY position
"""
_LINES = """
SELECT position, key, kind, description, resource_kind, quantity, unit_price_cents, amount_cents,
       deployment_id::text, subscription_id::text, subscription_addon_id::text AS addon_id, charge_id::text
FROM tenant_invoice_lines WHERE invoice_id = $1 AND position BETWEEN $2 AND $3
"""
_EXTRA_LINES = (
    "SELECT position, key FROM tenant_invoice_lines WHERE invoice_id = $1 AND position > $2 ORDER BY position"
)
_COMPARED = (
    "key",
    "kind",
    "description",
    "resource_kind",
    "quantity",
    "unit_price_cents",
    "amount_cents",
    "deployment_id",
    "subscription_id",
    "addon_id",
    "charge_id",
)
# Raised when a document that another program has changed is parsed.
UNREADABLE = (ValueError, LookupError, TypeError, ArithmeticError)


class Verification(NamedTuple):
    """The result of verifying an invoice. matches: the invoice equals exactly what its own inputs give.

    `differences` lists messages, at most 100: where the invoice differs from its inputs, and where today's data give
    another amount for its month than all live invoices have billed for it.
    """

    invoice_id: UUID
    matches: bool
    differences: tuple[str, ...]


async def verify_invoice(context: Context, *, invoice_id: UUID) -> Verification:
    """Rates the invoice's inputs again and compares every line, the totals and the hash; then compares today's data."""
    authorise(context, Action.VERIFY_INVOICE)

    verified = await context.database.run_in_transaction(
        context.principal.scope, lambda unit: _verify(context, unit, invoice_id)
    )

    async def work(_unit: UnitOfWork) -> Verification:
        return verified

    return await transact(
        context, work, Verification
    )  # which enters it in the audit log: its own snapshot is read only


async def _verify(context: Context, unit: UnitOfWork, invoice_id: UUID) -> Verification:
    """Verifies an invoice in one snapshot, so that the changes of a concurrent rollup are seen completely or not at
    all.
    """
    await unit.connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    invoice = await unit.connection.fetchrow(_INVOICE, invoice_id)
    if invoice is None:
        raise not_found("invoice", invoice_id, ("invoiceId",))
    from_inputs = await against_inputs(unit, invoice)
    period = Period(invoice["period_start"], context.settings.billing_time_zone)
    against_today = await _against_today(unit, invoice, period)
    differences = (*from_inputs, *against_today)[:MAX_DIFFERENCES]
    return Verification(invoice_id, not from_inputs, differences)


async def against_inputs(unit: UnitOfWork, invoice: Any) -> list[str]:
    """Returns where the invoice (its id, month, currency, totals and hash) differs from what its own inputs give."""
    comparison = _Comparison(unit, invoice)
    try:
        await comparison.run()
    except UNREADABLE as error:
        comparison.differences.append(f"the inputs cannot be rated: {error}")
    return comparison.differences


@dataclass(slots=True)
class _Comparison:
    """Compares an invoice with its own inputs, a slice of rows at a time."""

    unit: UnitOfWork
    invoice: Any
    differences: list[str] = field(default_factory=list)
    lines: int = 0

    async def run(self) -> None:
        text = await self.unit.connection.fetchval(_HEADER, self.invoice["id"])
        if text is None:
            self.differences.append("the inputs are missing")
            return
        built = HashedInvoiceBuilder.from_text(text)
        async for documents in self._documents():
            expected: list[Line] = []
            for document in documents:
                expected += built.add_text(document).lines
            await self._compare_lines(expected)
        await self._compare_lines(built.close())
        for row in await self.unit.connection.fetch(_EXTRA_LINES, self.invoice["id"], self.lines):
            self.differences.append(f"line {row['position']} ({row['key']}) does not follow from the inputs")
        self._compare("period_start", built.header.period.start)
        self._compare("currency", built.header.currency)
        self._compare("subtotal_cents", built.subtotal_cents)
        self._compare("tax_cents", built.tax_cents)
        self._compare("total_cents", built.total_cents)
        self._compare("input_hash", built.input_hash)

    async def _documents(self) -> AsyncIterator[list[str]]:
        position = 1
        while rows := await self.unit.connection.fetch(_DOCUMENTS, self.invoice["id"], position, position + SLICE - 1):
            yield [row["document"] for row in rows]
            position += SLICE

    async def _compare_lines(self, expected: Sequence[Line]) -> None:
        first, self.lines = self.lines + 1, self.lines + len(expected)
        rows = await self.unit.connection.fetch(_LINES, self.invoice["id"], first, self.lines)
        stored_lines = {row["position"]: row for row in rows}
        for position, line in enumerate(expected, first):
            if position not in stored_lines:
                self.differences.append(f"line {position} ({line.key}) is missing")
            else:
                self.differences += _line_differences(position, stored_lines[position], line)

    def _compare(self, name: str, expected: object) -> None:
        if self.invoice[name] != expected:
            self.differences.append(f"{name} is {self.invoice[name]}, the inputs give {expected}")


def _line_differences(position: int, row: Any, line: Line) -> Iterator[str]:
    for name in _COMPARED:
        expected = getattr(line, name)
        if row[name] != expected:
            yield f"line {position} ({line.key}): {name} is {row[name]}, the inputs give {expected}"


async def _against_today(unit: UnitOfWork, invoice: Any, period: Period) -> list[str]:
    """Returns a message if today's data give another amount for the invoice's month than live invoices have billed; an
    empty list otherwise.
    """
    if invoice["status"] == "VOID":
        return []
    month = await month_in_data(unit, invoice["tenant_id"], period)
    if month.failure:
        return [f"today's data cannot be rated: {month.failure}"]
    return [f"{slug}: {text}" if slug else text for slug, text in month.differences]
