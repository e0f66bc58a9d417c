"""What a normal caller notices of an attack: its median latency beside the attack over that alone, in one run."""

import asyncio
import json
import statistics
import sys
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from app.operations.calls.principal import Role
from app.server.signing import sign_token
from tests.faults.api import ROOT, Api
from tests.operations.given import Given

SECONDS = 4.0
MOST = 3.0
"""The ratio of the medians."""
ATTEMPTS = 3
READ = {"query": "{ viewer { subject } deployments(first: 5) { nodes { slug state } } }"}

pytestmark = pytest.mark.heavy


@pytest.fixture
async def api(given: Given, tmp_path: Path) -> AsyncIterator[Api]:
    """One process, with production's rate limits, but half their burst: on a slow machine too, an attack exceeds it."""
    limits = {"ARCADIA_RATE_LIMIT_BURST": "50000", "ARCADIA_RATE_LIMIT_PER_SECOND": "10000"}
    api = Api(given.settings, tmp_path / "api.log", "--no-worker", **limits)
    await api.start()
    try:
        yield api
    finally:
        await api.end()


async def median(client: httpx.AsyncClient, seconds: float) -> float:
    """Returns the median latency of requests sent one after another, each of which must succeed."""
    latencies = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        began = time.monotonic()
        response = await client.post("/graphql", json=READ)
        latencies.append(time.monotonic() - began)
        assert response.status_code == httpx.codes.OK
        await asyncio.sleep(0.005)
    return statistics.median(latencies)


@pytest.mark.parametrize(
    ("name", "limited_by"),
    [
        ("ping_flood", {"1008"}),
        ("header_flood", {"431"}),
        ("slow_uploads", {"429", "503"}),
        ("gzip_lines", {"429", "503"}),
        ("comment_documents", {"429"}),
    ],
)
async def test_an_attack_leaves_a_normal_caller_quick(api: Api, given: Given, name: str, limited_by: set[str]) -> None:
    """Other load on the machine sometimes makes one of three measurements slow; an effective attack makes all three
    slow.
    """
    mine, other = await given.tenant("acme"), await given.tenant("evil")
    role = Role.METER if name in {"slow_uploads", "gzip_lines"} else Role.TENANT_ADMIN
    token = sign_token(given.settings, "eve", {role}, other, timedelta(hours=1), datetime.now(UTC))
    ratios: list[float] = []
    async with api.client(Role.TENANT_ADMIN, mine) as client:
        await median(client, 1)
        while len(ratios) < ATTEMPTS:
            alone = await median(client, SECONDS / 2)
            beside, seen = await beside_attack(client, name, api.url, token)
            ratios.append(beside / alone)
            print(f"{name}: {alone * 1000:.1f} ms alone, {beside * 1000:.1f} ms beside it, {ratios[-1]:.2f} x, {seen}")  # noqa: T201 - shown by -s
            assert seen.keys() & limited_by, seen
            if ratios[-1] < MOST:
                return
    raise AssertionError(f"beside the attack a read takes {ratios} times what it takes alone")


async def beside_attack(client: httpx.AsyncClient, name: str, url: str, token: str) -> tuple[float, dict[str, int]]:
    """Returns the median latency during an attack, in seconds, and how often the attacker received each status."""
    command = [sys.executable, "-m", "tests.faults.attackers", name, url, token, str(SECONDS)]
    attacking = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    assert attacking.stdout is not None
    assert await attacking.stdout.readline() == b"begun\n"
    beside = await median(client, SECONDS)
    output, _ = await attacking.communicate()
    return beside, json.loads(output)
