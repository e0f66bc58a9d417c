"""API processes killed with SIGKILL while usage comes in, twice over and out of order: each event is kept once, and
the days' totals are the events.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path

import hypothesis
import pytest
from hypothesis import strategies as st

from app.operations.data_integrity import check
from app.operations.usage import prove_totals
from app.tables.ids import new_id
from tests.cli.command import Command
from tests.cli.conftest import arcadia
from tests.faults.api import Api, apis
from tests.faults.metering import Load, Meters, load_of
from tests.operations.given import Given

__all__ = ["arcadia"]

KEPT = "SELECT event_id FROM usage_records WHERE source = $1"

by_hypothesis = hypothesis.settings(
    max_examples=1,
    deadline=None,
    database=None,
    phases=[hypothesis.Phase.generate],
    suppress_health_check=list(hypothesis.HealthCheck),
)

Drawn = tuple[int, list[float]]


def drawn(kills: int) -> st.SearchStrategy[Drawn]:
    """The load's seed, and how much of it is answered when a process is killed."""
    shares = st.lists(st.floats(0.05, 0.8), min_size=kills, max_size=kills)
    return st.tuples(st.integers(0, 2**32), shares.map(sorted))


@pytest.fixture
async def processes(given: Given, tmp_path: Path) -> AsyncIterator[list[Api]]:
    given.clock.now = datetime.now(UTC)  # the processes go by the real one
    async with apis(given.settings, tmp_path, 2) as processes:
        yield processes


async def killed_while_ingesting(given: Given, processes: list[Api], load: Load, shares: list[float]) -> None:
    """Kills the processes in turn, each time when a given share of the load has been answered."""
    meters, kills = Meters(processes), list[int]()

    async def kill() -> None:
        for victim, share in zip(cycle(processes), shares, strict=False):
            while meters.share_answered < share:  # noqa: ASYNC110 - the senders tell nobody
                await asyncio.sleep(0.002)
            kills.append(await victim.end())
            await victim.start()

    async with asyncio.TaskGroup() as both:
        both.create_task(kill())
        both.create_task(meters.send(load))
    assert kills == [-signal.SIGKILL] * len(shares)
    assert meters.unanswered > 0
    rows = await given.rows(KEPT, load.events[0]["source"])
    assert len(rows) == len(load.events)
    assert {row["event_id"] for row in rows} == meters.answered
    assert meters.accepted <= len(load.events)  # fewer where the answer that told of them was lost


async def ingested(given: Given, processes: list[Api], drawn: Drawn, events: int) -> None:
    deployments = [await given.deployment(await given.tenant(f"t{new_id().hex}")) for _ in range(3)]
    seed, shares = drawn
    load = load_of(seed, deployments, new_id().hex, events, senders=8)
    await killed_while_ingesting(given, processes, load, shares)
    assert [difference async for difference in prove_totals(given.platform)] == []


@by_hypothesis
@hypothesis.given(drawn=drawn(kills=2))
async def test_api_processes_killed_while_usage_comes_in(given: Given, processes: list[Api], drawn: Drawn) -> None:
    await ingested(given, processes, drawn, events=600)


@pytest.mark.heavy
@pytest.mark.timeout(1200)
@hypothesis.settings(by_hypothesis, max_examples=int(os.environ.get("ARCADIA_KILLED_SERVERS", "25")) // 5)
@hypothesis.given(drawn=drawn(kills=5))
async def test_api_processes_killed_again_and_again_while_usage_comes_in(
    given: Given, arcadia: Command, processes: list[Api], drawn: Drawn
) -> None:
    await ingested(given, processes, drawn, events=3000)
    outcome = await asyncio.to_thread(arcadia, "usage-totals")
    assert (outcome.code, outcome.out) == (0, "No differences found.\n")
    assert await check(given.platform) == []
