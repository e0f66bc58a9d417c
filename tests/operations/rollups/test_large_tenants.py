"""A tenant written slice by slice, with corrections of earlier months, gets the same invoice as one written at once."""

from typing import Any
from uuid import UUID

import pytest

from app.billing import DeploymentState
from app.operations.billing_months import month_amounts
from app.operations.charges import add_charge
from app.operations.data_integrity import check
from app.operations.deployments import transition_deployment
from app.operations.invoices import verification, verify_invoice
from app.operations.rollups import bill_tenants as billing_of_tenants
from tests.operations.given import Given
from tests.operations.month_queries import month_states
from tests.operations.months import (
    APRIL,
    MAY,
    correct,
    invoices,
    issue_last,
    meter,
    roll_up,
    subscribed,
    unbilled,
)

DEPLOYMENTS = 7
LINES = """
SELECT position, key, description, quantity, unit_price_cents, amount_cents, period_start FROM tenant_invoice_lines
WHERE invoice_id = $1 ORDER BY position
"""
INPUTS = "SELECT position, document, late_month FROM tenant_invoice_inputs WHERE invoice_id = $1 ORDER BY position"


@pytest.fixture
async def tenant_id(given: Given) -> UUID:
    """April is issued; all its deployments have changed since then, some to a lower amount. The clock is at 2 June."""
    given.clock.set(2026, 5, 2)
    await given.plan()
    await given.addon()
    tenant_id, first = await subscribed(given, slug="d-0", addons=["storage_50gb"])
    deployments = [first]
    for number in range(1, DEPLOYMENTS):
        deployment_id = await given.deployment(tenant_id, f"d-{number}")
        await given.subscription(deployment_id, starts_on=APRIL)
        deployments.append(deployment_id)
    for deployment_id in deployments:
        await meter(given, deployment_id, "1500")
    await roll_up(given)
    await issue_last(given)
    for number, deployment_id in enumerate(deployments):
        if number % 2:
            await correct(given, deployment_id, "1490")
        else:
            await meter(given, deployment_id, "30", 2026, 4, 20)
    charged: list[tuple[UUID | None, int]] = [(deployments[2], 400), (None, 70), (None, -90)]
    for charged_id, cents in charged:
        await add_charge(
            given.platform,
            tenant_id=tenant_id,
            deployment_id=charged_id,
            description="x",
            net_cents=cents,
            on=APRIL,
        )
    given.clock.set(2026, 6, 2)
    return tenant_id


async def content(given: Given, month: dict[str, Any]) -> tuple[object, ...]:
    totals = [month[name] for name in ("subtotal_cents", "tax_cents", "total_cents", "input_hash")]
    return totals, await given.rows(LINES, month["id"]), await given.rows(INPUTS, month["id"])


@pytest.mark.usefixtures("tenant_id")
async def test_slices_of_any_size_make_the_same_invoice(given: Given, monkeypatch: pytest.MonkeyPatch) -> None:
    await roll_up(given, MAY)
    (whole,) = await invoices(given, MAY)
    expected, states = await content(given, whole), await month_states(given)
    assert states[APRIL] == ("ISSUED", 36304, 36304)  # 35834; 4 x 30 more, 3 x 10 less; 380 of charges
    for size in (1, 2, 3, DEPLOYMENTS):
        monkeypatch.setattr(billing_of_tenants, "SLICE", size)
        for module in (month_amounts, verification):
            monkeypatch.setattr(module, "SLICE", size)
        await roll_up(given, MAY, force=True)
        (sliced,) = await invoices(given, MAY)
        assert sliced["id"] == whole["id"]
        assert await content(given, sliced) == expected
        assert await month_states(given) == states
        assert await verify_invoice(given.platform, invoice_id=whole["id"]) == (whole["id"], True, ())
        assert await check(given.platform) == []
    assert await unbilled(given) == []


async def test_what_comes_to_nothing_slice_by_slice_leaves_no_invoice_and_its_credits_due(
    given: Given, tenant_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All are paused in May, and April is worth less."""
    await roll_up(given, MAY)  # takes up what is above
    await issue_last(given, MAY)
    for row in await given.rows("SELECT id FROM cloud_deployments ORDER BY slug"):
        await transition_deployment(given.platform, deployment_id=row["id"], to=DeploymentState.PAUSED)
    await add_charge(given.platform, tenant_id=tenant_id, description="Voucher", net_cents=-9, on=APRIL)
    given.clock.set(2026, 8, 2)
    monkeypatch.setattr(billing_of_tenants, "SLICE", 2)
    july = MAY.replace(month=7)
    await roll_up(given, july)
    assert await invoices(given, july) == []
    assert (await month_states(given))[july] == ("ZERO", 0, 0)
    assert [month for tenant, month, _ in await unbilled(given) if tenant == tenant_id] == [APRIL, MAY.replace(month=6)]
    assert await check(given.platform) == []
