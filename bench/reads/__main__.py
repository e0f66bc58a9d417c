"""`make bench-reads`: seeds a PostgreSQL of its own, measures, prints the table, writes bench/results/."""

import os
import platform
import signal
import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import FrameType

import rich_click as click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bench.reads.cluster import Cluster, running_cluster, settings_of, version
from bench.reads.endurance import measure_endurance
from bench.reads.measurement import Case, Figures
from bench.reads.report import as_json, table, verdict_table, verdicts
from bench.reads.schedule import PINNED_CONCURRENCIES, Plan, Results, measure_all
from bench.reads.seeding import fill
from bench.reads.servers import Site
from bench.reads.workload import HERE, QUERIES

RESULTS = HERE.parent / "results"
BUSY = 0.5
"""The load average from which others' work shows in the figures."""


@click.command()
@click.option(
    "--query", "names", type=click.Choice([query.name for query in QUERIES]), multiple=True, help="Only this."
)
@click.option("--concurrency", type=click.IntRange(1, 200), multiple=True, help="Pinned: 1, 16 and 64 if not given.")
@click.option("--quick", is_flag=True, help="One round of short runs: shows that it works, not how fast.")
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True)
@click.option("--seconds", type=click.IntRange(1), default=8, show_default=True, help="Of each run.")
@click.option(
    "--endurance", is_flag=True, help="Instead: documents never seen before, and memory over 200,000 requests."
)
@click.option("--check", is_flag=True, help="Exit with 1 when a target is missed.")
def main(
    names: tuple[str, ...],
    concurrency: tuple[int, ...],
    *,
    quick: bool,
    rounds: int,
    seconds: int,
    endurance: bool,
    check: bool,
) -> None:
    """Compare the GraphQL reads of this project with those of its peers."""
    signal.signal(signal.SIGTERM, _interrupt)
    console = Console()
    with running_cluster() as cluster:
        described = description(cluster)
        console.print(described, soft_wrap=True)
        if os.getloadavg()[0] > BUSY:
            console.print(f"The machine is busy (load {os.getloadavg()[0]:.1f}): figures will be poor.", style="yellow")
        site = _seeded(cluster, console)
        if endurance:
            passed = _endure(site, 20_000 if quick else 200_000, console)
        else:
            plan = Plan(
                queries=[query for query in QUERIES if not names or query.name in names],
                concurrencies=concurrency or PINNED_CONCURRENCIES,
                rounds=1 if quick else rounds,
                seconds=2 if quick else seconds,
                warm_seconds=2 if quick else 6,
            )
            passed = _compare(site, plan, described, console, keep=not (quick or names or concurrency))
    if check and not passed:
        sys.exit(1)


def _seeded(cluster: Cluster, console: Console) -> Site:
    settings = settings_of(cluster)
    with console.status("Seeding"):
        fill(settings)
    return Site(cluster, settings, cluster.data.parent)


def _endure(site: Site, requests: int, console: Console) -> bool:
    endured = measure_endurance(site, requests, lambda text: console.print(text, highlight=False))
    click.echo(f"\n{endured}")
    return endured.passed


def _compare(site: Site, plan: Plan, described: str, console: Console, *, keep: bool) -> bool:
    """Measures, prints the tables and, if they are to be kept, writes the results. Says whether all targets are met."""
    results = _measure(site, plan, console)
    text = f"{described}\n\n{table(results)}\n\n{verdict_table(results)}\n"
    click.echo(f"\n{text}")
    if keep:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / "reads.json").write_text(as_json(results), encoding="utf-8")
        (RESULTS / "reads.md").write_text(text, encoding="utf-8")
    else:
        click.echo(f"Not the whole: {RESULTS.name}/ stays as it is.")
    return all(met for _, _, met in verdicts(results))


def _measure(site: Site, plan: Plan, console: Console) -> Results:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("Starting", total=plan.runs())

        def progress(case: Case, figures: Figures) -> None:
            label = f"{case.query} {case.mode} {case.concurrency} {case.server}"
            bar.console.print(f"{label:<40} {figures.rps:>8,.0f}/s  p95 {figures.p95_ms:>8.2f} ms", highlight=False)
            bar.update(task, advance=1, description=label)

        remark = partial(bar.console.print, highlight=False, soft_wrap=True)
        return measure_all(site, plan, progress, remark)


def description(cluster: Cluster) -> str:
    """The day, the machine and the versions."""
    info = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    model = next((line.split(":")[1].strip() for line in info.splitlines() if line.startswith("model name")), "unknown")
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores of {model}, Linux {platform.release()}, "
        f"Python {platform.python_version()}, PostgreSQL {version(cluster)}"
    )


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
