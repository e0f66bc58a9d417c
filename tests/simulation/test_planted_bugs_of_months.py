"""Bugs that lose or double the cents of a month, planted: the model's own sums catch them.

The simulations are played step by step, and known to pass without the bug.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

import pytest

from app.database import UnitOfWork
from app.operations.billing_months import billed_amounts, changes
from app.operations.billing_months import invoice_changes as months_of_invoices
from app.operations.billing_months.billed_amounts import Replaced, replaced_by
from app.operations.billing_months.invoice_changes import billed_by
from app.operations.rollups import bill_tenants
from app.operations.subscriptions import attached_addons
from app.operations.usage import record
from tests.simulation.machine import Simulation, simulation_of
from tests.simulation.model import KINDS
from tests.simulation.scripted_simulations import (
    FEBRUARY,
    JANUARY,
    at_the_end_of,
    come_to_an_end,
    january,
    meter,
    roll_up,
)
from tests.simulation.world import World

pytestmark = pytest.mark.timeout(600)

LOST = "cents are neither billed nor listed|another difference is listed"


class Late(NamedTuple):
    """Late usage of January, recorded in February, with what is done to January's invoice before and afterwards."""

    plan: tuple[str, int]
    acts_before: tuple[str, ...]
    acts_after: tuple[str, ...]

    def play(self, simulation: Simulation) -> None:
        january(simulation, self.plan)
        month = simulation.tenants[0].id, JANUARY
        for act in self.acts_before:
            simulation.handle(month, act)
        late = [(of, kind, Decimal(4000), -96 * 10, None) for of in (3, 4, 5) for kind in KINDS]  # each deployment
        batch = [(of, kind, quantity, at, number, name) for number, (of, kind, quantity, at, name) in enumerate(late)]
        simulation.ingest(batch=batch, fault=None)
        for act in self.acts_after:
            simulation.handle(month, act)
        come_to_an_end(simulation)


LATE = {
    "for an issued invoice": Late(("whole", 1), ("issue",), ()),
    "for a paid invoice": Late(("whole", 1), ("issue", "pay"), ()),
    "for a draft that is then issued": Late(("whole", 1), (), ("issue stale",)),
    "for a month that came to nothing": Late(("metered", 1), (), ()),
}


@pytest.mark.parametrize("late", LATE.values(), ids=LATE)
def test_a_late_event_that_nobody_records_as_a_change(
    world: World, monkeypatch: pytest.MonkeyPatch, late: Late
) -> None:
    """Step by step, because few random runs issue an invoice and then record much usage for its month."""
    late.play(simulation_of(world)())
    monkeypatch.setattr(record, "record_changes", records_nothing)
    with pytest.raises(AssertionError, match=LOST):
        late.play(simulation_of(world)())


async def records_nothing(*_: object) -> None:
    """A planted bug in place of record_changes: it records nothing."""


def test_late_lines_lost_by_rolling_up_two_months_in_order_with_force(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def play(simulation: Simulation) -> None:
        january(simulation)
        simulation.handle((simulation.tenants[0].id, JANUARY), "issue")
        meter(simulation, days_ago=10, quantity=1000)
        at_the_end_of(simulation, FEBRUARY, hours=5)
        roll_up(simulation, 1)
        roll_up(simulation, 2, force=True)
        roll_up(simulation, 1, force=True)
        come_to_an_end(simulation)

    async def of_its_own_month(unit: UnitOfWork, invoice_ids: Sequence[UUID], month: date) -> Replaced:
        """A planted bug: the invoice that is replaced is treated as if it had billed nothing for earlier months."""
        replaced = await replaced_by(unit, invoice_ids, month)
        return Replaced(invoice_ids, {key: cents for key, cents in replaced.cents.items() if key[1] == month})

    play(simulation_of(world)())
    monkeypatch.setattr(bill_tenants, "replaced_by", of_its_own_month)
    with pytest.raises(AssertionError, match=LOST):
        play(simulation_of(world)())


def test_an_addon_attached_across_midnight_during_a_rollup(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def play(simulation: Simulation) -> None:
        """January is rolled up a second after its end; then a machine attaches whose clock is two minutes behind."""
        simulation.begin(zone="UTC", exempt=[False, False], chosen=[(("whole", 1), [], 0)] * 3)
        at_the_end_of(simulation, JANUARY, seconds=1)
        roll_up(simulation, 1)
        simulation.attach_addon(of=0, code="support", additional=False, behind=120, fault=None)
        come_to_an_end(simulation)

    play(simulation_of(world)())
    monkeypatch.setattr(attached_addons, "record_changes", records_nothing)
    with pytest.raises(AssertionError, match=LOST):
        play(simulation_of(world)())


def test_a_correction_counted_twice_after_a_void(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """100 GB of January are billed, and 200 GB come late: February's invoice bills them, which is void then and made
    anew.
    """

    def play(simulation: Simulation) -> None:
        simulation.begin(zone="UTC", exempt=[False, False], chosen=[(("whole", 2), [], 0)] * 3)
        meter(simulation, days_ago=0, quantity=100, kind="egress_gb")
        at_the_end_of(simulation, JANUARY, hours=5)
        roll_up(simulation, 1)
        month = simulation.tenants[0].id, JANUARY
        simulation.handle(month, "issue")
        meter(simulation, days_ago=5, quantity=200, kind="egress_gb")
        at_the_end_of(simulation, FEBRUARY, hours=5)
        roll_up(simulation, 1)
        simulation.handle((month[0], FEBRUARY), "void")
        simulation.ledger.hold()
        roll_up(simulation, 1)
        come_to_an_end(simulation)

    async def nothing(_unit: UnitOfWork, _invoice_ids: Sequence[UUID]) -> dict[tuple[UUID, date], int]:
        return {}

    play(simulation_of(world)())
    monkeypatch.setattr(months_of_invoices, "billed_by", nothing)
    with pytest.raises(AssertionError, match=f"takes no credit|{LOST}"):
        play(simulation_of(world)())
    still_billed = billed_amounts._BILLED_SUBSCRIPTIONS.replace("i.status <> 'VOID'", "true")
    assert still_billed != billed_amounts._BILLED_SUBSCRIPTIONS
    monkeypatch.setattr(months_of_invoices, "billed_by", billed_by)
    monkeypatch.setattr(billed_amounts, "_BILLED_SUBSCRIPTIONS", still_billed)
    with pytest.raises(AssertionError, match=LOST):
        play(simulation_of(world)())


def test_a_batch_of_usage_that_races_the_rating(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def play(simulation: Simulation) -> None:
        simulation.begin(zone="UTC", exempt=[False, False], chosen=[(("whole", 1), [], 0)] * 3)
        at_the_end_of(simulation, JANUARY, hours=5)
        simulation.usage_races_the_rating(of=0, force=False, quantity=Decimal(1000))
        come_to_an_end(simulation)

    play(simulation_of(world)())
    unlocked = changes._LOCK_SHARED.replace("FOR SHARE OF b", "")
    assert unlocked != changes._LOCK_SHARED
    monkeypatch.setattr(changes, "_LOCK_SHARED", unlocked)
    with pytest.raises(AssertionError, match=LOST):
        play(simulation_of(world)())
