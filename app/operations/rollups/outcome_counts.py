"""Counts the outcomes of runs."""

from uuid import UUID

from app.database import UnitOfWork
from app.operations.calls.access import Action, authorise
from app.operations.calls.context import Context
from app.operations.calls.transaction import transact

# A skipped tenant is counted by its month's state, or by its invoice's status if the month has an invoice.
_REASONS = """
SELECT CASE WHEN b.state = 'WAIVED' OR i.id IS NULL THEN b.state ELSE i.status END AS reason, count(*) AS tenants
FROM rollup_outcomes o
JOIN billing_months b ON b.tenant_id = o.tenant_id AND b.period_start = o.period_start
LEFT JOIN tenant_invoices i ON i.tenant_id = o.tenant_id AND i.id = o.invoice_id
WHERE o.run_id = $1 AND o.outcome = 'SKIPPED'
GROUP BY 1 ORDER BY 2 DESC, 1
"""
_OUTCOMES = """
SELECT lower(o.outcome) AS outcome, count(*) AS tenants
FROM rollup_chunks c JOIN rollup_outcomes o ON o.run_id = c.run_id AND o.tenant_id = ANY (c.tenant_ids)
WHERE c.run_id = $1 AND c.position = $2
GROUP BY 1 ORDER BY 1
"""


async def chunk_outcomes(context: Context, *, run_id: UUID, position: int) -> dict[str, int]:
    """Returns the number of the chunk's tenants by outcome, in lower case."""
    authorise(context, Action.ROLL_UP)

    async def work(unit: UnitOfWork) -> dict[str, int]:
        return {row["outcome"]: row["tenants"] for row in await unit.connection.fetch(_OUTCOMES, run_id, position)}

    return await transact(context, work)


async def skip_reasons(context: Context, *, run_id: UUID) -> dict[str, int]:
    """Returns the number of skipped tenants by reason: WAIVED or ZERO, of the month; DRAFT, ISSUED or PAID, of the
    invoice.
    """
    authorise(context, Action.ROLL_UP)

    async def work(unit: UnitOfWork) -> dict[str, int]:
        return {row["reason"]: row["tenants"] for row in await unit.connection.fetch(_REASONS, run_id)}

    return await transact(context, work)
