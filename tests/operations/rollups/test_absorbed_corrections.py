"""What a tenant pays for a month with goodwill does not depend on the order in which late usage arrives."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import pytest

from app.operations.invoices import verify_invoice
from tests.operations.given import Given
from tests.operations.month_queries import month_states, net_lines
from tests.operations.months import APRIL, correct, invoices, issue_last, meter, roll_up, subscribed
from tests.operations.receivables import credit
from tests.operations.rollups.falls import absorbed, all_holds, notes, pilot

INCLUDED = 1488


@pytest.fixture
async def april(given: Given) -> UUID:
    """April: a base price of 5000 and an overage of 672, issued on 2 May. All usage is one event."""
    given.clock.set(2026, 5, 2)
    await given.plan()
    _, deployment_id = await subscribed(given)
    await meter(given, deployment_id, str(INCLUDED + 672))
    await roll_up(given)
    return await issue_last(given)


async def bill_overage(given: Given, *amounts: int) -> None:
    """April's overage becomes each of these amounts, one after the other, with a rollup after each."""
    for cents in amounts:
        today = given.clock().date()
        month = date(2026, today.month, 1)
        await correct(given, await pilot(given), str(INCLUDED + cents))
        given.clock.set(2026, today.month + 1, 2)
        await roll_up(given, month)
        await issue_last(given, month)


async def paid_for_overage(given: Given) -> int:
    """What April's overage costs the tenant: its lines on all invoices, less their credit notes."""
    row = await given.row(
        "SELECT sum(l.amount_cents - (SELECT coalesce(sum(c.amount_cents), 0) FROM credit_note_lines c"
        "       WHERE c.invoice_line_id = l.id))::bigint AS cents"
        " FROM tenant_invoice_lines l JOIN tenant_invoices i ON i.id = l.invoice_id AND i.status <> 'VOID'"
        " WHERE l.period_start = $1 AND l.kind = 'OVERAGE'",
        APRIL,
    )
    return int(row["cents"])


@pytest.mark.parametrize("amounts", [(622,), (372, 622), (0, 622), (922, 622), (922, 0, 622), (0, 72, 622)])
async def test_the_order_of_late_usage_changes_nothing(given: Given, april: UUID, amounts: Sequence[int]) -> None:
    """Of 672, 600 are given up for goodwill. Whatever the overage was in between, at 622 the tenant pays 22."""
    await credit(given, april, (2, 600))
    await bill_overage(given, *amounts)
    assert await paid_for_overage(given) == 22
    assert sum(await absorbed(given)) == 0
    assert (await month_states(given))[APRIL] == ("ISSUED", 5622, 5622)
    await all_holds(given)


async def test_a_rise_first_uses_up_what_was_absorbed(given: Given, april: UUID) -> None:
    """A fall by 300 credits 72 and absorbs 228; a rise of 250 uses up the 228 and bills 22."""
    await credit(given, april, (2, 600))
    await bill_overage(given, 372, 622)
    assert [note[2:4] for note in await notes(given)] == [("GOODWILL", 600), ("LATE_CORRECTION", 72)]
    assert await absorbed(given) == [228, -228]
    (june,) = await invoices(given, date(2026, 6, 1))
    assert (APRIL, "OVERAGE", 22) in await net_lines(given, june["id"])
    assert (await verify_invoice(given.platform, invoice_id=june["id"])).matches


async def test_a_rise_that_goodwill_covers_bills_nothing(given: Given, april: UUID) -> None:
    await credit(given, april, (2, 600))
    await bill_overage(given, 372, 472)
    assert await absorbed(given) == [228, -100]
    assert await paid_for_overage(given) == 0
    (june,) = await invoices(given, date(2026, 6, 1))
    assert await net_lines(given, june["id"]) == [(date(2026, 6, 1), "PLAN_BASE", 5000)]
    assert (await month_states(given))[APRIL] == ("ISSUED", 5472, 5472)
    await all_holds(given)


async def test_a_fall_is_credited_on_whatever_line_the_tenant_still_pays(given: Given, april: UUID) -> None:
    """250 came late, on May's invoice, and were given up for goodwill: a fall by 250 is credited on April's invoice."""
    await bill_overage(given, 922)
    (may,) = await invoices(given, date(2026, 5, 1))
    (position,) = (
        row["position"]
        for row in await given.rows(
            "SELECT position FROM tenant_invoice_lines WHERE invoice_id = $1 AND kind = 'OVERAGE'", may["id"]
        )
    )
    await credit(given, may["id"], (position, 250))
    await bill_overage(given, 672)
    assert [note[1:4] for note in await notes(given)] == [
        (date(2026, 5, 1), "GOODWILL", 250),
        (APRIL, "LATE_CORRECTION", 250),
    ]
    assert await absorbed(given) == []
    assert await paid_for_overage(given) == 672 - 250
    await all_holds(given)


async def test_a_dry_run_uses_up_nothing_that_was_absorbed(given: Given, april: UUID) -> None:
    await credit(given, april, (2, 600))
    await bill_overage(given, 372)
    await correct(given, await pilot(given), str(INCLUDED + 622))
    given.clock.set(2026, 7, 2)
    run = await roll_up(given, date(2026, 6, 1), dry_run=True)
    assert run["total_cents"] == (5000 + 22) * 11 // 10
    assert await absorbed(given) == [228]
