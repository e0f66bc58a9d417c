"""The order of the runs: the servers alternate, round after round, so that changes of the machine's speed
affect all.
"""

import os
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

from bench.reads.answers import ask, check_same
from bench.reads.load import Pressure, measure_pgbench, measure_server, wrk
from bench.reads.measurement import Case, Figures, medians
from bench.reads.pgbench import Executed, Script, script_of, statements_of
from bench.reads.servers import ARCADIA, DATALOADER, PGBENCH, POSTGRAPHILE_5, Server, Site, started
from bench.reads.workload import Files, Query, tenant_id, write_files

PINNED = "pinned"
UNPINNED = "unpinned"
PINNED_SERVERS = (ARCADIA, POSTGRAPHILE_5, DATALOADER)
PINNED_CONCURRENCIES = (1, 16, 64)
UNPINNED_SERVERS = (ARCADIA, POSTGRAPHILE_5)
UNPINNED_CONCURRENCY = 64
UNPINNED_PROCESSES = 2

SERVER_CORE = 0
POSTGRESQL_CORE = 1

_WARM_CONCURRENCY = 16
# An error is a far shorter answer: one in twenty would show in the mean.
_MIN_MEAN_LENGTH_RATIO = 0.95

Results = dict[Case, Figures]
Progress = Callable[[Case, Figures], None]
Remark = Callable[[str], None]


class WrongAnswersUnderLoad(Exception):
    """The responses that wrk received under load differ in size from those that were checked before."""


@dataclass(frozen=True)
class Plan:
    """How much to measure. Durations are whole seconds."""

    queries: Sequence[Query]
    concurrencies: Sequence[int]
    rounds: int
    seconds: int
    warm_seconds: int

    def runs(self) -> int:
        """The number of measured runs."""
        pinned = len(self.concurrencies) * len((*PINNED_SERVERS, PGBENCH))
        return len(self.queries) * self.rounds * (pinned + len(UNPINNED_SERVERS))


@dataclass(frozen=True)
class Round:
    """The parts that the runs of both modes share."""

    site: Site
    plan: Plan
    progress: Progress
    remark: Remark

    def run_alternately(self, runs: Mapping[Case, Callable[[], Figures]]) -> Results:
        """Runs every case once per round, for the planned number of rounds."""
        figures: dict[Case, list[Figures]] = defaultdict(list)
        for _ in range(self.plan.rounds):
            for case, run in runs.items():
                figures[case].append(run())
                self.progress(case, figures[case][-1])
        return {case: medians(each) for case, each in figures.items()}

    def warm(self, server: Server, query: Query) -> Files:
        """Sends requests before measuring, so that the server has compiled the documents and filled its caches."""
        files = write_files(query, server.documents, self.site.settings, self.site.folder)
        wrk(server, files, Pressure(_WARM_CONCURRENCY, self.plan.warm_seconds, driver_cores()))
        return files

    def run(self, server: Server, query: Query, files: Files, concurrency: int) -> Figures:
        """One run. Raises WrongAnswersUnderLoad."""
        pressure = Pressure(concurrency, self.plan.seconds, driver_cores())
        measured, load = measure_server(server, self.site.cluster, files, pressure)
        checked = len(ask(server, query, self.site.settings, query.tenants[0]).content)
        if load.bytes / load.requests < _MIN_MEAN_LENGTH_RATIO * checked:
            raise WrongAnswersUnderLoad(
                f"{server.name} answered {load.bytes / load.requests:,.0f} bytes, not {checked:,}"
            )
        return measured


def measure_all(site: Site, plan: Plan, progress: Progress, remark: Remark) -> Results:
    """Everything planned. Raises AnswersDiffer before a query is measured that servers answer differently."""
    each = Round(site, plan, progress, remark)
    return measure_pinned(each) | measure_unpinned(each)


def measure_pinned(each: Round) -> Results:
    """Measures each server with one process on one core, and PostgreSQL on another core."""
    site, plan = each.site, each.plan
    site.cluster.pin([POSTGRESQL_CORE])
    results: Results = {}
    with ExitStack() as stack:
        servers = [stack.enter_context(started(name, site, 1, [SERVER_CORE])) for name in PINNED_SERVERS]
        for query in plan.queries:
            leaves = check_same(servers, query, site.settings)
            counts = ", ".join(f"{server.name} {len(statements(site, server, query))}" for server in servers)
            each.remark(f"{query.name}: the same {leaves:,} leaves from all; statements a request: {counts}")
            script = statement_script(site, servers[0], query)
            files = {server: each.warm(server, query) for server in servers}
            for concurrency in plan.concurrencies:
                runs = {
                    Case(query.name, PINNED, concurrency, server.name): partial(
                        each.run, server, query, files[server], concurrency
                    )
                    for server in servers
                }
                pressure = Pressure(concurrency, plan.seconds, cores_besides(POSTGRESQL_CORE))
                runs[Case(query.name, PINNED, concurrency, PGBENCH)] = partial(
                    measure_pgbench, site.cluster, query, script, pressure
                )
                results |= each.run_alternately(runs)
    return results


def measure_unpinned(each: Round) -> Results:
    """Measures each server with two processes, without pinning anything to cores."""
    site, every = each.site, cores_besides()
    site.cluster.pin(every)
    results: Results = {}
    with ExitStack() as stack:
        servers = [stack.enter_context(started(name, site, UNPINNED_PROCESSES, every)) for name in UNPINNED_SERVERS]
        for query in each.plan.queries:
            check_same(servers, query, site.settings)
            files = {server: each.warm(server, query) for server in servers}
            results |= each.run_alternately(
                {
                    Case(query.name, UNPINNED, UNPINNED_CONCURRENCY, server.name): partial(
                        each.run, server, query, files[server], UNPINNED_CONCURRENCY
                    )
                    for server in servers
                }
            )
    return results


def statements(site: Site, server: Server, query: Query) -> list[Executed]:
    """Returns the statements that a server sends to PostgreSQL for one request, including BEGIN and COMMIT."""
    return statements_of(site.cluster, partial(ask, server, query, site.settings, query.tenants[0]))


def statement_script(site: Site, server: Server, query: Query) -> Script:
    """Pgbench's script of a server's one statement. Raises ValueError if it sends more than one."""
    tenant = tenant_id(query.tenants[0])
    sent = [statement for statement in statements(site, server, query) if tenant in statement.parameters]
    if len(sent) != 1:
        raise ValueError(f"{server.name} sends {len(sent)} statements for {query.name}")
    return script_of(sent[0], tenant)


def driver_cores() -> list[int]:
    """Where wrk runs: on cores that nothing is pinned to; on a machine of two, wherever there is room."""
    return cores_besides(SERVER_CORE, POSTGRESQL_CORE)


def cores_besides(*taken: int) -> list[int]:
    every = sorted(os.sched_getaffinity(0))
    return [core for core in every if core not in taken] or every
