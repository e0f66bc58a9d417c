"""`arcadia serve` and the worker that it starts, both killed."""

import asyncio
import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from app.database import Database
from app.operations.rollups import roll_up_period
from app.queue import Queue
from app.settings import Settings
from tests.cli.command import Command, children
from tests.clock import Clock
from tests.operations.given import Given
from tests.operations.months import APRIL, subscribed

SECONDS = 60


def awaited(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)  # processes that other processes start and end


async def test_a_killed_worker_is_started_again_and_ends_when_its_server_is_killed(
    arcadia: Command, database: Database, settings: Settings, clock: Clock
) -> None:
    serving = arcadia.start("serve", "--port", "0")
    try:
        awaited(lambda: bool(children(serving.pid)))
        (first,) = children(serving.pid)
        os.kill(first, signal.SIGKILL)
        assert serving.stderr is not None
        messages = (json.loads(line)["message"] for line in serving.stderr)
        assert "The worker ended with exit code -9; it is started again in 1 s." in messages
        awaited(lambda: children(serving.pid) not in ([], [first]))
        (second,) = children(serving.pid)
        async with Queue(settings) as queue:
            await rolled_up(Given(database, clock, settings, queue))
    finally:
        serving.kill()
        serving.communicate()
    awaited(lambda: not Path(f"/proc/{second}").exists())


async def rolled_up(given: Given) -> None:
    """Asks for a month and waits until a worker has billed it."""
    await given.plan()
    await subscribed(given)
    given.clock.set(2026, 5, 4)
    run_id = await roll_up_period(given.platform, period_start=APRIL)
    async with asyncio.timeout(SECONDS):
        while True:
            run = await given.row("SELECT status FROM rollup_runs WHERE id = $1", run_id)
            if run["status"] == "SUCCEEDED":
                return
            await asyncio.sleep(0.05)
