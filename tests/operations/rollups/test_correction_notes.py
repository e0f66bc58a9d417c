"""An issued month that falls in value is corrected by credit notes of the next rollup, the latest invoice first."""

from datetime import date
from uuid import UUID

import pytest

from app.operations.charges import add_charge
from app.operations.invoices import mark_invoice_paid, verify_invoice
from tests.operations.given import Given
from tests.operations.month_queries import changes, month_states, net_lines
from tests.operations.months import APRIL, JULY, JUNE, MAY, correct, invoices, issue_last, meter, roll_up, unbilled
from tests.operations.receivables import balance, credit, credit_balance, drafted, figure_1, issued
from tests.operations.rollups.falls import absorbed, all_holds, fell, notes, pilot


@pytest.fixture
async def april(given: Given) -> UUID:
    """Figure 1, issued on 2 May: 5000 + 750 + 672, GST 642. Each of its 720 events is of 3 h."""
    given.clock.set(2026, 5, 2)
    await figure_1(given)
    _, invoice_id = await issued(given)
    return invoice_id


async def test_a_fall_becomes_a_note_on_the_invoice_that_billed_it(given: Given, april: UUID) -> None:
    """50 h less: 50 off 6422, whose tax falls from 642 to 637; the next invoice is not touched."""
    await fell(given, 50)
    given.clock.set(2026, 6, 2)
    await roll_up(given, MAY)
    assert await notes(given) == [("CRN-2026-000001", APRIL, "LATE_CORRECTION", 50, 5)]
    row = await given.row("SELECT description, issued_by FROM credit_notes")
    assert row == {
        "description": "Correction of 2026-04: it fell in value after it was invoiced",
        "issued_by": "system:rollup",
    }
    assert await balance(given, april) == ("ISSUED", 7064 - 55, None)
    assert await month_states(given) == {APRIL: ("ISSUED", 6372, 6372), MAY: ("DRAFT", 5750, 5750)}
    (may,) = await invoices(given, MAY)
    assert await net_lines(given, may["id"]) == [(MAY, "PLAN_BASE", 5000), (MAY, "ADDON", 750)]
    assert await changes(given) == []
    assert await unbilled(given) == []
    assert (await verify_invoice(given.platform, invoice_id=april)).matches
    await all_holds(given)


async def test_the_credit_of_a_paid_invoice_is_the_tenants(given: Given, april: UUID) -> None:
    await mark_invoice_paid(given.platform, invoice_id=april, reference="1")
    await fell(given, 672)
    given.clock.set(2026, 6, 2)
    await roll_up(given, MAY)
    assert await notes(given) == [("CRN-2026-000001", APRIL, "LATE_CORRECTION", 672, 67)]
    row = await given.row("SELECT tenant_id FROM credit_notes")
    assert await credit_balance(given, row["tenant_id"]) == 739
    may = await issue_last(given, MAY)
    assert await balance(given, may) == ("ISSUED", 6325 - 739, None)
    await all_holds(given)


async def test_a_fall_again_and_a_rise_after_it(given: Given, april: UUID) -> None:
    """Three differences add up to what rating once gives: 672 - 30 - 20 + 15."""
    await fell(given, 30)
    given.clock.set(2026, 6, 2)
    await roll_up(given, MAY)
    await issue_last(given, MAY)
    await correct(given, await pilot(given), "0", 10)  # 3 h
    await correct(given, await pilot(given), "1", 11)  # 2 h
    await meter(given, await pilot(given), "1", 2026, 5, 3)
    given.clock.set(2026, 7, 2)
    await roll_up(given, JUNE)
    assert [note[1:4] for note in await notes(given)] == [
        (APRIL, "LATE_CORRECTION", 30),
        (APRIL, "LATE_CORRECTION", 5),
    ]
    await issue_last(given, JUNE)
    await meter(given, await pilot(given), "15", 2026, 4, 3, 0, 30)
    given.clock.set(2026, 8, 2)
    await roll_up(given, JULY)
    (july,) = await invoices(given, JULY)
    assert (APRIL, "OVERAGE", 15) in await net_lines(given, july["id"])
    assert (await month_states(given))[APRIL] == ("ISSUED", 6422 - 35 + 15, 6422 - 35 + 15)
    await all_holds(given)


async def test_the_latest_invoice_is_credited_first_and_each_with_one_note(given: Given, april: UUID) -> None:
    """30 h came late and are on May's invoice; then 50 h go: 30 off May's, and 20 off April's."""
    await meter(given, await pilot(given), "30", 2026, 4, 20, 0, 30)
    given.clock.set(2026, 6, 2)
    await roll_up(given, MAY)
    await issue_last(given, MAY)
    await fell(given, 50)
    given.clock.set(2026, 7, 2)
    await roll_up(given, JUNE)
    assert sorted(note[1:4] for note in await notes(given)) == [
        (APRIL, "LATE_CORRECTION", 20),
        (MAY, "LATE_CORRECTION", 30),
    ]
    assert (await month_states(given))[APRIL] == ("ISSUED", 6402, 6402)
    await all_holds(given)


