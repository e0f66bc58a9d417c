"""What tests of late usage ask: the last invoice issued, what is flagged, what an invoice charges for usage."""

from datetime import date
from typing import Any
from uuid import UUID

from app.operations.invoices import issue_invoice
from tests.operations.given import Given
from tests.operations.months import APRIL, invoices

JUNE = date(2026, 6, 1)
LATE_KEY = "late:2026-04:pilot/overage/droplet_hours/studio@1"


async def issue_last(given: Given, month: date = APRIL) -> UUID:
    return await issue_invoice(given.platform, invoice_id=(await invoices(given, month))[-1]["id"])


async def late(given: Given) -> list[tuple[Any, ...]]:
    """Month, state, and the month of the invoice that bills it, of each that is flagged."""
    rows = await given.rows(
        "SELECT l.period_start, l.state, i.period_start AS billed_with FROM late_usage l"
        " LEFT JOIN tenant_invoices i ON i.id = l.billed_invoice_id WHERE flagged "
        " ORDER BY l.recorded_at, l.period_start"
    )
    return [tuple(row.values()) for row in rows]


async def of_months(given: Given, invoice_id: UUID) -> list[tuple[Any, ...]]:
    rows = await given.rows(
        "SELECT key, period_start, quantity, amount_cents FROM tenant_invoice_lines"
        " WHERE invoice_id = $1 AND kind = 'OVERAGE' ORDER BY position",
        invoice_id,
    )
    return [tuple(row.values()) for row in rows]
