"""The load generators: wrk for servers, pgbench for PostgreSQL alone. Each call has a time limit."""

import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.reads.cluster import Cluster, client_environment
from bench.reads.measurement import Figures, Load, figures, parse_pgbench, parse_wrk
from bench.reads.pgbench import Script
from bench.reads.processes import cpu_seconds
from bench.reads.servers import Server
from bench.reads.workload import HERE, Files, Query

_SLACK_SECONDS = 30
# New connections plan a statement several times before they keep a plan; a server's connections did so in its warm-up.
_PGBENCH_WARM_SECONDS = 2
"""In which new connections plan; pgbench does not say when they have."""


@dataclass(frozen=True)
class Pressure:
    """How many requests are kept under way, for how many seconds, by a driver on which cores."""

    concurrency: int
    seconds: int
    cores: Sequence[int]

    def pinned(self, command: Sequence[str]) -> list[str]:
        return ["taskset", "--cpu-list", ",".join(map(str, self.cores)), *command]


def wrk(server: Server, files: Files, pressure: Pressure) -> Load:
    """Drives a server from one thread, each request for another tenant."""
    environment = {"QUERY": str(files.document), "TENANTS": str(files.tenants), "SEED": str(pressure.concurrency)}
    if files.numbered:
        environment["NUMBERED"] = files.numbered
    command = [
        *("wrk", "--threads", "1", "--connections", str(pressure.concurrency)),
        *("--duration", f"{pressure.seconds}s", "--timeout", "10s", "--script", str(HERE / "rotate.lua")),
        f"http://127.0.0.1:{server.port}/graphql",
    ]
    run = subprocess.run(
        pressure.pinned(command),
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=pressure.seconds + _SLACK_SECONDS,
    )
    return parse_wrk(run.stdout)


def measure_server(server: Server, cluster: Cluster, files: Files, pressure: Pressure) -> tuple[Figures, Load]:
    """One run: its figures, and what wrk saw."""
    server_before, pg_before = server.cpu_seconds(), cluster.cpu_seconds()
    load = wrk(server, files, pressure)
    return figures(load, server.cpu_seconds() - server_before, cluster.cpu_seconds() - pg_before), load


def measure_pgbench(cluster: Cluster, query: Query, script: Script, pressure: Pressure) -> Figures:
    """One run of the statement itself, as many connections as there were requests. The server's CPU is pgbench's."""
    with TemporaryDirectory() as folder:
        file = Path(folder, "statement.sql")
        file.write_text(script.text, encoding="utf-8")
        variables = {**script.variables, "first": query.tenants[0], "last": query.tenants[-1]}
        seconds = _PGBENCH_WARM_SECONDS + pressure.seconds
        command = [
            *(str(cluster.programs / "pgbench"), "--no-vacuum", "--protocol", "prepared", "--jobs", "1", "--log"),
            *("--client", str(pressure.concurrency), "--time", str(seconds), "--file", str(file)),
            *(f"--define={name}={value}" for name, value in variables.items()),
            cluster.url,
        ]
        environment = {**client_environment(cluster), "PGOPTIONS": "-c role=arcadia_tenant -c TimeZone=UTC"}
        process = subprocess.Popen(
            pressure.pinned(command), env=environment, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        try:
            return _watch(process, cluster, Path(folder), pressure.seconds)
        finally:
            process.kill()
            process.communicate()


def _watch(process: "subprocess.Popen[bytes]", cluster: Cluster, folder: Path, seconds: int) -> Figures:
    """Measures pgbench in the seconds after its warm-up."""
    time.sleep(_PGBENCH_WARM_SECONDS)
    since, own_before, pg_before = time.time(), cpu_seconds(process.pid), cluster.cpu_seconds()
    # Its own CPU can be read only while it lives.
    time.sleep(seconds - 0.5)
    share = (seconds - 0.5) / seconds
    own, pg = (cpu_seconds(process.pid) - own_before) / share, (cluster.cpu_seconds() - pg_before) / share
    _, errors = process.communicate(timeout=_SLACK_SECONDS)
    if process.returncode != 0:
        raise RuntimeError(f"pgbench: {errors.decode()}")
    lines = (line for log in folder.glob("pgbench_log.*") for line in log.read_text(encoding="ascii").splitlines())
    return figures(parse_pgbench(lines, since), own, pg)
