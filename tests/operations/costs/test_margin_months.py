"""The margin by service month, by currency, and its cents when the provider's amounts have fractions of one."""

from datetime import date
from decimal import Decimal
from itertools import product
from uuid import UUID

import pytest

from app.billing import LineKind
from app.operations.costs import InvoicedRevenue, MarginDimension, MarginResult, margin
from app.operations.costs.margin import rounded_cumulatively
from app.operations.deployments import register_resource
from tests.operations.costs.bills import bill, import_bill, row
from tests.operations.costs.invoice_rows import InvoicedLine, invoiced
from tests.operations.given import Given
from tests.operations.months import issue_last, roll_up
from tests.operations.receivables import credit, figure_1, issued

APRIL, MAY, JUNE = date(2026, 4, 1), date(2026, 5, 1), date(2026, 6, 1)
TENANT, DEPLOYMENT, RESOURCE_KIND, LINE_KIND, MONTH = MarginDimension
PLAN_BASE, OVERAGE, TAX = LineKind.PLAN_BASE, LineKind.OVERAGE, LineKind.TAX


async def report(
    given: Given, *group_by: MarginDimension, months: tuple[date, date] = (APRIL, MAY), tenant_id: UUID | None = None
) -> MarginResult:
    return await margin(given.platform, from_day=months[0], to_day=months[1], group_by=group_by, tenant_id=tenant_id)


async def subscription(given: Given, code: str, plan: str = "studio") -> tuple[UUID, UUID, UUID]:
    """The tenant, its deployment and its subscription since April."""
    currency = "USD" if plan == "dollar" else "AUD"
    tenant_id = await given.tenant(code, currency=currency)
    deployment_id = await given.deployment(tenant_id)
    return tenant_id, deployment_id, await given.subscription(deployment_id, plan, starts_on=APRIL)


@pytest.fixture
async def late_in_april(given: Given) -> UUID:
    """Case W1: base 1000 and egress at 10c. April had 15 GB; 7 GB of April came late and are on May's invoice."""
    await given.plan()
    tenant_id, _, subscription_id = await subscription(given, "acme")
    april = [InvoicedLine(PLAN_BASE, 1000, APRIL), InvoicedLine(OVERAGE, 150, APRIL), InvoicedLine(TAX, 115, APRIL)]
    may = [InvoicedLine(PLAN_BASE, 1000, MAY), InvoicedLine(OVERAGE, 70, APRIL), InvoicedLine(TAX, 107, MAY)]
    await invoiced(given, subscription_id, APRIL, april)
    await invoiced(given, subscription_id, MAY, may)
    return tenant_id


async def test_a_late_line_is_revenue_of_the_month_that_it_charges_for(given: Given, late_in_april: UUID) -> None:
    assert (await report(given)).revenue_cents == 1220
    assert (await report(given, months=(MAY, JUNE))).revenue_cents == 1000
    by_month = await report(given, MONTH, months=(APRIL, JUNE))
    assert [(row.month, row.revenue_cents) for row in by_month.rows] == [(APRIL, 1220), (MAY, 1000)]
    by_kind = await report(given, LINE_KIND, tenant_id=late_in_april)
    assert [(row.line_kind, row.revenue_cents) for row in by_kind.rows] == [(OVERAGE, 220), (PLAN_BASE, 1000)]


async def test_what_is_invoiced_in_another_currency_is_listed_beside_the_margin(
    given: Given, late_in_april: UUID
) -> None:
    await given.plan("dollar", currency="USD")
    american, deployment_id, subscription_id = await subscription(given, "american", "dollar")
    await invoiced(given, subscription_id, APRIL, [InvoicedLine(PLAN_BASE, 5000, APRIL), InvoicedLine(TAX, 500, APRIL)])
    await invoiced(given, subscription_id, MAY, [InvoicedLine(PLAN_BASE, 700, MAY), InvoicedLine(OVERAGE, 30, APRIL)])
    await bill_for(given, deployment_id, ["$2.00"])
    for group_by in ([], [TENANT], [MONTH, LINE_KIND]):
        found = await report(given, *group_by)
        assert found.other_currencies == (InvoicedRevenue("USD", 5030),), group_by
        assert (found.revenue_cents, found.cost_cents) == (1220, 200), group_by
    assert (await report(given, months=(MAY, JUNE))).other_currencies == (InvoicedRevenue("USD", 700),)
    assert (await report(given, tenant_id=late_in_april)).other_currencies == ()
    assert (await report(given, tenant_id=american)).other_currencies == (InvoicedRevenue("USD", 5030),)


