"""Reads from a streaming replica that is down, behind, or cancels reads because of recovery conflicts."""

import asyncio
import os
from collections.abc import Iterator
from dataclasses import replace
from uuid import uuid4

import psycopg
import pytest

from app.cli.doctor_installation import check_replica
from app.cli.findings import FindingStatus
from app.database import PLATFORM, Database
from app.database.commit_positions import LastCommitPosition, noting_writes, parse_position, position_text
from app.server.health import Readiness
from app.settings import Settings
from tests import postgres
from tests.standby import Standby, replay, streaming_from

pytestmark = [
    pytest.mark.servers,
    pytest.mark.skipif(postgres.EXTERNAL in os.environ, reason="copies the embedded server's files"),
]
IS_REPLICA = "SELECT pg_is_in_recovery()"


@pytest.fixture(scope="module")
def replicated(settings: Settings) -> Iterator[tuple[Settings, Standby]]:
    name = postgres.run_name(uuid4().hex[:8])
    url = postgres.clone(name)
    with streaming_from(postgres.server_url()) as standby:
        read = postgres.in_database(standby.url, name)
        yield replace(settings, database_url=url, read_database_url=read, connect_timeout=2), standby
    postgres.drop(name)


async def on_replica(database: Database, after: int | None = None) -> bool:
    async with database.reading(PLATFORM, after) as connection:
        return bool(await connection.fetchval(IS_REPLICA))


async def until_on_replica(database: Database, after: int | None = None) -> None:
    for _ in range(200):
        if await on_replica(database, after):
            return
        await asyncio.sleep(0.1)
    pytest.fail("the replica does not serve reads again")


async def write(database: Database) -> int:
    written = LastCommitPosition()
    with noting_writes(written):
        async with database.unit_of_work(PLATFORM) as unit:
            await unit.connection.execute("UPDATE installation SET billing_time_zone = billing_time_zone")
    assert written.position is not None
    return written.position


async def test_reads_go_to_the_replica_and_changes_do_not(replicated: tuple[Settings, Standby]) -> None:
    settings, _ = replicated
    async with Database(settings) as database:
        assert await on_replica(database)
        async with database.unit_of_work(PLATFORM) as unit:
            assert not await unit.connection.fetchval(IS_REPLICA)
        assert await Readiness(database)() is None


async def test_a_caller_reads_what_it_wrote_wherever_the_replica_is(replicated: tuple[Settings, Standby]) -> None:
    settings, standby = replicated
    async with Database(settings) as database:
        replay(standby.url, paused=True)
        try:
            position = await write(database)
            assert not await on_replica(database, position)
            assert await on_replica(database)  # everyone else is content with what it has
        finally:
            replay(standby.url, paused=False)
        await until_on_replica(database, position)


async def test_a_unit_of_work_that_only_reads_notes_nothing(replicated: tuple[Settings, Standby]) -> None:
    async with Database(replicated[0]) as database:
        written = LastCommitPosition()
        with noting_writes(written):
            async with database.unit_of_work(PLATFORM) as unit:
                await unit.connection.fetchval("SELECT count(*) FROM tenants")
        assert written.position is None


async def test_a_read_that_replaying_cancels_is_read_from_the_primary(replicated: tuple[Settings, Standby]) -> None:
    settings, _ = replicated
    async with Database(settings) as database:
        assert await on_replica(database)

        async def slow_read() -> bool:
            sleep = "pg_sleep(CASE WHEN pg_is_in_recovery() THEN 20 ELSE 0 END)"
            async with database.reading(PLATFORM) as connection:
                return bool(await connection.fetchval(f"{IS_REPLICA} FROM {sleep}, (SELECT count(*) FROM plans) c"))

        reading = asyncio.create_task(slow_read())
        await asyncio.sleep(0.2)
        with psycopg.connect(str(settings.database_url)) as owner:
            owner.execute("LOCK TABLE plans IN ACCESS EXCLUSIVE MODE")
            owner.execute("ALTER TABLE plans SET (fillfactor = 100)")
        assert await reading is False
        assert await on_replica(database)


async def test_a_replica_that_is_down_costs_no_read_and_no_start(replicated: tuple[Settings, Standby]) -> None:
    settings, standby = replicated
    async with Database(settings) as running:
        assert await on_replica(running)
        standby.stop()
        try:
            for _ in range(3):
                assert not await on_replica(running)
            message = "The read replica cannot be reached; the primary serves all reads."
            assert await Readiness(running)() == message
            async with Database(settings) as started:
                assert not await on_replica(started)
                assert await Readiness(started)() == message
        finally:
            standby.start()
        await until_on_replica(running)
        for _ in range(100):
            if (
                await Readiness(running)() is None
            ):  # each role has connections of its own, which come back by themselves
                break
            await asyncio.sleep(0.1)
        else:
            pytest.fail("the process stays degraded")


@pytest.mark.parametrize(("text", "position"), [("0/16B3748", 0x16B3748), ("A/0", 0xA00000000)])
def test_positions_are_postgresqls(text: str, position: int) -> None:
    assert (parse_position(text), position_text(position)) == (position, text)


@pytest.mark.parametrize("text", ["", "0", "/", "0/G", "0/1/2", "0/123456789"])
def test_other_texts_are_no_position(text: str) -> None:
    with pytest.raises(ValueError, match="is not a position"):
        parse_position(text)


async def test_the_doctor_looks_at_the_replica(replicated: tuple[Settings, Standby]) -> None:
    settings, standby = replicated
    async with Database(settings) as database:
        await until_on_replica(database, await write(database))
        found = await check_replica(settings, database)
        assert (found.status, found.message.endswith("is 0 s behind.")) == (FindingStatus.OK, True)
        standby.stop()
        try:
            found = await check_replica(settings, database)
        finally:
            standby.start()
        assert (found.status, found.message) == (
            FindingStatus.ACTION,
            "The read replica cannot be reached; the primary serves all reads.",
        )
        await until_on_replica(database)
