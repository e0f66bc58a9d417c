"""The billing cases in which two processes work at a month's end: the later one waits, or its change is due."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any

import psycopg
import pytest

from app.billing import DeploymentState
from app.operations import invoices
from app.operations.deployments import transition_deployment
from app.operations.subscriptions import attach_addon
from tests.lives.scripted_life import APRIL, MAY, ScriptedLife

pytestmark = pytest.mark.timeout(30)

_WAITING = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@asynccontextmanager
async def held_up(url: str, table: str) -> AsyncIterator["Hold"]:
    """Makes writers to the table wait, with their transactions open, until the hold is released."""
    connection = await psycopg.AsyncConnection.connect(url)
    watch = await psycopg.AsyncConnection.connect(url, autocommit=True)
    try:
        await connection.execute(f"LOCK TABLE {table} IN SHARE MODE")
        yield Hold(connection, watch)
    finally:
        await connection.close()
        await watch.close()


class Hold:
    def __init__(self, connection: psycopg.AsyncConnection[Any], watch: psycopg.AsyncConnection[Any]) -> None:
        self._connection = connection
        self._watch = watch

    async def until_waiting(self) -> None:
        while not (await (await self._watch.execute(_WAITING)).fetchall()):  # noqa: ASYNC110 - a lock has no event
            await asyncio.sleep(0.01)

    async def release(self) -> None:
        await self._connection.rollback()


async def beside_a_rollup(story: ScriptedLife, url: str, table: str, change: Awaitable[object]) -> None:
    """The change begins in April and waits at the table; April is rolled up meanwhile; then the change goes on."""
    async with held_up(url, table) as hold:
        changing = asyncio.ensure_future(change)
        await hold.until_waiting()
        rolling = asyncio.ensure_future(story.roll_up(APRIL, context=story.with_clock(5, 1, 0, 0, 1)))
        await asyncio.wait([rolling], timeout=0.5)
        await hold.release()
        await asyncio.gather(changing, rolling)


async def is_billed_by_june(story: ScriptedLife, april: int, may: int) -> None:
    story.at(6, 2)
    await story.catch_up()
    assert await story.billed() == {APRIL: april, MAY: may}
    assert await story.open() == {}


async def test_a1_an_addon_attached_across_midnight(story: ScriptedLife, worker_database_url: str) -> None:
    await story.subscribe()
    attaching = attach_addon(
        story.with_clock(4, 30, 23, 59, 59), deployment_id=story.deployments["pilot"], addon_code="storage_50gb"
    )
    await beside_a_rollup(story, worker_database_url, "subscription_addons", attaching)
    await is_billed_by_june(story, 5750, 5750)


async def test_a2_a_resume_across_midnight(story: ScriptedLife, worker_database_url: str) -> None:
    story.at(3, 1)
    await story.subscribe(starts_on=APRIL.replace(month=3))
    story.at(3, 1, 12)
    await story.move_to("PAUSED")
    story.at(4, 20)
    await story.roll_up(APRIL.replace(month=3))
    resuming = transition_deployment(
        story.with_clock(4, 30, 23, 59, 59), deployment_id=story.deployments["pilot"], to=DeploymentState.ACTIVE
    )
    await beside_a_rollup(story, worker_database_url, "subscription_active_spans", resuming)
    story.at(6, 2)
    await story.catch_up()
    assert await story.billed() == {APRIL.replace(month=3): 5000, APRIL: 5000, MAY: 5000}
    assert await story.open() == {}


async def test_a2_a_resume_by_a_machine_two_minutes_behind(story: ScriptedLife) -> None:
    await story.subscribe()
    story.at(4, 1, 0, 0, 0)
    await story.given.rows("SELECT")
    await transition_deployment(
        story.with_clock(4, 1, 9), deployment_id=story.deployments["pilot"], to=DeploymentState.PAUSED
    )
    story.at(5, 2)
    await story.roll_up(APRIL)
    assert await story.billed() == {APRIL: 5000}
    story.at(6, 1, 0, 1)
    await story.roll_up(MAY)
    assert await story.billed() == {APRIL: 5000}  # it was paused all of May, so far
    await transition_deployment(
        story.with_clock(5, 31, 23, 59, 30), deployment_id=story.deployments["pilot"], to=DeploymentState.ACTIVE
    )
    assert MAY in await story.open()
    story.at(6, 2)
    await story.catch_up()
    assert await story.billed() == {APRIL: 5000, MAY: 5000}
    assert await story.open() == {}


async def test_v1_verifying_beside_a_forced_rating_answers_from_one_snapshot(story: ScriptedLife) -> None:
    await story.subscribe()
    story.at(5, 2)
    await story.roll_up(APRIL)
    invoice_id = (await story.invoice(APRIL))["id"]
    verified: list[bool] = []
    rated = asyncio.Event()

    async def rate_again() -> None:
        for hour in range(12):
            await story.meter("droplet_hours", "1500", 4, 10, hour)
            await story.roll_up(APRIL, force=True)
        rated.set()

    async def verify() -> None:
        while not rated.is_set():
            answer = await invoices.verify_invoice(story.platform, invoice_id=invoice_id)
            verified.append(answer.matches)

    await asyncio.gather(rate_again(), verify(), verify())
    assert verified
    assert all(verified)
