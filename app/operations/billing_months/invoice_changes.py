"""Updates billing months when an invoice is issued, voided or replaced."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from uuid import UUID

from app.database import UnitOfWork
from app.operations.billing_months.changes import RATED
from app.tables.billing_months import BillingMonthState, ChangeReason
from app.tables.ids import new_ids

_LOCK_MONTHS = """
SELECT b.tenant_id, b.period_start, b.state FROM billing_months b
JOIN (SELECT tenant_id, period_start FROM tenant_invoices WHERE id = $1
      UNION
      SELECT tenant_id, late_month FROM tenant_invoice_inputs WHERE invoice_id = $1 AND late_month IS NOT NULL) AS m
    ON m.tenant_id = b.tenant_id AND m.period_start = b.period_start
ORDER BY b.tenant_id, b.period_start FOR NO KEY UPDATE OF b
"""
_BILLED = """
SELECT l.tenant_id, l.period_start, sum(l.amount_cents)::bigint FROM tenant_invoice_lines l
WHERE l.invoice_id = any($1::uuid[]) AND l.kind <> 'TAX'
GROUP BY l.tenant_id, l.period_start
"""
_CORRECTED = """
SELECT DISTINCT l.period_start, l.deployment_id FROM tenant_invoice_lines l
WHERE l.invoice_id = $1 AND l.kind <> 'TAX' AND l.period_start <> $2
"""
_CHANGED = """
SELECT reason, count(DISTINCT deployment_id) FROM billing_month_changes
WHERE tenant_id = $1 AND period_start = $2 GROUP BY reason ORDER BY reason
"""
_STATES = "SELECT period_start, state FROM billing_months WHERE tenant_id = $1 AND period_start = any($2::date[])"
_RECORD = """
INSERT INTO billing_month_changes (id, tenant_id, period_start, deployment_id, reason, changed_at)
SELECT c.id, $2, c.period_start, c.deployment_id, $5, $6
FROM unnest($1::uuid[], $3::date[], $4::uuid[]) AS c (id, period_start, deployment_id)
"""
_SHARE = "SELECT FROM billing_months WHERE tenant_id = $1 AND period_start = $2 FOR SHARE"
_WAITING = "SELECT DISTINCT deployment_id FROM billing_month_changes WHERE tenant_id = $1 AND period_start = $2"


async def lock_months_of_invoice(unit: UnitOfWork, invoice_id: UUID) -> None:
    """Locks every month that the invoice has lines for, before the invoice itself is locked."""
    await unit.connection.fetch(_LOCK_MONTHS, invoice_id)


async def billed_by(unit: UnitOfWork, invoice_ids: Sequence[UUID]) -> dict[tuple[UUID, date], int]:
    """Returns the net amount that the invoices bill for each tenant's month."""
    return {(tenant_id, month): cents for tenant_id, month, cents in await unit.connection.fetch(_BILLED, invoice_ids)}


async def changes_of(unit: UnitOfWork, tenant_id: UUID, period_start: date) -> list[str]:
    """Returns messages about a month's changes that arrived after it was rated; empty if there are none."""
    rows = await unit.connection.fetch(_CHANGED, tenant_id, period_start)
    return [f"{reason} ({count} deployments)" if count > 1 else str(reason) for reason, count in rows]


async def month_was_issued(unit: UnitOfWork, tenant_id: UUID, period_start: date) -> None:
    """Updates the billing month whose draft invoice was issued. Its changes since the rating are kept, for the next
    rollup to correct.
    """
    await unit.connection.execute(
        "UPDATE billing_months SET state = $3 WHERE tenant_id = $1 AND period_start = $2",
        tenant_id,
        period_start,
        BillingMonthState.ISSUED,
    )


async def invoice_is_voided(
    unit: UnitOfWork, invoice_id: UUID, tenant_id: UUID, invoiced_month: date, now: datetime
) -> None:
    """Updates the months of an invoice that is about to be voided: its own month must be rated again, and what it
    billed for earlier months is due again.

    The months must be locked.
    """
    billed = await billed_by(unit, [invoice_id])
    months = [month for _, month in billed]
    await unit.connection.execute(
        "UPDATE billing_months b SET billed_cents = b.billed_cents - v.cents"
        " FROM unnest($2::date[], $3::bigint[]) AS v (period_start, cents)"
        " WHERE b.tenant_id = $1 AND b.period_start = v.period_start",
        tenant_id,
        months,
        list(billed.values()),
    )
    await unit.connection.execute(
        "UPDATE billing_months SET state = 'OPEN', invoice_id = NULL, input_hash = NULL, rated_cents = NULL,"
        " open_credit_deployments = '{}' WHERE tenant_id = $1 AND period_start = $2",
        tenant_id,
        invoiced_month,
    )
    await unit.connection.execute(
        "DELETE FROM billing_month_changes WHERE tenant_id = $1 AND period_start = $2", tenant_id, invoiced_month
    )
    await _record_corrected(unit, invoice_id, tenant_id, invoiced_month, now)


async def _record_corrected(
    unit: UnitOfWork, invoice_id: UUID, tenant_id: UUID, invoiced_month: date, now: datetime
) -> None:
    corrected: dict[date, list[UUID | None]] = defaultdict(list)
    for month, deployment_id in await unit.connection.fetch(_CORRECTED, invoice_id, invoiced_month):
        corrected[month].append(deployment_id)
    states = dict(await unit.connection.fetch(_STATES, tenant_id, list(corrected)))
    rows = [
        (month, deployment_id)
        for month, deployments in corrected.items()
        if states[month] in RATED
        for deployment_id in deployments
    ]
    await _record(unit, tenant_id, rows, ChangeReason.INVOICE_VOIDED, now)


async def record_replaced(
    unit: UnitOfWork, tenant_id: UUID, period_start: date, deployments: Iterable[UUID | None], now: datetime
) -> None:
    """Records that an invoice which corrected the month was replaced by one that does not. The month must be locked."""
    rows = [(period_start, deployment_id) for deployment_id in deployments]
    await _record(unit, tenant_id, rows, ChangeReason.INVOICE_REPLACED, now)


async def record_stale_draft(
    unit: UnitOfWork, tenant_id: UUID, period_start: date, deployments: Iterable[UUID | None], now: datetime
) -> None:
    """What the month's draft has of an earlier month fell in value. A deployment's change that waits says as much."""
    await unit.connection.fetch(_SHARE, tenant_id, period_start)
    waiting = {row["deployment_id"] for row in await unit.connection.fetch(_WAITING, tenant_id, period_start)}
    rows = [(period_start, deployment_id) for deployment_id in deployments if deployment_id not in waiting]
    await _record(unit, tenant_id, rows, ChangeReason.LATE_CORRECTION, now)


async def _record(
    unit: UnitOfWork, tenant_id: UUID, rows: Sequence[tuple[date, UUID | None]], reason: ChangeReason, now: datetime
) -> None:
    if rows:
        months, deployments = (list(column) for column in zip(*rows, strict=True))
        await unit.connection.execute(_RECORD, new_ids(len(rows)), tenant_id, months, deployments, reason, now)
