"""The figures of one run, and the aggregate of a case's runs."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Case:
    """What is measured: a document, the concurrency, the server, and the cores."""

    query: str
    mode: str
    concurrency: int
    server: str


@dataclass(frozen=True)
class Load:
    """The load driver's figures of one run. Latencies are in milliseconds."""

    requests: int
    seconds: float
    p50_ms: float
    p95_ms: float
    errors: int
    bytes: int = 0


@dataclass(frozen=True)
class Figures:
    """The figures of one run, or medians over the rounds of a case (errors: their sum). CPU is milliseconds per
    request.
    """

    rps: float
    p50_ms: float
    p95_ms: float
    server_cpu_ms: float
    pg_cpu_ms: float
    errors: int


def figures(load: Load, server_cpu_seconds: float, pg_cpu_seconds: float) -> Figures:
    """Raises ValueError where nothing was answered."""
    if load.requests == 0:
        raise ValueError("not one request was answered")
    return Figures(
        rps=load.requests / load.seconds,
        p50_ms=load.p50_ms,
        p95_ms=load.p95_ms,
        server_cpu_ms=server_cpu_seconds * 1000 / load.requests,
        pg_cpu_ms=pg_cpu_seconds * 1000 / load.requests,
        errors=load.errors,
    )


def medians(rounds: Sequence[Figures]) -> Figures:
    return Figures(
        rps=median(one.rps for one in rounds),
        p50_ms=median(one.p50_ms for one in rounds),
        p95_ms=median(one.p95_ms for one in rounds),
        server_cpu_ms=median(one.server_cpu_ms for one in rounds),
        pg_cpu_ms=median(one.pg_cpu_ms for one in rounds),
        errors=sum(one.errors for one in rounds),
    )


def parse_wrk(output: str) -> Load:
    """Parses the report of rotate.lua. Raises ValueError if the output has none."""
    found = re.search(r"^SUMMARY (\{.*\})$", output, re.MULTILINE)
    if found is None:
        raise ValueError(f"wrk reported nothing: {output.strip() or 'no output'}")
    summary = json.loads(found[1])
    return Load(
        requests=summary["requests"],
        seconds=summary["microseconds"] / 1e6,
        p50_ms=summary["p50_us"] / 1e3,
        p95_ms=summary["p95_us"] / 1e3,
        errors=summary["errors"],
        bytes=summary["bytes"],
    )


def parse_pgbench(log: Iterable[str], since: float) -> Load:
    """A log of pgbench, of which the transactions that ended after `since` (seconds of the Unix epoch) count.

    A line is: client, number, latency in microseconds or why it failed, script, end in seconds and microseconds.
    """
    latencies, errors, last = [], 0, since
    for line in log:
        _, _, latency, _, seconds, microseconds = line.split()[:6]
        end = int(seconds) + int(microseconds) / 1e6
        if end <= since:
            continue
        last = max(last, end)
        if latency.isdecimal():
            latencies.append(int(latency) / 1000)
        else:
            errors += 1
    latencies.sort()
    return Load(
        requests=len(latencies),
        seconds=last - since,
        p50_ms=percentile(latencies, 50),
        p95_ms=percentile(latencies, 95),
        errors=errors,
    )


def percentile(ascending: Sequence[float], percent: int) -> float:
    """The smallest value that `percent` in a hundred do not exceed (nearest rank); 0 of nothing."""
    if not ascending:
        return 0.0
    return ascending[max(0, -(-len(ascending) * percent // 100) - 1)]
