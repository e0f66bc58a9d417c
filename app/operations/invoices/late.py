"""Late usage follows the invoices: the one it came too late for, and the one that bills it."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from app.database import UnitOfWork

_FLAG = "UPDATE late_usage SET flagged = true, opened_on = $2 WHERE invoice_id = $1 AND NOT flagged"
_OPEN_AGAIN = """
UPDATE late_usage SET state = 'OPEN', billed_invoice_id = NULL, opened_on = coalesce($2, opened_on)
WHERE billed_invoice_id = any($1::uuid[])
"""


async def flag(unit: UnitOfWork, invoice_id: UUID, today: date) -> None:
    """The draft is issued: what came to its month after it was rated is late."""
    await unit.connection.execute(_FLAG, invoice_id, today)


async def open_again(unit: UnitOfWork, invoice_ids: Sequence[UUID], today: date | None = None) -> None:
    """These invoices bill nothing any more, from today on; None: others are about to take their place."""
    await unit.connection.execute(_OPEN_AGAIN, invoice_ids, today)
