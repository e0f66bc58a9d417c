"""Measures one case: real worker processes, and real receivers in a process of their own."""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from app.settings import Settings
from bench.outbox.data import Outbox
from bench.reads.processes import cpu_seconds, running

ROOT = Path(__file__).parents[2]
HTTP_CLIENT = "HTTP client that only posts"
CONCURRENT = 100
"""Requests at once, as many as a worker makes."""
_SECONDS = 1_800.0


@dataclass(frozen=True)
class Figures:
    """events: those that the working receivers got, in so many seconds. cpu_s: of the workers or the client."""

    case: str
    events: int
    seconds: float
    cpu_s: float

    @property
    def per_second(self) -> float:
        return self.events / self.seconds


class Receivers:
    """The process of the receivers. ports: of those that are counted. The others are for the endpoint that differs from
    case to case: it works too, it never answers, or it refuses connections.
    """

    def __init__(self, told: dict[str, Any]) -> None:
        *self.ports, self.working = told["receivers"]
        self.hanging: int = told["hanging"]
        self.refusing: int = told["refusing"]
        self._control = f"http://127.0.0.1:{told['control']}/"

    def got(self) -> tuple[int, float]:
        """Returns how many requests they got so far, and the time of the last."""
        told = httpx.get(self._control, timeout=30).json()
        figures = [told[str(port)] for port in self.ports]
        return sum(requests for requests, _ in figures), max(last for _, last in figures)

    def wait_for(self, requests: int) -> float:
        """Waits until they got so many requests; returns the time of the last."""
        until = time.monotonic() + _SECONDS
        while (got := self.got())[0] < requests:
            if time.monotonic() > until:
                raise TimeoutError(f"after {_SECONDS:.0f} s {got[0]} of {requests} events were delivered")
            time.sleep(0.05)
        return got[1]


@contextmanager
def receivers(count: int) -> Iterator[Receivers]:
    command = [sys.executable, "-m", "bench.outbox.receivers", str(count + 1)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        yield Receivers(json.loads(process.stdout.readline()))
    finally:
        process.kill()
        process.communicate()


@contextmanager
def running_workers(settings: Settings, count: int) -> Iterator[list[int]]:
    assert settings.database_url is not None
    environment = os.environ | {"ARCADIA_DATABASE_URL": settings.database_url}
    cores = sorted(os.sched_getaffinity(0))
    with ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        logs = [Path(folder) / f"worker-{number}.log" for number in range(count)]
        command = [sys.executable, "-m", "app.cli", "worker"]
        try:
            yield [stack.enter_context(running(command, environment, log, cores, ROOT)) for log in logs]
        except BaseException:
            for log in logs:
                sys.stderr.write(log.read_text(encoding="utf-8", errors="replace")[-2000:])
            raise


@dataclass(frozen=True)
class Bench:
    """workers: how many processes deliver. each: events for each endpoint."""

    outbox: Outbox
    receivers: Receivers
    workers: int
    each: int

    def deliver(self, case: str, one_more: int) -> Figures:
        """Delivers events to each receiver, and to the port of one more; counts what the others get. The clock starts
        when all events are committed and the workers, which have delivered some before, are woken.
        """
        counted = len(self.receivers.ports)
        ports = [*self.receivers.ports, one_more]
        self.outbox.begin([f"http://127.0.0.1:{port}/hook" for port in ports])
        with running_workers(self.outbox.settings, self.workers) as processes:
            before, _ = self.receivers.got()
            self.outbox.add_events(len(ports))
            self.receivers.wait_for(before + counted)
            spent, began = sum(map(cpu_seconds, processes)), time.time()
            self.outbox.add_events(self.each * len(ports))
            events = self.each * counted
            seconds = self.receivers.wait_for(before + counted + events) - began
            return Figures(case, events, seconds, sum(map(cpu_seconds, processes)) - spent)

    def post(self) -> Figures:
        """Posts the bodies of the last case's events, over kept connections, and does nothing else."""
        return asyncio.run(
            _post(self.outbox.bodies(), [f"http://127.0.0.1:{port}/hook" for port in self.receivers.ports])
        )


async def _post(bodies: Sequence[bytes], urls: Sequence[str]) -> Figures:
    async def posting(client: httpx.AsyncClient, url: str, left: Iterator[bytes]) -> None:
        for body in left:
            (await client.post(url, content=body)).raise_for_status()

    async with AsyncExitStack() as stack:
        spent, began = time.process_time(), time.perf_counter()
        tasks = []
        for number, url in enumerate(urls):
            client = await stack.enter_async_context(httpx.AsyncClient(timeout=60))
            left = iter(bodies[number :: len(urls)])
            tasks += [posting(client, url, left) for _ in range(max(1, CONCURRENT // len(urls)))]
        await asyncio.gather(*tasks)
        seconds = time.perf_counter() - began
        return Figures(HTTP_CLIENT, len(bodies), seconds, time.process_time() - spent)
