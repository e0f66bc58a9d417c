"""Runs of the simulator. ARCADIA_SIMULATION_SEED replays one; each run prints its own.

ARCADIA_SIMULATION_SEED=7 python -m pytest tests/simulation/test_simulation.py -k few -s
ARCADIA_SIMULATION_RUNS=20 python -m pytest tests/simulation/test_simulation.py -m heavy
"""

import os

import hypothesis
import pytest
from hypothesis.stateful import run_state_machine_as_test

from tests.simulation.machine import simulation_of
from tests.simulation.world import World


def simulate(world: World, runs: int, steps: int, seed: int) -> None:
    """So many runs of so many steps, all of them told by the seed. Raises what the first that fails does."""
    print(f"ARCADIA_SIMULATION_SEED={seed}")  # noqa: T201 - shown with a failure, and what replays it
    settings = hypothesis.settings(
        max_examples=runs,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        phases=[hypothesis.Phase.generate, hypothesis.Phase.shrink],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    run_state_machine_as_test(hypothesis.seed(seed)(simulation_of(world)), settings=settings)


@pytest.fixture
def seed() -> int:
    return int(os.environ.get("ARCADIA_SIMULATION_SEED") or 2026)


@pytest.mark.timeout(300)
def test_a_few_runs(world: World, seed: int) -> None:
    simulate(world, runs=3, steps=30, seed=seed)


@pytest.mark.heavy
@pytest.mark.timeout(3600)
def test_two_hundred_runs_of_fifty_steps(world: World, seed: int) -> None:
    simulate(world, runs=int(os.environ.get("ARCADIA_SIMULATION_RUNS", "200")), steps=50, seed=seed)
