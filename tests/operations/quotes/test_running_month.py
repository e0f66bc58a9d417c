"""The running month of deployments: to date, forecast, and its usage beside what is included."""

from datetime import date
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from app.billing import Proration, RatedMonth, Tier
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.catalog import ResourceDraft
from app.operations.quotes import forecasts, months_to_date
from app.operations.quotes.running_month import Month
from app.operations.usage import monthly_usage
from tests.operations.given import Given
from tests.operations.months import APRIL, MAY, meter, subscribed


def amounts(quote: Month) -> list[tuple[str, int]]:
    assert isinstance(quote, RatedMonth)
    return [(line.kind, line.amount_cents) for line in quote.lines]


def totals(months: dict[UUID, Month]) -> dict[UUID, int | None]:
    return {key: month.total_cents if isinstance(month, RatedMonth) else None for key, month in months.items()}


async def test_the_month_to_date_and_its_forecast(given: Given) -> None:
    await given.plan(proration=Proration.DAILY, base_price_cents=3000)
    tenant_id, deployment_id = await subscribed(given)
    given.clock.set(2026, 4, 16)
    await meter(given, deployment_id, "6", count=360)  # 2160 h in the first half; of 1488, 793.6 are due by the 16th

    to_date = await months_to_date(given.viewer(tenant_id), [deployment_id])
    ahead = await forecasts(given.viewer(tenant_id), [deployment_id])

    assert amounts(to_date[deployment_id]) == [
        ("PLAN_BASE", 1600),
        ("OVERAGE", 1366),
        ("TAX", 297),
    ]
    assert amounts(ahead[deployment_id]) == [
        ("PLAN_BASE", 3000),
        ("OVERAGE", 2832),
        ("TAX", 583),
    ]


async def test_many_deployments_at_once_and_none_where_nothing_is_subscribed(given: Given) -> None:
    await given.plan()
    tenant_id, first = await subscribed(given)
    bare = await given.deployment(tenant_id, "bare")
    _, other = await subscribed(given, "other")
    unknown = uuid4()
    given.clock.set(2026, 4, 10)
    deployment_ids = [first, bare, other, unknown]

    everyone = await months_to_date(given.platform, deployment_ids)
    own = await months_to_date(given.viewer(tenant_id), deployment_ids)

    assert totals(everyone) == {first: 5500, bare: None, other: 5500, unknown: None}
    assert totals(own) == {**totals(everyone), other: None}


async def test_an_amount_that_does_not_fit_is_refused_for_its_deployment_alone(given: Given) -> None:
    """W7: 999999999999999 GB at 999999999999999c."""
    largest = Decimal(999_999_999_999_999)
    await given.plan(resources=[ResourceDraft("egress_gb", Decimal(0), (Tier(None, largest),))])
    tenant_id, large = await subscribed(given)
    small = await given.deployment(tenant_id, "small")
    await given.subscription(small, starts_on=APRIL)
    given.clock.set(2026, 4, 16)
    await meter(given, large, str(largest), 2026, 4, 2, kind="egress_gb")
    for ask in (months_to_date, forecasts):
        answers = await ask(given.viewer(tenant_id), [large, small])
        assert totals(answers)[small] == 5500
        refused = answers[large]
        assert isinstance(refused, Refusal)
        assert refused.code is ProblemCode.AMOUNT_TOO_LARGE
        assert "pilot/overage/egress_gb/studio@1" in refused.message


async def test_usage_beside_what_is_included(given: Given) -> None:
    await given.plan()
    await given.addon()
    tenant_id, deployment_id = await subscribed(given, addons=["storage_50gb"])
    bare = await given.deployment(tenant_id, "bare")
    await meter(given, deployment_id, "1500")
    await meter(given, deployment_id, "2", kind="egress_gb")
    await meter(given, bare, "3", kind="egress_gb")

    april = await monthly_usage(given.viewer(tenant_id), [deployment_id, bare], period_start=APRIL)

    assert april == {
        deployment_id: [
            ("droplet_hours", Decimal(1500), Decimal(1500), Decimal(1488), Decimal(12)),
            ("egress_gb", Decimal(2), Decimal(0), Decimal(0), Decimal(0)),
        ],
        bare: [("egress_gb", Decimal(3), Decimal(0), Decimal(0), Decimal(0))],
    }
    assert await monthly_usage(given.viewer(tenant_id), [bare]) == {bare: []}
    may = await monthly_usage(given.viewer(tenant_id), [deployment_id], period_start=MAY)
    assert [usage.resource_kind for usage in may[deployment_id]] == ["droplet_hours"]


async def test_usage_of_no_month_is_refused(given: Given) -> None:
    with pytest.raises(Refusal) as refused:
        await monthly_usage(given.platform, [], period_start=date(2026, 4, 2))
    assert (refused.value.code, refused.value.path) == (ProblemCode.VALIDATION_FAILED, ("periodStart",))
