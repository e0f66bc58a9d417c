"""Bugs in dunning and in issue runs, planted: the simulation is known to pass without each."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

import pytest

from app.billing import Actor, DeploymentState, DueStep, DunnedDeployment, DunningPolicy, OverdueInvoice, steps_to_take
from app.operations.dunning import dunned, evaluating
from app.operations.issue_runs import draft_batches
from tests.simulation.dunning import DAILY_TIME
from tests.simulation.faults import Fault, Kind
from tests.simulation.machine import Simulation, simulation_of
from tests.simulation.scripted_simulations import JANUARY, january
from tests.simulation.world import World

pytestmark = pytest.mark.timeout(600)

THE_FIRST, THE_OVERRIDDEN = 0, 1
"""Deployments of the tenant that does not pay. Billing actions of the second are suspended."""
EACH_STEP_ONCE = "dunning_steps_tenant_id_invoice_id_kind_key"
STEPS_OF_EVENTS = "cloud_deployment_events_dunning_step_fkey"
WITHHELD_ONCE = "cloud_deployment_events_withheld_key"
DEFINITIONS = """
SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname) AS drop,
       format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', conrelid::regclass, conname, pg_get_constraintdef(oid)) AS again
FROM pg_constraint WHERE conname = %s
UNION ALL
SELECT format('DROP INDEX %%I', indexname), indexdef FROM pg_indexes
WHERE indexname = %s AND indexname NOT IN (SELECT conname FROM pg_constraint)
"""


def dun(simulation: Simulation, day: date) -> None:
    simulation.world.now = datetime.combine(day, DAILY_TIME, simulation.zone)
    simulation.run_dunning()
    simulation.everything_holds(integrity=False)


def unpaid(simulation: Simulation) -> None:
    """January is due on 15 February and paid on 20 March, with two weeks without a run before. An operator has
    suspended one deployment meanwhile.
    """
    january(simulation)
    simulation.handle((simulation.tenants[0].id, JANUARY), "issue")
    simulation.suspend_billing_actions(of=THE_OVERRIDDEN, suspended=True)
    for day in (16, 22, 23):
        dun(simulation, date(2026, 2, day))
    simulation.transition(of=THE_FIRST, way=0, to=DeploymentState.SUSPENDED, actor=Actor.OPERATOR, fault=None)
    dun(simulation, date(2026, 3, 19))
    simulation.pay(of=0, part="all", named=True, twice=False, fault=None)
    simulation.everything_holds()
    first, overridden = simulation.tenants[0].deployments
    assert [str(to) for to, *_ in first.dunned] == ["PAST_DUE"]
    assert [str(to) for to, withheld, _ in overridden.dunned if withheld] == ["PAST_DUE", "SUSPENDED"]
    assert first.state is DeploymentState.SUSPENDED


def issued_by_a_killed_run(simulation: Simulation) -> None:
    """The run is killed between its two drafts; the next worker goes on with it."""
    january(simulation)
    simulation.issue_month(months_ago=1, except_stale=True, worked=False, fault=None)
    simulation.work_on_issue_runs(fault=Fault(Kind.CRASH, at=12), twice=False)
    simulation.everything_holds(integrity=False)
    [run] = simulation.issue_runs
    assert len(run.outcomes) == 1
    simulation.work_on_issue_runs(fault=None, twice=False)
    simulation.everything_holds()
    assert list(run.outcomes.values()) == ["ISSUED", "ISSUED"]


@contextmanager
def without(world: World, *names: str) -> Iterator[None]:
    """During the block the database has no such constraint or index. The order of the names is that of dropping."""
    found = [world.owner.execute(DEFINITIONS, [name, name]).fetchall()[0] for name in names]
    for one in found:
        world.owner.execute(one.drop)
    try:
        yield
    finally:
        world.begin(world.settings.billing_time_zone)
        for one in reversed(found):
            world.owner.execute(one.again)


@pytest.mark.parametrize("play", [unpaid, issued_by_a_killed_run])
def test_the_simulation_passes_without_a_bug(world: World, play: Callable[[Simulation], None]) -> None:
    play(simulation_of(world)())


def test_a_dunning_step_that_is_skipped(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two that were missed, the last is taken."""

    def the_last(policy: DunningPolicy, overdue: Iterable[OverdueInvoice[UUID]], day: date) -> Sequence[DueStep[UUID]]:
        return steps_to_take(policy, overdue, day)[-1:]

    monkeypatch.setattr(evaluating, "steps_to_take", the_last)
    with pytest.raises(AssertionError, match="the run skipped"):
        unpaid(simulation_of(world)())


def test_a_dunning_step_that_is_repeated(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another notice is sent every day."""

    def again(policy: DunningPolicy, overdue: Iterable[OverdueInvoice[UUID]], day: date) -> Sequence[DueStep[UUID]]:
        return steps_to_take(policy, [one._replace(taken={}) for one in overdue], day)

    monkeypatch.setattr(evaluating, "steps_to_take", again)
    take = evaluating._TAKE.replace("ON CONFLICT (tenant_id, invoice_id, kind) DO NOTHING", "")
    monkeypatch.setattr(evaluating, "_TAKE", take)
    with without(world, STEPS_OF_EVENTS, EACH_STEP_ONCE), pytest.raises(AssertionError, match="were taken, and not"):
        unpaid(simulation_of(world)())


def test_a_recovery_of_what_an_operator_suspended(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def moved_by_anyone(*arguments: Any) -> DunnedDeployment[UUID]:
        return replace(deployment(*arguments), moved_by_dunning=True)

    deployment = dunned._deployment
    monkeypatch.setattr(dunned, "_deployment", moved_by_anyone)
    every = dunned._LOCK_DEPLOYMENTS.replace("dunned_at IS NOT NULL", "state = 'SUSPENDED'")
    monkeypatch.setattr(dunned, "_LOCK_DEPLOYMENTS", every)
    with pytest.raises(AssertionError, match=r"an evaluation did \(0, 1, 0\), and not \(0, 0, 0\)"):
        unpaid(simulation_of(world)())


def test_a_withheld_event_every_day(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def forgotten(*_arguments: object) -> dict[UUID, set[object]]:
        return defaultdict(set)

    monkeypatch.setattr(dunned, "_withheld", forgotten)
    with without(world, WITHHELD_ONCE), pytest.raises(AssertionError, match=r"dunning did .*, and not"):
        unpaid(simulation_of(world)())


def test_an_issue_run_that_forgets_what_was_left(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next worker takes a chunk that was begun for one that is done."""
    monkeypatch.setattr(
        draft_batches,
        "_LEFT",
        draft_batches._LEFT.replace("AND o.tenant_id = t.id", "AND o.tenant_id = any(c.tenant_ids)"),
    )
    with pytest.raises(AssertionError, match="the run has no outcome for"):
        issued_by_a_killed_run(simulation_of(world)())
