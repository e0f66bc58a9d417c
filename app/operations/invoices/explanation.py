"""How lines came about: derived from the inputs their invoices were rated from, nothing of it is stored."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from app.billing import Explanation, Line, QuoteHeader, parse_header, rate_document, tax_lines
from app.database import UnitOfWork
from app.operations.context import Context
from app.operations.transaction import transact

_DOCUMENTS = """
SELECT i.invoice_id, i.subscription_id, i.document
FROM tenant_invoice_inputs i
WHERE i.invoice_id = any($1::uuid[]) AND (i.position = 0 OR i.subscription_id = any($2::uuid[]))
"""
_SUBTOTALS = "SELECT id, subtotal_cents FROM tenant_invoices WHERE id = any($1::uuid[])"


class LineReference(NamedTuple):
    """Which line: its invoice, its subscription (None: a tenant-level line) and its key."""

    invoice_id: UUID
    subscription_id: UUID | None
    key: str


async def explain_lines(context: Context, lines: Sequence[LineReference]) -> list[Explanation]:
    """One explanation a line, in their order. The lines must be such as the caller may see."""

    async def work(unit: UnitOfWork) -> list[Explanation]:
        rated = await _rate(unit, lines)
        return [rated[line.invoice_id, line.key].explanation for line in lines]

    return await transact(context, work) if lines else []


async def _rate(unit: UnitOfWork, lines: Sequence[LineReference]) -> dict[tuple[UUID, str], Line]:
    """All lines of the subscriptions (and taxes) that the references name, by invoice and key."""
    wanted = {(line.invoice_id, line.subscription_id) for line in lines}
    invoice_ids = list({invoice_id for invoice_id, _ in wanted})
    subscription_ids = list({subscription_id for _, subscription_id in wanted if subscription_id})
    rows = await unit.connection.fetch(_DOCUMENTS, invoice_ids, subscription_ids)
    subtotals = dict(map(tuple, await unit.connection.fetch(_SUBTOTALS, invoice_ids)))
    headers: dict[UUID, QuoteHeader] = {
        row["invoice_id"]: parse_header(row["document"]) for row in rows if row["subscription_id"] is None
    }
    rated: dict[tuple[UUID, str], Line] = {}
    for row in rows:
        invoice_id, subscription_id = row["invoice_id"], row["subscription_id"]
        if (invoice_id, subscription_id) not in wanted:
            continue
        header = headers[invoice_id]
        if subscription_id is None:
            found = tax_lines(header, subtotals[invoice_id])
        else:
            found = rate_document(header, row["document"])
        rated |= {(invoice_id, line.key): line for line in found}
    return rated
