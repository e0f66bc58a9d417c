"""Debian's Prometheus scrapes a served API and its worker, with our rules loaded."""

import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from bench.reads.servers import free_port
from tests.cli.command import Command
from tests.cli.conftest import arcadia
from tests.deploy.test_monitoring import PROMETHEUS, alerts

__all__ = ["arcadia"]

PROGRAM = shutil.which("prometheus")
SECONDS = 60


@contextmanager
def prometheus(folder: Path, ports: list[int]) -> Iterator[httpx.Client]:
    """A client of a Prometheus that scrapes these ports every second, and is otherwise configured as ours."""
    text = (PROMETHEUS / "prometheus.yml").read_text().replace("15s", "1s")
    for ours, port in zip((9464, 9465), ports, strict=True):
        assert str(ours) in text
        text = text.replace(str(ours), str(port))
    (folder / "prometheus.yml").write_text(text)
    shutil.copy(PROMETHEUS / "rules.yml", folder)
    port = free_port()
    command = [
        *(str(PROGRAM), f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}"),
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with (folder / "prometheus.log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as running:
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}/api/v1", timeout=10) as client:
                yield client
        finally:
            running.terminate()


def found(client: httpx.Client, query: str) -> dict[str, str]:
    """The values of a query, by what tells their series apart."""
    try:
        answer = client.get("/query", params={"query": query})
    except httpx.TransportError:  # it is not up yet
        return {}
    results: list[Any] = answer.json()["data"]["result"] if answer.status_code == 200 else []
    return {result["metric"].get("instance", ""): result["value"][1] for result in results}


def awaited(client: httpx.Client, query: str, expected: dict[str, str]) -> None:
    end = time.monotonic() + SECONDS
    while (now := found(client, query)) != expected:
        assert time.monotonic() < end, f"{query} is {now}"
        time.sleep(0.2)  # the next scrape


@pytest.mark.heavy
@pytest.mark.skipif(PROGRAM is None, reason="Prometheus is not installed: make test-deploy")
def test_both_processes_are_scraped_and_no_alert_fires(arcadia: Command, tmp_path: Path) -> None:
    metrics = free_port()
    instances = [f"127.0.0.1:{port}" for port in (metrics, metrics + 1)]
    served = Command({**arcadia.environment, "ARCADIA_METRICS_PORT": str(metrics)})
    serving = served.start("serve", "--port", "0")
    try:
        with prometheus(tmp_path, [metrics, metrics + 1]) as client:
            awaited(client, "up", dict.fromkeys(instances, "1"))
            awaited(client, "arcadia_queued_jobs", {instances[1]: "0"})
            awaited(client, "arcadia_unbilled_months", {instances[1]: "0"})
            awaited(client, 'sum(arcadia_jobs_total{outcome="done"}) > bool 0', {"": "1"})
            groups = client.get("/rules").json()["data"]["groups"]
            assert [rule["name"] for group in groups for rule in group["rules"]] == alerts()
            assert [
                alert for alert in client.get("/alerts").json()["data"]["alerts"] if alert["state"] == "firing"
            ] == []
    finally:
        serving.send_signal(signal.SIGTERM)
        serving.communicate(timeout=30)
    assert serving.returncode == 0
