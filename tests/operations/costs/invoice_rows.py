"""Inserts invoices with given lines, without a rollup, for tests that only read invoices."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple
from uuid import UUID

from app.billing import LineKind
from app.database import PLATFORM
from app.tables.ids import new_id
from tests.operations.given import Given


class InvoicedLine(NamedTuple):
    """An invoice line to insert. period_start: the first day of its service month."""

    kind: LineKind
    amount_cents: int
    period_start: date


_INVOICE = """
INSERT INTO tenant_invoices (
    id, tenant_id, period_start, period_end, revision, status, currency, subtotal_cents, tax_cents, total_cents,
    input_hash, created_at
)
SELECT $1, s.tenant_id, $3, $4, 1, 'DRAFT', t.currency, $5::bigint, $6::bigint, $5 + $6, repeat('0', 64), $7
FROM subscriptions s JOIN tenants t ON t.id = s.tenant_id WHERE s.id = $2
"""
_LINE = """
INSERT INTO tenant_invoice_lines (
    id, tenant_id, invoice_id, position, key, kind, description, resource_kind, quantity, unit_price_cents,
    amount_cents, deployment_id, subscription_id, period_start
)
SELECT $1, s.tenant_id, $3, $4::int, $4::text, $5::text, '', CASE $5 WHEN 'OVERAGE' THEN 'egress_gb' END, 1, $6::bigint,
       $6, CASE WHEN $5 <> 'TAX' THEN s.deployment_id END, CASE WHEN $5 <> 'TAX' THEN s.id END, $7
FROM subscriptions s WHERE s.id = $2
"""
_ISSUE = """
UPDATE tenant_invoices SET status = 'ISSUED', issued_at = $2, issued_on = $3, due_on = $3, number = $4 WHERE id = $1
"""


async def invoiced(
    given: Given, subscription_id: UUID, period_start: date, lines: Sequence[InvoicedLine], *, issue: bool = True
) -> UUID:
    """The id of an invoice of the subscription's tenant for a month, with these lines."""
    invoice_id, now = new_id(), given.clock()
    tax = sum(line.amount_cents for line in lines if line.kind is LineKind.TAX)
    net = sum(line.amount_cents for line in lines) - tax
    end = (period_start + timedelta(days=31)).replace(day=1)
    async with given.database.unit_of_work(PLATFORM) as unit:
        execute = unit.connection.execute
        await execute(_INVOICE, invoice_id, subscription_id, period_start, end, net, tax, now)
        for position, line in enumerate(lines):
            await execute(
                _LINE, new_id(), subscription_id, invoice_id, position, line.kind, line.amount_cents, line.period_start
            )
        if issue:
            await execute(_ISSUE, invoice_id, now, now.date(), f"TEST-{invoice_id}")
    return invoice_id
