import asyncio
import logging

import asyncpg
import pytest

from app.database.database import Database
from app.database.errors import CommitUnknown, DatabaseUnavailable
from app.database.piccolo_engines import ENGINE
from app.database.scope import PLATFORM
from app.database.unit_of_work import ATTEMPTS, UnitOfWork
from tests.database.faults import die_at_commit, fail_to_commit, kill_backend_of


async def test_callbacks_run_after_commit_and_outside_the_transaction(database: Database) -> None:
    seen: list[bool] = []

    async def look() -> None:
        seen.append(ENGINE.transaction_exists())
        async with database.unit_of_work(PLATFORM) as own:
            assert await own.connection.fetchval("SELECT 1") == 1

    async with database.unit_of_work(PLATFORM) as unit:
        unit.after_commit(look)
        assert seen == []
    assert seen == [False]


async def test_callbacks_do_not_run_when_nothing_was_committed(database: Database) -> None:
    ran: list[int] = []

    async def note() -> None:
        ran.append(1)

    with pytest.raises(ZeroDivisionError):
        async with database.unit_of_work(PLATFORM) as unit:
            unit.after_commit(note)
            raise ZeroDivisionError
    with pytest.raises(asyncpg.UniqueViolationError):
        await fail_to_commit(database)
    assert ran == []


async def test_a_failing_callback_neither_fails_the_work_nor_stops_the_next(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    ran: list[int] = []

    async def fail() -> None:
        raise ConnectionError("the queue is unavailable")

    async def note() -> None:
        ran.append(1)

    with caplog.at_level(logging.ERROR):
        async with database.unit_of_work(PLATFORM) as unit:
            unit.after_commit(fail)
            unit.after_commit(note)
    assert ran == [1]
    assert "A callback after commit failed." in caplog.text


async def test_two_that_deadlock_both_succeed(database: Database) -> None:
    first_locks = asyncio.Barrier(2)
    attempts = {1: 0, 2: 0}

    async def lock_both(unit: UnitOfWork, mine: int, other: int) -> int:
        attempts[mine] += 1
        await unit.connection.execute("SELECT pg_advisory_xact_lock($1)", mine)
        if attempts[mine] == 1:
            await first_locks.wait()
        await unit.connection.execute("SELECT pg_advisory_xact_lock($1)", other)
        return mine

    done = await asyncio.gather(
        database.run_in_transaction(PLATFORM, lambda unit: lock_both(unit, 1, 2)),
        database.run_in_transaction(PLATFORM, lambda unit: lock_both(unit, 2, 1)),
    )
    assert list(done) == [1, 2]
    assert sorted(attempts.values()) == [1, 2]


async def test_a_lost_connection_is_tried_again_with_callbacks_of_the_last_attempt_only(database: Database) -> None:
    attempts: list[int] = []
    committed: list[int] = []

    async def work(unit: UnitOfWork) -> str:
        attempts.append(1)
        number = len(attempts)

        async def note() -> None:
            committed.append(number)

        unit.after_commit(note)
        if number < ATTEMPTS:
            await kill_backend_of(unit, database)
        return str(await unit.connection.fetchval("SELECT current_user"))

    assert await database.run_in_transaction(PLATFORM, work) == "arcadia_platform"
    assert len(attempts) == ATTEMPTS
    assert committed == [ATTEMPTS]


async def test_a_transaction_is_tried_three_times(database: Database) -> None:
    attempts: list[int] = []

    async def work(unit: UnitOfWork) -> None:
        attempts.append(1)
        await kill_backend_of(unit, database)
        await unit.connection.execute("SELECT 1")

    with pytest.raises(DatabaseUnavailable):
        await database.run_in_transaction(PLATFORM, work)
    assert len(attempts) == 3


async def test_an_unknown_commit_and_a_refusal_are_not_tried_again(database: Database) -> None:
    attempts: list[int] = []

    async def lose_the_commit(unit: UnitOfWork) -> None:
        attempts.append(1)
        await die_at_commit(unit)

    async def refuse(_unit: UnitOfWork) -> None:
        attempts.append(1)
        raise LookupError

    with pytest.raises(CommitUnknown):
        await database.run_in_transaction(PLATFORM, lose_the_commit)
    with pytest.raises(LookupError):
        await database.run_in_transaction(PLATFORM, refuse)
    assert len(attempts) == 2
