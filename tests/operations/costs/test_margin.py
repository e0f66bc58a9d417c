"""Revenue beside cost, by every dimension, to the cent."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.costs import MarginDimension, MarginResult, margin, rematch_cloud_invoice, withdraw_cloud_invoice
from app.operations.deployments import register_resource
from app.operations.invoices import issue_invoice, mark_invoice_paid
from tests.operations.costs.bills import bill, import_bill, row
from tests.operations.given import Given
from tests.operations.months import APRIL, MAY, invoices, meter, roll_up, subscribed

TENANT, DEPLOYMENT, RESOURCE_KIND, LINE_KIND, MONTH = MarginDimension

Billed = tuple[UUID, UUID, UUID, UUID]
"""The first tenant, its deployment, the second tenant, its deployment."""


@pytest.fixture
async def billed(given: Given) -> Billed:
    """April: first is paid 6422c, second issued 5000c, third a draft. The bill: 10.01 + 20.03 USD, and 5.55 of tax."""
    await given.plan()
    await given.addon()
    first, pilot = await subscribed(given, "first", addons=["storage_50gb"])
    second, other = await subscribed(given, "second")
    await subscribed(given, "third")
    await meter(given, pilot, "2160")
    for deployment_id, name in ((pilot, "web-1"), (other, "web-2")):
        await register_resource(
            given.platform,
            deployment_id=deployment_id,
            provider="digitalocean",
            external_id=name,
            resource_kind="droplet_hours",
            name=name,
        )
    await roll_up(given)
    paid, issued, _ = await invoices(given)
    await issue_invoice(given.platform, invoice_id=paid["id"])
    await mark_invoice_paid(given.platform, invoice_id=paid["id"], reference="T-1")
    await issue_invoice(given.platform, invoice_id=issued["id"])
    csv = bill(row("web-1 (s)", "$10.01"), row("web-2 (s)", "$20.03"), row("GST", "$5.55", hours=""))
    await import_bill(given.platform, csv, external_id="april", exchange_rate=Decimal("1.5"))
    return first, pilot, second, other


async def report(given: Given, *group_by: MarginDimension, **arguments: Any) -> MarginResult:
    period = {"from_day": APRIL, "to_day": MAY} | arguments
    return await margin(given.platform, group_by=group_by, **period)


def table(found: MarginResult) -> list[tuple[object, ...]]:
    return [
        (
            *[value for value in (r.tenant_id, r.deployment_id, r.resource_kind, r.line_kind, r.month) if value],
            r.revenue_cents,
            r.cost_cents,
            r.margin_cents,
        )
        for r in found.rows
    ]


@pytest.mark.usefixtures("billed")
async def test_the_whole_is_revenue_without_tax_less_cost_converted_exactly(given: Given) -> None:
    found = await report(given)
    # 10.01 x 1.5 = 15.015 and 20.03 x 1.5 = 30.045, together 45.06; with 5.55 x 1.5 = 8.325 it is 53.385 -> 53.39
    assert table(found) == [(11422, 4506, 6916)]
    assert found.rows[0].margin_ratio == Decimal("0.605498")
    totals = (found.currency, found.revenue_cents, found.cost_cents, found.margin_cents, found.unallocated_cost_cents)
    assert totals == ("AUD", 11422, 4506, 6916, 833)


async def test_each_dimension_adds_up_to_the_same(given: Given, billed: Billed) -> None:
    first, pilot, second, other = billed
    expected: dict[tuple[MarginDimension, ...], list[tuple[object, ...]]] = {
        (TENANT,): [(first, 6422, 1502, 4920), (second, 5000, 3004, 1996)],
        (DEPLOYMENT,): [(pilot, 6422, 1502, 4920), (other, 5000, 3004, 1996)],
        (RESOURCE_KIND,): [("droplet_hours", 672, 4506, -3834), ("storage_gb", 750, 0, 750), (10000, 0, 10000)],
        (LINE_KIND,): [
            ("ADDON", 750, 0, 750),
            ("OVERAGE", 672, 0, 672),
            ("PLAN_BASE", 10000, 0, 10000),
            (0, 4506, -4506),
        ],
        (MONTH,): [(APRIL, 11422, 4506, 6916)],
        (TENANT, MONTH): [(first, APRIL, 6422, 1502, 4920), (second, APRIL, 5000, 3004, 1996)],
    }
    for group_by, rows in expected.items():
        found = await report(given, *group_by)
        assert table(found) == rows, group_by
        assert (found.revenue_cents, found.cost_cents, found.margin_cents) == (11422, 4506, 6916), group_by
        assert found.unallocated_cost_cents == 833


@pytest.mark.usefixtures("billed")
async def test_the_ratio_is_null_without_revenue(given: Given) -> None:
    ratios = [row.margin_ratio for row in (await report(given, LINE_KIND)).rows]
    assert ratios == [1, 1, 1, None]


async def test_one_tenant_bears_its_own_cost_only(given: Given, billed: Billed) -> None:
    found = await report(given, TENANT, tenant_id=billed[0])
    assert table(found) == [(billed[0], 6422, 1502, 4920)]
    assert found.unallocated_cost_cents == 0


@pytest.mark.usefixtures("billed")
async def test_drafts_count_on_request_only(given: Given) -> None:
    assert (await report(given)).revenue_cents == 11422
    assert (await report(given, include_drafts=True)).revenue_cents == 16422


@pytest.mark.usefixtures("billed")
@pytest.mark.parametrize(
    ("from_day", "to_day", "revenue_and_cost"),
    [
        (date(2026, 4, 1), date(2026, 4, 2), (11422, 4506)),
        (date(2026, 4, 1), date(2026, 4, 1), (0, 0)),
        (date(2026, 4, 2), date(2027, 4, 1), (0, 0)),
        (date(2026, 1, 1), date(2026, 4, 1), (0, 0)),
    ],
)
async def test_months_count_that_start_in_the_span(
    given: Given, from_day: date, to_day: date, revenue_and_cost: tuple[int, int]
) -> None:
    found = await report(given, from_day=from_day, to_day=to_day)
    assert (found.revenue_cents, found.cost_cents) == revenue_and_cost


async def test_what_margin_refuses(given: Given) -> None:
    tenant_id = await given.tenant()
    with pytest.raises(Refusal) as refused:
        await margin(given.viewer(tenant_id), from_day=APRIL, to_day=MAY, group_by=[])
    assert refused.value.code is ProblemCode.PERMISSION_DENIED
    with pytest.raises(Refusal) as refused:
        await report(given, from_day=MAY, to_day=APRIL)
    assert (refused.value.code, refused.value.path) == (ProblemCode.VALIDATION_FAILED, ("to",))
    with pytest.raises(Refusal) as refused:
        await report(given, tenant_id=uuid4())
    assert (refused.value.code, refused.value.path) == (ProblemCode.NOT_FOUND, ("tenantId",))


async def test_a_withdrawn_bill_is_no_cost_and_a_rematched_one_is_cost_elsewhere(given: Given) -> None:
    deployment_id = await given.deployment(await given.tenant())
    wrong = await import_bill(given.platform, bill(row("web-1", "$10.00")), exchange_rate=Decimal(15))
    await withdraw_cloud_invoice(given.platform, cloud_invoice_id=wrong.cloud_invoice_id, reason="wrong rate")
    again = await import_bill(given.platform, bill(row("web-1", "$10.00")), exchange_rate=Decimal("1.5"))
    found = await report(given)
    assert (found.cost_cents, found.unallocated_cost_cents) == (0, 1500)
    await register_resource(
        given.platform,
        deployment_id=deployment_id,
        provider="digitalocean",
        external_id="1",
        resource_kind="droplet_hours",
        name="web-1",
    )
    assert (await report(given)).cost_cents == 0
    await rematch_cloud_invoice(given.platform, cloud_invoice_id=again.cloud_invoice_id)
    found = await report(given, DEPLOYMENT)
    assert table(found) == [(deployment_id, 0, 1500, -1500)]
    assert found.unallocated_cost_cents == 0


@pytest.mark.parametrize(
    ("currency", "amount", "rate", "cents"),
    [
        ("JPY", "1000", "0.0105", 1050),
        ("KWD", "1.005", "4.9", 492),
        ("USD", "0.00000123", "1000000", 123),
        ("AUD", "12.345", None, 1235),
    ],
)
async def test_costs_are_converted_between_currencies_of_other_minor_units(
    given: Given, currency: str, amount: str, rate: str | None, cents: int
) -> None:
    csv = bill(row("web-1", amount)).replace("USD", currency)
    await import_bill(given.platform, csv, currency=currency, exchange_rate=rate and Decimal(rate))
    assert (await report(given)).unallocated_cost_cents == cents


async def test_a_bill_with_a_rate_to_another_reporting_currency_is_not_converted_by_it(given: Given) -> None:
    imported = await import_bill(given.platform, bill(row("web-1", "$10.00")))
    platform = given.platform
    now_in_euro = replace(platform, settings=replace(platform.settings, reporting_currency="EUR"))
    with pytest.raises(Refusal) as refused:
        await margin(now_in_euro, from_day=APRIL, to_day=MAY, group_by=[])
    assert refused.value.code is ProblemCode.CURRENCY_MISMATCH
    assert str(refused.value) == (
        "the exchange rate of bill 'bill-1' is to AUD, and the reporting currency is EUR; "
        "withdraw the bill and import it again with a rate to EUR"
    )
    assert (await margin(now_in_euro, from_day=MAY, to_day=MAY, group_by=[])).cost_cents == 0
    await withdraw_cloud_invoice(given.platform, cloud_invoice_id=imported.cloud_invoice_id, reason="to EUR")
    assert (await margin(now_in_euro, from_day=APRIL, to_day=MAY, group_by=[])).currency == "EUR"
