"""A month that cannot be corrected fails alone: the invoice is made, the run warns, and the month stays due."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from app.billing import Tier
from app.operations.catalog import ResourceDraft
from app.operations.data_integrity import check
from app.operations.invoices import verify_invoice
from app.operations.rollups import bill_tenants as billing_of_tenants
from tests.operations.given import Given
from tests.operations.month_queries import changes, month_states, net_lines
from tests.operations.months import (
    APRIL,
    JUNE,
    MAY,
    correct,
    counts,
    invoices,
    issue_last,
    meter,
    roll_up,
    subscribed,
    unbilled,
)

WARNINGS = "SELECT tenant_id, period_start, code, message FROM rollup_warnings ORDER BY id"
KEY = "pilot/overage/egress_gb/studio@1"
LARGE = "999999999999999"


@pytest.fixture
async def pilot(given: Given) -> tuple[UUID, UUID]:
    """Acme's April is issued; then usage of April is recorded whose price does not fit 64 bits. The
    clock is at 2 June.
    """
    given.clock.set(2026, 5, 2)
    egress = ResourceDraft("egress_gb", Decimal(0), (Tier(None, Decimal(LARGE)),))
    hours = ResourceDraft("droplet_hours", Decimal(0), (Tier(None, Decimal(1)),))
    await given.plan(resources=[egress, hours])
    tenant_id, deployment_id = await subscribed(given)
    await roll_up(given)
    await issue_last(given)
    await meter(given, deployment_id, LARGE, 2026, 4, 2, kind="egress_gb")
    given.clock.set(2026, 6, 2)
    return tenant_id, deployment_id


async def test_the_months_own_invoice_is_made_and_the_run_warns(given: Given, pilot: tuple[UUID, UUID]) -> None:
    tenant_id, deployment_id = pilot
    await meter(given, deployment_id, "30", 2026, 5, 2)

    run = await roll_up(given, MAY)

    assert counts(run)["created"] == 1
    assert counts(run)["status"] == "SUCCEEDED"
    (may,) = await invoices(given, MAY)
    assert await net_lines(given, may["id"]) == [(MAY, "PLAN_BASE", 5000), (MAY, "OVERAGE", 30)]
    (warning,) = await given.rows(WARNINGS)
    message = warning.pop("message")
    assert warning == {"tenant_id": tenant_id, "period_start": APRIL, "code": "CORRECTION_FAILED"}
    assert message.startswith("pilot: ")
    assert KEY in message
    reason = f"it changed after it was rated: USAGE; its last correction failed: {message}"
    assert await unbilled(given) == [(tenant_id, APRIL, reason)]
    assert await changes(given) == [(APRIL, "pilot", "USAGE")]
    assert (await verify_invoice(given.platform, invoice_id=may["id"])).matches
    assert await check(given.platform) == []


async def test_once_the_usage_is_corrected_the_month_is_too(given: Given, pilot: tuple[UUID, UUID]) -> None:
    _, deployment_id = pilot
    await roll_up(given, MAY)
    await correct(given, deployment_id, "1")
    given.clock.set(2026, 7, 2)
    await roll_up(given, JUNE)
    (june,) = await invoices(given, JUNE)
    assert await net_lines(given, june["id"]) == [(JUNE, "PLAN_BASE", 5000), (APRIL, "OVERAGE", int(LARGE))]
    assert await unbilled(given) == []
    assert await given.row("SELECT failure FROM billing_months WHERE period_start = $1", APRIL) == {"failure": None}
    assert await check(given.platform) == []


@pytest.mark.parametrize("slice_size", [1, 500])
async def test_a_draft_that_had_corrected_it_and_is_rated_again_leaves_it_due(
    given: Given, pilot: tuple[UUID, UUID], monkeypatch: pytest.MonkeyPatch, slice_size: int
) -> None:
    """May's draft contained a correction of April. Now April cannot be rated, and after rating the draft again it no
    longer contains the correction.
    """
    tenant_id, deployment_id = pilot
    monkeypatch.setattr(billing_of_tenants, "SLICE", slice_size)
    await given.subscription(await given.deployment(tenant_id, "second"), starts_on=MAY)
    await correct(given, deployment_id, "2")
    await roll_up(given, MAY)
    assert (await month_states(given))[APRIL] == ("ISSUED", 5000 + 2 * int(LARGE), 5000 + 2 * int(LARGE))
    await correct(given, deployment_id, LARGE)
    await roll_up(given, MAY, force=True)
    assert (await month_states(given))[APRIL][2] == 5000
    assert APRIL in [month for _, month, _ in await unbilled(given)]
    assert await check(given.platform) == []
    await correct(given, deployment_id, "3")
    await roll_up(given, MAY, force=True)
    assert (await month_states(given))[APRIL][2] == 5000 + 3 * int(LARGE)
    assert await unbilled(given) == []
    assert await check(given.platform) == []


async def test_a_month_whose_own_usage_is_too_large_fails_until_it_is_corrected(
    given: Given, pilot: tuple[UUID, UUID]
) -> None:
    """W7: the failure names the line, and the month can be billed after a correction."""
    _, deployment_id = pilot
    await correct(given, deployment_id, "0")
    await meter(given, deployment_id, LARGE, 2026, 5, 2, kind="egress_gb")
    run = await roll_up(given, MAY)
    assert counts(run)["status"] == "FAILED"
    failure = await given.row("SELECT code, message FROM rollup_failures")
    assert failure["code"] == "AMOUNT_TOO_LARGE"
    assert KEY in failure["message"]
    due = {month: reason for _, month, reason in await unbilled(given)}
    assert due[MAY] == f"the last rollup failed: AMOUNT_TOO_LARGE: {failure['message']}"
    await correct(given, deployment_id, "0", 1)
    assert counts(await roll_up(given, MAY))["created"] == 1
    assert await unbilled(given) == []
    assert await check(given.platform) == []


async def test_another_tenants_correction_is_made(given: Given, pilot: tuple[UUID, UUID]) -> None:
    given.clock.set(2026, 5, 2)
    _, other = await subscribed(given, "other", slug="other")
    await roll_up(given)
    invoice = next(one for one in await invoices(given) if one["code"] == "other")
    assert invoice["status"] == "DRAFT"
    await meter(given, other, "7")
    given.clock.set(2026, 6, 2)
    run = await roll_up(given, MAY)
    assert counts(run)["created"] == 2
    may: dict[str, Any] = next(one for one in await invoices(given, MAY) if one["code"] == "other")
    assert await net_lines(given, may["id"]) == [(MAY, "PLAN_BASE", 5000), (APRIL, "OVERAGE", 7)]
    assert len(await given.rows(WARNINGS)) == 1


async def test_a_correction_that_fits_but_not_with_the_invoices_tax_fails_alone(
    given: Given, pilot: tuple[UUID, UUID]
) -> None:
    """9000 GB are 64 bits wide, and with 10 % more they are not: the difference waits, May's own invoice does not."""
    tenant_id, deployment_id = pilot
    await correct(given, deployment_id, "9000")
    run = await roll_up(given, MAY)
    assert (counts(run)["status"], counts(run)["created"]) == ("SUCCEEDED", 1)
    (may,) = await invoices(given, MAY)
    assert await net_lines(given, may["id"]) == [(MAY, "PLAN_BASE", 5000)]
    assert [row["code"] for row in await given.rows(WARNINGS)] == ["CORRECTION_FAILED"]
    assert [(tenant, month) for tenant, month, _ in await unbilled(given)] == [(tenant_id, APRIL)]
    assert await check(given.platform) == []
