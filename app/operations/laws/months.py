"""Laws of months: none that ended is forgotten, and an invoice was rated from what was there.

The data an invoice was rated from may have moved since, by right. What never moves is held to it: events and add-ons
are only added to, with the instant they came, and the days of a month that is over are settled. A difference that
nothing which came after the rollup explains is a violation.
"""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from app.billing import LevelUsage, Period, SubscriptionInputs, Usage, billable_days, parse_header, parse_subscription
from app.billing.period import ONE_DAY, day_start
from app.operations.invoices.verification import UNREADABLE
from app.operations.laws.law import Examination, Finding, Law, Spine
from app.operations.rating import Enrolment, enrolments, gather
from app.operations.rollups.due import REASONS

SLICE = 500
"""Subscriptions compared at a time: a tenant of any size takes little memory."""

_SUBSCRIPTIONS = "SELECT tenant_id, started_on, ended_on FROM subscriptions WHERE tenant_id = any($1::uuid[])"
_LIVE = "SELECT tenant_id, period_start FROM tenant_invoices WHERE tenant_id = any($1::uuid[]) AND status <> 'VOID'"
_SETTLED = """
SELECT o.tenant_id, o.period_start FROM rollup_outcomes o
WHERE o.tenant_id = any($1::uuid[]) AND o.outcome = 'SETTLED' AND o.reopened_at IS NULL
GROUP BY o.tenant_id, o.period_start
HAVING max(o.id::text) > coalesce((SELECT max(i.id::text) FROM tenant_invoices i
    WHERE i.tenant_id = o.tenant_id AND i.period_start = o.period_start), '')
"""
_LATE = """
SELECT DISTINCT tenant_id, date_trunc('month', opened_on::timestamp)::date AS month
FROM late_usage l WHERE tenant_id = any($1::uuid[]) AND flagged AND state = 'OPEN'
  AND EXISTS (SELECT FROM tenant_invoices i WHERE i.tenant_id = l.tenant_id AND i.period_start = l.period_start
                AND i.status IN ('ISSUED', 'PAID'))
"""
_LISTED = f"SELECT tenant_id, period_start FROM ({REASONS}) AS unbilled WHERE tenant_id = any($2::uuid[])"  # noqa: S608 - made of constants
# When the inputs were gathered at the earliest: the run that last rated the invoice did it after it was asked for.
_RATED = """
SELECT i.id, i.tenant_id, i.period_start, h.document AS header,
       coalesce((SELECT max(r.created_at) FROM rollup_outcomes o JOIN rollup_runs r ON r.id = o.run_id
                 WHERE o.tenant_id = i.tenant_id AND o.period_start = i.period_start AND o.invoice_id = i.id
                   AND o.outcome IN ('CREATED', 'REPLACED')), i.created_at) AS asked_at
FROM tenant_invoices i JOIN tenant_invoice_inputs h ON h.invoice_id = i.id AND h.position = 0
WHERE i.id = any($1::uuid[]) AND i.status <> 'VOID'
ORDER BY i.id
"""
_DOCUMENTS = """
SELECT document FROM tenant_invoice_inputs
WHERE invoice_id = $1 AND subscription_id = any($2::uuid[]) AND late_month IS NULL
"""
_UNKNOWN = """
SELECT subscription_id FROM tenant_invoice_inputs
WHERE invoice_id = $1 AND position > 0 AND subscription_id <> all($2::uuid[]) AND late_month IS NULL
"""
_SUBSCRIBED_AFTER = "SELECT EXISTS (SELECT FROM subscriptions WHERE id = $1 AND created_at >= $2)"
_METERED_AFTER = """
SELECT EXISTS (SELECT FROM usage_records
    WHERE tenant_id = (SELECT tenant_id FROM cloud_deployments WHERE id = $1)
      AND deployment_id = $1 AND resource_kind = $2 AND recorded_at >= $3 AND occurred_at < $5
      AND ($4::timestamptz IS NULL OR occurred_at >= $4))
"""
_MOVED_AFTER = """
SELECT EXISTS (SELECT FROM cloud_deployment_events WHERE deployment_id = $1 AND occurred_at >= $2 AND NOT withheld)
"""


async def _neither_billed_nor_listed(examination: Examination, keys: Sequence[Any]) -> list[Finding]:
    done = {tuple(row) for row in await examination.fetch(_LIVE, keys)}
    done |= {tuple(row) for row in await examination.fetch(_SETTLED, keys)}
    this_month = examination.today.replace(day=1)
    listed = {tuple(row) for row in await examination.fetch(_LISTED, this_month, keys)}
    owed = {
        (row["tenant_id"], month)
        for row in await examination.fetch(_SUBSCRIPTIONS, keys)
        for month in _months(row["started_on"], row["ended_on"], this_month)
    }
    owed |= {key for key in map(tuple, await examination.fetch(_LATE, keys)) if key[1] < this_month}
    forgotten = [(key, "is neither billed nor listed as unbilled") for key in sorted(owed - done - listed)]
    doubled = [(key, "is listed as unbilled, and is billed or not owed") for key in sorted(listed - (owed - done))]
    return [Finding(f"tenants {tenant}", f"{month} {fault}") for (tenant, month), fault in forgotten + doubled]


