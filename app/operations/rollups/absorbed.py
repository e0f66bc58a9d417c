"""Absorbed corrections: what an earlier month fell in value where credit notes for other reasons had left nothing to
credit. If the month rises again, this is used up before anything is billed. See docs/adr/0037.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import NamedTuple, TypeAlias
from uuid import UUID

from app.billing import BilledSeries, CorrectionInputs, LineKind, Series, SeriesDifference, SubscriptionInputs, merged
from app.billing.money import ZERO
from app.database import UnitOfWork
from app.operations.billing_months.billed_amounts import SERIES_PART

SeriesKey: TypeAlias = tuple[UUID, date, UUID | None, Series]
"""Tenant, month, subscription and series."""

_ABSORBED = f"""
SELECT l.tenant_id, l.period_start AS month, l.subscription_id, l.kind, {SERIES_PART} AS part, l.id,
       sum(a.absorbed_cents)::bigint AS cents
FROM unnest($1::uuid[], $2::date[]) AS m (tenant_id, month)
JOIN absorbed_corrections a ON a.tenant_id = m.tenant_id
JOIN tenant_invoice_lines l ON l.tenant_id = a.tenant_id AND l.id = a.invoice_line_id AND l.period_start = m.month
GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(a.absorbed_cents) > 0 ORDER BY l.id
"""  # noqa: S608 - made of constants


class AbsorbedLine(NamedTuple):
    """A line of an issued invoice, and what of corrections was absorbed on it and is not used up."""

    id: UUID
    cents: int


class Release(NamedTuple):
    """A part of what was absorbed on a line that a rise of its series uses up."""

    tenant_id: UUID
    month: date
    series: Series
    line_id: UUID
    cents: int


def series_key(tenant_id: UUID, month: date, subscription_id: UUID | None, series: Series) -> SeriesKey:
    """Identifies a series of a month. A charge is one series, whether it was billed with a subscription or apart."""
    return tenant_id, month, None if series.kind is LineKind.ADJUSTMENT else subscription_id, series


def subscription_of(inputs: CorrectionInputs) -> UUID | None:
    """The subscription that is corrected; None for charges without one."""
    subject = inputs.subject
    if isinstance(subject, SubscriptionInputs) and subject.subscription_id:
        return UUID(subject.subscription_id)
    return None


async def absorbed_lines(
    unit: UnitOfWork, tenant_ids: Sequence[UUID], months: Sequence[date]
) -> Mapping[SeriesKey, Sequence[AbsorbedLine]]:
    """What was absorbed of these months, by series, the oldest line first. `months` pairs with `tenant_ids`."""
    found: dict[SeriesKey, list[AbsorbedLine]] = defaultdict(list)
    for row in await unit.connection.fetch(_ABSORBED, tenant_ids, months):
        series = Series(LineKind(row["kind"]), row["part"])
        key = series_key(row["tenant_id"], row["month"], row["subscription_id"], series)
        found[key].append(AbsorbedLine(row["id"], row["cents"]))
    return found


def releases_of(
    absorbed: Mapping[SeriesKey, Sequence[AbsorbedLine]],
    tenant_id: UUID,
    month: date,
    inputs: CorrectionInputs,
    found: Iterable[SeriesDifference],
) -> list[Release]:
    """What the differences above 0 use up of what was absorbed."""
    releases = []
    for difference in found:
        rise = difference.amount_cents
        for line in absorbed.get(series_key(tenant_id, month, subscription_of(inputs), difference.series), ()):
            if (part := min(rise, line.cents)) > 0:
                releases.append(Release(tenant_id, month, difference.series, line.id, part))
                rise -= part
    return releases


def with_released(inputs: CorrectionInputs, releases: Iterable[Release]) -> CorrectionInputs:
    """The inputs once the released parts count as billed again."""
    again = (BilledSeries(one.series, ZERO, one.cents) for one in releases)
    return replace(inputs, billed=tuple(merged([*inputs.billed, *again])))
