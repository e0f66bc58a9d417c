"""Quotes: what a month would cost, as the month end will rate it."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.billing import RatedMonth, Tier
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.catalog import AddonSelection, ResourceDraft, archive_plan, update_addon
from app.operations.quotes import quote
from app.operations.tenants import create_tenant
from tests.operations.given import Given
from tests.operations.months import APRIL, invoices, meter, roll_up, subscribed


async def quoted(given: Given, **arguments: Any) -> RatedMonth:
    addons = [
        AddonSelection(*each) if isinstance(each, tuple) else AddonSelection(each)
        for each in arguments.pop("addons", ())
    ]
    return await quote(given.platform, **{"plan_code": "studio", "addons": addons, **arguments})


def figures(found: RatedMonth) -> list[tuple[str, str, str | None, Decimal, int]]:
    return [(line.kind, line.description, line.resource_kind, line.quantity, line.amount_cents) for line in found.lines]


async def test_a_quote_of_the_same_usage_has_the_invoices_lines(given: Given) -> None:
    await given.plan()
    await given.addon()
    _, deployment_id = await subscribed(given, addons=["storage_50gb", "storage_50gb"])
    await meter(given, deployment_id, "3", count=720)
    await meter(given, deployment_id, "9", kind="egress_gb")
    await roll_up(given)
    (invoice,) = await invoices(given)
    lines = await given.rows(
        "SELECT kind, description, resource_kind, quantity, amount_cents FROM tenant_invoice_lines ORDER BY position"
    )

    found = await quoted(
        given,
        addons=["storage_50gb", ("storage_50gb", True)],
        usage={"droplet_hours": Decimal(2160), "egress_gb": Decimal(9)},
        tenant_id=invoice["tenant_id"],
        period_start=APRIL,
    )

    assert figures(found) == [tuple(line.values()) for line in lines]
    totals = ("currency", "subtotal_cents", "tax_cents", "total_cents")
    assert [getattr(found, name) for name in totals] == [invoice[name] for name in totals]
    assert len({line.key for line in found.lines}) == len(found.lines)


async def test_the_default_is_the_current_month_and_the_default_countrys_tax(given: Given) -> None:
    await given.plan()
    found = await quoted(given)
    assert (found.period.start, found.period.end) == (date(2026, 5, 1), date(2026, 6, 1))
    assert [(line.kind, line.amount_cents) for line in found.lines] == [("PLAN_BASE", 5000), ("TAX", 500)]


async def test_taxes_are_those_of_the_tenant(given: Given) -> None:
    await given.plan()
    abroad = await given.tenant("abroad", country="NZ")
    exempt = await create_tenant(given.platform, code="exempt", name="Exempt", tax_exempt=True)
    local = await given.tenant("local")
    for tenant_id, tax in ((abroad, 0), (exempt, 0), (local, 500)):
        assert (await quoted(given, tenant_id=tenant_id)).tax_cents == tax
        own = await quote(given.viewer(tenant_id), plan_code="studio")
        assert own.tax_cents == tax
    assert (await quote(given.meter(), plan_code="studio")).tax_cents == 500


async def test_a_version_may_be_named_and_the_latest_published_is_the_default(given: Given) -> None:
    await given.plan()
    await given.plan_version(base_price_cents=7000)
    await given.plan_version(base_price_cents=9000, publish=False)
    assert (await quoted(given)).subtotal_cents == 7000
    assert (await quoted(given, plan_version=1)).subtotal_cents == 5000


async def test_the_currency_is_the_plans(given: Given) -> None:
    await given.plan("dollar", currency="USD")
    assert (await quoted(given, plan_code="dollar")).currency == "USD"


async def test_a_tenant_is_quoted_in_its_own_currency_only(given: Given) -> None:
    await given.plan()
    await given.plan("yen", currency="JPY")
    await given.addon("in_dollars")
    await given.addon("in_yen", currency="JPY")
    japanese = await given.tenant("japanese", currency="JPY", country="JP")
    found = await quoted(given, plan_code="yen", addons=["in_yen"], tenant_id=japanese)
    assert (found.currency, found.total_cents) == ("JPY", 5750)
    for arguments, path in (
        ({"plan_code": "studio"}, ("planCode",)),
        ({"plan_code": "yen", "addons": ["in_dollars"]}, ("addons", "0", "code")),
    ):
        with pytest.raises(Refusal) as refused:
            await quoted(given, tenant_id=japanese, **arguments)
        assert (refused.value.code, refused.value.path) == (ProblemCode.CURRENCY_MISMATCH, path)


@pytest.mark.parametrize(
    ("arguments", "code", "path"),
    [
        ({"plan_code": "none"}, ProblemCode.NOT_FOUND, ("planCode",)),
        ({"plan_version": 7}, ProblemCode.NOT_FOUND, ("planVersion",)),
        ({"plan_version": 2}, ProblemCode.PLAN_NOT_PUBLISHED, ("planVersion",)),
        ({"plan_code": "draft"}, ProblemCode.PLAN_NOT_PUBLISHED, ("planCode",)),
        ({"addons": ["storage_50gb", "none"]}, ProblemCode.NOT_FOUND, ("addons", "1", "code")),
        ({"addons": ["old"]}, ProblemCode.ADDON_INACTIVE, ("addons", "0", "code")),
        ({"usage": {"none": Decimal(1)}}, ProblemCode.NOT_FOUND, ("usage", "0", "resourceKind")),
        ({"usage": {"egress_gb": Decimal(-1)}}, ProblemCode.VALIDATION_FAILED, ("usage", "0", "quantity")),
        ({"usage": {"egress_gb": Decimal("NaN")}}, ProblemCode.VALIDATION_FAILED, ("usage", "0", "quantity")),
        ({"period_start": date(2026, 4, 2)}, ProblemCode.VALIDATION_FAILED, ("periodStart",)),
        ({"tenant_id": uuid4()}, ProblemCode.NOT_FOUND, ("tenantId",)),
        ({"addons": ["storage_50gb", "storage_50gb"]}, ProblemCode.ALREADY_ATTACHED, ("addons", "1", "code")),
        ({"addons": ["in_dollars"]}, ProblemCode.CURRENCY_MISMATCH, ("addons", "0", "code")),
        ({"plan_code": "archived"}, ProblemCode.PLAN_NOT_PUBLISHED, ("planCode",)),
    ],
)
async def test_what_cannot_be_quoted(
    given: Given, arguments: dict[str, Any], code: ProblemCode, path: tuple[str, ...]
) -> None:
    await given.plan()
    await given.plan_version(publish=False)
    await given.plan("draft", publish=False)
    await given.addon()
    await given.addon("in_dollars", currency="USD")
    await given.plan("archived")
    await archive_plan(given.platform, plan_code="archived")
    await given.addon("old")
    await update_addon(given.platform, code="old", active=False)
    with pytest.raises(Refusal) as refused:
        await quoted(given, **arguments)
    assert (refused.value.code, refused.value.path) == (code, path)


async def test_another_tenants_id_is_as_an_unknown_one(given: Given) -> None:
    await given.plan()
    own, other = await given.tenant("own"), await given.tenant("other")

    async def refusal(tenant_id: UUID) -> Refusal:
        with pytest.raises(Refusal) as refused:
            await quote(given.viewer(own), plan_code="studio", tenant_id=tenant_id)
        return refused.value

    unknown = uuid4()
    foreign, missing = await refusal(other), await refusal(unknown)
    assert (foreign.code, foreign.path) == (missing.code, missing.path) == (ProblemCode.NOT_FOUND, ("tenantId",))
    assert foreign.message.replace(str(other), str(unknown)) == missing.message


async def test_usage_of_levels_is_given_as_the_months_aggregate(given: Given) -> None:
    kinds = [
        ResourceDraft("storage_gb", Decimal(50), (Tier(None, Decimal(10)),)),
        ResourceDraft("storage_gb_hours", Decimal(0), (Tier(None, Decimal("0.01")),)),
    ]
    await given.plan(resources=kinds)
    found = await quoted(given, usage={"storage_gb": Decimal(130), "storage_gb_hours": Decimal(51120)})
    assert [line.amount_cents for line in found.lines if line.kind == "OVERAGE"] == [800, 511]
