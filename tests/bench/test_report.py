"""Tests of the report: the table, the ratios and the file of figures."""

import json

from bench.reads.measurement import Case, Figures
from bench.reads.report import TARGETS, as_json, markdown, table, verdict_table, verdicts

OURS = Case("R1", "pinned", 16, "arcadia")
THEIRS = Case("R1", "pinned", 16, "postgraphile")
LIMIT = Case("R1", "pinned", 16, "pgbench")
RESULTS = {
    OURS: Figures(2000.0, 7.5, 9.8, 0.35, 0.38, 0),
    THEIRS: Figures(800.0, 19.0, 28.0, 1.2, 0.45, 0),
    LIMIT: Figures(2700.0, 5.0, 7.0, 0.02, 0.36, 0),
}


def test_targets_are_those_of_all_three_queries() -> None:
    assert [str(target) for target in TARGETS if target.query == "R2"] == [
        "R2 pinned 16: rps ≥ 1.5 × postgraphile",
        "R2 pinned 16: p95_ms ≤ 0.7 × postgraphile",
        "R2 pinned 16: server_cpu_ms ≤ 0.5 × postgraphile",
        "R2 pinned 16: rps ≥ 0.75 × pgbench",
        "R2 unpinned 64: rps ≥ 2.0 × postgraphile",
    ]
    assert len(TARGETS) == 15


def test_only_what_was_measured_is_judged() -> None:
    judged = [(target.figure, target.peer, round(ratio, 2), met) for target, ratio, met in verdicts(RESULTS)]
    assert judged == [
        ("rps", "postgraphile", 2.5, True),
        ("p95_ms", "postgraphile", 0.35, True),
        ("server_cpu_ms", "postgraphile", 0.29, True),
        ("rps", "pgbench", 0.74, False),
    ]
    assert "| R1 pinned 16: rps ≥ 0.75 × pgbench               |  0.74 | MISSED |" in verdict_table(RESULTS)


def test_a_row_compares_with_both_peers() -> None:
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table(RESULTS).splitlines()]
    ours = ["R1", "pinned", "16", "arcadia", "2,000", "7.50", "9.80", "0.350", "0.380", "0", "2.50", "0.74"]
    assert cells[2] == ours
    assert [row[-2:] for row in cells[3:]] == [["", "0.30"], ["3.38", ""]]


def test_columns_are_aligned() -> None:
    assert markdown(("server", "p95"), [("a", "10.5"), ("b", "9")], numbers_from=1) == (
        "| server |  p95 |\n| ------ | ---: |\n| a      | 10.5 |\n| b      |    9 |"
    )


def test_the_file_holds_a_row_for_each_case() -> None:
    assert json.loads(as_json(RESULTS))[0] == {
        "query": "R1",
        "mode": "pinned",
        "concurrency": 16,
        "server": "arcadia",
        "rps": 2000.0,
        "p50_ms": 7.5,
        "p95_ms": 9.8,
        "server_cpu_ms": 0.35,
        "pg_cpu_ms": 0.38,
        "errors": 0,
    }
