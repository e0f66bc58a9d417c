"""A month's net amount, rated from the current data, compared with what live invoices have billed for it.

Nothing here writes or locks: verification and the data-integrity check ask it.
"""

from collections.abc import Mapping, Sequence
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
from app.operations.rating_inputs import billable_deployments, gather, tenant_headers

SLICE = 500
"""Subscriptions rated at a time: a tenant of any size takes little memory."""

_RATINGS = """
SELECT tenant_id, state, rules_version FROM billing_months WHERE tenant_id = any($1::uuid[]) AND period_start = $2
"""
_BILLED = """
SELECT l.tenant_id, sum(l.amount_cents - invoice_line_corrected_cents(l.tenant_id, l.id))::bigint
FROM tenant_invoice_lines l
JOIN tenant_invoices i ON i.tenant_id = l.tenant_id AND i.id = l.invoice_id AND i.status <> 'VOID'
WHERE l.tenant_id = any($1::uuid[]) AND l.period_start = $2 AND l.kind <> 'TAX'
GROUP BY l.tenant_id
"""


@dataclass(slots=True)
class MonthInData:
    """rated_cents: the month's amount, rated now; billed_cents: what live invoices have billed for it, both net.

    differences: by slug (empty for charges without a subscription), in words. failure: why it cannot be rated.
    """

    header: QuoteHeader
    waived: bool
    billed_cents: int
    rated_cents: int = 0
    differences: list[tuple[str, str]] = field(default_factory=list)
    failure: str | None = None

    def add(self, slug: str, subject: SubscriptionInputs | ChargeInputs, billed: list[Billed]) -> None:
        """Rates a part of the month, and compares it with what was billed of it."""
        inputs = CorrectionInputs(self.header, subject, tuple(merged(billed)), waived=self.waived)
        try:
            lines = rate_subject(inputs)
            found = differences(inputs, lines)
        except (ValueError, ArithmeticError) as error:
            self.failure = self.failure or str(error)
            return
        self.rated_cents += sum(line.amount_cents for line in lines)
        for one in found:
            now = sum(line.amount_cents for line in one.lines)
            what = " ".join(filter(None, one.series))
            text = f"the data of today give {now}c for {what}, {one.billed.amount_cents}c are billed"
            self.differences.append((slug, text))


async def month_in_data(unit: UnitOfWork, tenant_id: UUID, period: Period) -> MonthInData:
    """Rates the tenant's month as `months_in_data` does."""
    return (await months_in_data(unit, [tenant_id], period))[tenant_id]


async def months_in_data(unit: UnitOfWork, tenant_ids: Sequence[UUID], period: Period) -> dict[UUID, MonthInData]:
    """Rates the tenants' month under the rules by which each was first rated, with the same few statements for all.

    One snapshot is the caller's to see to.
    """
    ratings = {row["tenant_id"]: row for row in await unit.connection.fetch(_RATINGS, tenant_ids, period.start)}
    billed = dict(await unit.connection.fetch(_BILLED, tenant_ids, period.start))
    months = {}
    for tenant_id, header in (await tenant_headers(unit, tenant_ids, period)).items():
        row = ratings.get(tenant_id)
        is_waived = row is not None and row["state"] == "WAIVED"
        under_rules = header.under(row and row["rules_version"])
        months[tenant_id] = MonthInData(under_rules, is_waived, billed.get(tenant_id, 0))
    await _add_subscriptions(unit, months, period)
    if charges := await charges_of(unit, period, tenant_ids):
        billed_apart = await billed_charges(unit, list(charges), period, ())
        for tenant_id, subject in charges.items():
            months[tenant_id].add("", subject, billed_apart.get(tenant_id, []))
    return months


async def _add_subscriptions(unit: UnitOfWork, months: Mapping[UUID, MonthInData], period: Period) -> None:
    billable = await billable_deployments(unit, period, months)
    for start in range(0, len(billable), SLICE):
        portion = billable[start : start + SLICE]
        subscriptions = [(one.tenant_id, one.subscription_id) for one in portion if one.subscription_id]
        billed = await billed_series(unit, subscriptions, period.start, ())
        for one, inputs in zip(portion, await gather(unit, period, portion), strict=True):
            months[one.tenant_id].add(one.slug, inputs, billed.get(one.subscription_id, []))
