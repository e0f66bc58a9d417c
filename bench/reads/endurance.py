"""Measures our server with documents that are not cached, and whether its memory stays constant."""

from collections.abc import Callable
from dataclasses import dataclass

from bench.reads.answers import ask
from bench.reads.load import Pressure, wrk
from bench.reads.processes import resident_megabytes
from bench.reads.schedule import POSTGRESQL_CORE, SERVER_CORE, driver_cores
from bench.reads.servers import ARCADIA, Site, started
from bench.reads.workload import QUERIES, write_files, write_numbered_files

MAX_UNSEEN_MS = 10.0
MAX_GROWTH = 1.05
"""The maximum growth of the memory, from the end of the warm-up to the last request."""

_SETTLING_REQUESTS = 120_000
"""Until the caches have been filled over and over, and the heap has the holes that it goes on filling."""

_RUN_SECONDS = 10
_CONCURRENCY = 16


@dataclass(frozen=True)
class Endurance:
    """`unseen` documents took `p50_ms` (half of them) and `p95_ms`; `memory` is (requests so far, megabytes) pairs."""

    unseen: int
    p50_ms: float
    p95_ms: float
    memory: tuple[tuple[int, float], ...]

    @property
    def growth(self) -> float:
        return self.memory[-1][1] / self.memory[0][1]

    @property
    def passed(self) -> bool:
        return self.p50_ms < MAX_UNSEEN_MS and self.growth <= MAX_GROWTH

    def __str__(self) -> str:
        (_, before), (requests, after) = self.memory[0], self.memory[-1]
        return (
            f"{self.unseen:,} documents never seen before: p50 {self.p50_ms:.1f} ms, p95 {self.p95_ms:.1f} ms\n"
            f"{requests:,} requests: {before:.0f} MB, then {after:.0f} MB ({self.growth:.2f} times)"
        )


def measure_endurance(site: Site, requests: int, remark: Callable[[str], None]) -> Endurance:
    """Requests R1 in new documents, one at a time, until the caches are full; then alternately in a known and in new
    documents.
    """
    query, cores = QUERIES[0], driver_cores()
    site.cluster.pin([POSTGRESQL_CORE])
    with started(ARCADIA, site, 1, [SERVER_CORE]) as server:
        ask(server, query, site.settings, query.tenants[0])
        same = write_files(query, server.documents, site.settings, site.folder)
        new = write_numbered_files(query, server.documents, site.settings, site.folder)
        unseen = wrk(server, new, Pressure(1, 3 * _RUN_SECONDS, cores))
        memory: list[tuple[int, float]] = []
        sent = -_SETTLING_REQUESTS
        while sent < requests:
            for files, seconds in ((same, _RUN_SECONDS), (new, _RUN_SECONDS // 5)):
                sent += wrk(server, files, Pressure(_CONCURRENCY, seconds, cores)).requests
            if sent >= 0:
                memory.append((sent, resident_megabytes(server.process)))
            remark(f"{sent:>9,} requests {resident_megabytes(server.process):>6.0f} MB")
    return Endurance(unseen.requests, unseen.p50_ms, unseen.p95_ms, tuple(memory))
