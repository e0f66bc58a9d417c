"""Tests of parsing the output of the load drivers."""

import pytest

from bench.reads.measurement import Figures, Load, figures, medians, parse_pgbench, parse_wrk, percentile

WRK = """Running 2s test @ http://127.0.0.1:9101/graphql
  1 threads and 16 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency    36.94ms   17.09ms 153.68ms   86.49%
Requests/sec:    443.12
SUMMARY {"requests": 2200, "microseconds": 2000000, "bytes": 7700000, "p50_us": 30900, "p95_us": 69512, "errors": 3}
"""


def test_wrk_reports_through_its_script() -> None:
    assert parse_wrk(WRK) == Load(requests=2200, seconds=2.0, p50_ms=30.9, p95_ms=69.512, errors=3, bytes=7_700_000)


def test_wrk_that_reports_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="unable to connect"):
        parse_wrk("unable to connect to 127.0.0.1:9101 Connection refused")


def test_transactions_of_pgbench_before_the_start_do_not_count() -> None:
    log = [
        "0 1 99000 0 999 500000",
        "0 2 2000 0 1000 500000",
        "1 1 4000 0 1001 0",
        "0 3 6000 0 1002 0",
        "1 2 failed 0 1002 0",
    ]
    assert parse_pgbench(log, since=1000.0) == Load(requests=3, seconds=2.0, p50_ms=4.0, p95_ms=6.0, errors=1)


@pytest.mark.parametrize(("percent", "value"), [(1, 10), (50, 20), (51, 30), (95, 40), (100, 40)])
def test_percentiles_are_by_nearest_rank(percent: int, value: float) -> None:
    assert percentile([10, 20, 30, 40], percent) == value


def test_there_is_a_percentile_of_nothing() -> None:
    assert percentile([], 95) == 0


def test_cpu_is_shared_out_among_the_requests() -> None:
    load = Load(requests=1000, seconds=2.0, p50_ms=1.0, p95_ms=2.0, errors=0)
    assert figures(load, server_cpu_seconds=0.4, pg_cpu_seconds=1.5) == Figures(500.0, 1.0, 2.0, 0.4, 1.5, 0)


def test_a_run_without_an_answer_is_an_error() -> None:
    with pytest.raises(ValueError, match="not one request"):
        figures(Load(requests=0, seconds=2.0, p50_ms=0, p95_ms=0, errors=16), 0.1, 0.1)


def test_rounds_come_to_their_medians_and_all_their_errors() -> None:
    rounds = [Figures(100, 3, 9, 0.3, 0.6, 0), Figures(300, 1, 7, 0.1, 0.5, 2), Figures(200, 2, 8, 0.2, 0.4, 1)]
    assert medians(rounds) == Figures(200, 2, 8, 0.2, 0.5, 3)