async def bill_for(
    given: Given, deployment_id: UUID | None, amounts: list[str], *, external_id: str = "b", rate: str = "1"
) -> None:
    """Imports a bill of April whose rows all belong to one new resource of the deployment, or to no registered
    resource.
    """
    name = f"resource of {external_id}"
    if deployment_id is not None:
        await register_resource(
            given.platform,
            deployment_id=deployment_id,
            provider="digitalocean",
            external_id=name,
            resource_kind="droplet_hours",
            name=name,
        )
    csv = bill(*(row(name, amount) for amount in amounts))
    await import_bill(given.platform, csv, external_id=external_id, exchange_rate=Decimal(rate))


async def test_a_thousand_rows_of_four_tenths_of_a_cent_cost_four_dollars(given: Given) -> None:
    """Case I1."""
    tenant_id = await given.tenant()
    deployment_id = await given.deployment(tenant_id)
    await bill_for(given, deployment_id, ["$0.004"] * 1000)
    for group_by in ([], [TENANT], [DEPLOYMENT], [RESOURCE_KIND], [LINE_KIND], [MONTH], list(MarginDimension)):
        found = await report(given, *group_by)
        assert [row.cost_cents for row in found.rows] == [400], group_by
        assert (found.cost_cents, found.margin_cents, found.unallocated_cost_cents) == (400, -400, 0)


async def test_every_grouping_adds_up_to_the_same_rounded_total(given: Given) -> None:
    """1.2, 1.2 and 1.2 cents by deployment become 1, 1 and 2; with 0.45 unallocated cents the total is 4.05 -> 4."""
    tenant_id = await given.tenant()
    for number in range(3):
        deployment_id = await given.deployment(tenant_id, f"d{number}")
        await bill_for(given, deployment_id, ["$0.004"] * 2, external_id=str(number), rate="1.5")
    await bill_for(given, None, ["$0.003"], external_id="nobody", rate="1.5")
    by_deployment = await report(given, DEPLOYMENT)
    assert [row.cost_cents for row in by_deployment.rows] == [1, 1, 2]
    for group_by in ([], [TENANT], [DEPLOYMENT], [MONTH, DEPLOYMENT]):
        found = await report(given, *group_by)
        assert (found.cost_cents, found.unallocated_cost_cents) == (4, 0), group_by
    assert (await report(given, tenant_id=tenant_id)).cost_cents == 4


@pytest.mark.parametrize(
    ("amounts", "rounded"),
    [
        ([], []),
        (["0.5"], [1]),
        (["-0.5"], [-1]),
        (["0.4", "0.4", "0.4"], [0, 1, 0]),
        (["0.5", "-0.5", "0.5"], [1, -1, 1]),
        (["-0.4", "-0.4", "1.3"], [0, -1, 2]),
    ],
)
def test_amounts_are_rounded_cumulatively_half_away_from_zero(amounts: list[str], rounded: list[int]) -> None:
    assert rounded_cumulatively([Decimal(amount) for amount in amounts]) == rounded


def test_the_first_rows_of_any_length_add_up_to_their_rounded_sum() -> None:
    for amounts in product([Decimal("0.5"), Decimal("-1.25"), Decimal("0.499999999999")], repeat=5):
        rounded = rounded_cumulatively(amounts)
        for length in range(6):
            exact = sum(amounts[:length], Decimal(0))
            assert abs(sum(rounded[:length]) - exact) <= Decimal("0.5")


async def test_a_credit_note_reduces_the_revenue_of_the_months_of_the_lines_that_it_credits(given: Given) -> None:
    """Figure 1 of April is credited 672 of overage in June, and May's invoice in full: 5750 of April are left."""
    await figure_1(given)
    tenant_id, invoice_id = await issued(given)
    given.clock.set(2026, 6, 2)
    await roll_up(given, MAY)
    may = await issue_last(given, MAY)
    await credit(given, invoice_id, (3, 672))
    await credit(given, may)
    by_month = await report(given, MONTH, months=(APRIL, JUNE))
    assert [(row.month, row.revenue_cents) for row in by_month.rows] == [(APRIL, 5750), (MAY, 0)]
    assert by_month.revenue_cents == 5750
    by_kind = await report(given, LINE_KIND, tenant_id=tenant_id)
    assert [(row.line_kind, row.revenue_cents) for row in by_kind.rows] == [
        (LineKind.ADDON, 750),
        (OVERAGE, 0),
        (PLAN_BASE, 5000),
    ]
    assert (await report(given, months=(JUNE, date(2026, 7, 1)))).revenue_cents == 0
    rival = await given.tenant("rival")
    assert (await report(given, tenant_id=rival)).revenue_cents == 0
