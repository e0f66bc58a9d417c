"""The worker of `arcadia serve`: a process of its own, so that a month end does not delay the API's answers."""

import asyncio
import logging
import os
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process, create_subprocess_exec
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress

from app.settings import Settings

FIRST_PAUSE = 1.0
MAX_PAUSE = 30.0
"""Seconds before a worker that ended is started again: 1, then twice as many each time."""
STEADY_SECONDS = 60.0
"""A worker that has run for so long did start: the next pause is the first again."""

log = logging.getLogger(__name__)


@asynccontextmanager
async def child_worker(settings: Settings) -> AsyncIterator[None]:
    """Runs `arcadia worker` as a child process during the block, with the settings and the log of this one, and metrics
    on the next port.

    If it ends, it is started again. At the end of the block it is stopped, and has returned its jobs to the queue.
    It also stops if this process is killed: its standard input ends then.
    """
    environment = dict(os.environ)
    if settings.metrics_port is not None:
        environment["ARCADIA_METRICS_PORT"] = str(settings.metrics_port + 1)
    keeping = asyncio.create_task(_keep_running(environment), name="child worker")
    try:
        yield
    finally:
        keeping.cancel()
        with suppress(asyncio.CancelledError):
            await keeping


async def _keep_running(environment: Mapping[str, str]) -> None:
    pause = FIRST_PAUSE
    while True:
        began = time.monotonic()
        code = await _run_once(environment)
        if time.monotonic() - began > STEADY_SECONDS:
            pause = FIRST_PAUSE
        log.warning("The worker ended with exit code %d; it is started again in %g s.", code, pause)
        await asyncio.sleep(pause)
        pause = min(2 * pause, MAX_PAUSE)


async def _run_once(environment: Mapping[str, str]) -> int:
    # In a session of its own: the terminal's Ctrl-C reaches this process alone, which then stops the worker.
    command = [sys.executable, "-m", "app.cli", "worker", "--until-input-ends"]
    process = await create_subprocess_exec(*command, env=environment, stdin=PIPE, start_new_session=True)
    try:
        return await process.wait()
    finally:
        await _stopped(process)


async def _stopped(process: Process) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        await process.wait()


def stop_when_input_ends() -> None:
    """Sends this process SIGTERM once its standard input ends: when the process that started it is gone."""
    loop = asyncio.get_running_loop()
    file = sys.stdin.fileno()

    def look() -> None:
        if not os.read(file, 1):
            loop.remove_reader(file)
            os.kill(os.getpid(), signal.SIGTERM)

    loop.add_reader(file, look)
