"""The simulator detects bugs: each is introduced here, and the same simulation passes without it."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import asyncpg
import pytest

from app.billing import Actor, DeploymentState
from app.database import UnitOfWork
from app.operations import usage
from app.operations.calls.context import Context
from app.operations.deployments import transition
from app.operations.deployments.deployment_events import NewDeploymentEvent
from app.operations.rollups import chunk
from app.operations.rollups.run import TenantWorkload
from app.operations.usage import MeteredEvent, RecordingOutcome
from app.tables.ids import new_id
from tests.simulation.faults import Fault, Kind
from tests.simulation.machine import Simulation, simulation_of
from tests.simulation.scripted_simulations import JANUARY, at_the_end_of, come_to_an_end, january, meter, roll_up
from tests.simulation.world import World

pytestmark = pytest.mark.timeout(600)

ONE_LIVE = (
    "CREATE UNIQUE INDEX tenant_invoices_not_void_key"
    " ON tenant_invoices (tenant_id, period_start) WHERE status <> 'VOID'"
)
ONE_EACH = "ALTER TABLE subscriptions ADD CONSTRAINT subscriptions_deployment_id_key UNIQUE (deployment_id)"


@contextmanager
def without(world: World, drop: str, restore: str) -> Iterator[None]:
    world.owner.execute(drop)
    try:
        yield
    finally:
        world.begin(world.settings.billing_time_zone)
        world.owner.execute(restore)


def test_a_dropped_unique_index_of_invoices_is_caught(world: World) -> None:
    def play(simulation: Simulation) -> None:
        january(simulation)
        simulation.a_rival_writes_a_second_live_invoice(of=0)
        come_to_an_end(simulation)

    play(simulation_of(world)())
    with (
        without(world, "DROP INDEX tenant_invoices_not_void_key", ONE_LIVE),
        pytest.raises(AssertionError, match="an invoice came from nowhere"),
    ):
        play(simulation_of(world)())


def test_a_dropped_unique_constraint_of_subscriptions_is_caught(world: World) -> None:
    def play(simulation: Simulation) -> None:
        january(simulation)
        simulation.subscribe(of=0, plan=("daily", 1), extras=[], days=0, trial=None, confirmed=False, fault=None)
        come_to_an_end(simulation)

    play(simulation_of(world)())
    with (
        without(world, "ALTER TABLE subscriptions DROP CONSTRAINT subscriptions_deployment_id_key", ONE_EACH),
        pytest.raises(AssertionError, match="ALREADY_SUBSCRIBED"),
    ):
        play(simulation_of(world)())


def test_a_dropped_unique_constraint_of_metered_events_is_caught(world: World) -> None:
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
    async def committed_at_once(_unit: UnitOfWork, event: NewDeploymentEvent) -> UUID:
        event_id = new_id()
        other = await asyncpg.connect(world.settings.database_url)
        try:
            await other.execute(
                "INSERT INTO cloud_deployment_events (id, tenant_id, deployment_id, from_state, to_state, actor,"
                " reason, withheld, occurred_at, cause) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                event_id,
                event.tenant_id,
                event.deployment_id,
                event.from_state,
                event.to_state,
                event.actor,
                event.reason,
                event.withheld,
                event.occurred_at,
                event.cause,
            )
        finally:
            await other.close()
        return event_id

    def play(simulation: Simulation) -> None:
        """Plays the steps one by one, because the crash must happen between the event and the COMMIT of the change that
        it reports.
        """
        simulation.begin(zone="UTC", exempt=[False, False], chosen=[(("whole", 1), [], 0)] * 3)
        simulation.transition(of=0, way=1, to=DeploymentState.ACTIVE, actor=Actor.SYSTEM, fault=Fault(Kind.CRASH, at=0))
        simulation.everything_holds()
        simulation.teardown()

    play(simulation_of(world)())
    monkeypatch.setattr(transition, "append_event", committed_at_once)
    with pytest.raises(AssertionError, match="a deployment is ACTIVE, and not SUSPENDED"):
        play(simulation_of(world)())


def test_a_late_event_that_is_lost(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    sound = usage.record_usage

    async def forgetful(context: Context, *, events: Sequence[MeteredEvent]) -> RecordingOutcome:
        last_month = context.clock() - timedelta(days=31)
        recorded = await sound(context, events=[event for event in events if event.occurred_at > last_month])
        late = sum(event.occurred_at <= last_month for event in events)
        return RecordingOutcome(recorded.accepted + late, recorded.duplicates, recorded.rejected)

    def play(simulation: Simulation) -> None:
        simulation.begin(zone="UTC", exempt=[False, False], chosen=[(("whole", 1), [], 0)] * 3)
        meter(simulation, days_ago=40, quantity=1)
        come_to_an_end(simulation)

    play(simulation_of(world)())
    monkeypatch.setattr(usage, "record_usage", forgetful)
    with pytest.raises(AssertionError, match="it was answered, and is not done"):
        play(simulation_of(world)())


def test_a_failure_that_is_swallowed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    sound = chunk._Chunk._bill

    async def swallowing(self: chunk._Chunk, batch: Sequence[TenantWorkload]) -> dict[TenantWorkload, Exception]:
        with suppress(Exception):
            await sound(self, batch)
        return {}

    def play(simulation: Simulation) -> None:
        simulation.begin(zone="UTC", exempt=[False, False], chosen=[(("whole", 1), [], 0)] * 3)
        simulation.become_unbillable_or_recover(of=0, days=0)
        at_the_end_of(simulation, JANUARY, hours=5)
        roll_up(simulation, 1)
        come_to_an_end(simulation)

    play(simulation_of(world)())
    monkeypatch.setattr(chunk._Chunk, "_bill", swallowing)
    with pytest.raises(AssertionError, match="a rollup's chunks contain each of its tenants once"):
        play(simulation_of(world)())
