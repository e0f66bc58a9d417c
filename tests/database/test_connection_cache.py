"""The cache of read connections: which task gets which connection, and the state after an error or a cancellation."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import asyncpg
import pytest

from app.database import PLATFORM, Database, DatabaseUnavailable
from app.settings import Settings


@pytest.fixture
async def small(settings: Settings) -> AsyncIterator[Database]:
    """A database with two read connections; waiting for one times out after a second."""
    async with Database(replace(settings, read_pool_size=2, connect_timeout=1)) as database:
        yield database


async def backend(database: Database) -> int:
    async with database.reading(PLATFORM) as connection:
        return int(await connection.fetchval("SELECT pg_backend_pid()"))


async def test_the_connection_used_last_is_borrowed_first(small: Database) -> None:
    async with small.reading(PLATFORM) as first, small.reading(PLATFORM) as second:
        one, other = first.get_server_pid(), second.get_server_pid()
    assert one != other
    assert [await backend(small) for _ in range(3)] == [one] * 3  # given back last


async def test_no_more_connections_are_borrowed_than_the_pool_has(small: Database) -> None:
    async def read() -> int:
        async with small.reading(PLATFORM) as connection:
            return int(await connection.fetchval("SELECT pg_backend_pid() FROM pg_sleep(0.005)"))

    assert len(set(await asyncio.gather(*(read() for _ in range(40))))) == 2


async def test_the_longest_waiting_caller_is_served_first(small: Database) -> None:
    served: list[int] = []

    async def read(number: int) -> None:
        async with small.reading(PLATFORM):
            served.append(number)

    async with small.reading(PLATFORM):
        async with small.reading(PLATFORM):
            waiting = [asyncio.create_task(read(number)) for number in range(5)]
            await asyncio.sleep(0)
            assert served == []
        await asyncio.gather(*waiting)
    assert served == [0, 1, 2, 3, 4]


async def test_no_free_connection_within_the_timeout_is_unavailable(small: Database) -> None:
    async with small.reading(PLATFORM), small.reading(PLATFORM):
        with pytest.raises(DatabaseUnavailable):
            await backend(small)
    async with small.reading(PLATFORM), small.reading(PLATFORM):
        pass


async def test_a_refused_statement_leaves_as_many_connections(small: Database) -> None:
    for _ in range(5):
        with pytest.raises(asyncpg.DivisionByZeroError):
            async with small.reading(PLATFORM) as connection:
                await connection.fetchval("SELECT 1/0")
    async with small.reading(PLATFORM), small.reading(PLATFORM):
        pass


async def test_an_error_passes_the_connection_to_the_next_in_the_queue(small: Database) -> None:
    async with small.reading(PLATFORM):
        with pytest.raises(asyncpg.DivisionByZeroError):
            async with small.reading(PLATFORM) as connection:
                waiting = asyncio.create_task(backend(small))
                await asyncio.sleep(0)
                await connection.fetchval("SELECT 1/0")
        assert await waiting > 0


async def test_a_cancelled_read_is_stopped_and_its_connection_usable(small: Database) -> None:
    async def sleep() -> None:
        async with small.reading(PLATFORM) as connection:
            await connection.fetchval("SELECT pg_sleep(30)")

    for _ in range(4):
        sleeping = asyncio.create_task(sleep())
        await asyncio.sleep(0.05)
        sleeping.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sleeping
    async with small.reading(PLATFORM) as one, small.reading(PLATFORM) as other:
        assert await one.fetchval("SELECT 1") + await other.fetchval("SELECT 1") == 2


async def test_a_waiter_cancelled_as_it_gets_a_connection_passes_it_on(small: Database) -> None:
    async with small.reading(PLATFORM):
        async with small.reading(PLATFORM):
            doomed, heir = (asyncio.create_task(backend(small)) for _ in range(2))
            await asyncio.sleep(0)
        doomed.cancel()  # its turn has come, but it has not run yet
        with pytest.raises(asyncio.CancelledError):
            await doomed
        assert await heir > 0


async def test_a_lost_connection_is_replaced_once_it_is_known(small: Database, settings: Settings) -> None:
    lost = await backend(small)
    killer = await asyncpg.connect(settings.database_url)
    await killer.fetchval("SELECT pg_terminate_backend($1, 5000)", lost)
    await killer.close()
    await asyncio.sleep(0.05)
    assert await backend(small) != lost
    async with small.reading(PLATFORM), small.reading(PLATFORM):
        pass


async def test_a_connection_lost_while_borrowed_is_unavailable(small: Database) -> None:
    with pytest.raises(DatabaseUnavailable):
        async with small.reading(PLATFORM) as connection:
            await connection.execute("SET ROLE NONE")
            await connection.fetchval("SELECT pg_terminate_backend(pg_backend_pid())")
    assert await backend(small) > 0
