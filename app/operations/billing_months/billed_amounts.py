"""What live invoices have billed of months, series by series; without those whose place a run's own invoices take.

Of what is billed, late corrections are taken off: LATE_CORRECTION notes, and what other notes absorbed of them.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from app.billing import BilledSeries, LineKind, Period, Series
from app.database import UnitOfWork

SERIES_PART = """
CASE l.kind WHEN 'ADDON' THEN l.subscription_addon_id::text WHEN 'OVERAGE' THEN l.resource_kind
            WHEN 'ADJUSTMENT' THEN l.charge_id::text ELSE '' END
"""
"""The part of the series of an invoice line l."""

_SERIES = f"""
l.kind, {SERIES_PART} AS part,
sum(l.quantity) AS quantity,
sum(l.amount_cents - invoice_line_corrected_cents(l.tenant_id, l.id))::bigint AS cents
"""
# $1: the invoices that are about to be replaced.
_LIVE = """
JOIN tenant_invoices i ON i.tenant_id = l.tenant_id AND i.id = l.invoice_id
    AND i.status <> 'VOID' AND i.id <> all($1::uuid[])
"""
# A charge that was billed without a subscription belongs to the subscription if a backdated one now covers its month.
_BILLED_SUBSCRIPTIONS = f"""
SELECT l.subscription_id, {_SERIES}
FROM unnest($2::uuid[], $3::uuid[]) AS o (tenant_id, subscription_id)
JOIN tenant_invoice_lines l
    ON l.tenant_id = o.tenant_id AND l.subscription_id = o.subscription_id AND l.period_start = $4
{_LIVE} GROUP BY 1, 2, 3
UNION ALL
SELECT s.id, {_SERIES}
FROM unnest($2::uuid[], $3::uuid[]) AS o (tenant_id, subscription_id)
JOIN subscriptions s ON s.tenant_id = o.tenant_id AND s.id = o.subscription_id
JOIN charges c ON c.tenant_id = s.tenant_id AND c.deployment_id = s.deployment_id AND c.net_cents > 0
    AND is_in_month(c.charged_on, $4)
JOIN tenant_invoice_lines l ON l.tenant_id = c.tenant_id AND l.charge_id = c.id AND l.subscription_id IS NULL
{_LIVE} GROUP BY 1, 2, 3
"""  # noqa: S608 - made of constants
_BILLED_CHARGES = f"""
SELECT l.tenant_id, {_SERIES}
FROM charges c JOIN tenant_invoice_lines l
    ON l.tenant_id = c.tenant_id AND l.charge_id = c.id AND l.subscription_id IS NULL
{_LIVE}
WHERE c.tenant_id = any($2::uuid[]) AND is_in_month(c.charged_on, $3)
  AND (c.net_cents < 0 OR NOT EXISTS (
    SELECT FROM subscriptions s
    WHERE s.tenant_id = c.tenant_id AND s.deployment_id = c.deployment_id
      AND is_in_month(s.started_on, s.ended_on, $3)))
GROUP BY 1, 2, 3
"""  # noqa: S608 - made of constants
# Apart from the month's own invoice, which is about to be replaced, only invoices that correct the month have lines for
# it.
_BILLED_ELSEWHERE = f"""
SELECT coalesce(l.subscription_id, s.id) AS subscription_id, l.tenant_id, {_SERIES}
FROM tenant_invoice_lines l {_LIVE}
LEFT JOIN charges c
    ON c.tenant_id = l.tenant_id AND c.id = l.charge_id AND c.net_cents > 0 AND l.subscription_id IS NULL
LEFT JOIN subscriptions s
    ON s.tenant_id = c.tenant_id AND s.deployment_id = c.deployment_id
    AND is_in_month(s.started_on, s.ended_on, $3)
WHERE (l.tenant_id, l.invoice_id) IN (SELECT n.tenant_id, n.invoice_id FROM tenant_invoice_inputs n
                                      WHERE n.tenant_id = any($2::uuid[]) AND n.late_month = $3)
  AND l.tenant_id = any($2::uuid[]) AND l.period_start = $3 AND l.kind <> 'TAX'
