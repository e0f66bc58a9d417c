"""The table, the ratios that the targets are about, and the file of figures."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from bench.reads.measurement import Case, Figures
from bench.reads.schedule import PINNED, UNPINNED, Results
from bench.reads.servers import ARCADIA, PGBENCH, POSTGRAPHILE_5

HEADINGS = (
    *("query", "mode", "conc.", "server", "requests/s", "p50 ms", "p95 ms"),
    *("server CPU ms", "PG CPU ms", "errors", "× PostGraphile", "× pgbench"),
)
_NUMBERS_FROM = 4


@dataclass(frozen=True)
class Target:
    """A ratio of our figure to a peer's, and the bound it must keep."""

    query: str
    mode: str
    concurrency: int
    figure: str
    peer: str
    bound: float
    at_least: bool

    def ratio(self, results: Results) -> float | None:
        """Returns the ratio; None if one of the two figures was not measured."""
        ours = results.get(Case(self.query, self.mode, self.concurrency, ARCADIA))
        peers = results.get(Case(self.query, self.mode, self.concurrency, self.peer))
        if ours is None or peers is None:
            return None
        return float(getattr(ours, self.figure) / getattr(peers, self.figure))

    def met(self, ratio: float) -> bool:
        return ratio >= self.bound if self.at_least else ratio <= self.bound

    def __str__(self) -> str:
        sign = "≥" if self.at_least else "≤"
        return f"{self.query} {self.mode} {self.concurrency}: {self.figure} {sign} {self.bound} × {self.peer}"


def _targets() -> Iterator[Target]:
    for query, times in (("R1", 2.0), ("R2", 1.5), ("R3", 1.8)):
        yield Target(query, PINNED, 16, "rps", POSTGRAPHILE_5, times, at_least=True)
        yield Target(query, PINNED, 16, "p95_ms", POSTGRAPHILE_5, 0.7, at_least=False)
        yield Target(query, PINNED, 16, "server_cpu_ms", POSTGRAPHILE_5, 0.5, at_least=False)
        yield Target(query, PINNED, 16, "rps", PGBENCH, 0.75, at_least=True)
        yield Target(query, UNPINNED, 64, "rps", POSTGRAPHILE_5, 2.0, at_least=True)


TARGETS = tuple(_targets())


def verdicts(results: Results) -> list[tuple[Target, float, bool]]:
    """The targets that were measured: with the ratio, and whether it is met."""
    measured = ((target, target.ratio(results)) for target in TARGETS)
    return [(target, ratio, target.met(ratio)) for target, ratio in measured if ratio is not None]


def verdict_table(results: Results) -> str:
    rows = [(str(target), f"{ratio:.2f}", "met" if met else "MISSED") for target, ratio, met in verdicts(results)]
    return markdown(("target", "ratio", ""), rows, numbers_from=1)


def table(results: Results) -> str:
    """Every case, as a table that Markdown and people read."""
    return markdown(HEADINGS, [_row(case, figures, results) for case, figures in results.items()], _NUMBERS_FROM)


def _row(case: Case, figures: Figures, results: Results) -> tuple[str, ...]:
    return (
        *(case.query, case.mode, str(case.concurrency), case.server, f"{figures.rps:,.0f}"),
        *(f"{figures.p50_ms:.2f}", f"{figures.p95_ms:.2f}", f"{figures.server_cpu_ms:.3f}", f"{figures.pg_cpu_ms:.3f}"),
        *(str(figures.errors), _times(case, POSTGRAPHILE_5, results), _times(case, PGBENCH, results)),
    )


def _times(case: Case, peer: str, results: Results) -> str:
    """Returns the ratio of our requests per second to the peer's, as text."""
    other = results.get(Case(case.query, case.mode, case.concurrency, peer))
    return "" if other is None or case.server == peer else f"{results[case].rps / other.rps:.2f}"


def markdown(headings: Sequence[str], rows: Sequence[Sequence[str]], numbers_from: int) -> str:
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        padded = (
            cell.rjust(width) if index >= numbers_from else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        return f"| {' | '.join(padded)} |"

    rules = ["-" * (width - 1) + ":" if index >= numbers_from else "-" * width for index, width in enumerate(widths)]
    return "\n".join([line(headings), line(rules), *map(line, rows)])


def as_json(results: Results) -> str:
    """A list of {query, mode, concurrency, server, rps, p50_ms, p95_ms, server_cpu_ms, pg_cpu_ms, errors}."""
    rows: list[Mapping[str, object]] = [
        {**asdict(case), **{name: _rounded(value) for name, value in asdict(figures).items()}}
        for case, figures in results.items()
    ]
    return json.dumps(rows, indent=2) + "\n"


def _rounded(value: float) -> float:
    return value if isinstance(value, int) else round(value, 4)
