"""The simulator catches bugs: each is planted here, and a simulation of the sound system is known to pass."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

import asyncpg
import pytest

from app.billing import Actor, DeploymentState
from app.database import UnitOfWork
from app.operations import usage
from app.operations.billing_months import billed, changes
from app.operations.billing_months import invoices as months_of_invoices
from app.operations.billing_months.billed import Replaced, replaced_by
from app.operations.billing_months.invoices import billed_by
from app.operations.context import Context
from app.operations.deployments import transition
from app.operations.deployments.events import DeploymentEvent
from app.operations.rollups import billing, chunk
from app.operations.rollups.run import Share
from app.operations.subscriptions import addons
from app.operations.usage import MeteredEvent, UsageRecorded, record
from app.tables.ids import new_id
from tests.lives.rating import next_month, start_of
from tests.simulation.faults import Fault, Kind
from tests.simulation.machine import Simulation, simulation_of
from tests.simulation.model import KINDS
from tests.simulation.test_simulation import simulate
from tests.simulation.world import World

pytestmark = pytest.mark.timeout(600)

RUNS, STEPS, SEED = 120, 40, 1
JANUARY, FEBRUARY = date(2026, 1, 1), date(2026, 2, 1)
LOST = "cents are neither billed nor listed|another difference is listed"

ONE_LIVE = (
    "CREATE UNIQUE INDEX tenant_invoices_live_key ON tenant_invoices (tenant_id, period_start) WHERE status <> 'VOID'"
)
ONE_EACH = "ALTER TABLE subscriptions ADD CONSTRAINT subscriptions_deployment_id_key UNIQUE (deployment_id)"


def caught(world: World) -> str:
    """What the simulation fails with."""
    with pytest.raises(Exception) as failure:  # noqa: PT011 - which one is the test's matter
        simulate(world, RUNS, STEPS, SEED, shrinking=False)
    return str(failure.value)


@contextmanager
def without(world: World, drop: str, restore: str) -> Iterator[None]:
    world.owner.execute(drop)
    try:
        yield
    finally:
        world.begin(world.settings.billing_time_zone)
        world.owner.execute(restore)


def test_an_index_dropped_that_keeps_invoices_single(world: World) -> None:
    with without(world, "DROP INDEX tenant_invoices_live_key", ONE_LIVE):
        assert "an invoice came from nowhere" in caught(world)


def test_a_constraint_dropped_that_keeps_subscriptions_single(world: World) -> None:
    with without(world, "ALTER TABLE subscriptions DROP CONSTRAINT subscriptions_deployment_id_key", ONE_EACH):
        assert "ALREADY_SUBSCRIBED" in caught(world)


def test_a_constraint_dropped_that_keeps_metered_events_single(world: World) -> None:
    def play(simulation: Simulation) -> None:
        simulation.begin(zone="UTC", exempt=[False, False], chosen=[(("whole", 1), [], 0)] * 3)
        for _ in range(2):
            simulation.ingest(batch=[(3, "egress_gb", Decimal(1), -4, 1, None)], fault=None)
            simulation.everything_holds()
        simulation.teardown()

    play(simulation_of(world)())
    key = "usage_event_keys_tenant_id_source_event_id_key"
    again = f"ALTER TABLE usage_event_keys ADD CONSTRAINT {key} UNIQUE (tenant_id, source, event_id)"
    with (
        without(world, f"ALTER TABLE usage_event_keys DROP CONSTRAINT {key}", again),
        pytest.raises(AssertionError, match=re.escape("answered (1, 0, []), not (0, 1, [])")),
    ):
        play(simulation_of(world)())


def test_an_event_written_in_a_transaction_of_its_own(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def committed_at_once(_unit: UnitOfWork, event: DeploymentEvent) -> UUID:
        event_id = new_id()
        other = await asyncpg.connect(world.settings.database_url)
        try:
            await other.execute(
                "INSERT INTO cloud_deployment_events (id, tenant_id, deployment_id, from_state, to_state, actor,"
                " reason, withheld, occurred_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                event_id,
                event.tenant_id,
                event.deployment_id,
                event.from_state,
                event.to_state,
                event.actor,
                event.reason,
                event.withheld,
                event.occurred_at,
            )
        finally:
            await other.close()
        return event_id

    def play(simulation: Simulation) -> None:
        """Step by step: the crash has to come between the event and the COMMIT of what it tells."""
        simulation.begin(zone="UTC", exempt=[False, False], chosen=[(("whole", 1), [], 0)] * 3)
        simulation.transition(of=0, way=1, to=DeploymentState.ACTIVE, actor=Actor.SYSTEM, fault=Fault(Kind.CRASH, at=0))
        simulation.everything_holds()
        simulation.teardown()

    play(simulation_of(world)())
    monkeypatch.setattr(transition, "append_event", committed_at_once)
    with pytest.raises(AssertionError, match="a deployment is where its last event led"):
        play(simulation_of(world)())


def test_a_late_event_that_is_lost(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    sound = usage.record_usage

    async def forgetful(context: Context, *, events: Sequence[MeteredEvent]) -> UsageRecorded:
        last_month = context.clock() - timedelta(days=31)
        recorded = await sound(context, events=[event for event in events if event.occurred_at > last_month])
        late = sum(event.occurred_at <= last_month for event in events)
        return UsageRecorded(recorded.accepted + late, recorded.duplicates, recorded.rejected)

    def play(simulation: Simulation) -> None:
        simulation.begin(zone="UTC", exempt=[False, False], chosen=[(("whole", 1), [], 0)] * 3)
        meter(simulation, days_ago=40, quantity=1)
        come_to_an_end(simulation)

    play(simulation_of(world)())
    monkeypatch.setattr(usage, "record_usage", forgetful)
    with pytest.raises(AssertionError, match="it was answered, and is not done"):
        play(simulation_of(world)())


def january(simulation: Simulation, plan: tuple[str, int] = ("whole", 1)) -> None:
    """Two tenants (the first has two deployments) whose January has ended and is a draft, or worth nothing."""
    simulation.begin(zone="UTC", exempt=[False, False], chosen=[(plan, [], 0)] * 3)
    at_the_end_of(simulation, JANUARY, hours=5)
    simulation.cron(times=1, fault=None)
    simulation.work(fault=None, twice=False)
    simulation.everything_holds()


def at_the_end_of(simulation: Simulation, month: date, **after: float) -> None:
    simulation.world.now = start_of(next_month(month), simulation.zone) + timedelta(**after)


def roll_up(simulation: Simulation, months_ago: int, *, force: bool = False) -> None:
    simulation.roll_up(months_ago=months_ago, force=force, dry=False, some=11, worked=True)
    simulation.everything_holds()


def meter(simulation: Simulation, days_ago: int, quantity: int, kind: str = "droplet_hours") -> None:
    """Usage of the first tenant's first deployment."""
    simulation.number += 1
    deployments = sum(len(tenant.deployments) for tenant in simulation.tenants)
    of = deployments  # the first, once around: 0 would be an unknown one
    simulation.ingest(batch=[(of, kind, Decimal(quantity), -96 * days_ago, simulation.number, None)], fault=None)
    simulation.everything_holds()


