"""A waived month has a final amount of 0; what other invoices have billed for it is credited."""

from datetime import date
from uuid import UUID, uuid4

import pytest

from app.operations.billing_months import waive_month
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.data_integrity import check
from app.operations.invoices import mark_invoice_paid, void_invoice
from app.operations.rollups import catch_up
from tests.operations.given import Given
from tests.operations.month_queries import billed_of_month, changes, late_notes, month_states, net_lines
from tests.operations.months import APRIL, JULY, JUNE, MAY, counts, invoices, issue_last, meter, roll_up, subscribed
from tests.operations.months import unbilled as listed


async def waive(given: Given, tenant_id: UUID, month: date = APRIL) -> UUID:
    return await waive_month(given.platform, tenant_id=tenant_id, period_start=month, reason="goodwill")


async def test_a_waived_month_is_neither_due_nor_billed(given: Given) -> None:
    given.clock.set(2026, 5, 2)
    await given.plan()
    tenant_id, deployment_id = await subscribed(given)
    month_id = await waive(given, tenant_id)
    row = await given.row("SELECT id, state, rated_cents, waived_at, waived_by, waive_reason FROM billing_months")
    assert row == {
        "id": month_id,
        "state": "WAIVED",
        "rated_cents": 0,
        "waived_at": given.clock(),
        "waived_by": "platform_admin@example.com",
        "waive_reason": "goodwill",
    }
    assert await listed(given) == []
    await meter(given, deployment_id, "5000")
    await given.subscription(await given.deployment(tenant_id, "second"), starts_on=APRIL)
    assert (await listed(given), await changes(given)) == ([], [])
    for force in (False, True):
        assert counts(await roll_up(given, force=force))["skipped"] == 1
    await catch_up(given.platform)
    given.clock.set(2026, 6, 2)
    await roll_up(given, MAY)
    assert await net_lines(given, (await invoices(given, MAY))[0]["id"]) == [(MAY, "PLAN_BASE", 5000)] * 2
    assert await billed_of_month(given, APRIL) == 0
    assert await check(given.platform) == []


async def test_the_running_month_may_be_waived_and_a_month_to_come_may_not(given: Given) -> None:
    given.clock.set(2026, 5, 2)
    await given.plan()
    tenant_id, _ = await subscribed(given, starts_on=MAY)
    await waive(given, tenant_id, MAY)
    with pytest.raises(Refusal) as refused:
        await waive(given, tenant_id, JUNE)
    assert (refused.value.code, refused.value.path) == (ProblemCode.VALIDATION_FAILED, ("periodStart",))
    given.clock.set(2026, 7, 2)
    await roll_up(given, MAY)
    await roll_up(given, JUNE)
    assert await invoices(given, MAY) == []
    assert len(await invoices(given, JUNE)) == 1
    assert await check(given.platform) == []


async def test_what_another_invoice_has_billed_of_it_is_credited_by_the_next_rollup(given: Given) -> None:
    """April's late line is on May's paid invoice; April's own invoice is voided, and the month waived."""
    given.clock.set(2026, 5, 2)
    await given.plan()
    tenant_id, deployment_id = await subscribed(given)
    await meter(given, deployment_id, "1500")
    await roll_up(given)
    april_invoice = await issue_last(given)
    await meter(given, deployment_id, "30", 2026, 4, 20)
    given.clock.set(2026, 6, 2)
    await roll_up(given, MAY)
    may_invoice = await issue_last(given, MAY)
    await mark_invoice_paid(given.platform, invoice_id=may_invoice, reference="1")
    await void_invoice(given.platform, invoice_id=april_invoice)
    await waive(given, tenant_id)
    assert await month_states(given) == {APRIL: ("WAIVED", 0, 30), MAY: ("ISSUED", 5000, 5000)}
    credit = "a credit of 30 cents waits for an invoice with charges to reduce"
    assert await listed(given) == [(tenant_id, APRIL, credit)]
    assert await check(given.platform) == []

    given.clock.set(2026, 7, 2)
    await roll_up(given, JUNE)
    (june,) = await invoices(given, JUNE)
    assert await net_lines(given, june["id"]) == [(JUNE, "PLAN_BASE", 5000)]
    assert await late_notes(given) == [(MAY, 30)]
    assert await listed(given) == []
    assert await check(given.platform) == []

    await void_invoice(given.platform, invoice_id=june["id"])  # the note stays
    assert (await month_states(given))[APRIL] == ("WAIVED", 0, 0)
    given.clock.set(2026, 8, 2)
    await roll_up(given, JUNE)
    await roll_up(given, JULY)
    assert await billed_of_month(given, APRIL) == 0
    assert await listed(given) == []
    assert await check(given.platform) == []


