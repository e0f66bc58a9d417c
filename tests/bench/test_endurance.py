"""Tests of the verdict of the endurance benchmark."""

import pytest

from bench.reads.endurance import Endurance


@pytest.mark.parametrize(
    ("p50_ms", "megabytes", "passed"), [(9.9, 104.9, True), (10.0, 100.0, False), (5.0, 106.0, False)]
)
def test_speed_and_memory_both_count(p50_ms: float, megabytes: float, *, passed: bool) -> None:
    endured = Endurance(1_000, p50_ms, 12.0, ((0, 100.0), (100_000, 120.0), (200_000, megabytes)))
    assert endured.passed is passed


def test_endurance_is_reported_in_two_lines() -> None:
    assert str(Endurance(1_700, 5.04, 9.96, ((0, 140.0), (200_000, 143.5)))) == (
        "1,700 documents never seen before: p50 5.0 ms, p95 10.0 ms\n200,000 requests: 140 MB, then 144 MB (1.02 times)"
    )
