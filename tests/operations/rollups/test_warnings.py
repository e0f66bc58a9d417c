"""What a run lists for an operator, and the taxes of invoices with lines of several months."""

from datetime import date
from decimal import Decimal

from app.billing import DeploymentState
from app.operations.charges import add_charge
from app.operations.data_integrity import check
from app.operations.deployments import transition_deployment
from app.operations.invoices import verify_invoice
from app.operations.taxes import set_tax_rate
from app.operations.tenants import update_tenant
from tests.operations.given import Given
from tests.operations.months import (
    APRIL,
    JUNE,
    MAY,
    counts,
    invoices,
    issue_last,
    lines,
    meter,
    roll_up,
    subscribed,
    unbilled,
)

WARNINGS = "SELECT run_id, tenant_id, period_start, code, message FROM rollup_warnings ORDER BY id"
UNPRICED = """
SELECT run_id, tenant_id, deployment_id, resource_kind, quantity, reason FROM rollup_unpriced_usage
ORDER BY resource_kind
"""


async def test_a_tenant_whose_country_has_no_tax_rate_is_billed_without_tax_and_named(given: Given) -> None:
    given.clock.set(2026, 5, 2)
    await given.plan()
    await subscribed(given, "taxed")
    tenant_id = await given.tenant("untaxed", country="DE")
    await given.subscription(await given.deployment(tenant_id), starts_on=APRIL)
    run = await roll_up(given)
    assert run["total_cents"] == 5500 + 5000
    assert await given.rows(WARNINGS) == [
        {
            "run_id": run["id"],
            "tenant_id": tenant_id,
            "period_start": APRIL,
            "code": "NO_TAX_RATE",
            "message": "the tenant's country has no tax rate; the invoice has no tax",
        }
    ]
    assert await check(given.platform) == []


async def test_an_exempt_tenant_needs_no_tax_rate(given: Given) -> None:
    given.clock.set(2026, 5, 2)
    await given.plan()
    tenant_id = await given.tenant("untaxed", country="DE")
    await update_tenant(
        given.platform, tenant_id=tenant_id, tax_exempt=True, tax_exempt_reason="a charity", tax_exempt_from=APRIL
    )
    await given.subscription(await given.deployment(tenant_id), starts_on=APRIL)
    await roll_up(given)
    assert await given.rows(WARNINGS) == []


async def test_usage_of_deployments_without_a_subscription_is_listed(given: Given) -> None:
    """D1: of a tenant with a subscription elsewhere, of one without any, and of a month after the end."""
    given.clock.set(2026, 4, 10)
    await given.plan()
    tenant_id, _ = await subscribed(given)
    bare = await given.deployment(tenant_id, "bare")
    other = await given.tenant("other")
    alone = await given.deployment(other)
    given.clock.set(2026, 5, 2)
    await meter(given, bare, "7", 2026, 4, 11)
    await meter(given, alone, "5", 2026, 4, 12, kind="egress_gb")
    assert sorted(tenant for tenant, _, _ in await unbilled(given)) == sorted([tenant_id, other])

    run = await roll_up(given)

    assert counts(run)["created"] == 1
    assert run["tenants_done"] == 2
    assert await given.rows(UNPRICED) == [
        {
            "run_id": run["id"],
            "tenant_id": tenant,
            "deployment_id": deployment_id,
            "resource_kind": kind,
            "quantity": Decimal(quantity),
            "reason": "NOT_SUBSCRIBED",
        }
        for tenant, deployment_id, kind, quantity in (
            (tenant_id, bare, "droplet_hours", 7),
            (other, alone, "egress_gb", 5),
        )
    ]
    assert await unbilled(given) == []
    await given.subscription(bare, starts_on=APRIL)  # April is a draft: with force it is billed
    await roll_up(given, force=True)
    assert (await invoices(given))[0]["subtotal_cents"] == 10000
    assert await check(given.platform) == []


async def test_usage_after_a_subscription_ended_is_listed_in_later_months(given: Given) -> None:
    given.clock.set(2026, 4, 10)
    await given.plan()
    _, deployment_id = await subscribed(given)
    await transition_deployment(given.platform, deployment_id=deployment_id, to=DeploymentState.CANCELLED)
    given.clock.set(2026, 6, 2)
    await meter(given, deployment_id, "7", 2026, 5, 11)
    assert [month for _, month, _ in await unbilled(given)] == [APRIL, MAY]
    await roll_up(given)
    await roll_up(given, MAY)
    rows = await given.rows(UNPRICED)
    assert [(row["quantity"], row["reason"]) for row in rows] == [(Decimal(7), "NOT_SUBSCRIBED")]
    assert await unbilled(given) == []


async def test_a_correction_is_taxed_at_the_rate_of_its_month(given: Given) -> None:
    """R1, and two tax lines: GST is 12 % from June on."""
    given.clock.set(2026, 5, 2)
    await given.plan()
    tenant_id, deployment_id = await subscribed(given)
    await set_tax_rate(given.platform, country="AU", name="GST", rate=Decimal("0.12"), valid_from=JUNE)
    await roll_up(given)
    await issue_last(given)
    given.clock.set(2026, 6, 2)
    await roll_up(given, MAY)
    assert await lines(given, (await invoices(given, MAY))[0]["id"]) == [("PLAN_BASE", 5000), ("TAX", 500)]
    await issue_last(given, MAY)
    await meter(given, deployment_id, "1503")
    await add_charge(
        given.platform, tenant_id=tenant_id, deployment_id=None, description="x", net_cents=100, on=date(2026, 5, 31)
    )
    given.clock.set(2026, 7, 2)
    await roll_up(given, JUNE)
    (june,) = await invoices(given, JUNE)
    assert await lines(given, june["id"]) == [
        ("PLAN_BASE", 5000),
        ("OVERAGE", 15),
        ("ADJUSTMENT", 100),
        ("TAX", 600),  # 12 % of 5000
        ("TAX", 12),  # 10 % of 115: 11.5
    ]
    taxes = await given.rows(
        "SELECT key, description FROM tenant_invoice_lines WHERE invoice_id = $1 AND kind = 'TAX' ORDER BY position",
        june["id"],
    )
    assert [tuple(row.values()) for row in taxes] == [("tax:GST:0.12", "GST 12%"), ("tax:GST:0.1", "GST 10%")]
    assert (june["subtotal_cents"], june["tax_cents"], june["total_cents"]) == (5115, 612, 5727)
    assert (await verify_invoice(given.platform, invoice_id=june["id"])) == (june["id"], True, ())
    assert await check(given.platform) == []


async def test_a_correction_of_an_exempt_month_is_not_taxed(given: Given) -> None:
    given.clock.set(2026, 5, 2)
    await given.plan()
    tenant_id, deployment_id = await subscribed(given)
    await update_tenant(
        given.platform, tenant_id=tenant_id, tax_exempt=True, tax_exempt_reason="a charity", tax_exempt_from=APRIL
    )
    await update_tenant(given.platform, tenant_id=tenant_id, tax_exempt=False, tax_exempt_from=MAY)
    await roll_up(given)
    await issue_last(given)
    await meter(given, deployment_id, "1588")
    given.clock.set(2026, 6, 2)
    await roll_up(given, MAY)
    (april,), (may,) = await invoices(given), await invoices(given, MAY)
    assert (april["subtotal_cents"], april["tax_cents"]) == (5000, 0)
    assert await lines(given, may["id"]) == [("PLAN_BASE", 5000), ("OVERAGE", 100), ("TAX", 500)]
    assert (await verify_invoice(given.platform, invoice_id=may["id"])).matches
    assert await check(given.platform) == []
