"""The daily totals held against the events they are made of, and made again where they differ."""

from collections.abc import AsyncGenerator, Sequence
from datetime import timedelta
from functools import partial
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from app.billing.period import ONE_DAY, day_start
from app.database import UnitOfWork
from app.operations.access import Action, authorise
from app.operations.context import Context
from app.operations.laws.law import Examination, Spine
from app.operations.laws.usage import LAWS
from app.operations.transaction import transact

_PAGE = "SELECT id FROM cloud_deployments WHERE id > $1 ORDER BY id LIMIT $2"
_DAYS = """
SELECT DISTINCT (occurred_at AT TIME ZONE $2::text)::date AS day
FROM cloud_deployments d JOIN usage_records r ON r.tenant_id = d.tenant_id AND r.deployment_id = d.id
WHERE d.id = $1
"""
# As app/billing/usage.py folds events: a level holds until the next one of its day, of levels set at the same instant
# the highest. A day takes the id of one of its events.
_MAKE_AGAIN = """
WITH levels AS (
    SELECT r.*, days.day, k.aggregation = 'TIME_WEIGHTED' AS is_level,
           lead(occurred_at, 1, days.ends_at) OVER (
               PARTITION BY resource_kind, days.day ORDER BY occurred_at, quantity
           ) - occurred_at AS held
    FROM cloud_deployments d JOIN usage_records r ON r.tenant_id = d.tenant_id AND r.deployment_id = d.id
    JOIN resource_kinds k ON k.code = r.resource_kind
    JOIN unnest($3::date[], $4::timestamptz[]) AS days (day, ends_at)
        ON days.day = (occurred_at AT TIME ZONE $2::text)::date
    WHERE d.id = $1
)
INSERT INTO usage_daily_totals (
    id, tenant_id, deployment_id, resource_kind, day, total, peak, first_at, last_level, level_microseconds
)
SELECT (array_agg(id))[1], tenant_id, deployment_id, resource_kind, day, sum(quantity), max(quantity), min(occurred_at),
       CASE WHEN is_level THEN (array_agg(quantity ORDER BY occurred_at DESC, quantity DESC))[1] ELSE 0 END,
       CASE WHEN is_level THEN trim_scale(sum(quantity * extract(epoch FROM held) * 1000000)) ELSE 0 END
FROM levels
GROUP BY tenant_id, deployment_id, resource_kind, day, is_level
"""


class Difference(NamedTuple):
    """Where a deployment's totals are not its events folded, in words, and whether they have been made again."""

    deployment_id: UUID
    message: str
    repaired: bool


async def prove_totals(context: Context, *, repair: bool = False) -> AsyncGenerator[Difference, None]:
    """Each difference, deployment by deployment, in flat memory. Safe while events come in."""
    authorise(context, Action.REPAIR_USAGE_TOTALS if repair else Action.CHECK_LAWS)
    after = UUID(int=0)
    while suspects := await transact(context, partial(_page, context, after)):
        for key in suspects.differing:
            for message in await transact(context, partial(_prove, context, key, repair)):
                yield Difference(key, message, repair)
        after = suspects.last


class _Page(NamedTuple):
    last: UUID
    differing: Sequence[UUID]


async def _page(context: Context, after: UUID, unit: UnitOfWork) -> _Page | None:
    await unit.connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    keys = [row["id"] for row in await unit.connection.fetch(_PAGE, after, Spine.DEPLOYMENTS.page)]
    if not keys:
        return None
    return _Page(keys[-1], keys if await _differences(context, unit, keys) else ())


async def _prove(context: Context, deployment_id: UUID, repair: bool, unit: UnitOfWork) -> list[str]:  # noqa: FBT001 - of a partial
    if not repair:
        await unit.connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return await _differences(context, unit, [deployment_id])
    # What is being added is waited for, and what is to be added waits: then the events seen are all there are.
    await unit.connection.execute("LOCK TABLE usage_daily_totals IN SHARE ROW EXCLUSIVE MODE")
    differences = await _differences(context, unit, [deployment_id])
    if differences:
        await _make_again(unit, deployment_id, context.settings.billing_time_zone)
    return differences


async def _make_again(unit: UnitOfWork, deployment_id: UUID, zone: ZoneInfo) -> None:
    days = [row["day"] for row in await unit.connection.fetch(_DAYS, deployment_id, zone.key)]
    ends = [day_start(day + ONE_DAY, zone) for day in days]
    await unit.connection.execute("DELETE FROM usage_daily_totals WHERE deployment_id = $1", deployment_id)
    await unit.connection.execute(_MAKE_AGAIN, deployment_id, zone.key, days, ends)


async def _differences(context: Context, unit: UnitOfWork, keys: Sequence[UUID]) -> list[str]:
    """By the laws of usage: there is no other word on what a total is."""
    examination = Examination(unit, context.settings.billing_time_zone, context.today(), timedelta())
    return [f"{finding.row}: {finding.message}" for law in LAWS for finding in await law.find(examination, keys)]