async def test_a_month_whose_invoice_is_voided_or_that_failed_may_be_waived(given: Given) -> None:
    given.clock.set(2026, 5, 2)
    await given.plan()
    tenant_id, _ = await subscribed(given)
    await roll_up(given)
    await void_invoice(given.platform, invoice_id=(await invoices(given))[0]["id"])
    await waive(given, tenant_id)
    assert await month_states(given) == {APRIL: ("WAIVED", 0, 0)}
    failing, _ = await subscribed(given, "failing")
    await given.rows("UPDATE tenants SET currency = 'NZD' WHERE id = $1 RETURNING id", failing)
    await roll_up(given, tenant_ids=[failing])
    assert [tenant for tenant, _, _ in await listed(given)] == [failing]
    await waive(given, failing)
    assert await listed(given) == []


@pytest.mark.parametrize("issued", [False, True])
async def test_a_month_with_a_live_invoice_is_not_waived(given: Given, issued: bool) -> None:
    given.clock.set(2026, 5, 2)
    await given.plan()
    tenant_id, _ = await subscribed(given)
    await roll_up(given)
    if issued:
        await issue_last(given)
    before = await given.contents()
    with pytest.raises(Refusal) as refused:
        await waive(given, tenant_id)
    assert (refused.value.code, refused.value.path) == (ProblemCode.CONFLICT, ("periodStart",))
    assert await given.contents() == before


async def test_waiving_twice_is_a_conflict(given: Given) -> None:
    given.clock.set(2026, 5, 2)
    tenant_id = await given.tenant()
    await waive(given, tenant_id)  # a month of nothing may be waived as well
    before = await given.contents()
    with pytest.raises(Refusal) as refused:
        await waive(given, tenant_id)
    assert (refused.value.code, refused.value.path) == (ProblemCode.CONFLICT, ("periodStart",))
    assert await given.contents() == before


async def test_bad_input_is_refused(given: Given) -> None:
    given.clock.set(2026, 5, 2)
    tenant_id = await given.tenant()
    cases: list[tuple[dict[str, object], ProblemCode, tuple[str, ...]]] = [
        ({"reason": " "}, ProblemCode.VALIDATION_FAILED, ("reason",)),
        ({"period_start": date(2026, 4, 2)}, ProblemCode.VALIDATION_FAILED, ("periodStart",)),
        ({"tenant_id": uuid4()}, ProblemCode.NOT_FOUND, ("tenantId",)),
    ]
    for arguments, code, path in cases:
        wanted: dict[str, object] = {"tenant_id": tenant_id, "period_start": APRIL, "reason": "goodwill", **arguments}
        with pytest.raises(Refusal) as refused:
            await waive_month(given.platform, **wanted)  # type: ignore[arg-type]  # of a table
        assert (refused.value.code, refused.value.path) == (code, path)
    with pytest.raises(Refusal) as refused:
        await waive_month(given.admin(tenant_id), tenant_id=tenant_id, period_start=APRIL, reason="x")
    assert refused.value.code is ProblemCode.PERMISSION_DENIED
