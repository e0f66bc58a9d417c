"""`make bench-rollup`: a rollup over seeded subscriptions by our workers, by PostgreSQL alone and by a naive loop."""

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import rich_click as click
from rich.console import Console

from bench.reads.cluster import Cluster, running_cluster
from bench.rollup import naive, set_based, workers
from bench.rollup.cases import HUGE_TENANT_CASE, NAIVE, ONE, REPEATED, SQL, SQL_TWO, TWO
from bench.rollup.data import Database, Size, seeded
from bench.rollup.measurement import Figures
from bench.rollup.report import Results, chart, description, table
from bench.rollup.targets import HUGE_TENANT, LARGE, MIDDLE, SMALL, verdict_table, verdicts

RESULTS = Path(__file__).parent.parent / "results"

Totals = list[tuple[object, ...]]
Measure = Callable[[Database, Callable[[], float]], Figures]
CASES: dict[str, Measure] = {
    SQL: lambda database, cpu: set_based.measure(database, SQL, 1, cpu),
    ONE: lambda database, cpu: workers.measure(database, ONE, 1, cpu),
    SQL_TWO: lambda database, cpu: set_based.measure(database, SQL_TWO, 2, cpu),
    TWO: lambda database, cpu: workers.measure(database, TWO, 2, cpu),
    REPEATED: lambda database, cpu: workers.measure(database, REPEATED, 1, cpu),
    NAIVE: lambda database, cpu: naive.measure(database, NAIVE, cpu),
}


@click.command()
@click.option("--size", "sizes", type=int, multiple=True, help="Subscriptions; 1,000, 10,000 and 100,000 if not given.")
@click.option("--case", "cases", type=click.Choice([*CASES, HUGE_TENANT_CASE]), multiple=True, help="Only these.")
@click.option("--rounds", type=click.IntRange(1), default=1, show_default=True, help="Cases take turns; medians count.")
@click.option("--keep", type=click.Path(path_type=Path), help="Keep the seeded databases here, and find them again.")
@click.option("--resume", is_flag=True, help="Leave out what the results have already.")
@click.option("--check", is_flag=True, help="Exit with 1 when a target is missed.")
@click.option("--results", type=click.Path(path_type=Path), default=RESULTS / "rollup.json", show_default=False)
def main(
    sizes: tuple[int, ...],
    cases: tuple[str, ...],
    *,
    rounds: int,
    keep: Path | None,
    resume: bool,
    check: bool,
    results: Path,
) -> None:
    """Measure a month end."""
    signal.signal(signal.SIGTERM, _interrupt)
    console = Console()
    known = Results.read(results) if resume else Results()
    wanted = set(cases or [*CASES, HUGE_TENANT_CASE])
    with running_cluster(keep) as cluster:
        console.print(described := description(cluster), soft_wrap=True)
        schedule = _Schedule(cluster, rounds, known, results, console)
        for size in sizes or (SMALL, MIDDLE, LARGE):
            schedule.measure(Size(size), [case for case in CASES if case in wanted])
        if HUGE_TENANT_CASE in wanted and not sizes:
            schedule.measure(Size(HUGE_TENANT, of_one_tenant=True), [HUGE_TENANT_CASE])
    text = f"{described}\n\n{table(known)}\n\n{verdict_table(known)}\n"
    click.echo(f"\n{text}")
    results.with_suffix(".md").write_text(text, encoding="utf-8")
    chart(known, results.with_suffix(".png"))
    if check and not all(verdict.met for verdict in verdicts(known)):
        sys.exit(1)


@dataclass(frozen=True)
class _Schedule:
    cluster: Cluster
    rounds: int
    known: Results
    results: Path
    console: Console

    def measure(self, size: Size, cases: list[str]) -> None:
        """Each round measures every case once; the figures are kept as soon as a size is done."""
        cases = [case for case in cases if self.known.get(case, size.subscriptions) is None]
        if not cases:
            return
        with self.console.status(f"Seeding {size.subscriptions:,}"):
            database = seeded(self.cluster.url, size)
        found: dict[str, list[Figures]] = {case: [] for case in cases}
        billed: Totals = []
        for _ in range(self.rounds):
            for case in cases:
                found[case].append(self._measure(database, case))
                billed = _compared(database.totals(), billed, case)
        for case in cases:
            self.known.add(found[case])
        self.known.write(self.results)

    def _measure(self, database: Database, case: str) -> Figures:
        if case != REPEATED:
            database.clear()
        figures = CASES.get(case, _one_tenant)(database, self.cluster.cpu_seconds)
        self.console.print(
            f"{case:<28} {figures.size:>7,} {figures.seconds:>8.2f} s {figures.per_second:>7,.0f}/s "
            f"{figures.peak_mb:>4.0f} MB {figures.cpu_s:>6.1f} CPU s, load {os.getloadavg()[0]:.1f}",
            highlight=False,
            soft_wrap=True,
        )
        return figures


def _one_tenant(database: Database, postgres_cpu: Callable[[], float]) -> Figures:
    return workers.measure(database, HUGE_TENANT_CASE, 1, postgres_cpu)


def _compared(
    totals: list[tuple[object, ...]], billed: list[tuple[object, ...]], case: str
) -> list[tuple[object, ...]]:
    """What is billed by all cases alike: all of the tenants, or by the naive loop the first of them."""
    if not billed:
        return totals
    if totals != (billed[: len(totals)] if case == NAIVE else billed):
        raise RuntimeError(f"{case} billed otherwise than the case before it")
    return billed


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
