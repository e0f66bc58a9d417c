"""What fell in value and stands on a draft is left to the draft, which is stale then."""

from uuid import UUID

import pytest

from tests.operations.given import Given
from tests.operations.month_queries import changes, month_states, net_lines
from tests.operations.months import APRIL, JUNE, MAY, invoices, issue_last, meter, roll_up, unbilled
from tests.operations.receivables import drafted, figure_1, issued
from tests.operations.rollups.falls import all_holds, fell, notes, pilot


@pytest.fixture
async def april(given: Given) -> UUID:
    """Figure 1, issued on 2 May: 5000 + 750 + 672, GST 642. Each of its 720 events is of 3 h."""
    given.clock.set(2026, 5, 2)
    await figure_1(given)
    _, invoice_id = await issued(given)
    return invoice_id


async def test_what_stands_on_a_draft_makes_the_draft_stale(given: Given) -> None:
    """April is a draft when it falls by 9: May's rollup leaves it to the draft, which is rated again."""
    given.clock.set(2026, 5, 2)
    await figure_1(given)
    await drafted(given)
    await fell(given, 9)
    given.clock.set(2026, 6, 2)
    await roll_up(given, MAY)
    assert await notes(given) == []
    assert await changes(given) == [(APRIL, "pilot", "USAGE_CORRECTED")]
    assert (await month_states(given))[APRIL] == ("DRAFT", 6413, 6422)
    (may,) = await invoices(given, MAY)
    assert may["subtotal_cents"] == 5750
    await all_holds(given)
    await roll_up(given, APRIL, force=True)
    assert (await month_states(given))[APRIL] == ("DRAFT", 6413, 6413)
    assert await unbilled(given) == []
    await all_holds(given)


async def test_what_stands_on_a_draft_of_a_later_month_makes_that_draft_stale(given: Given, april: UUID) -> None:
    """May's draft has 30 h of April; 50 h of April go: 20 are credited on April's invoice, 30 wait for the draft."""
    await meter(given, await pilot(given), "30", 2026, 4, 20, 0, 30)
    given.clock.set(2026, 6, 2)
    await roll_up(given, MAY)
    await fell(given, 50)
    given.clock.set(2026, 7, 2)
    await roll_up(given, JUNE)
    assert [note[1:4] for note in await notes(given)] == [(APRIL, "LATE_CORRECTION", 20)]
    assert await changes(given) == [(MAY, "pilot", "LATE_CORRECTION")]
    assert (await month_states(given))[APRIL] == ("ISSUED", 6402, 6432)
    await all_holds(given)
    await roll_up(given, MAY, force=True)
    (may,) = await invoices(given, MAY)
    assert await net_lines(given, may["id"]) == [(MAY, "PLAN_BASE", 5000), (MAY, "ADDON", 750)]
    assert (await month_states(given))[APRIL] == ("ISSUED", 6402, 6402)
    assert await changes(given) == []
    assert await unbilled(given) == []
    await all_holds(given)


async def test_a_stale_draft_that_is_issued_all_the_same_is_credited_by_the_next_rollup(given: Given) -> None:
    given.clock.set(2026, 5, 2)
    await figure_1(given)
    await drafted(given)
    await fell(given, 9)
    given.clock.set(2026, 6, 2)
    await roll_up(given, MAY)
    await issue_last(given, APRIL, issue_stale=True)
    given.clock.set(2026, 7, 2)
    await roll_up(given, JUNE)
    assert [note[1:4] for note in await notes(given)] == [(APRIL, "LATE_CORRECTION", 9)]
    assert (await month_states(given))[APRIL] == ("ISSUED", 6413, 6413)
    await all_holds(given)
