"""The targets of the rollup benchmark; for 100,000 subscriptions unless a size is named."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from bench.reads.report import markdown
from bench.rollup.cases import HUGE_TENANT_CASE, NAIVE, ONE, REPEATED, SQL, TWO
from bench.rollup.measurement import Figures
from bench.rollup.report import Results

SMALL, MIDDLE, LARGE, HUGE_TENANT = 1_000, 10_000, 100_000, 20_000

Measure = Callable[[Results], float | None]
"""None where what it is about was not measured."""


class Target(NamedTuple):
    words: str
    measured: Measure
    least: float = 0
    most: float = float("inf")


class Verdict(NamedTuple):
    words: str
    measured: float
    met: bool


def _speed(case: str, peer: str) -> Measure:
    return _ratio(lambda one: one.per_second, (case, LARGE), (peer, LARGE))


def _ratio(figure: Callable[[Figures], float], *of: tuple[str, int]) -> Measure:
    """The first's figure over the second's."""

    def measured(results: Results) -> float | None:
        found = [figure(one) for key in of if (one := results.get(*key))]
        return found[0] / found[1] if len(found) == len(of) else None

    return measured


def _peak(results: Results) -> float | None:
    return max((one.peak_mb for one in results if one.case in {ONE, TWO, HUGE_TENANT_CASE}), default=None)


def _peak_mb(one: Figures) -> float:
    return one.peak_mb


def _seconds_each(one: Figures) -> float:
    return 1 / one.per_second


TARGETS = (
    Target("one worker ≥ 0.6 × set-based SQL", _speed(ONE, SQL), least=0.6),
    Target("two workers ≥ 1.6 × one worker", _speed(TWO, ONE), least=1.6),
    Target("one worker ≥ 15 × naive ORM loop", _speed(ONE, NAIVE), least=15),
    Target("peak memory of any worker ≤ 128 MB", _peak, most=128),
    Target("peak memory ≤ 1.05 × that of 10,000", _ratio(_peak_mb, (ONE, LARGE), (ONE, MIDDLE)), most=1.05),
    Target(
        "peak memory, one tenant of 20,000 ≤ 1.05 × that of 10,000 in small ones",
        _ratio(_peak_mb, (HUGE_TENANT_CASE, HUGE_TENANT), (ONE, MIDDLE)),
        most=1.05,
    ),
    Target(
        "time a subscription, 1,000 over 100,000, within 15 %",
        _ratio(_seconds_each, (ONE, SMALL), (ONE, LARGE)),
        least=0.85,
        most=1.15,
    ),
    Target(
        "time a subscription, 10,000 over 100,000, within 15 %",
        _ratio(_seconds_each, (ONE, MIDDLE), (ONE, LARGE)),
        least=0.85,
        most=1.15,
    ),
    Target(
        "a re-run that skips ≤ 0.05 × the run",
        _ratio(lambda one: one.seconds, (REPEATED, LARGE), (ONE, LARGE)),
        most=0.05,
    ),
)


def verdicts(results: Results) -> Iterator[Verdict]:
    for target in TARGETS:
        measured = target.measured(results)
        if measured is not None:
            yield Verdict(target.words, measured, target.least <= measured <= target.most)


def verdict_table(results: Results) -> str:
    rows = [(words, f"{measured:,.3g}", "met" if met else "MISSED") for words, measured, met in verdicts(results)]
    return markdown(("target", "measured", ""), rows, numbers_from=1)
