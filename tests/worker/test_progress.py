"""A rollup by a worker process, observed over a WebSocket of the served API."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from app.operations.calls.principal import Role
from app.operations.rollups import roll_up_period
from app.server.signing import sign_token
from app.settings import Settings
from tests.jobs.seeding import seed
from tests.operations.given import Given
from tests.server.served_api import ServedApi, serve_api

PROGRESS = "subscription ($id: ID!) { rollupProgress(runId: $id) { status tenantsDone tenantsTotal totalCents } }"


@asynccontextmanager
async def worker(settings: Settings) -> AsyncIterator[None]:
    environment = os.environ | {"ARCADIA_DATABASE_URL": str(settings.database_url)}
    process = await asyncio.to_thread(
        subprocess.Popen, [sys.executable, "-m", "app.cli", "worker"], env=environment, stderr=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        process.kill()
        await asyncio.to_thread(process.wait)


async def watched(served: ServedApi, run_id: str) -> list[tuple[float, dict[str, Any]]]:
    """Every state of the run that the socket tells, with the second it came, until the subscription ends."""
    token = sign_token(served.settings, "ada", {Role.PLATFORM_ADMIN}, None, timedelta(hours=1), served.clock())
    url = served.url.replace("http", "ws", 1) + "/graphql"
    told: list[tuple[float, dict[str, Any]]] = []
    async with asyncio.timeout(600), connect(url, subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
        await socket.send(json.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}}))
        assert json.loads(await socket.recv()) == {"type": "connection_ack"}
        payload = {"query": PROGRESS, "variables": {"id": run_id}}
        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
        while (message := json.loads(await socket.recv()))["type"] != "complete":
            if message["type"] == "next":
                told.append((time.monotonic(), message["payload"]["data"]["rollupProgress"]))
    return told


@pytest.mark.parametrize("tenants", [1_000, pytest.param(10_000, marks=pytest.mark.heavy)])
@pytest.mark.timeout(600)
async def test_the_progress_of_a_run_is_seen_to_move_steadily(given: Given, settings: Settings, tenants: int) -> None:
    given.clock.now = datetime.now(UTC)
    month: date = (given.clock.now.date().replace(day=1) - timedelta(days=1)).replace(day=1)
    await seed(given.database, tenants, await given.plan(), month)
    run_id = await roll_up_period(given.platform, period_start=month)

    async with serve_api(settings, given.clock) as served, worker(settings):
        told = await watched(served, str(run_id))

    (run,) = await given.rows("SELECT * FROM rollup_runs")
    states = [state for _, state in told]
    done = [state["tenantsDone"] for state in states]
    assert states[0]["status"] in {"QUEUED", "RUNNING"}
    assert states[-1] == {
        "status": "SUCCEEDED",
        "tenantsDone": tenants,
        "tenantsTotal": tenants,
        "totalCents": run["total_cents"],
    }
    assert done == sorted(done)
    # No step is larger than a twentieth of the run or two batches, and each is reported quickly.
    steps = [later - earlier for earlier, later in pairwise(done)]
    assert max(steps) <= max(tenants // 20, 200)
    moved = [at for (at, state), step in zip(told[1:], steps, strict=True) if step]
    assert max(later - earlier for earlier, later in pairwise(moved)) < 5  # 1 on a quiet machine