def come_to_an_end(simulation: Simulation) -> None:
    simulation.everything_holds()
    simulation.teardown()


class Late(NamedTuple):
    """Usage that comes to January in February; what was done with its invoice before, and is after."""

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
    """Step by step: few random runs issue an invoice and then meter much for its month."""
    late.play(simulation_of(world)())
    monkeypatch.setattr(record, "record_changes", records_nothing)
    with pytest.raises(AssertionError, match=LOST):
        late.play(simulation_of(world)())


async def records_nothing(*_: object) -> None:
    """In place of record_changes."""


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
        """As if the invoice that is replaced had billed nothing of earlier months."""
        replaced = await replaced_by(unit, invoice_ids, month)
        return Replaced(invoice_ids, {key: cents for key, cents in replaced.cents.items() if key[1] == month})

    play(simulation_of(world)())
    monkeypatch.setattr(billing, "replaced_by", of_its_own_month)
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
    monkeypatch.setattr(addons, "record_changes", records_nothing)
    with pytest.raises(AssertionError, match=LOST):
        play(simulation_of(world)())


def test_a_credit_counted_twice_after_a_void(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """1000 GB of January are billed, but 1200 GB cost less: the credit is taken by February's invoice, which is void
    then and made anew.
    """

    def play(simulation: Simulation) -> None:
        simulation.begin(zone="UTC", exempt=[False, False], chosen=[(("whole", 2), [], 0)] * 3)
        meter(simulation, days_ago=0, quantity=1000, kind="egress_gb")
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
    still_billed = billed._OF_SUBSCRIPTIONS.replace("i.status <> 'VOID'", "true")
    assert still_billed != billed._OF_SUBSCRIPTIONS
    monkeypatch.setattr(months_of_invoices, "billed_by", billed_by)
    monkeypatch.setattr(billed, "_OF_SUBSCRIPTIONS", still_billed)
    with pytest.raises(AssertionError, match=LOST):
        play(simulation_of(world)())


def test_a_batch_of_usage_that_races_the_rating(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def play(simulation: Simulation) -> None:
        simulation.begin(zone="UTC", exempt=[False, False], chosen=[(("whole", 1), [], 0)] * 3)
        at_the_end_of(simulation, JANUARY, hours=5)
        simulation.usage_races_the_rating(of=0, force=False, quantity=Decimal(1000))
        come_to_an_end(simulation)

    play(simulation_of(world)())
    unlocked = changes._SHARE.replace("FOR SHARE OF b", "")
    assert unlocked != changes._SHARE
    monkeypatch.setattr(changes, "_SHARE", unlocked)
    with pytest.raises(AssertionError, match=LOST):
        play(simulation_of(world)())


def test_a_failure_that_is_swallowed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    sound = chunk._Chunk._bill

    async def swallowing(self: chunk._Chunk, batch: Sequence[Share]) -> dict[Share, Exception]:
        with suppress(Exception):
            await sound(self, batch)
        return {}

    monkeypatch.setattr(chunk._Chunk, "_bill", swallowing)
    assert "a run's chunks account for its tenants" in caught(world)
