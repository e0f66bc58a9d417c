"""What a month comes to by the data as they are now, held against what live invoices have billed for it.

Nothing here writes or locks: verification and the data-integrity check ask it.
"""

from dataclasses import dataclass, field
from uuid import UUID

from app.billing import (
    Billed,
    ChargeInputs,
    CorrectionInputs,
    Period,
    QuoteHeader,
    SubscriptionInputs,
    differences,
    merged,
    rate_subject,
)
from app.database import UnitOfWork
from app.operations.billing_months.billed import billed_charges, billed_series
from app.operations.monthly_charges import charges_of
from app.operations.rating import enrolments, gather, tenant_headers

SLICE = 500
"""Subscriptions rated at a time: a tenant of any size takes little memory."""

_RATINGS = "SELECT state, rules_version FROM billing_months WHERE tenant_id = $1 AND period_start = $2"
_BILLED = """
SELECT coalesce(sum(l.amount_cents), 0)::bigint FROM tenant_invoice_lines l
JOIN tenant_invoices i ON i.tenant_id = l.tenant_id AND i.id = l.invoice_id AND i.status <> 'VOID'
WHERE l.tenant_id = $1 AND l.period_start = $2 AND l.kind <> 'TAX'
"""


@dataclass(slots=True)
class MonthInData:
    """rated_cents: what the month comes to now; billed_cents: what live invoices have billed for it, both net.

    differences: by slug (empty for charges without a subscription), in words. failure: why it cannot be rated.
    """

    rated_cents: int = 0
    billed_cents: int = 0
    differences: list[tuple[str, str]] = field(default_factory=list)
    failure: str | None = None

    def add(self, slug: str, inputs: CorrectionInputs) -> None:
        """Raises as rate_subscription does."""
        lines = rate_subject(inputs)
        self.rated_cents += sum(line.amount_cents for line in lines)
        for one in differences(inputs, lines):
            now = sum(line.amount_cents for line in one.lines)
            what = " ".join(filter(None, one.series))
            text = f"the data of today give {now}c for {what}, {one.billed.amount_cents}c are billed"
            self.differences.append((slug, text))


async def month_in_data(unit: UnitOfWork, tenant_id: UUID, period: Period) -> MonthInData:
    """Rates the tenant's month under the rules by which it was first rated.

    One snapshot is the caller's to see to.
    """
    row = await unit.connection.fetchrow(_RATINGS, tenant_id, period.start)
    month = MonthInData(billed_cents=await unit.connection.fetchval(_BILLED, tenant_id, period.start))
    waived = row is not None and row["state"] == "WAIVED"
    header = (await tenant_headers(unit, [tenant_id], period))[tenant_id].under(row and row["rules_version"])
    try:
        await _add_subscriptions(unit, month, header, tenant_id, waived=waived)
        for subject in (await charges_of(unit, period, [tenant_id])).values():
            billed = (await billed_charges(unit, [tenant_id], period, ())).get(tenant_id, [])
            month.add("", _inputs(header, subject, billed, waived=waived))
    except (ValueError, ArithmeticError) as error:
        month.failure = str(error)
    return month


async def _add_subscriptions(
    unit: UnitOfWork, month: MonthInData, header: QuoteHeader, tenant_id: UUID, *, waived: bool
) -> None:
    period = header.period
    enrolled = await enrolments(unit, period, [tenant_id])
    for start in range(0, len(enrolled), SLICE):
        portion = enrolled[start : start + SLICE]
        subscriptions = [(tenant_id, one.subscription_id) for one in portion if one.subscription_id]
        billed = await billed_series(unit, subscriptions, period.start, ())
        for one, inputs in zip(portion, await gather(unit, period, portion), strict=True):
            month.add(one.slug, _inputs(header, inputs, billed.get(one.subscription_id, []), waived=waived))


def _inputs(
    header: QuoteHeader, subject: SubscriptionInputs | ChargeInputs, billed: list[Billed], *, waived: bool
) -> CorrectionInputs:
    return CorrectionInputs(header, subject, tuple(merged(billed)), waived=waived)
