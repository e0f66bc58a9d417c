"""Bugs in what follows an issued invoice, planted: the model of the receivables catches them.

The simulation is played step by step, and known to pass without the bug.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

import asyncpg
import pytest

from app.billing import Account, CreditAmounts, CreditedLine, CreditedTax, Posting, RemainingInvoice
from app.billing.money import Ratio, multiply, round_half_away
from app.database import UnitOfWork
from app.operations.ledger import applied_credit
from app.operations.payments import recording
from tests.simulation.machine import Simulation, simulation_of
from tests.simulation.scripted_simulations import FEBRUARY, JANUARY, at_the_end_of, come_to_an_end, january, roll_up
from tests.simulation.world import World

pytestmark = pytest.mark.timeout(600)

BALANCE_TRIGGERS = {
    "journal_postings_balance": "AFTER INSERT ON journal_postings REFERENCING NEW TABLE AS written FOR EACH STATEMENT"
    " EXECUTE FUNCTION journal_postings_check_balance()",
    "journal_entries_balance": "AFTER INSERT ON journal_entries DEFERRABLE INITIALLY DEFERRED FOR EACH ROW"
    " EXECUTE FUNCTION journal_entries_check_balance()",
}


def overpaid(simulation: Simulation) -> None:
    """January's invoice is credited in part and paid twice over; February's takes the credit and is paid."""
    january(simulation)
    tenant = simulation.tenants[0].id
    simulation.handle((tenant, JANUARY), "issue")
    [owed] = simulation.ledger.receivables.issued()
    first = next(iter(owed.lines))
    for _ in range(3):
        simulation.credit(owed, {first: 333}, None)
        simulation.everything_holds(integrity=False)
    simulation.pay(of=0, part="twice", named=False, twice=False, fault=None)
    simulation.everything_holds(integrity=False)
    at_the_end_of(simulation, FEBRUARY, hours=5)
    roll_up(simulation, 1)
    simulation.handle((tenant, FEBRUARY), "issue")
    simulation.everything_holds(integrity=False)
    simulation.allocate_credit(of=0, fault=None)
    come_to_an_end(simulation)


@contextmanager
def without_triggers(world: World) -> Iterator[None]:
    for name, definition in BALANCE_TRIGGERS.items():
        world.owner.execute(f"DROP TRIGGER {name} ON {definition.split()[3]}")
    try:
        yield
    finally:
        world.begin(world.settings.billing_time_zone)
        for name, definition in BALANCE_TRIGGERS.items():
            kind = "CONSTRAINT TRIGGER" if "DEFERRABLE" in definition else "TRIGGER"
            world.owner.execute(f"CREATE {kind} {name} {definition}")


def test_the_simulation_passes_without_a_bug(world: World) -> None:
    overpaid(simulation_of(world)())


def test_an_unbalanced_posting(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def forgets_the_rest(amount_cents: int, allocated_cents: int) -> tuple[Posting, ...]:
        return (
            Posting(Account.CASH_CLEARING, amount_cents),
            Posting(Account.ACCOUNTS_RECEIVABLE, -allocated_cents),
        )

    monkeypatch.setattr(recording, "payment_recorded", forgets_the_rest)
    with pytest.raises(asyncpg.CheckViolationError, match="do not add up to 0"):
        overpaid(simulation_of(world)())
    with without_triggers(world), pytest.raises(AssertionError, match="a journal entry does not balance"):
        overpaid(simulation_of(world)())


def test_the_tax_of_a_credit_note_rounded_on_its_own(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def on_its_own(self: RemainingInvoice, credited: Sequence[CreditedLine]) -> CreditAmounts:
        net = sum(line.net_cents for line in credited)
        taxes = [
            CreditedTax(tax.key, net, round_half_away(Ratio(multiply(tax.rate, net)))) for tax in self.taxes if net
        ]
        return CreditAmounts(tuple(credited), tuple(taxes))

    monkeypatch.setattr(RemainingInvoice, "_amounts", on_its_own)
    with pytest.raises(AssertionError, match=r"the ledger has|another balance"):
        overpaid(simulation_of(world)())


def test_a_credit_balance_that_is_spent_twice(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def keeps_it(_unit: UnitOfWork, _tenant_id: UUID, _currency: str, _cents: int) -> None:
        """In place of change_credit."""

    monkeypatch.setattr(applied_credit, "change_credit", keeps_it)
    with pytest.raises(AssertionError, match="another credit"):
        overpaid(simulation_of(world)())
