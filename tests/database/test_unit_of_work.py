import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import uuid4

import asyncpg
import pytest

from app.database.database import Database
from app.database.errors import (
    CommitUnknown,
    DatabaseUnavailable,
    NestedUnitOfWork,
    TransactionRolledBack,
)
from app.database.piccolo_engines import ENGINE
from app.database.scope import PLATFORM, Scope
from app.settings import Settings
from app.tables.catalog import ResourceKinds
from tests.database.faults import die_at_commit, fail_to_commit, kill_backend_of


@pytest.fixture
async def small(settings: Settings, database: Database) -> AsyncIterator[Database]:
    """A database whose pool has two connections, so that two that are not returned would exhaust it."""
    async with Database(replace(settings, database_pool_size=2, connect_timeout=2)) as small:
        yield small


def connections_in_use(database: Database) -> int:
    pool = database.write_pool(PLATFORM)
    return int(pool.get_size() - pool.get_idle_size())


async def count_kinds(database: Database) -> int:
    async with database.unit_of_work(PLATFORM):
        return int(await ResourceKinds.count())


async def test_the_tenant_is_set_for_the_transaction_only(small: Database) -> None:
    tenant = uuid4()
    async with small.unit_of_work(Scope.tenant(tenant)) as unit:
        row = await unit.connection.fetchrow("SELECT current_setting('app.tenant_id') AS tenant, current_user AS role")
        assert (row["tenant"], row["role"]) == (str(tenant), "arcadia_tenant")
        connection = unit.connection
        assert connection.is_in_transaction()
    for _ in range(4):
        async with small.write_pool(Scope.tenant(tenant)).acquire() as again:
            assert await again.fetchval("SELECT current_setting('app.tenant_id', true)") in {None, ""}


async def test_the_session_is_set_up(small: Database) -> None:
    async with small.unit_of_work(PLATFORM) as unit:
        names = ("TimeZone", "jit", "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
        values = [await unit.connection.fetchval("SELECT current_setting($1)", name) for name in names]
    assert values == ["UTC", "off", "30s", "10s", "1min"]


async def test_piccolo_queries_run_inside_and_fail_outside(small: Database) -> None:
    assert await count_kinds(small) == 6
    with pytest.raises(RuntimeError, match="outside a unit of work"):
        await ResourceKinds.count()


async def test_an_error_rolls_everything_back(small: Database) -> None:
    async with small.unit_of_work(PLATFORM) as unit:
        await unit.connection.execute("CREATE TEMPORARY TABLE kept (n int)")
        staying = unit.connection.get_server_pid()
    with pytest.raises(ZeroDivisionError):
        async with small.unit_of_work(PLATFORM) as unit:
            assert unit.connection.get_server_pid() == staying
            await unit.connection.execute("INSERT INTO kept VALUES (1)")
            raise ZeroDivisionError
    async with small.unit_of_work(PLATFORM) as unit:
        assert await unit.connection.fetchval("SELECT count(*) FROM kept") == 0
        await unit.connection.execute("DROP TABLE kept")


async def test_a_unit_inside_another_is_refused(small: Database) -> None:
    async with small.unit_of_work(PLATFORM):
        with pytest.raises(NestedUnitOfWork):
            small.unit_of_work(PLATFORM)
    assert await count_kinds(small) == 6


async def test_a_failing_commit_gives_its_connection_back(small: Database) -> None:
    for _ in range(5):
        with pytest.raises(asyncpg.UniqueViolationError):
            await fail_to_commit(small)
        assert ENGINE.current_transaction.get() is None
    assert await count_kinds(small) == 6
    assert connections_in_use(small) == 0


async def test_a_dead_backend_costs_only_its_connection(small: Database) -> None:
    for _ in range(5):
        with pytest.raises(DatabaseUnavailable):
            async with small.unit_of_work(PLATFORM) as unit:
                await kill_backend_of(unit, small)
                await ResourceKinds.count()
        assert ENGINE.current_transaction.get() is None
        assert await count_kinds(small) == 6


async def test_a_backend_that_dies_at_commit_leaves_it_unknown(small: Database) -> None:
    for _ in range(3):
        with pytest.raises(CommitUnknown):
            async with small.unit_of_work(PLATFORM) as unit:
                await die_at_commit(unit)
    assert await count_kinds(small) == 6


async def test_a_backend_that_died_before_commit_is_unavailable(small: Database) -> None:
    for _ in range(3):
        with pytest.raises(DatabaseUnavailable) as caught:
            async with small.unit_of_work(PLATFORM) as unit:
                await kill_backend_of(unit, small)
                await asyncio.sleep(0.1)
        assert not isinstance(caught.value, CommitUnknown)
    assert await count_kinds(small) == 6


async def test_a_swallowed_error_is_not_reported_as_success(small: Database) -> None:
    with pytest.raises(TransactionRolledBack):
        async with small.unit_of_work(PLATFORM) as unit:
            with pytest.raises(asyncpg.UndefinedTableError):
                await unit.connection.execute("SELECT * FROM nowhere")
    assert connections_in_use(small) == 0


async def test_cancellation_rolls_back_and_gives_the_connection_back(small: Database) -> None:
    started = asyncio.Event()

    async def sleep_in_the_database() -> None:
        async with small.unit_of_work(PLATFORM) as unit:
            started.set()
            await unit.connection.execute("SELECT pg_sleep(60)")

    for _ in range(3):
        started.clear()
        task = asyncio.create_task(sleep_in_the_database())
        await started.wait()
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert await count_kinds(small) == 6


async def test_no_connection_free_is_unavailable(settings: Settings, database: Database) -> None:
    async with Database(replace(settings, database_pool_size=1, connect_timeout=1)) as single:
        async with single.unit_of_work(PLATFORM):

            async def another() -> None:
                ENGINE.current_transaction.set(None)
                async with single.unit_of_work(PLATFORM):
                    raise AssertionError("there is no second connection")

            with pytest.raises(DatabaseUnavailable):
                await asyncio.create_task(another())
        assert await count_kinds(single) == 6


async def test_an_attempt_that_fails_takes_back_the_attempts_in_it(small: Database) -> None:
    async with small.unit_of_work(PLATFORM) as unit:

        async def setting() -> object:
            return await unit.connection.fetchval("SELECT current_setting('arcadia.step', true)")

        async def step(number: str) -> None:
            await unit.connection.execute("SELECT set_config('arcadia.step', $1, true)", number)

        await step("before")
        with pytest.raises(LookupError):
            async with unit.attempt():
                await step("outer")
                async with unit.attempt():
                    await step("inner")
                raise LookupError
        assert await setting() == "before"
        async with unit.attempt():
            with pytest.raises(LookupError):
                async with unit.attempt():
                    await step("inner")
                    raise LookupError
            await step("outer")
        assert await setting() == "outer"
