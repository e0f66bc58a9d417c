"""Alert rules and the dashboard: Prometheus accepts them, and they name metrics that exist."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from prometheus_client import Metric

from app.metrics import GAUGES, REGISTRY

PROMTOOL = shutil.which("promtool")
ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "deploy" / "prometheus"
RULES, RULE_TESTS = PROMETHEUS / "rules.yml", PROMETHEUS / "rules.test.yml"
DASHBOARD = ROOT / "deploy" / "grafana" / "dashboard.json"
OPERATIONS = ROOT / "docs" / "operations.md"
RELIABILITY = ROOT / "docs" / "reliability.md"

# The names of samples, by the kind of the metric they belong to.
SUFFIXES = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}


def families() -> list[Metric]:
    return [*REGISTRY.collect(), *(family for gauge in GAUGES for family in gauge.collect())]


def samples() -> set[str]:
    return {family.name + suffix for family in families() for suffix in SUFFIXES[family.type]}


def named(text: str) -> set[str]:
    return set(re.findall(r"\b(?:arcadia|process)_[a-z_]+", text))


def alerts() -> list[str]:
    return re.findall(r"- alert: (\w+)", RULES.read_text())


@pytest.mark.parametrize("file", [RULES, RULE_TESTS], ids=lambda file: file.name)
def test_rules_name_metrics_that_exist(file: Path) -> None:
    assert named(file.read_text()) - samples() == set()


def test_the_dashboard_names_metrics_that_exist_and_leaves_none_out() -> None:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    shown = named(" ".join(target["expr"] for panel in panels for target in panel["targets"]))
    assert shown - samples() == set()
    ours = {family.name for family in families() if family.name.startswith("arcadia_")}
    assert {name for name in ours if not any(sample.startswith(name) for sample in shown)} == set()


def test_every_alert_is_tested_and_has_its_section() -> None:
    tested = set(re.findall(r"alertname: (\w+)", RULE_TESTS.read_text()))
    described = re.findall(r"^\| `(Arcadia\w+)` \|", OPERATIONS.read_text(), re.MULTILINE)
    assert (set(alerts()) - tested, described) == (set(), alerts())


def test_every_metric_is_described() -> None:
    described = re.findall(r"^\| `(arcadia_\w+)` \|", OPERATIONS.read_text(), re.MULTILINE)
    names = {
        family.name + SUFFIXES["counter"][0] if family.type == "counter" else family.name
        for family in families()
        if family.name.startswith("arcadia_")
    }
    assert (set(described), len(described)) == (names, len(names))


def faults(document: Path) -> list[list[str]]:
    """The cells of the table of faults, row by row."""
    table = document.read_text().split("\n| Fault |")[1].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in table]


def test_every_fault_is_listed_with_metrics_and_log_lines_that_exist() -> None:
    listed = faults(OPERATIONS)
    assert [row[0] for row in listed] == [row[0] for row in faults(RELIABILITY)]
    shown = named(" ".join(row[1] for row in listed))
    assert shown - samples() - {family.name for family in families()} == set()
    source = "\n".join(path.read_text() for path in (ROOT / "app").rglob("*.py"))
    quoted = {text for row in listed for text in re.findall(r"`([^`]+)`", row[2]) if not text.startswith("arcadia ")}
    assert len(quoted) > 20
    assert {text for text in quoted if text not in source} == set()


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed: make test-deploy")
@pytest.mark.parametrize(
    "command",
    [["check", "rules", "rules.yml"], ["check", "config", "prometheus.yml"], ["test", "rules", "rules.test.yml"]],
    ids=" ".join,
)
def test_prometheus_accepts_it(command: list[str]) -> None:
    assert PROMTOOL is not None
    outcome = subprocess.run([PROMTOOL, *command], cwd=PROMETHEUS, capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
