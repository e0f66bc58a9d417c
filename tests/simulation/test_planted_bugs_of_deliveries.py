"""Bugs in events and their delivery, planted: the simulation is known to pass without each."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import asyncpg
import pytest

from app.database import UnitOfWork
from app.operations.events import event_recording, publishing
from app.operations.webhooks import WebhookSender, delivery_queue, sending
from app.operations.webhooks.sending import Attempt
from app.tables.ids import new_id
from tests.simulation.faults import Fault, Kind
from tests.simulation.machine import Simulation, simulation_of
from tests.simulation.receivers import Conduct
from tests.simulation.world import World

pytestmark = pytest.mark.timeout(600)


def begin(simulation: Simulation) -> None:
    simulation.begin(zone="UTC", exempt=[False, False], chosen=[(("whole", 1), [], 0)] * 3)


def deliver(simulation: Simulation, *conduct: Conduct, minutes: int = 0, **faults: Any) -> None:
    simulation.deliver(minutes=minutes, conduct=[conduct] * 3, **{"apart": None, "fault": None} | faults)
    simulation.everything_holds(integrity=False)


def lost_answers(simulation: Simulation) -> None:
    begin(simulation)
    deliver(simulation, Conduct.LOSES_THE_ANSWER)
    deliver(simulation, Conduct.ACTS, minutes=2)
    simulation.everything_holds()
    simulation.finish_deliveries()


def second_answers(simulation: Simulation) -> None:
    """Each second event fails, on a connection with a second answer to the one before."""
    begin(simulation)
    deliver(simulation, Conduct.ANSWERS_TWICE, Conduct.FAILS)
    simulation.finish_deliveries()


def killed_workers(simulation: Simulation) -> None:
    """Workers die while they deliver; what they had claimed is delivered by others, one of whose clocks is ahead."""
    begin(simulation)
    for statement in (2, 4, 6):
        deliver(simulation, Conduct.ACTS, fault=Fault(Kind.CRASH, at=statement), apart=0)
    simulation.events_commit_out_of_order(of=0)
    deliver(simulation, Conduct.HANGS, Conduct.ACTS, apart=2)
    simulation.finish_deliveries()


def late_commits(simulation: Simulation) -> None:
    begin(simulation)
    deliver(simulation, Conduct.ACTS)
    simulation.events_commit_out_of_order(of=0)
    simulation.finish_deliveries()


def days_of_failures(simulation: Simulation) -> None:
    """An endpoint is disabled after five days, and gets what it missed."""
    begin(simulation)
    simulation.receiver_fails_for_days(of=0, conduct=Conduct.IS_DOWN, days=6)
    assert [endpoint.was_disabled for endpoint in simulation.endpoints] == [True, False, False]
    simulation.finish_deliveries()


def an_update_that_dies(simulation: Simulation) -> None:
    begin(simulation)
    simulation.exempt_from_tax(simulation.tenants[0], True, 0, Fault(Kind.CRASH))
    simulation.everything_holds()


@pytest.mark.parametrize(
    "play", [lost_answers, second_answers, killed_workers, late_commits, days_of_failures, an_update_that_dies]
)
def test_the_simulation_passes_without_a_bug(world: World, play: Callable[[Simulation], None]) -> None:
    play(simulation_of(world)())


def test_an_event_written_outside_its_transaction(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    write = event_recording._write

    async def committed_at_once(_unit: UnitOfWork, events: Sequence[Any]) -> None:
        connection = await asyncpg.connect(world.settings.database_url)
        try:
            await write(type("Elsewhere", (), {"connection": connection})(), events)
        finally:
            await connection.close()

    simulation = simulation_of(world)()
    begin(simulation)
    monkeypatch.setattr(event_recording, "_write", committed_at_once)
    with pytest.raises(AssertionError, match="1 events of 0 updates"):
        simulation.exempt_from_tax(simulation.tenants[0], True, 0, Fault(Kind.CRASH))
        simulation.everything_holds()


def test_a_cursor_by_id(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is committed later with a lower id is never published."""
    last = "(SELECT id FROM events WHERE position > 0 ORDER BY id DESC LIMIT 1)"
    after_the_last = f"position IS NULL AND (id > {last} OR NOT EXISTS {last})"
    monkeypatch.setattr(publishing, "_PUBLISH", publishing._PUBLISH.replace("position IS NULL", after_the_last, 1))
    with pytest.raises(AssertionError, match="1 events are not published"):
        late_commits(simulation_of(world)())


def test_a_claim_of_the_last_event(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of an aggregate's events the last is attempted, and not the first."""
    last = delivery_queue._FIRST.replace("ORDER BY d.position LIMIT 1", "ORDER BY d.position DESC LIMIT 1")
    monkeypatch.setattr(delivery_queue, "_FIRST", last)
    with pytest.raises(AssertionError, match="an event came before one that it follows"):
        late_commits(simulation_of(world)())


def test_a_retry_with_a_new_id(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    send = WebhookSender.send

    async def under_a_new_id(
        self: WebhookSender, method: str, url: str, headers: Mapping[str, str], body: bytes
    ) -> Attempt:
        return await send(self, method, url, {**headers, "webhook-id": str(new_id())}, body)

    monkeypatch.setattr(WebhookSender, "send", under_a_new_id)
    with pytest.raises(AssertionError, match="a receiver acted twice on an event"):
        lost_answers(simulation_of(world)())


def test_a_second_answer_for_the_next_event(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "_has_more", lambda _response: False)
    with pytest.raises(AssertionError, match="counts as delivered, and its receiver has not acted on it"):
        second_answers(simulation_of(world)())
