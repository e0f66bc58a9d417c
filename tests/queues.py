"""Either of the queues: PostgreSQL's, and that of a Redis of the tests' own."""

import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from saq.queue.redis import RedisQueue

from app.queue import Queue
from app.settings import Settings

QUEUES = ["postgresql", "redis"]
either_queue = pytest.mark.parametrize("queue_settings", QUEUES, indirect=True)
"""Marks a test that is run on both."""


@contextmanager
def running_redis(folder: Path) -> Iterator[str]:
    """Starts Redis and yields its URL. Skips the test if Redis is not installed."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [program, "--port", str(port), "--save", "", "--dir", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        try:
            _wait_for(port)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            server.terminate()


def settings_of(name: str, settings: Settings, request: pytest.FixtureRequest) -> Settings:
    """The settings with the queue of that name."""
    return replace(settings, queue_url=request.getfixturevalue("redis_url")) if name == "redis" else settings


@asynccontextmanager
async def empty_queue(settings: Settings) -> AsyncIterator[Queue]:
    """Opens the queue and deletes the jobs of the previous test."""
    async with Queue(settings) as queue:
        if isinstance(queue.saq, RedisQueue):
            await queue.saq.redis.flushdb()
        yield queue


def _wait_for(port: int) -> None:
    for _ in range(200):
        with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.05)
    raise AssertionError("nothing listens after ten seconds")