async def test_two_months_on_one_invoice_are_one_note(given: Given, april: UUID) -> None:
    """May's invoice has 30 h of April and 12 h of May; all of both go."""
    deployment_id = await pilot(given)
    await meter(given, deployment_id, "30", 2026, 4, 20, 0, 30)
    await meter(given, deployment_id, "1500", 2026, 5, 1)
    given.clock.set(2026, 6, 2)
    await roll_up(given, MAY)
    await issue_last(given, MAY)
    events = await given.rows("SELECT occurred_at FROM usage_records ORDER BY occurred_at, event_id")
    late = [number for number, row in enumerate(events) if row["occurred_at"].minute == 30]
    await correct(given, deployment_id, "0", late[0])
    await correct(given, deployment_id, "0", len(events) - 1)
    given.clock.set(2026, 7, 2)
    await roll_up(given, JUNE)
    assert [note[1:4] for note in await notes(given)] == [(MAY, "LATE_CORRECTION", 42)]
    row = await given.row("SELECT description FROM credit_notes")
    assert row["description"] == "Correction of 2026-04, 2026-05: it fell in value after it was invoiced"
    await all_holds(given)


async def test_what_goodwill_covers_is_absorbed_and_a_correction_credits_no_more_than_the_rest(
    given: Given, april: UUID
) -> None:
    """Of 672, 600 are credited for goodwill; the month falls by 300: 72 are credited, 228 absorbed."""
    await credit(given, april, (3, 600))
    await fell(given, 300)
    given.clock.set(2026, 6, 2)
    await roll_up(given, MAY)
    assert [note[2:4] for note in await notes(given)] == [("GOODWILL", 600), ("LATE_CORRECTION", 72)]
    assert await absorbed(given) == [228]
    assert await month_states(given) == {APRIL: ("ISSUED", 6122, 6122), MAY: ("DRAFT", 5750, 5750)}
    assert await unbilled(given) == []
    await all_holds(given)
    given.clock.set(2026, 7, 2)
    await roll_up(given, JUNE)
    assert await absorbed(given) == [228]
    assert len(await notes(given)) == 2


async def test_goodwill_alone_does_not_count_as_billed(given: Given, april: UUID) -> None:
    """The month is worth what it was, so nothing is billed again."""
    await credit(given, april)
    given.clock.set(2026, 6, 2)
    await roll_up(given, MAY)
    assert (await month_states(given))[APRIL] == ("ISSUED", 6422, 6422)
    (may,) = await invoices(given, MAY)
    assert may["subtotal_cents"] == 5750
    await all_holds(given)


async def test_everything_that_goodwill_covered_is_absorbed_without_a_note(given: Given, april: UUID) -> None:
    await credit(given, april)
    await fell(given, 9)
    given.clock.set(2026, 6, 2)
    await roll_up(given, MAY)
    assert [note[2] for note in await notes(given)] == ["CANCELLATION"]
    assert await absorbed(given) == [9]
    await all_holds(given)


async def test_a_month_that_falls_and_rises_has_a_note_and_a_line(given: Given, april: UUID) -> None:
    """The overage falls by 9, and a charge of 25 comes: each is corrected for itself."""
    await fell(given, 9)
    row = await given.row("SELECT tenant_id FROM cloud_deployments")
    await add_charge(given.platform, tenant_id=row["tenant_id"], description="Setup", net_cents=25, on=date(2026, 4, 9))
    given.clock.set(2026, 6, 2)
    await roll_up(given, MAY)
    assert [note[1:4] for note in await notes(given)] == [(APRIL, "LATE_CORRECTION", 9)]
    (may,) = await invoices(given, MAY)
    assert (APRIL, "ADJUSTMENT", 25) in await net_lines(given, may["id"])
    assert (await month_states(given))[APRIL] == ("ISSUED", 6438, 6438)
    await all_holds(given)


async def test_what_a_voucher_covered_goes_to_the_next_invoice(given: Given) -> None:
    """5000 + 750 + 672 less a voucher of 6400 leave 22. The overage falls by 50: 22 can be credited, 28 are owed."""
    given.clock.set(2026, 5, 2)
    await figure_1(given)
    tenant_id, _ = await drafted(given)
    await add_charge(given.platform, tenant_id=tenant_id, description="Voucher", net_cents=-6400, on=APRIL)
    await roll_up(given, APRIL, force=True)
    await issue_last(given)
    await fell(given, 50)
    given.clock.set(2026, 6, 2)
    await roll_up(given, MAY)
    assert [note[1:4] for note in await notes(given)] == [(APRIL, "LATE_CORRECTION", 22)]
    assert await absorbed(given) == []
    (may,) = await invoices(given, MAY)
    assert (APRIL, "OVERAGE", -28) in await net_lines(given, may["id"])
    assert (await verify_invoice(given.platform, invoice_id=may["id"])).matches
    assert (await month_states(given))[APRIL] == ("ISSUED", -28, -28)
    await all_holds(given)


async def test_an_invoice_that_a_correction_credited_is_not_rated_again_by_force(given: Given, april: UUID) -> None:
    await fell(given, 9)
    given.clock.set(2026, 6, 2)
    await roll_up(given, MAY)
    run = await roll_up(given, APRIL, force=True)
    assert (run["status"], run["invoices_failed"]) == ("FAILED", 1)
    failure = await given.row("SELECT code, message FROM rollup_failures WHERE run_id = $1", run["id"])
    assert failure == {
        "code": "CONFLICT",
        "message": "the invoice INV-2026-000001 has credit notes; issue a credit note instead",
    }
    assert await balance(given, april) == ("ISSUED", 7064 - 10, None)
    await all_holds(given)


async def test_a_dry_run_issues_no_note(given: Given, april: UUID) -> None:
    await fell(given, 9)
    given.clock.set(2026, 6, 2)
    run = await roll_up(given, MAY, dry_run=True)
    assert run["total_cents"] == 6325
    assert await notes(given) == []
    assert await absorbed(given) == []
    assert (await month_states(given))[APRIL] == ("ISSUED", 6422, 6422)
