"""Lists ended months that are not completely billed, with the reason."""

from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from app.database import UnitOfWork
from app.operations.billing_months.missing_months import insert_missing_months
from app.operations.calls.access import Action, authorise
from app.operations.calls.context import Context
from app.operations.calls.transaction import transact

# $1: the first month that has not ended. Rows are after $2, $3 and before $5, $6, by month and tenant. Each branch
# reads an index in the order of the list, so the cost of a page depends only on the rows it holds.
_DUE = """
SELECT tenant_id, period_start FROM (
    (SELECT tenant_id, period_start FROM billing_months
     WHERE (state IN ('OPEN', 'FAILED') OR rated_cents <> billed_cents)
       AND period_start < $1 AND (period_start, tenant_id) > ($2::date, $3::uuid)
       AND (period_start, tenant_id) < ($5::date, $6::uuid)
     ORDER BY period_start {order}, tenant_id {order} LIMIT $4)
    UNION
    (SELECT DISTINCT tenant_id, period_start FROM billing_month_changes
     WHERE period_start < $1 AND (period_start, tenant_id) > ($2::date, $3::uuid)
       AND (period_start, tenant_id) < ($5::date, $6::uuid)
     ORDER BY period_start {order}, tenant_id {order} LIMIT $4)
) AS due ORDER BY period_start {order}, tenant_id {order} LIMIT $4
"""
_LISTED = f"""
SELECT b.id, b.tenant_id, b.period_start, b.state, b.rated_cents, b.billed_cents, b.failure, t.currency,
       b.run_id IS NOT NULL AND b.rated_cents IS NULL AS voided,
       (SELECT string_agg(DISTINCT c.reason, ', ') FROM billing_month_changes c
        WHERE c.tenant_id = b.tenant_id AND c.period_start = b.period_start) AS changes,
       EXISTS (SELECT FROM rollup_runs r JOIN rollup_chunks c ON c.run_id = r.id
               WHERE r.finished_at IS NULL AND NOT r.dry_run AND r.period_start = b.period_start
                 AND c.finished_at IS NULL AND b.tenant_id = any(c.tenant_ids)) AS under_way
FROM ({_DUE}) AS d
JOIN billing_months b ON b.tenant_id = d.tenant_id AND b.period_start = d.period_start
JOIN tenants t ON t.id = b.tenant_id
ORDER BY b.period_start {{order}}, b.tenant_id {{order}}
"""  # noqa: S608 - made of constants
_FORWARDS, _BACKWARDS = _LISTED.format(order="ASC"), _LISTED.format(order="DESC")
_COUNT = """
SELECT count(*) FROM (
    SELECT tenant_id, period_start FROM billing_months
    WHERE (state IN ('OPEN', 'FAILED') OR rated_cents <> billed_cents) AND period_start < $1
    UNION
    SELECT tenant_id, period_start FROM billing_month_changes WHERE period_start < $1
) AS due
"""
MAX_FIRST = 1000
Place = tuple[date, UUID]
"""A month and a tenant: the sort key of a listed month."""

_FIRST_PLACE: Place = (date(1, 1, 1), UUID(int=0))
_LAST_PLACE: Place = (date(9999, 1, 1), UUID(int=0))


class UnbilledMonthRow(NamedTuple):
    """A tenant's month that is not completely billed.

    difference_cents: its amount when last rated less what is billed, net; below 0 it is a credit. None until it was
    rated, and while it has changes that it was not rated with.
    """

    billing_month_id: UUID
    tenant_id: UUID
    period_start: date
    reason: str
    difference_cents: int | None


class UnbilledPage(NamedTuple):
    """A page of unbilled months. has_more: whether there are further months in the direction of paging."""

    months: list[UnbilledMonthRow]
    has_more: bool


async def unbilled_months(
    context: Context,
    *,
    first: int,
    after: Place | None = None,
    before: Place | None = None,
    backwards: bool = False,
) -> UnbilledPage:
    """Returns the first months by month and tenant, or the last if `backwards`; between `after` and
    `before`, if given.
    """
    authorise(context, Action.SEE_UNBILLED_PERIODS)

    async def work(unit: UnitOfWork) -> UnbilledPage:
        await insert_missing_months(context, unit)
        places = *(after or _FIRST_PLACE), first + 1, *(before or _LAST_PLACE)
        statement = _BACKWARDS if backwards else _FORWARDS
        rows = await unit.connection.fetch(statement, context.today().replace(day=1), *places)
        months = [_listed(row) for row in rows[:first]]
        return UnbilledPage(months[::-1] if backwards else months, len(rows) > first)

    return await transact(context, work)


async def count_unbilled_months(context: Context) -> int:
    authorise(context, Action.SEE_UNBILLED_PERIODS)

    async def work(unit: UnitOfWork) -> int:
        await insert_missing_months(context, unit)
        return int(await unit.connection.fetchval(_COUNT, context.today().replace(day=1)))

    return await transact(context, work)


def _listed(row: Any) -> UnbilledMonthRow:
    difference = None
    if row["rated_cents"] is not None and row["changes"] is None:
        difference = row["rated_cents"] - row["billed_cents"]
    return UnbilledMonthRow(row["id"], row["tenant_id"], row["period_start"], _reason(row, difference), difference)


def _reason(row: Any, difference: int | None) -> str:
    if row["under_way"]:
        return "a rollup is in progress"
    if row["state"] == "FAILED":
        return f"the last rollup failed: {row['failure']}"
    if row["state"] == "OPEN":
        return "its invoice was voided" if row["voided"] else "no rollup has rated it yet"
    if row["changes"]:
        failed = f"; its last correction failed: {row['failure']}" if row["failure"] else ""
        return f"it changed after it was rated: {row['changes']}{failed}"
    if difference is not None and difference < 0:
        return f"a credit of {-difference} cents waits for an invoice with charges to reduce"
    return f"{difference} cents are not billed yet"
