"""Tax rates by day: a month has those of its last day."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from app.billing import Period, QuoteHeader, TaxTerms
from app.database import PLATFORM
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.quotes import quote
from app.operations.rating_inputs import tenant_headers
from app.operations.taxes import set_tax_rate, tax_rates
from app.operations.tenants import update_tenant
from tests.operations.given import Given
from tests.operations.months import roll_up, subscribed

RATES = "SELECT country, name, rate, valid_from FROM tax_rates ORDER BY country, name, valid_from"
GST = ("AU", "GST", Decimal("0.10"), date(2000, 7, 1))


async def set_rate(given: Given, rate: str, valid_from: date, name: str = "GST", country: str = "AU") -> UUID:
    return await set_tax_rate(given.platform, country=country, name=name, rate=Decimal(rate), valid_from=valid_from)


async def header(given: Given, tenant_id: UUID, month: date) -> QuoteHeader:
    async with given.database.unit_of_work(PLATFORM) as unit:
        return (await tenant_headers(unit, [tenant_id], Period(month, ZoneInfo("UTC"))))[tenant_id]


async def rates(given: Given) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in await given.rows(RATES)]


async def test_a_rate_applies_from_its_day_on(given: Given) -> None:
    tenant_id = await given.tenant()
    await set_rate(given, "0.12", date(2026, 7, 1))
    await set_rate(given, "0.015", date(2026, 7, 31), "Bushfire levy")
    await set_rate(given, "0", date(2026, 9, 1))
    gst, raised, levy = TaxTerms("GST", Decimal("0.10")), TaxTerms("GST", Decimal("0.12")), Decimal("0.015")
    for month, taxes in (
        (date(2000, 6, 1), ()),
        (date(2000, 7, 1), (gst,)),
        (date(2026, 6, 1), (gst,)),
        (date(2026, 7, 1), (TaxTerms("Bushfire levy", levy), raised)),  # in order of name; on the month's last day
        (date(2026, 8, 1), (TaxTerms("Bushfire levy", levy), raised)),
        (date(2026, 9, 1), (TaxTerms("Bushfire levy", levy),)),
    ):
        assert (await header(given, tenant_id, month)).taxes == taxes, month


async def test_a_country_has_its_own_rates(given: Given) -> None:
    abroad = await given.tenant("abroad", country="NZ", currency="NZD")
    await set_rate(given, "0.15", date(2026, 5, 1), country="NZ")
    assert (await header(given, abroad, date(2026, 4, 1))).taxes == ()
    assert (await header(given, abroad, date(2026, 5, 1))).taxes == (TaxTerms("GST", Decimal("0.15")),)


async def test_a_rate_set_again_for_the_same_day_replaces_it(given: Given) -> None:
    first = await set_rate(given, "0.12", date(2026, 7, 1))
    assert await set_rate(given, "0.125", date(2026, 7, 1)) == first
    assert await rates(given) == [GST, ("AU", "GST", Decimal("0.125"), date(2026, 7, 1))]
    assert len(await tax_rates(given.viewer(await given.tenant()), country="AU")) == 2
    assert await tax_rates(given.platform, country="NZ") == []


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ({"country": "au"}, "country"),
        ({"name": " "}, "name"),
        ({"name": "x" * 64}, "name"),
        ({"rate": Decimal(1)}, "rate"),
        ({"rate": Decimal("-0.1")}, "rate"),
        ({"rate": Decimal("NaN")}, "rate"),
        ({"rate": Decimal("Infinity")}, "rate"),
        ({"rate": Decimal("0.1234567")}, "rate"),
        ({"valid_from": date(2026, 4, 30)}, "validFrom"),
        ({"valid_from": date.min}, "validFrom"),
        ({"valid_from": date.max}, "validFrom"),
    ],
)
async def test_bad_input_is_refused(given: Given, asked: dict[str, Any], path: str) -> None:
    sound: dict[str, Any] = {"country": "AU", "name": "GST", "rate": Decimal("0.12"), "valid_from": date(2026, 5, 1)}
    with pytest.raises(Refusal) as refused:
        await set_tax_rate(given.platform, **sound | asked)
    assert (refused.value.code, refused.value.path) == (ProblemCode.VALIDATION_FAILED, (path,))
    assert await rates(given) == [GST]


async def test_a_month_that_is_about_to_end_keeps_its_tax(given: Given) -> None:
    """According to another machine's clock the month may have ended already, and be rated."""
    given.clock.set(2026, 4, 30, 23, 56)
    with pytest.raises(Refusal):
        await set_rate(given, "0.12", date(2026, 4, 30))
    sydney = replace(given.platform, settings=replace(given.settings, billing_time_zone=ZoneInfo("Australia/Sydney")))
    given.clock.set(2026, 4, 30, 14, 30)  # 1 May in Sydney
    with pytest.raises(Refusal):
        await set_tax_rate(sydney, country="AU", name="GST", rate=Decimal("0.12"), valid_from=date(2026, 4, 30))
    await set_rate(given, "0.12", date(2026, 4, 1))


async def test_a_month_rated_later_has_the_tax_it_had(given: Given) -> None:
    """R1: GST is 12 % from 1 July; June is rolled up in August."""
    given.clock.set(2026, 6, 1)
    await given.plan()
    await subscribed(given, starts_on=date(2026, 6, 1))
    await set_rate(given, "0.12", date(2026, 7, 1))
    given.clock.set(2026, 8, 10)
    for month, tax in ((date(2026, 6, 1), 500), (date(2026, 7, 1), 600)):
        await roll_up(given, month)
        invoice = await given.row("SELECT tax_cents FROM tenant_invoices WHERE period_start = $1", month)
        assert invoice == {"tax_cents": tax}


async def test_a_quote_has_the_tax_of_its_month(given: Given) -> None:
    await given.plan()
    tenant_id = await given.tenant()
    await set_rate(given, "0.12", date(2026, 7, 15))
    await update_tenant(given.platform, tenant_id=tenant_id, tax_exempt=True, tax_exempt_from=date(2026, 4, 15))
    for month, anybodys, the_tenants in (
        (date(2026, 3, 1), 500, 500),
        (date(2026, 4, 1), 500, 0),
        (date(2026, 6, 1), 500, 0),
        (date(2026, 7, 1), 600, 0),
    ):
        of_nobody = await quote(given.platform, plan_code="studio", period_start=month)
        of_tenant = await quote(given.platform, plan_code="studio", period_start=month, tenant_id=tenant_id)
        assert (of_nobody.tax_cents, of_tenant.tax_cents) == (anybodys, the_tenants)
