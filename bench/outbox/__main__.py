"""`make bench-outbox`: events per second to webhook endpoints, with and without a dead one among them."""

import asyncio
import os
import sys

import rich_click as click
from rich.console import Console

from app.database.migrate import migrate
from bench.outbox.data import Outbox
from bench.outbox.measurement import Bench, Figures, receivers
from bench.reads.__main__ import description
from bench.reads.cluster import running_cluster, settings_of
from bench.reads.report import markdown

WORKING, HANGING, REFUSING = "all work", "one hangs", "one refuses connections"
MIN_RATIO = 0.95
"""The pace of the others beside a dead endpoint, to that beside one that works."""


def measure(outbox: Outbox, events: int, endpoints: int, workers: int, rounds: int) -> list[Figures]:
    """Measures all cases in turn, so many times; returns each case's median. events: with those of the endpoint that
    may be dead.
    """
    with receivers(endpoints - 1) as found:
        bench = Bench(outbox, found, workers, events // endpoints)
        runs = [_round(bench) for _ in range(rounds)]
    return [sorted(of_case, key=lambda figures: figures.seconds)[rounds // 2] for of_case in zip(*runs, strict=True)]


def _round(bench: Bench) -> list[Figures]:
    return [
        bench.deliver(WORKING, bench.receivers.working),
        bench.deliver(HANGING, bench.receivers.hanging),
        bench.deliver(REFUSING, bench.receivers.refusing),
        bench.post(),
    ]


def ratios(found: list[Figures]) -> dict[str, float]:
    """Returns the pace of each case to that where all endpoints work."""
    (undisturbed,) = (figures.per_second for figures in found if figures.case == WORKING)
    return {figures.case: figures.per_second / undisturbed for figures in found}


def table(found: list[Figures], workers: int) -> str:
    rows = [
        (
            figures.case,
            f"{figures.events:,}",
            f"{figures.seconds:.1f}",
            f"{figures.per_second:,.0f}",
            f"{1000 * figures.cpu_s / figures.events:.2f}",
            f"{ratios(found)[figures.case]:.2f}",
        )
        for figures in found
    ]
    names = ("case", "events", "s", "events/s", "CPU ms per event", "ratio")
    return f"{workers} worker{'s' * (workers > 1)}\n\n{markdown(names, rows, numbers_from=1)}"


@click.command()
@click.option(
    "--events", type=click.IntRange(100), default=10_000, show_default=True, help="To all endpoints together."
)
@click.option("--endpoints", type=click.IntRange(2), default=20, show_default=True, help="One of them is dead.")
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True, help="Worker processes.")
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True)
@click.option("--check", is_flag=True, help="Exit with 1 when a target is missed.")
def main(*, events: int, endpoints: int, workers: int, rounds: int, check: bool) -> None:
    """Deliver events to endpoints, one of them dead, and post the same bodies with an HTTP client."""
    console = Console()
    with running_cluster() as cluster:
        settings = settings_of(cluster)
        asyncio.run(migrate(settings))
        console.print(f"{description(cluster)}; load {os.getloadavg()[0]:.1f}", highlight=False, soft_wrap=True)
        with console.status("Delivering"):
            found = measure(Outbox(settings), events, endpoints, workers, rounds)
    console.print(table(found, workers), highlight=False, soft_wrap=True)
    ratio = min(ratios(found)[case] for case in (HANGING, REFUSING))
    met = ratio >= MIN_RATIO
    verdict = f"{ratio:.2f}, {'met' if met else 'MISSED'}"
    console.print(
        f"\npace beside a dead endpoint ≥ {MIN_RATIO} × that beside one that works: {verdict}",
        highlight=False,
        soft_wrap=True,
    )
    if check and not met:
        sys.exit(1)


if __name__ == "__main__":
    main()
