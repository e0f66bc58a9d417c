"""The figures, stored as JSON and shown as a table and a chart."""

import json
import os
import platform
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from bench.reads.cluster import Cluster, version
from bench.reads.report import markdown
from bench.rollup.cases import SQL
from bench.rollup.measurement import Figures

_HEADINGS = ("case", "subscriptions", "seconds", "per second", "peak MB", "CPU s", f"× {SQL}")


class Results:
    """The figures of each case and size that were measured."""

    def __init__(self, figures: Sequence[Figures] = ()) -> None:
        self._figures = {(one.case, one.size): one for one in figures}

    @classmethod
    def read(cls, path: Path) -> "Results":
        return cls([Figures(**one) for one in json.loads(path.read_text(encoding="utf-8"))] if path.exists() else [])

    def write(self, path: Path) -> None:
        rows = [{name: _rounded(value) for name, value in asdict(one).items()} for one in self]
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")

    def add(self, rounds: Sequence[Figures]) -> None:
        """Adds the figures of a case: of its rounds, the one with the median time is kept."""
        middle = sorted(rounds, key=lambda one: one.seconds)[(len(rounds) - 1) // 2]
        self._figures[middle.case, middle.size] = middle

    def get(self, case: str, size: int) -> Figures | None:
        return self._figures.get((case, size))

    def __iter__(self) -> Iterator[Figures]:
        """Yields the figures by size; those of one size in the order in which they were measured."""
        return iter(sorted(self._figures.values(), key=lambda one: one.size))


def _rounded(value: object) -> object:
    return round(value, 3) if isinstance(value, float) else value


def table(results: Results) -> str:
    """Every figure, as a table that Markdown and people read."""
    return markdown(_HEADINGS, [_row(one, results) for one in results], numbers_from=1)


def _row(one: Figures, results: Results) -> tuple[str, ...]:
    limit = results.get(SQL, one.size)
    return (
        *(one.case, f"{one.size:,}", f"{one.seconds:,.2f}", f"{one.per_second:,.0f}", f"{one.peak_mb:,.0f}"),
        *(f"{one.cpu_s:,.1f}", f"{one.per_second / limit.per_second:.2f}" if limit else ""),
    )


def chart(results: Results, path: Path) -> None:
    """Subscriptions a second of each case, by size."""
    from matplotlib.figure import Figure

    sizes = sorted({one.size for one in results})
    cases = list(dict.fromkeys(one.case for one in results))
    figure = Figure(figsize=(9, 5), layout="constrained")
    axes = figure.subplots()
    width = 0.8 / len(cases)
    for index, case in enumerate(cases):
        found = [(at, one) for at, size in enumerate(sizes) if (one := results.get(case, size))]
        bars = axes.bar(
            [at + index * width for at, _ in found], [one.per_second for _, one in found], width, label=case
        )
        axes.bar_label(bars, fmt="{:,.0f}", fontsize=7)
    axes.set_xticks([at + 0.4 - width / 2 for at in range(len(sizes))], [f"{size:,}" for size in sizes])
    axes.set_xlabel("subscriptions")
    axes.set_ylabel("subscriptions / s (logarithmic)")
    axes.set_yscale("log")
    axes.set_title("A month end")
    figure.legend(loc="outside lower center", ncols=4, fontsize=8)
    figure.savefig(path, dpi=144)


def description(cluster: Cluster) -> str:
    """The day, the machine and the versions."""
    info = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    model = next((line.split(":")[1].strip() for line in info.splitlines() if line.startswith("model name")), "unknown")
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores of {model}, Linux {platform.release()}, "
        f"Python {platform.python_version()}, PostgreSQL {version(cluster)}, load {os.getloadavg()[0]:.1f} before"
    )
