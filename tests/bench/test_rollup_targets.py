"""Tests of the targets of the rollup benchmark against measured figures."""

import pytest

from bench.rollup.cases import HUGE_TENANT_CASE, NAIVE, ONE, REPEATED, SQL, TWO
from bench.rollup.measurement import Figures
from bench.rollup.report import Results
from bench.rollup.targets import TARGETS, verdict_table, verdicts


def figures(case: str, size: int, seconds: float, peak_mb: float = 100) -> Figures:
    return Figures(case, size, seconds, size / seconds, peak_mb, seconds)


MET = (
    figures(SQL, 100_000, 24),
    figures(ONE, 1_000, 0.35),
    figures(ONE, 10_000, 3.2),
    figures(ONE, 100_000, 32),
    figures(TWO, 100_000, 18),
    figures(NAIVE, 100_000, 1_500, 200),
    figures(HUGE_TENANT_CASE, 20_000, 7),
    figures(REPEATED, 100_000, 1.5),
)


def test_all_targets_are_judged_and_met() -> None:
    judged = list(verdicts(Results(MET)))
    assert [verdict.words for verdict in judged] == [target.words for target in TARGETS]
    assert all(verdict.met for verdict in judged)
    assert "| two workers ≥ 1.6 × one worker " in verdict_table(Results(MET))


@pytest.mark.parametrize(
    ("worse", "missed"),
    [
        (figures(SQL, 100_000, 18), ["one worker ≥ 0.6 × set-based SQL"]),
        (figures(TWO, 100_000, 21), ["two workers ≥ 1.6 × one worker"]),
        (figures(NAIVE, 100_000, 400), ["one worker ≥ 15 × naive ORM loop"]),
        (figures(TWO, 100_000, 18, 129), ["peak memory of any worker ≤ 128 MB"]),
        (figures(ONE, 100_000, 32, 106), ["peak memory ≤ 1.05 × that of 10,000"]),
        (
            figures(HUGE_TENANT_CASE, 20_000, 7, 106),
            ["peak memory, one tenant of 20,000 ≤ 1.05 × that of 10,000 in small ones"],
        ),
        (figures(ONE, 1_000, 0.4), ["time a subscription, 1,000 over 100,000, within 15 %"]),
        (figures(ONE, 10_000, 2.6), ["time a subscription, 10,000 over 100,000, within 15 %"]),
        (figures(REPEATED, 100_000, 1.7), ["a re-run that skips ≤ 0.05 × the run"]),
    ],
)
def test_a_worse_figure_misses_its_target(worse: Figures, missed: list[str]) -> None:
    results = Results((*MET, worse))
    assert [verdict.words for verdict in verdicts(results) if not verdict.met] == missed
    assert verdict_table(results).count("MISSED") == 1


def test_what_was_not_measured_is_not_judged() -> None:
    judged = [verdict.words for verdict in verdicts(Results([figures(ONE, 10_000, 3.2)]))]
    assert judged == ["peak memory of any worker ≤ 128 MB"]
