"""Random lives of tenants: once nothing is due, every service month is billed to the cent what the rules' text says.

A failure prints the smallest script that fails, and the seed that replays it:

ARCADIA_LIVES_SEED=7 ARCADIA_LIVES=1 python -m pytest tests/lives/test_lives.py -m heavy -n 0
"""

import os
import time
import traceback

import pytest

from tests.lives.playing import differences, play
from tests.lives.script import Script, draw
from tests.lives.shrinking import smallest
from tests.lives.world import LivesWorld

TENANTS = 25
"""Lives that share a database, and its rollups, at a time."""
SHARDS = 2


def request_error_of(world: LivesWorld, script: Script) -> str | None:
    """Plays the script and returns what goes wrong, as a message."""
    try:
        wrong = differences(world, play(world, script))
    except Exception:  # noqa: BLE001 - whatever is raised is what is looked for
        return traceback.format_exc()
    return "\n".join(wrong) or None


def live(world: LivesWorld, seed: int, lives: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Plays this number of random lives, several per script, all drawn from the seed."""
    began, last_reported = time.monotonic(), 0.0
    for number in range(-(-lives // TENANTS)):
        script = draw(seed + number, TENANTS)
        if request_error_of(world, script) is not None:
            small = smallest(script, lambda candidate: request_error_of(world, candidate) is not None)
            pytest.fail(f"ARCADIA_LIVES_SEED={seed + number}\n{small}\n{request_error_of(world, small)}", pytrace=False)
        if (elapsed := time.monotonic() - began) > last_reported + 10:
            last_reported = elapsed
            with capsys.disabled():
                print(f"\n{(number + 1) * TENANTS} of {lives} lives in {elapsed:.0f} s, from seed {seed}", end="")  # noqa: T201 - progress


@pytest.fixture
def seed() -> int:
    return int(os.environ.get("ARCADIA_LIVES_SEED") or 2026)


@pytest.mark.timeout(600)
def test_some_lives(lives_world: LivesWorld, seed: int, capsys: pytest.CaptureFixture[str]) -> None:
    live(lives_world, seed, TENANTS, capsys)


@pytest.mark.heavy
@pytest.mark.timeout(10_800)
@pytest.mark.parametrize("shard", range(SHARDS))
def test_many_lives(lives_world: LivesWorld, seed: int, shard: int, capsys: pytest.CaptureFixture[str]) -> None:
    lives = int(os.environ.get("ARCADIA_LIVES", "400")) // SHARDS
    live(lives_world, seed + shard * lives, lives, capsys)
