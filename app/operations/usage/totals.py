"""Compares the daily totals with their events, and recomputes those that differ."""

from collections.abc import AsyncGenerator, Sequence
from functools import partial
from typing import NamedTuple
from uuid import UUID

from app.billing import day_of
from app.database import UnitOfWork
from app.operations.billing_months import Change, record_changes
from app.operations.calls.access import Action, authorise
from app.operations.calls.context import Context
from app.operations.calls.transaction import transact
from app.operations.usage.differences import differences
from app.operations.usage.refold import DayKey, refold
from app.tables.billing_months import ChangeReason

_ONE_SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
_PAGE = "SELECT id FROM cloud_deployments WHERE id > $1 ORDER BY id LIMIT $2"
_PAGE_SIZE = 200
# Every day that has events or a total; and for levels of resources that have ended, the day of the end.
_DAYS = """
SELECT r.tenant_id, r.deployment_id, r.resource_kind,
       coalesce(CASE WHEN k.aggregation <> 'SUM' THEN r.resource_id END, '00000000-0000-0000-0000-000000000000'), r.day
FROM cloud_deployments d JOIN usage_records r ON r.tenant_id = d.tenant_id AND r.deployment_id = d.id
JOIN resource_kinds k ON k.code = r.resource_kind
WHERE d.id = $1
UNION
SELECT t.tenant_id, t.deployment_id, t.resource_kind, t.resource_id, t.day
FROM cloud_deployments d JOIN usage_daily_totals t ON t.tenant_id = d.tenant_id AND t.deployment_id = d.id
WHERE d.id = $1
"""
_ENDS = """
SELECT c.id, c.destroyed_at
FROM cloud_deployments d JOIN cloud_resources c ON c.tenant_id = d.tenant_id AND c.deployment_id = d.id
WHERE d.id = $1 AND c.destroyed_at IS NOT NULL
"""
_LEVEL_KINDS = "SELECT code FROM resource_kinds WHERE aggregation = 'TIME_WEIGHTED'"
_SLICE = 500
"""Days recomputed by one statement."""


class TotalsDifference(NamedTuple):
    """The differences between a deployment's totals and its events, as a message, and whether they were repaired."""

    deployment_id: UUID
    message: str
    repaired: bool


async def prove_totals(context: Context, *, repair: bool = False) -> AsyncGenerator[TotalsDifference, None]:
    """Yields each difference, deployment by deployment, in bounded memory. It may run while events are recorded."""
    authorise(context, Action.REPAIR_USAGE_TOTALS if repair else Action.CHECK_DATA_INTEGRITY)
    after = UUID(int=0)
    while page := await transact(context, partial(_page, context, after)):
        for key in page.suspects:
            messages = await transact(context, partial(_differences, context, key))
            if repair and messages:
                await transact(context, partial(_repair, context, key))
            for message in messages:
                yield TotalsDifference(key, message, repair)
        after = page.last


class _Page(NamedTuple):
    last: UUID
    suspects: Sequence[UUID]


async def _page(context: Context, after: UUID, unit: UnitOfWork) -> _Page | None:
    await unit.connection.execute(_ONE_SNAPSHOT)
    keys = [row["id"] for row in await unit.connection.fetch(_PAGE, after, _PAGE_SIZE)]
    if not keys:
        return None
    return _Page(keys[-1], keys if await differences(unit, context.settings.billing_time_zone, keys) else ())


async def _differences(context: Context, deployment_id: UUID, unit: UnitOfWork) -> list[str]:
    await unit.connection.execute(_ONE_SNAPSHOT)
    rows_and_messages = await differences(unit, context.settings.billing_time_zone, [deployment_id])
    return [f"{row}: {message}" for row, message in rows_and_messages]


async def _repair(context: Context, deployment_id: UUID, unit: UnitOfWork) -> None:
    """Recomputes all of the deployment's days; those on which resources ended come last, because they depend on earlier
    days.

    Months that were rated from wrong totals become due again.
    """
    zone = context.settings.billing_time_zone
    days = [DayKey(*row) for row in await unit.connection.fetch(_DAYS, deployment_id)]
    levels = {row["code"] for row in await unit.connection.fetch(_LEVEL_KINDS)}
    ends = {row["id"]: day_of(row["destroyed_at"], zone) for row in await unit.connection.fetch(_ENDS, deployment_id)}
    ending = {
        key._replace(day=ends[key.resource_id])
        for key in days
        if key.resource_kind in levels and key.resource_id in ends
    }
    days.sort()
    if days:  # before locking any daily total
        change = Change(days[0].tenant_id, deployment_id, min(key.day for key in days))
        await record_changes(context, unit, [change], ChangeReason.USAGE)
    for start in range(0, len(days), _SLICE):
        await refold(unit, zone, days[start : start + _SLICE])
    await refold(unit, zone, ending)