GROUP BY 1, 2, 3, 4
"""  # noqa: S608 - made of constants
_DEPLOYMENTS = f"""
SELECT DISTINCT l.deployment_id FROM tenant_invoice_lines l {_LIVE}
WHERE l.tenant_id = any($2::uuid[]) AND l.period_start = $3 AND l.deployment_id IS NOT NULL
"""  # noqa: S608 - made of constants
_REPLACED = """
SELECT l.tenant_id, l.period_start, CASE WHEN l.period_start < $2 THEN l.deployment_id END, sum(l.amount_cents)::bigint
FROM tenant_invoice_lines l WHERE l.invoice_id = any($1::uuid[]) AND l.kind <> 'TAX'
GROUP BY 1, 2, 3
"""


@dataclass(frozen=True, slots=True)
class Replaced:
    """The live invoices that a rollup replaces: what they bill for each month, and the deployments whose earlier months
    they correct.
    """

    invoice_ids: Sequence[UUID] = ()
    cents: Mapping[tuple[UUID, date], int] = field(default_factory=dict)
    deployments: Mapping[tuple[UUID, date], set[UUID | None]] = field(default_factory=dict)


async def replaced_by(unit: UnitOfWork, invoice_ids: Sequence[UUID], period_start: date) -> Replaced:
    if not invoice_ids:
        return Replaced()
    cents: dict[tuple[UUID, date], int] = defaultdict(int)
    deployments: dict[tuple[UUID, date], set[UUID | None]] = defaultdict(set)
    for tenant_id, month, deployment_id, billed in await unit.connection.fetch(_REPLACED, invoice_ids, period_start):
        cents[tenant_id, month] += billed
        if month < period_start:
            deployments[tenant_id, month].add(deployment_id)
    return Replaced(invoice_ids, cents, deployments)


async def billed_series(
    unit: UnitOfWork, subscriptions: Sequence[tuple[UUID, UUID]], month: date, replaced: Sequence[UUID]
) -> dict[UUID | None, list[BilledSeries]]:
    """Returns what was billed for a month, by subscription. `subscriptions` maps each subscription to its tenant."""
    tenant_ids, subscription_ids = [pair[0] for pair in subscriptions], [pair[1] for pair in subscriptions]
    rows = await unit.connection.fetch(_BILLED_SUBSCRIPTIONS, replaced, tenant_ids, subscription_ids, month)
    return _grouped((row["subscription_id"], row) for row in rows)


async def billed_charges(
    unit: UnitOfWork, tenant_ids: Sequence[UUID], period: Period, replaced: Sequence[UUID]
) -> dict[UUID, list[BilledSeries]]:
    """Returns what was billed for charges without a subscription, by tenant."""
    rows = await unit.connection.fetch(_BILLED_CHARGES, replaced, tenant_ids, period.start)
    return _grouped((row["tenant_id"], row) for row in rows)


async def billed_elsewhere(
    unit: UnitOfWork, tenant_ids: Sequence[UUID], month: date, replaced: Sequence[UUID]
) -> dict[str, list[BilledSeries]]:
    """Returns what corrections on other invoices have billed for the month: by subscription, or for charges
    by tenant.
    """
    rows = await unit.connection.fetch(_BILLED_ELSEWHERE, replaced, tenant_ids, month)
    return _grouped((str(row["subscription_id"] or row["tenant_id"]), row) for row in rows)


async def billed_deployments(
    unit: UnitOfWork, tenant_ids: Sequence[UUID], month: date, replaced: Sequence[UUID]
) -> list[UUID]:
    rows = await unit.connection.fetch(_DEPLOYMENTS, replaced, tenant_ids, month)
    return [row["deployment_id"] for row in rows]


def _grouped(rows: Iterable[tuple[Any, Any]]) -> dict[Any, list[BilledSeries]]:
    grouped: dict[Any, list[BilledSeries]] = defaultdict(list)
    for key, row in rows:
        grouped[key].append(BilledSeries(Series(LineKind(row["kind"]), row["part"]), row["quantity"], row["cents"]))
    return grouped