def _months(first: date, last: date | None, before: date) -> Iterator[date]:
    month = first.replace(day=1)
    while month < before and (last is None or month <= last):
        yield month
        month = date(month.year + month.month // 12, month.month % 12 + 1, 1)


async def _rated_from_other_data(examination: Examination, keys: Sequence[Any]) -> list[Finding]:
    found = []
    for row in await examination.fetch(_RATED, keys):
        try:
            period = parse_header(row["header"]).period
            held = _Holding(examination, row["id"], period, row["asked_at"] - examination.slack)
            texts = [text async for text in held.against_data(row["tenant_id"])]
        except UNREADABLE as error:
            texts = [f"its inputs cannot be read: {error!r}"]
        found += [Finding(f"tenant_invoices {row['id']}", text) for text in texts]
    return found


@dataclass(frozen=True, slots=True)
class _Holding:
    """An invoice's inputs held against the data. `since`: what came from then on may explain a difference."""

    examination: Examination
    invoice_id: UUID
    period: Period
    since: datetime

    async def against_data(self, tenant_id: UUID) -> AsyncIterator[str]:
        enrolled = await enrolments(self.examination.unit, self.period, [tenant_id])
        for start in range(0, len(enrolled), SLICE):
            portion = enrolled[start : start + SLICE]
            kept = await self._documents(portion)
            for enrolment, now in zip(portion, await gather(self.examination.unit, self.period, portion), strict=True):
                async for text in self._compare(enrolment, kept.get(now.subscription_id), now):
                    yield f"{enrolment.slug}: {text}"
        ids = [enrolment.subscription_id for enrolment in enrolled]
        for (subscription_id,) in await self.examination.fetch(_UNKNOWN, self.invoice_id, ids):
            yield f"it bills subscription {subscription_id}, which has no day in the month"

    async def _documents(self, portion: Sequence[Enrolment]) -> Mapping[str | None, SubscriptionInputs]:
        ids = [enrolment.subscription_id for enrolment in portion]
        rows = await self.examination.fetch(_DOCUMENTS, self.invoice_id, ids)
        parsed = [parse_subscription(row["document"], self.period) for row in rows]
        return {inputs.subscription_id: inputs for inputs in parsed}

    async def _compare(
        self, enrolment: Enrolment, kept: SubscriptionInputs | None, now: SubscriptionInputs
    ) -> AsyncIterator[str]:
        if kept is None:
            if not await self._any(_SUBSCRIBED_AFTER, enrolment.subscription_id, self.since):
                yield "its subscription was left out"
            return
        if self._days(kept) != self._days(now) and not await self._any(
            _MOVED_AFTER, enrolment.deployment_id, self.since
        ):
            yield f"{len(self._days(kept))} days were billed, {len(self._days(now))} were active"
        present = {addon.id: addon for addon in now.addons if addon.attached_at < self.since}
        billed = {addon.id: addon for addon in kept.addons if addon.id in present or addon.attached_at < self.since}
        if present != billed:
            yield "its add-ons were not those attached"
        usage_now = {usage.resource_kind: usage for usage in now.usage}
        usage_kept = {usage.resource_kind: usage for usage in kept.usage}
        for kind in sorted(usage_now.keys() | usage_kept.keys()):
            for day in _differing_days(usage_kept.get(kind), usage_now.get(kind)):
                if not await self._came_later(enrolment, kind, day):
                    where = "before the month" if day is None else f"on {day}"
                    yield f"its {kind} {where} is not what was metered by then"

    def _days(self, inputs: SubscriptionInputs) -> tuple[date, ...]:
        return billable_days(self.period, inputs.active_spans, inputs.trial_ends_at)

    async def _came_later(self, enrolment: Enrolment, kind: str, day: date | None) -> bool:
        zone = self.period.zone
        starts = None if day is None else day_start(day, zone)
        ends = self.period.starts_at if day is None else day_start(day + ONE_DAY, zone)
        return await self._any(_METERED_AFTER, enrolment.deployment_id, kind, self.since, starts, ends)

    async def _any(self, statement: str, *arguments: object) -> bool:
        return bool(await self.examination.unit.connection.fetchval(statement, *arguments))


def _differing_days(kept: Usage | None, now: Usage | None) -> list[date | None]:
    """The days on which the two differ; None: the level carried into the month does."""
    ours, theirs = _by_day(kept), _by_day(now)
    return sorted(
        (day for day in ours.keys() | theirs.keys() if ours.get(day) != theirs.get(day)),
        key=lambda day: day or date.min,
    )


def _by_day(usage: Usage | None) -> dict[date | None, object]:
    days: dict[date | None, object] = {row.date: row for row in usage.days} if usage is not None else {}
    if isinstance(usage, LevelUsage) and usage.carried_level:
        days[None] = usage.carried_level
    return days


LAWS = (
    Law("every ended month is billed or listed as unbilled", Spine.TENANTS, _neither_billed_nor_listed),
    Law("an invoice was rated from what was there", Spine.INVOICES, _rated_from_other_data),
)
