"""What is due, read from the tables alone: months that ended and are not billed, chunks that nobody finished."""

from collections import defaultdict
from datetime import date, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from app.billing import Period
from app.database import UnitOfWork
from app.database.locks import lock
from app.operations.access import Action, authorise
from app.operations.context import Context
from app.operations.rollups.billing import SETTLED_AT_NOTHING
from app.operations.rollups.late import OPEN_LATE_USAGE
from app.operations.rollups.run import Run, Share
from app.operations.rollups.starting import insert_run, ring_chunks
from app.operations.transaction import transact
from app.tables.ids import new_id

USAGE_GRACE = timedelta(hours=3)
"""How long after a month's end it is rolled up without being asked: in UTC at 03:00 on the 1st. Until then the usage
of its last hours comes in."""

# Each tenant's months before $1 with a subscription in them, no live invoice and no settlement at nothing. Late usage
# is due with the month in which it came: of a tenant that has no subscription any more, that makes it one.
_UNBILLED = f"""
WITH subscribed AS (
    SELECT s.tenant_id, month::date AS period_start, count(*) AS subscriptions
    FROM subscriptions s
    CROSS JOIN LATERAL generate_series(
        date_trunc('month', s.started_on::timestamp), least(s.ended_on, $1::date - 1)::timestamp, interval '1 month'
    ) AS month
    GROUP BY s.tenant_id, month
), late AS (
    SELECT DISTINCT l.tenant_id, date_trunc('month', l.opened_on::timestamp)::date AS period_start
    FROM {OPEN_LATE_USAGE} AND l.opened_on < $1
), months AS (
    SELECT tenant_id, period_start, coalesce(s.subscriptions, 0) AS subscriptions
    FROM subscribed s FULL JOIN late USING (tenant_id, period_start)
), under_way AS (
    SELECT DISTINCT r.period_start, tenant_id
    FROM rollup_runs r JOIN rollup_chunks c ON c.run_id = r.id CROSS JOIN unnest(c.tenant_ids) AS tenant_id
    WHERE r.finished_at IS NULL AND NOT r.dry_run AND c.finished_at IS NULL
), unbilled AS (
    SELECT m.tenant_id, m.period_start, m.subscriptions, u.tenant_id IS NOT NULL AS under_way
    FROM months m LEFT JOIN under_way u ON u.period_start = m.period_start AND u.tenant_id = m.tenant_id
    WHERE NOT EXISTS (SELECT FROM tenant_invoices i
                      WHERE i.tenant_id = m.tenant_id AND i.period_start = m.period_start AND i.status <> 'VOID')
      AND NOT {SETTLED_AT_NOTHING.format(tenant_id="m.tenant_id", period_start="m.period_start")}
)
"""  # noqa: S608 - made of constants
_DUE = f"""{_UNBILLED}
SELECT tenant_id, period_start, subscriptions FROM unbilled WHERE NOT under_way ORDER BY period_start, tenant_id
"""  # noqa: S608 - made of constants
REASONS = f"""{_UNBILLED}
SELECT u.tenant_id, u.period_start, u.under_way, failure.text AS failure,
       EXISTS (SELECT FROM tenant_invoices i
               WHERE i.tenant_id = u.tenant_id AND i.period_start = u.period_start) AS voided,
       EXISTS (SELECT FROM rollup_outcomes o WHERE o.tenant_id = u.tenant_id AND o.period_start = u.period_start
                 AND o.outcome = 'SETTLED') AS reopened,
       u.subscriptions = 0 AS late
FROM unbilled u LEFT JOIN LATERAL (
    SELECT f.code || ': ' || f.message AS text FROM rollup_failures f JOIN rollup_runs r ON r.id = f.run_id
    WHERE f.tenant_id = u.tenant_id AND r.period_start = u.period_start AND NOT r.dry_run
    ORDER BY f.id DESC LIMIT 1
) AS failure ON true
ORDER BY u.period_start, u.tenant_id
"""  # noqa: S608 - made of constants
_OPEN_CHUNKS = """
SELECT run_id, position FROM rollup_chunks WHERE finished_at IS NULL ORDER BY run_id, position
"""


class UnbilledPeriod(NamedTuple):
    """A month that ended, of a tenant that has no live invoice for it, and why."""

    tenant_id: UUID
    period_start: date
    reason: str


async def unbilled_periods(context: Context) -> list[UnbilledPeriod]:
    """All of them, by month and tenant."""
    authorise(context, Action.SEE_UNBILLED_PERIODS)

    async def work(unit: UnitOfWork) -> list[UnbilledPeriod]:
        rows = await unit.connection.fetch(REASONS, context.today().replace(day=1))
        return [UnbilledPeriod(row["tenant_id"], row["period_start"], _reason(row)) for row in rows]

    return await transact(context, work)


def _reason(row: Any) -> str:
    if row["under_way"]:
        return "a rollup is under way"
    if row["failure"]:
        return f"the last rollup failed: {row['failure']}"
    if row["voided"]:
        return "its invoice was voided"
    if row["reopened"]:
        return "something came to it after it was settled at nothing"
    if row["late"]:
        return "late usage of earlier months is open"
    return "no rollup has come to it yet"


async def catch_up(context: Context) -> None:
    """Starts a run for each ended month with tenants that are unbilled and in no unfinished run.

    Rings for what unfinished runs have left too. Any number of them at once start each run once.
    """
    authorise(context, Action.ROLL_UP)

    async def work(unit: UnitOfWork) -> None:
        await lock(unit, "rollups", "catch-up")
        await _ring_for_open_chunks(context, unit)
        for period_start, shares in (await _due(context, unit)).items():
            period = Period(period_start, context.settings.billing_time_zone)
            await insert_run(context, unit, Run(new_id(), period, force=False, dry_run=False), shares)

    await transact(context, work)


async def resume(context: Context) -> None:
    """Rings for what unfinished runs have left."""
    authorise(context, Action.ROLL_UP)

    await transact(context, lambda unit: _ring_for_open_chunks(context, unit))


async def _ring_for_open_chunks(context: Context, unit: UnitOfWork) -> None:
    chunks = [(row["run_id"], row["position"]) for row in await unit.connection.fetch(_OPEN_CHUNKS)]
    unit.after_commit(lambda: ring_chunks(context, chunks))


async def _due(context: Context, unit: UnitOfWork) -> dict[date, list[Share]]:
    running = Period.holding(context.clock() - USAGE_GRACE, context.settings.billing_time_zone)
    months: dict[date, list[Share]] = defaultdict(list)
    for row in await unit.connection.fetch(_DUE, running.start):
        months[row["period_start"]].append(Share(row["tenant_id"], row["subscriptions"]))
    return months
