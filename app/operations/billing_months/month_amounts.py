"""Compares a month's net amount, rated from the current data, with what live invoices have billed for it.

Used by verification and the data-integrity check; it writes and locks nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from app.billing import (
    BilledSeries,
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
from app.operations.billing_months.billed_amounts import billed_charges, billed_series
from app.operations.monthly_charges import charges_of
from app.operations.rating_inputs import billable_deployments, gather, tenant_headers

SLICE = 500
"""Subscriptions rated at a time, which limits the memory for a large tenant."""

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
    """A tenant's month, rated from today's data. rated_cents: its net amount; billed_cents: the net amount that live
    invoices have billed for it.

    differences: messages by slug (empty for charges without a subscription). failure: why the month cannot be rated.
    """

    header: QuoteHeader
    waived: bool
    billed_cents: int
    rated_cents: int = 0
    differences: list[tuple[str, str]] = field(default_factory=list)
    failure: str | None = None

    def add(self, slug: str, subject: SubscriptionInputs | ChargeInputs, billed: list[BilledSeries]) -> None:
        """Rates a part of the tenant's month and compares it with what was billed for that part."""
        inputs = CorrectionInputs(self.header, subject, tuple(merged(billed)), waived=self.waived)
        try:
            lines = rate_subject(inputs)
            series_differences = differences(inputs, lines)
        except (ValueError, ArithmeticError) as error:
            self.failure = self.failure or str(error)
            return
        self.rated_cents += sum(line.amount_cents for line in lines)
        for difference in series_differences:
            now = sum(line.amount_cents for line in difference.lines)
            series_name = " ".join(filter(None, difference.series))
            text = f"today's data give {now}c for {series_name}, but {difference.billed.amount_cents}c are billed"
            self.differences.append((slug, text))


async def month_in_data(unit: UnitOfWork, tenant_id: UUID, period: Period) -> MonthInData:
    """Rates the tenant's month; see `months_in_data`."""
    return (await months_in_data(unit, [tenant_id], period))[tenant_id]


async def months_in_data(unit: UnitOfWork, tenant_ids: Sequence[UUID], period: Period) -> dict[UUID, MonthInData]:
    """Rates the tenants' month under the rules by which each was first rated, with the same few statements for all
    tenants.

    The caller must run it in a transaction that sees one snapshot.
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
        subscriptions = [
            (deployment.tenant_id, deployment.subscription_id) for deployment in portion if deployment.subscription_id
        ]
        billed = await billed_series(unit, subscriptions, period.start, ())
        for deployment, inputs in zip(portion, await gather(unit, period, portion), strict=True):
            months[deployment.tenant_id].add(deployment.slug, inputs, billed.get(deployment.subscription_id, []))
