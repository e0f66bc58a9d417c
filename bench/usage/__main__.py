"""`make bench-usage`: the number of metered events per second, by entry point."""

import asyncio
import os
import sys
from collections import defaultdict
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import rich_click as click
from rich.console import Console

from app.operations.calls.principal import Role
from app.server.signing import sign_token
from app.settings import Settings
from bench.reads.__main__ import description
from bench.reads.cluster import Cluster, running_cluster, settings_of
from bench.reads.servers import ARCADIA, Server, Site, started
from bench.usage import copying, load, report, seeding
from bench.usage.report import CASES, COPY, POST_USAGE, STOCK, Figures
from bench.usage.servers import stock

RESULTS = Path(__file__).parent.parent / "results"
CONNECTIONS = 8
BATCH = 1_000
LINES = 10_000
"""The lines per request to POST /usage, over as many connections as a process accepts at once."""


class Bench:
    """The servers under test, over one PostgreSQL."""

    def __init__(self, cluster: Cluster, settings: Settings, servers: dict[str, Server]) -> None:
        self.cluster = cluster
        self.settings = settings
        self.servers = servers
        now = datetime.now(UTC)
        self.token = sign_token(settings, "bench", {Role.METER}, None, timedelta(hours=12), now)

    def run(self, case: str, series: str, size: int) -> Figures:
        """Records so many new events; then sends them again, which must record nothing."""
        asyncio.run(seeding.empty(self.cluster.url))
        if case == COPY:
            return self._copied(series, size)
        server = self.servers[STOCK if case == STOCK else ARCADIA]
        shape, batch = (load.ndjson, LINES) if case == POST_USAGE else (load.graphql, BATCH)
        connections = self.settings.database_pool_size // 2 if case == POST_USAGE else CONNECTIONS
        requests = [load.request(self.token, *shape(one)) for one in load.batches(series, size, batch)]
        before = self.cluster.cpu_seconds() + server.cpu_seconds()
        sent = asyncio.run(load.send(server.port, requests, connections))
        spent = self.cluster.cpu_seconds() + server.cpu_seconds() - before
        again = asyncio.run(load.send(server.port, requests, connections))
        if (sent.accepted, again.accepted, again.duplicates) != (size, 0, size):
            raise RuntimeError(f"{case}: of {size} events {sent.accepted} were accepted, then {again}")
        return Figures(case, size, sent.seconds, size / sent.seconds, _peak_mb(server.process), spent)

    def _copied(self, series: str, size: int) -> Figures:
        batches = [copying.batch(one) for one in load.batches(series, size, BATCH)]
        before = self.cluster.cpu_seconds()
        sent = asyncio.run(copying.copy(self.cluster.url, batches, CONNECTIONS))
        return Figures(COPY, size, sent.seconds, size / sent.seconds, 0, self.cluster.cpu_seconds() - before)


@click.command()
@click.option("--case", "cases", type=click.Choice(CASES), multiple=True, help="Only this.")
@click.option("--events", type=click.IntRange(LINES), default=200_000, show_default=True, help="Of each run.")
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True)
@click.option("--check", is_flag=True, help="Exit with 1 when a target is missed.")
def main(cases: tuple[str, ...], *, events: int, rounds: int, check: bool) -> None:
    """Compare the ways in for metered events, and COPY."""
    console = Console()
    wanted = [case for case in CASES if not cases or case in cases]
    runs: dict[str, list[Figures]] = defaultdict(list)
    with running_cluster() as cluster, ExitStack() as stack:
        console.print(described := description(cluster))
        settings = settings_of(cluster)
        seeding.fill(settings)
        site, cores = Site(cluster, settings, cluster.data.parent), sorted(os.sched_getaffinity(0))
        servers = {ARCADIA: stack.enter_context(started(ARCADIA, site, 1, cores))}
        if STOCK in wanted:
            servers[STOCK] = stack.enter_context(stock(site, cores))
        bench = Bench(cluster, settings, servers)
        for case in wanted:
            bench.run(case, "warm", LINES)
        for number in range(rounds):
            for case in wanted:
                runs[case].append(figures := bench.run(case, f"{case}-{number}", events))
                console.print(f"{case:<26} {figures.per_second:>9,.0f} events/s", highlight=False)
    load_average = os.getloadavg()[0]
    found = [report.medians(runs[case]) for case in wanted]
    described += f"; load {load_average:.1f} at the end"
    text = f"{described}\n\n{report.table(found)}\n\n{report.verdict_table(found)}\n"
    click.echo(f"\n{text}")
    if cases:
        click.echo(f"Not the whole: {RESULTS.name}/ stays as it is.")
    else:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / "usage.json").write_text(report.as_json(found), encoding="utf-8")
        (RESULTS / "usage.md").write_text(text, encoding="utf-8")
        report.draw(found, described, RESULTS / "usage.png")
    if check and not all(met for _, _, met in report.verdicts(found)):
        sys.exit(1)


def _peak_mb(process: int) -> float:
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii", errors="replace")
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(peak.split()[1]) / 1024


if __name__ == "__main__":
    main()
