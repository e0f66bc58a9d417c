"""`make bench-serving`: the latency of a read from `arcadia serve`, without other work and beside a month end."""

import os
import secrets
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import rich_click as click
from rich.console import Console

from app.operations.calls.principal import Role
from app.server.signing import sign_token
from app.settings import Settings
from bench.reads.__main__ import description
from bench.reads.cluster import running_cluster
from bench.reads.processes import running, wait_for_port
from bench.reads.servers import free_port
from bench.rollup.data import Database, Size, seeded

TARGET = 3.0
"""Times the p95 without other work, that the p95 beside a month end may be."""
MIN_REQUESTS = 200
_PAUSE_SECONDS = 0.01
_START_SECONDS = 60
_ROOT = Path(__file__).parents[2]

READ = """
query Read($tenant: ID!) {
  tenant(id: $tenant) {
    deployments(first: 5) {
      nodes { slug state subscription { planVersion { version plan { name } } addons { addon { code } priceCents } } }
    }
  }
}
"""
ROLLUP = """
mutation RollUp($month: Date!) {
  rollUpPeriod(input: { periodStart: $month, force: true }) { ... on RollupStarted { run { id } } }
}
"""
RUNS = "{ rollupRuns { nodes { finishedAt } } }"
STATE = "query ($run: ID!) { rollupRun(id: $run) { status finishedAt } }"


@click.command()
@click.option("--subscriptions", type=click.IntRange(1_000), default=20_000, show_default=True, help="To be billed.")
@click.option("--check", is_flag=True, help="Exit with 1 if the target is missed.")
def main(subscriptions: int, *, check: bool) -> None:
    """Measure a read from `arcadia serve` beside a rollup by its worker."""
    console = Console()
    with running_cluster() as cluster, TemporaryDirectory() as folder:
        with console.status(f"Seeding {subscriptions:,} subscriptions"):
            database = seeded(cluster.url, Size(subscriptions))
        with _served(database, Path(folder)) as client:
            console.print(description(cluster))
            _until_billed(client)
            _read(client, database, MIN_REQUESTS)
            quiet = _read(client, database, 5 * MIN_REQUESTS)
            busy, seconds = _beside_rollup(client, database)
    for case, times in (("without other work", quiet), ("beside a month end", busy)):
        median = statistics.median(times)
        console.print(
            f"{case:<20} {len(times):>6,} reads, median {median:>6.2f} ms, p95 {_p95(times):>6.2f} ms", highlight=False
        )
    ratio = _p95(busy) / _p95(quiet)
    console.print(
        f"{subscriptions:,} subscriptions billed in {seconds:.1f} s; the p95 beside it is {ratio:.1f} times as long",
        highlight=False,
    )
    if check and ratio > TARGET:
        sys.exit(f"The p95 beside a month end is more than {TARGET:g} times that without other work.")


@contextmanager
def _served(database: Database, folder: Path) -> Iterator[httpx.Client]:
    """A client of `arcadia serve` with the worker that it starts, signed in as a platform admin."""
    secret, port = secrets.token_urlsafe(32), free_port()
    settings = {
        "ARCADIA_DATABASE_URL": database.url,
        "ARCADIA_DATA_DIR": str(folder),
        "ARCADIA_JWT_SECRET": secret,
        "ARCADIA_LOG_LEVEL": "WARNING",
        "ARCADIA_RATE_LIMIT_BURST": "0",
    }
    command = [sys.executable, "-m", "app.cli", "serve", "--port", str(port)]
    log, cores = folder / "serve.log", sorted(os.sched_getaffinity(0))
    token = sign_token(
        Settings.from_environment(settings), "bench", {Role.PLATFORM_ADMIN}, None, timedelta(hours=1), datetime.now(UTC)
    )
    with running(command, {**os.environ, **settings}, log, cores, _ROOT) as process:
        wait_for_port(port, process, _START_SECONDS)
        headers = {"Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=30) as client:
            yield client


def _until_billed(client: httpx.Client) -> None:
    """Waits until the worker, as each that starts, has billed the last month."""
    while not all(run["finishedAt"] for run in _ask(client, RUNS)["rollupRuns"]["nodes"] or [{"finishedAt": None}]):
        time.sleep(1)  # until the run is finished


def _beside_rollup(client: httpx.Client, database: Database) -> tuple[list[float], float]:
    """Reads until the worker has billed the month; also returns the seconds it took."""
    began, times = time.perf_counter(), []
    run = _ask(client, ROLLUP, month=database.month.isoformat())["rollUpPeriod"]["run"]["id"]
    while True:
        times += _read(client, database, MIN_REQUESTS // 4)
        state = _ask(client, STATE, run=run)["rollupRun"]
        if state["finishedAt"]:
            break
    if state["status"] != "SUCCEEDED" or len(times) < MIN_REQUESTS:
        raise RuntimeError(f"the rollup ended {state['status']} after {len(times)} reads: bill more subscriptions")
    return times, time.perf_counter() - began


def _read(client: httpx.Client, database: Database, count: int) -> list[float]:
    """Milliseconds of so many reads, one after the other, each of another tenant."""
    tenants = database.size.subscriptions // database.size.per_tenant
    times = []
    for number in range(count):
        tenant = f"019d4500-0006-7000-8000-{number % tenants + 1:012x}"
        began = time.perf_counter()
        found = _ask(client, READ, tenant=tenant)
        times.append(1000 * (time.perf_counter() - began))
        if len(found["tenant"]["deployments"]["nodes"]) != database.size.per_tenant:
            raise RuntimeError(f"not the deployments of {tenant}: {found}")
        time.sleep(_PAUSE_SECONDS)
    return times


def _ask(client: httpx.Client, query: str, **variables: str) -> Any:
    response = client.post("/graphql", json={"query": query, "variables": variables})
    answer = response.raise_for_status().json()
    if "errors" in answer:
        raise RuntimeError(f"the server answered {answer['errors']}")
    return answer["data"]


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


if __name__ == "__main__":
    main()
