"""`make bench-receivables`: issues a month's drafts by a run and by one SQL statement, beside the month's rollup."""

import asyncio
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import rich_click as click
from rich.console import Console

import app.database
from app.operations.calls.context import Context
from app.operations.calls.principal import Principal, Role
from app.operations.issue_runs import issue_invoices
from app.queue import Queue
from bench.reads.cluster import running_cluster
from bench.reads.processes import cpu_seconds
from bench.rollup import workers
from bench.rollup.data import Database, Size, seeded
from bench.rollup.measurement import Figures, Peak, Stopwatch, watched

ROLLUP, SQL, RUN = "rollup, one worker", "one SQL statement", "issue run, one worker"
_STATEMENT = (Path(__file__).parent / "set_based.sql").read_text(encoding="utf-8")
_STATE = "SELECT finished_at IS NOT NULL AS done, status, invoices_issued FROM issue_runs WHERE id = $1"
# What each case has written, whatever its ids.
_LEDGER = """
SELECT e.tenant_id, e.description <> '' AS described, b.balance_cents, i.status,
       string_agg(concat_ws('|', p.account, p.line_kind, p.resource_kind, p.tax, p.amount_cents), ' '
                  ORDER BY p.account, p.line_kind, p.resource_kind, p.tax) AS postings
FROM journal_entries e
JOIN journal_postings p ON p.tenant_id = e.tenant_id AND p.entry_id = e.id
JOIN invoice_balances b ON b.tenant_id = e.tenant_id AND b.id = e.source_id
JOIN tenant_invoices i ON i.tenant_id = e.tenant_id AND i.id = e.source_id
GROUP BY e.tenant_id, 2, 3, 4 ORDER BY e.tenant_id
"""


@click.command()
@click.option("--invoices", type=click.IntRange(100), default=100_000, show_default=True, help="Invoices to issue.")
def main(invoices: int) -> None:
    """Measure the issue of a month's drafts."""
    console = Console()
    with running_cluster(None) as cluster:
        with console.status(f"Seeding {invoices:,} tenants"):
            database = seeded(cluster.url, Size(invoices, one_each=True))
        found = [workers.measure(database, ROLLUP, 1, cluster.cpu_seconds)]
        copy = asyncio.run(_copy(cluster.url, database))
        found.append(_by_statement(copy, cluster.cpu_seconds))
        found.append(_by_run(database, cluster.cpu_seconds))
        if database.run(_ledger) != copy.run(_ledger):
            raise RuntimeError("the run and the statement wrote different journals")
    for figures in found:
        console.print(
            f"{figures.case:<24} {figures.size:>7,} {figures.seconds:>8.2f} s {figures.per_second:>7,.0f}/s "
            f"{figures.peak_mb:>4.0f} MB {figures.cpu_s:>6.1f} CPU s, load {os.getloadavg()[0]:.1f}",
            highlight=False,
            soft_wrap=True,
        )
    rollup, statement, run = (figures.per_second for figures in found)
    console.print(
        f"an issue run reaches {run / statement:.2f} of the statement's speed and {run / rollup:.2f} of the rollup's",
        highlight=False,
        soft_wrap=True,
    )


async def _ledger(connection: Any) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await connection.fetch(_LEDGER)]


async def _copy(cluster_url: str, database: Database) -> Database:
    """The database with its drafts once more."""
    name = f"{database.size.database}_copy"
    connection = await asyncpg.connect(cluster_url)
    try:
        await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{database.size.database}"')
    finally:
        await connection.close()
    return Database(cluster_url.replace("/postgres?", f"/{name}?"), database.size)


def _by_statement(database: Database, postgres_cpu: Callable[[], float]) -> Figures:
    peak, clock = Peak(), Stopwatch(postgres_cpu)

    async def work(connection: Any) -> None:
        peak.processes.add(connection.get_server_pid())
        now = datetime.now(UTC)
        await connection.execute("SET work_mem = '64MB'")
        clock.start()
        due_on = now.date() + timedelta(days=14)
        await connection.execute(_STATEMENT, database.month, now, now.date(), due_on)
        clock.stop()

    with watched(peak):
        database.run(work)
    return clock.figures(SQL, database.size.subscriptions, peak)


def _by_run(database: Database, postgres_cpu: Callable[[], float]) -> Figures:
    """One run by a worker process. The clock starts when the worker has a chunk in its hands, and ends with the run."""
    run_id = asyncio.run(_request(database))
    peak = Peak()
    with workers.running_workers(database, 1) as processes:
        peak.processes.update(processes)
        clock = Stopwatch(lambda: postgres_cpu() + sum(map(cpu_seconds, processes)))
        with watched(peak):
            asyncio.run(_run(database, run_id, clock))
    return clock.figures(RUN, database.size.subscriptions, peak)


async def _request(database: Database) -> UUID:
    settings = workers.settings_of(database)
    principal = Principal("bench", frozenset({Role.PLATFORM_ADMIN}))
    async with app.database.Database(settings) as opened, Queue(settings) as queue:
        context = Context(principal, opened, lambda: datetime.now(UTC), settings, queue)
        return await issue_invoices(context, period_start=database.month)


async def _run(database: Database, run_id: UUID, clock: Stopwatch) -> None:
    async with database.connection() as held, database.connection() as watching:
        async with held.transaction():
            await held.execute("SELECT FROM issue_runs WHERE id = $1 FOR UPDATE", run_id)
            await workers.until_quiet(watching)
            clock.start()
        while not (state := await watching.fetchrow(_STATE, run_id))["done"]:  # noqa: ASYNC110 - nothing notifies
            await asyncio.sleep(0.02)
        clock.stop()
        if (state["status"], state["invoices_issued"]) != ("SUCCEEDED", database.size.subscriptions):
            raise RuntimeError(f"the run ended {state['status']} with {state['invoices_issued']} issued")


if __name__ == "__main__":
    sys.exit(main())
