"""The figures of a run, their medians, the table, the file, the targets and the chart."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from matplotlib.figure import Figure

from bench.reads.report import markdown

RECORD_USAGE = "recordUsage"
POST_USAGE = "POST /usage"
COPY = "COPY"
STOCK = "stock Strawberry mutation"
CASES = (STOCK, RECORD_USAGE, POST_USAGE, COPY)


@dataclass(frozen=True)
class Figures:
    """The figures of recording `size` events. peak_mb: of the server's process. cpu_s: of it and
    PostgreSQL together.
    """

    case: str
    size: int
    seconds: float
    per_second: float
    peak_mb: float
    cpu_s: float


def medians(rounds: Sequence[Figures]) -> Figures:
    """Returns the medians of the runs of one case and size."""
    seconds = median(one.seconds for one in rounds)
    size = rounds[0].size
    return Figures(
        rounds[0].case,
        size,
        round(seconds, 3),
        round(size / seconds),
        round(max(one.peak_mb for one in rounds), 1),
        round(median(one.cpu_s for one in rounds), 2),
    )


def table(figures: Sequence[Figures]) -> str:
    copied = next((one.per_second for one in figures if one.case == COPY), None)
    rows = [
        (
            *(one.case, f"{one.size:,}", f"{one.seconds:.2f}", f"{one.per_second:,.0f}", f"{one.peak_mb:.0f}"),
            *(f"{one.cpu_s / one.size * 1e6:.1f}", f"{one.per_second / copied:.2f}" if copied else ""),
        )
        for one in figures
    ]
    headings = ("case", "events", "seconds", "events/s", "peak MB", "CPU µs an event", "× COPY")
    return markdown(headings, rows, numbers_from=1)


def verdicts(figures: Sequence[Figures]) -> Iterator[tuple[str, float, bool]]:
    """The targets: their words, what was measured, and whether they are met."""
    rates = {one.case: one.per_second for one in figures}
    for case, least in ((RECORD_USAGE, 40_000), (POST_USAGE, 60_000)):
        if case in rates:
            yield f"{case} ≥ {least:,} events/s", rates[case], rates[case] >= least
            if COPY in rates:
                ratio = rates[case] / rates[COPY]
                yield f"{case} ≥ 0.35 × COPY", ratio, ratio >= 0.35


def verdict_table(figures: Sequence[Figures]) -> str:
    rows = [(message, f"{value:,.2f}", "met" if met else "MISSED") for message, value, met in verdicts(figures)]
    return markdown(("target", "measured", ""), rows, numbers_from=1)


def as_json(figures: Sequence[Figures]) -> str:
    return json.dumps([asdict(one) for one in figures], indent=2) + "\n"


def draw(figures: Sequence[Figures], caption: str, path: Path) -> None:
    """Draws a chart with one bar for each case."""
    figure = Figure(figsize=(8, 3), layout="constrained")
    axes = figure.subplots()
    bars = axes.barh([one.case for one in figures], [one.per_second for one in figures], color="#3b6ea5")
    axes.bar_label(bars, labels=[f"{one.per_second:,.0f}" for one in figures], padding=4)
    axes.margins(x=0.15)
    axes.set_xlabel("events a second")
    axes.set_title(caption, fontsize=8, loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=150)
