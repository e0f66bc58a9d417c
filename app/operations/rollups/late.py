"""Late usage on a rollup's invoices: the months it came to are rated again on the terms they were billed on, and the
difference to all that was billed for them goes on this one.

A month that is rated as a whole once more, because its invoice was voided, takes off what others have billed of it.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from app.billing import (
    Billed,
    LateInputs,
    Line,
    Period,
    SubscriptionInputs,
    as_billed,
    merged,
    overages,
    parse_header,
    parse_subscription,
    rate_late,
)
from app.database import UnitOfWork
from app.operations.invoices.draft import Draft
from app.operations.rating import Enrolment, usage_of
from app.operations.rollups.run import Run

# Open late usage: of a month whose invoice stands. Without one the month is due as a whole.
OPEN_LATE_USAGE = """
late_usage l WHERE l.state = 'OPEN' AND l.flagged AND EXISTS (
    SELECT FROM tenant_invoices i
    WHERE i.tenant_id = l.tenant_id AND i.period_start = l.period_start AND i.status IN ('ISSUED', 'PAID'))
"""
_OWED = f"""
SELECT l.tenant_id, l.period_start, l.deployment_id FROM {OPEN_LATE_USAGE}
    AND l.tenant_id = any($1::uuid[]) AND l.period_start < $2
UNION
SELECT l.tenant_id, l.period_start, l.deployment_id
FROM late_usage l JOIN tenant_invoices i
    ON i.tenant_id = l.tenant_id AND i.period_start = l.period_start AND i.status IN ('ISSUED', 'PAID')
WHERE l.billed_invoice_id = any($3::uuid[]) AND l.period_start < $2
"""  # noqa: S608 - made of constants
# The terms that a month was billed on, by tenant, month and slug. Subscriptions that it does not bill have none.
_TERMS = """
SELECT o.tenant_id, o.period_start, o.deployment_id, d.slug, s.id AS subscription_id, h.document AS header, n.document
FROM unnest($1::uuid[], $2::date[], $3::uuid[]) AS o (tenant_id, period_start, deployment_id)
JOIN tenant_invoices i ON i.tenant_id = o.tenant_id AND i.period_start = o.period_start AND i.status <> 'VOID'
JOIN cloud_deployments d ON d.tenant_id = o.tenant_id AND d.id = o.deployment_id
JOIN subscriptions s ON s.tenant_id = o.tenant_id AND s.deployment_id = o.deployment_id
JOIN tenant_invoice_inputs h ON h.invoice_id = i.id AND h.position = 0
JOIN tenant_invoice_inputs n ON n.invoice_id = i.id AND n.subscription_id = s.id AND n.late_month IS NULL
ORDER BY o.tenant_id, o.period_start, d.slug COLLATE "C"
"""
# What live invoices have charged for overage, late or not, but for those ($1) that are about to be replaced.
_BILLED = """
SELECT l.subscription_id, l.period_start, regexp_replace(l.key, '^late:[0-9]{{4}}-[0-9]{{2}}:', '') AS key,
       l.resource_kind, sum(l.quantity) AS quantity,
       (array_agg(l.unit_price_cents ORDER BY l.id DESC))[1] AS unit_price_cents, sum(l.amount_cents)::bigint AS cents
FROM {months} JOIN tenant_invoices i ON i.id = l.invoice_id AND i.status <> 'VOID' AND i.id <> all($1::uuid[])
WHERE l.kind = 'OVERAGE'
GROUP BY 1, 2, 3, 4
"""
_BILLED_OF_MONTHS = _BILLED.format(
    months="""
    unnest($2::uuid[], $3::date[]) AS o (subscription_id, period_start)
    JOIN tenant_invoice_lines l ON l.subscription_id = o.subscription_id AND l.period_start = o.period_start"""
)
_BILLED_ELSEWHERE = _BILLED.format(
    months="""
    unnest($2::uuid[]) AS o (tenant_id)
    JOIN tenant_invoice_lines l ON l.tenant_id = o.tenant_id AND l.period_start = $3 AND l.key LIKE 'late:%'"""
)
_TAKEN_IN = "DELETE FROM late_usage WHERE tenant_id = any($1::uuid[]) AND period_start = $2 AND NOT flagged"
_DONE = """
UPDATE late_usage l SET state = CASE WHEN o.invoice_id IS NULL THEN 'SETTLED' ELSE 'BILLED' END,
    billed_invoice_id = o.invoice_id
FROM unnest($1::uuid[], $2::date[], $3::uuid[], $4::uuid[]) AS o (tenant_id, period_start, deployment_id, invoice_id)
WHERE l.tenant_id = o.tenant_id AND l.period_start = o.period_start
  AND (o.deployment_id IS NULL OR l.deployment_id = o.deployment_id) AND l.state = 'OPEN' AND l.flagged
"""


class Owed(NamedTuple):
    """A deployment's month with open late usage."""

    tenant_id: UUID
    period_start: date
    deployment_id: UUID


