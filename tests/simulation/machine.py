"""The simulator: a seeded state machine of operations and faults over the real system, compared with a model and
checked for data integrity.

What a caller was told was done must be so, what was refused must not, and what nobody was told (a crash, a COMMIT
without its answer) is done wholly or not at all: the rows say which, and the model follows.
"""

from typing import ClassVar
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant

from tests.simulation.delivery_steps import DeliverySteps
from tests.simulation.dunning import Dunning
from tests.simulation.ledger import Ledger
from tests.simulation.recorded_events import check_recorded_events
from tests.simulation.steps import addons, plans
from tests.simulation.subscription_steps import SubscriptionSteps
from tests.simulation.unpaid_steps import UnpaidSteps
from tests.simulation.usage_steps import UsageSteps
from tests.simulation.world import World

ZONES = ("UTC", "Australia/Sydney", "America/Havana")


class Simulation(SubscriptionSteps, UsageSteps, UnpaidSteps, DeliverySteps):
    """One run of the simulation: its start, its steps, the checks after each step, and the checks after the faults have
    stopped. check_every: after so many steps data integrity is checked, which takes as long as all else.
    """

    check_every: ClassVar[int] = 1

    def __init__(self) -> None:
        super().__init__()
        self.steps_done = 0

    @initialize(
        zone=st.sampled_from(ZONES),
        exempt=st.lists(st.booleans(), min_size=2, max_size=2),
        chosen=st.lists(
            st.tuples(plans, st.lists(addons, max_size=2), st.sampled_from([0, -9, -40])), min_size=3, max_size=3
        ),
    )
    def begin(self, zone: str, exempt: list[bool], chosen: list[tuple[tuple[str, int], list[str], int]]) -> None:
        """Two tenants, with two deployments and one; all subscribed."""
        self.zone = ZoneInfo(zone)
        self.world.begin(self.zone)
        self.ledger = Ledger(self.world, self.tenants, self.zone)
        self.dunning = Dunning(self.zone)
        for is_exempt in exempt:
            self.create_tenant(is_exempt, None)
        for number, (plan, extras, days) in enumerate(chosen):
            self.create_deployment(number, number, "operator", None)
            tenant = self.tenants[number % 2]
            deployment = tenant.deployments[-1]
            self.subscribe_to(
                tenant=tenant,
                deployment=deployment,
                plan=plan,
                extras=extras,
                days=days,
                trial=None,
                fault=None,
                confirmed=True,
            )

    @invariant()
    def holds_after_a_step(self) -> None:
        if hasattr(self, "ledger"):
            self.steps_done += 1
            self.everything_holds(integrity=self.steps_done % self.check_every == 0)

    def everything_holds(self, *, integrity: bool = True) -> None:
        """Dunning does what the step woke it for; then the rows are as the model says."""
        self.dun_the_woken()
        self.ledger.hold()
        self.check_dunning()
        check_recorded_events(self.world, self.tenants)
        if integrity:
            self.check_data_integrity()
        self.sound = True

    def check_data_integrity(self) -> None:
        broken = self.world.violations()
        assert not broken, f"a data-integrity check failed: {broken}"

    def teardown(self) -> None:
        """Checks, after the faults have stopped, that every ended month is billed exactly once."""
        if self.sound:
            self.sound = False
            for tenant in self.tenants:
                self.recover(tenant)
            self.finish_issue_runs()
            self.ledger.finish()
            self.finish_dunning()
            self.finish_deliveries()
            check_recorded_events(self.world, self.tenants)
            self.check_data_integrity()


def simulation_of(world: World, *, check_every: int = 1) -> type[Simulation]:
    return type("Simulation", (Simulation,), {"world": world, "check_every": check_every, "__module__": __name__})
