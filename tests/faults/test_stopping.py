"""SIGTERM: running work is finished, waiting work is left to other processes, and the process exits with 0."""

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from app.operations.billing_months import unbilled_months
from app.operations.rollups import roll_up_period, starting
from tests.faults.api import ROOT, Api, apis
from tests.faults.tenants import seed
from tests.operations.given import Given
from tests.operations.months import APRIL

PAUSE = """
mutation ($id: ID!) { transitionDeployment(input: {deploymentId: $id, to: PAUSED}) {
  ... on DeploymentTransitioned { deployment { state } }
} }
"""
WATCH = "subscription ($id: ID!) { deploymentEvents(deploymentId: $id) { toState } }"
GOING_AWAY = {1001, 1012}


@asynccontextmanager
async def locked(given: Given, statement: str, *arguments: object) -> AsyncIterator[None]:
    """Keeps the statement's locks during the block, so that whatever needs them waits."""
    holder = await asyncpg.connect(given.settings.database_url)
    try:
        async with holder.transaction():
            await holder.execute(statement, *arguments)
            yield
    finally:
        await holder.close()


async def until(condition: Callable[[], Awaitable[Any]]) -> None:
    async with asyncio.timeout(20):
        while not await condition():  # noqa: ASYNC110 - another process makes it so
            await asyncio.sleep(0.01)


async def is_waited_for(given: Given) -> bool:
    """Whether someone waits for a locked row of this database: pg_locks shows those of other tests' databases too."""
    waits = (
        "SELECT count(*) AS n FROM pg_locks JOIN pg_stat_activity USING (pid)"
        " WHERE locktype = 'transactionid' AND NOT granted AND datname = current_database()"
    )
    return bool((await given.row(waits))["n"])


@pytest.fixture
async def api(given: Given, tmp_path: Path) -> AsyncIterator[Api]:
    given.clock.now = datetime.now(UTC)
    async with apis(given.settings, tmp_path) as (api,):
        yield api


async def test_a_stopping_api_completes_running_requests(given: Given, api: Api) -> None:
    deployment_id = await given.deployment(await given.tenant())
    url = api.url.replace("http", "ws", 1) + "/graphql"
    lock = "SELECT FROM cloud_deployments WHERE id = $1 FOR UPDATE"
    variables = {"id": str(deployment_id)}
    async with api.client() as client, connect(url, subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
        bearer = {"authorization": client.headers["authorization"]}
        await socket.send(json.dumps({"type": "connection_init", "payload": bearer}))
        assert json.loads(await socket.recv()) == {"type": "connection_ack"}
        watch = {"query": WATCH, "variables": variables}
        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": watch}))
        async with locked(given, lock, deployment_id):
            request = {"query": PAUSE, "variables": variables}
            running_request = asyncio.create_task(client.post("/graphql", json=request))
            await until(lambda: is_waited_for(given))
            ending = asyncio.create_task(api.end(signal.SIGTERM))
            with pytest.raises(ConnectionClosed) as closed:
                async with asyncio.timeout(10):
                    await socket.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code in GOING_AWAY
            async with api.client() as late:
                with pytest.raises(httpx.ConnectError):  # a load balancer sends it elsewhere
                    await late.get("/health")
            assert not running_request.done()
        answer = await running_request
    assert answer.json()["data"] == {"transitionDeployment": {"deployment": {"state": "PAUSED"}}}
    assert await ending == 0
    assert "Traceback" not in api.log
    events = await given.rows("SELECT to_state FROM cloud_deployment_events ORDER BY id")
    assert [event["to_state"] for event in events] == ["ACTIVE", "PAUSED"]


@pytest.fixture
def worker(given: Given) -> subprocess.Popen[bytes]:
    arguments = [str(given.settings.database_url), str(given.settings.data_dir), "2026-05-01T03:00:00+00:00"]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.faults.rollup_worker", *arguments], cwd=ROOT, stderr=subprocess.PIPE
    )


async def insert_months(given: Given) -> None:
    """Inserts the tenants' billing months, so that there are rows to lock."""
    assert len((await unbilled_months(given.platform, first=100)).months) == 20


async def second_batch_waits(given: Given) -> bool:
    """Whether the first batch is billed and a lock is waited for: then the chunk's second batch waits, and not the
    catch-up job of the worker's start.
    """
    return len(await given.rows("SELECT FROM tenant_invoices")) == 5 and await is_waited_for(given)


async def test_a_stopping_worker_completes_the_current_step(
    given: Given, worker: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch has five tenants here. The tenth tenant stays locked until the worker has received SIGTERM."""
    monkeypatch.setattr(starting, "CHUNK_TENANTS", 20)
    await seed(given.database, 20, await given.plan(), APRIL)
    tenants = [row["id"] for row in await given.rows("SELECT id FROM tenants ORDER BY id")]
    try:
        await insert_months(given)
        async with locked(given, "SELECT FROM billing_months WHERE tenant_id = $1 FOR UPDATE", tenants[9]):
            run_id = await roll_up_period(given.platform, period_start=APRIL)
            await until(lambda: second_batch_waits(given))
            worker.send_signal(signal.SIGTERM)
            await asyncio.sleep(0.5)
            assert worker.poll() is None
        _, complaints = await asyncio.to_thread(worker.communicate, timeout=20)
    finally:
        worker.kill()
    assert (worker.returncode, b"Traceback" in complaints) == (0, False)
    billed = await given.rows("SELECT tenant_id FROM tenant_invoices ORDER BY tenant_id")
    assert [row["tenant_id"] for row in billed] == tenants[:10]
    run = await given.row("SELECT tenants_done, finished_at FROM rollup_runs WHERE id = $1", run_id)
    assert (run["tenants_done"], run["finished_at"]) == (10, None)
    waiting = await given.row("SELECT status FROM saq_jobs WHERE key LIKE '%chunk%'")
    assert waiting["status"] == "queued"