@dataclass(slots=True)
class LateBilling:
    """The late usage of a few tenants. `replaced`: invoices whose place the run's own take."""

    unit: UnitOfWork
    run: Run
    replaced: Sequence[UUID]
    owed: Sequence[Owed]
    elsewhere: Mapping[str | None, list[Billed]]
    _doubled: dict[UUID, list[LateInputs]] = field(default_factory=dict)
    _done: dict[Owed, bool] = field(default_factory=dict)

    def note(self, draft: Draft, inputs: SubscriptionInputs, lines: Iterable[Line]) -> None:
        """A subscription's month was rated as a whole: what others billed of it late is to be taken off."""
        if billed := self.elsewhere.get(inputs.subscription_id):
            all_billed = merged([*map(as_billed, overages(lines)), *billed])
            self._doubled.setdefault(draft.tenant_id, []).append(LateInputs(draft.header, inputs, all_billed))

    async def add_to(self, drafts: Mapping[UUID, Draft], slice_size: int) -> AsyncIterator[None]:
        """Adds the lines to the drafts, by month and slug; yields after so many months of subscriptions."""
        for tenant_id, doubled in self._doubled.items():
            for inputs in doubled:
                drafts[tenant_id].add_late(inputs, rate_late(inputs))
        for start in range(0, len(self.owed), slice_size):
            portion = self.owed[start : start + slice_size]
            self._done |= dict.fromkeys(portion, False)
            for owed, inputs in await late_inputs(self.unit, self.run.period.zone, portion, self.replaced):
                self._add(drafts[owed.tenant_id], owed, inputs)
            yield

    def _add(self, draft: Draft, owed: Owed, inputs: LateInputs) -> None:
        lines = rate_late(inputs)
        net = sum(line.amount_cents for line in lines)
        if net < 0 and draft.subtotal_cents + net <= 0:
            del self._done[owed]  # no invoice is below 0: the credit waits for one that can take it
        elif lines:
            draft.add_late(inputs, lines)
            self._done[owed] = True

    async def record(self, drafts: Mapping[UUID, Draft], rated_before: Sequence[UUID]) -> None:
        """What became of it, once the drafts are written. Tenants rated before may have usage late for this month."""
        done: list[tuple[UUID, date, UUID | None, UUID | None]] = [
            (*owed, drafts[owed.tenant_id].invoice_id if billed else None)
            for owed, billed in self._done.items()
            if drafts[owed.tenant_id].billable or not billed
        ]
        if rated_before:
            await self.unit.connection.execute(_TAKEN_IN, rated_before, self.run.period.start)
            for tenant_id in rated_before:
                draft = drafts[tenant_id]
                invoice_id = draft.invoice_id if draft.billable else None
                done.append((tenant_id, self.run.period.start, None, invoice_id))
        if done:
            await self.unit.connection.execute(_DONE, *map(list, zip(*done, strict=True)))


async def late_billing(
    unit: UnitOfWork, run: Run, tenant_ids: Iterable[UUID], rated_before: Sequence[UUID], replaced: Sequence[UUID]
) -> LateBilling:
    """What is open of the tenants. Without any, that is one look at an index."""
    owed = [Owed(*row) for row in await unit.connection.fetch(_OWED, list(tenant_ids), run.period.start, replaced)]
    elsewhere: dict[str | None, list[Billed]] = {}
    if rated_before:
        rows = await unit.connection.fetch(_BILLED_ELSEWHERE, replaced, rated_before, run.period.start)
        for row in rows:
            elsewhere.setdefault(str(row["subscription_id"]), []).append(_billed(row))
    return LateBilling(unit, run, replaced, sorted(owed), elsewhere)


async def late_inputs(
    unit: UnitOfWork, zone: ZoneInfo, portion: Sequence[Owed], replaced: Sequence[UUID] = ()
) -> list[tuple[Owed, LateInputs]]:
    """What each is rated late from, by tenant, month and slug; without those that the month's invoice does not bill."""
    rows = await unit.connection.fetch(_TERMS, *map(list, zip(*portion, strict=True)))
    subscriptions = [row["subscription_id"] for row in rows], [row["period_start"] for row in rows]
    billed: dict[tuple[UUID, date], list[Billed]] = {}
    for line in await unit.connection.fetch(_BILLED_OF_MONTHS, replaced, *subscriptions):
        billed.setdefault((line["subscription_id"], line["period_start"]), []).append(_billed(line))
    usage = {}
    for month in {row["period_start"] for row in rows}:
        enrolled = [_enrolment(row) for row in rows if row["period_start"] == month]
        usage[month] = await usage_of(unit, Period(month, zone), enrolled)
    found = []
    for row in rows:
        month, header = row["period_start"], parse_header(row["header"])
        kept = parse_subscription(row["document"], header.period)
        now = replace(kept, usage=tuple(usage[month].get(row["deployment_id"], ())))
        lines = merged(billed.get((row["subscription_id"], month), ()))
        found.append((Owed(row["tenant_id"], month, row["deployment_id"]), LateInputs(header, now, lines)))
    return found


def _enrolment(row: Any) -> Enrolment:
    return Enrolment(row["subscription_id"], row["tenant_id"], row["deployment_id"], row["slug"], None)


def _billed(row: Any) -> Billed:
    return Billed(row["key"], row["resource_kind"], row["quantity"], row["unit_price_cents"], row["cents"])
