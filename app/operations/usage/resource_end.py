"""Applies the end of a resource to its usage: from then on its level is 0, and its readings do not count."""

from datetime import datetime
from uuid import UUID

from app.billing import day_of
from app.database import UnitOfWork
from app.operations.billing_months import Change, record_changes
from app.operations.calls.context import Context
from app.operations.usage.refold import DayKey, refold
from app.tables.billing_months import ChangeReason

_DAYS = """
SELECT t.tenant_id, t.deployment_id, t.resource_kind, t.resource_id, t.day
FROM resource_kinds k JOIN usage_daily_totals t ON t.resource_kind = k.code
WHERE t.tenant_id = $1 AND t.deployment_id = $2 AND t.resource_id = $3 AND t.day >= $4 AND k.aggregation <> 'SUM'
"""
_LEVELS = """
SELECT k.code FROM resource_kinds k
WHERE k.aggregation = 'TIME_WEIGHTED' AND EXISTS (
    SELECT FROM usage_daily_totals t
    WHERE t.tenant_id = $1 AND t.deployment_id = $2 AND t.resource_kind = k.code AND t.resource_id = $3)
"""


async def end_usage(
    context: Context, unit: UnitOfWork, *, tenant_id: UUID, deployment_id: UUID, resource_id: UUID, ended_at: datetime
) -> None:
    """Applies the end of a resource to the daily totals and ended months that it affects. The resource must be written
    and locked.

    No readings or levels of the resource can be recorded meanwhile, because recording locks its row.
    """
    zone = context.settings.billing_time_zone
    end = day_of(ended_at, zone)
    days = [DayKey(*row) for row in await unit.connection.fetch(_DAYS, tenant_id, deployment_id, resource_id, end)]
    levels = await unit.connection.fetch(_LEVELS, tenant_id, deployment_id, resource_id)
    days += [DayKey(tenant_id, deployment_id, row["code"], resource_id, end) for row in levels]
    if not days:
        return
    last_day = None if levels else max(key.day for key in days)
    changes = [Change(tenant_id, deployment_id, end, last_day)]
    await record_changes(context, unit, changes, ChangeReason.RESOURCE_ENDED)
    await refold(unit, zone, days)
