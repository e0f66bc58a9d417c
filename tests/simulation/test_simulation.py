"""Runs of the simulator. ARCADIA_SIMULATION_SEED replays one; each run prints its own.

ARCADIA_SIMULATION_SEED=7 python -m pytest tests/simulation/test_simulation.py -k few -s
ARCADIA_SIMULATION_RUNS=20 python -m pytest tests/simulation/test_simulation.py -m heavy
"""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import hypothesis
import pytest
from hypothesis.stateful import run_state_machine_as_test

from tests.simulation.machine import simulation_of
from tests.simulation.world import World

ROOT = Path(__file__).parents[2]


SHORTENING = [hypothesis.Phase.generate, hypothesis.Phase.shrink]


def simulate(
    world: World,
    *,
    runs: int,
    steps: int,
    check_every: int,
    seed: int,
    phases: Sequence[hypothesis.Phase] = SHORTENING,
) -> None:
    """So many runs of so many steps, all of them told by the seed. Raises what the first that fails does."""
    print(f"ARCADIA_SIMULATION_SEED={seed}")  # noqa: T201 - shown with a failure, and what replays it
    settings = hypothesis.settings(
        max_examples=runs,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        phases=phases,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    run_state_machine_as_test(hypothesis.seed(seed)(simulation_of(world, check_every=check_every)), settings=settings)


@pytest.fixture
def seed() -> int:
    """The commit's own, so that each commit has other runs."""
    if told := os.environ.get("ARCADIA_SIMULATION_SEED"):
        return int(told)
    git = shutil.which("git")
    if git is None:
        return 2026
    commit = subprocess.run([git, "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    return int(commit.stdout[:8] or "7ea", 16)


@pytest.mark.timeout(300)
def test_a_few_runs(world: World, seed: int) -> None:
    # A failure is not shortened here: that takes longer than the test may, and would hide the failure.
    simulate(world, runs=3, steps=30, check_every=5, seed=seed, phases=[hypothesis.Phase.generate])


@pytest.mark.heavy
@pytest.mark.timeout(3600)
def test_two_hundred_runs_of_fifty_steps(world: World, seed: int) -> None:
    runs = int(os.environ.get("ARCADIA_SIMULATION_RUNS", "200"))
    simulate(world, runs=runs, steps=50, check_every=1, seed=seed)
