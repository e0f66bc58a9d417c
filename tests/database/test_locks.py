import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from app.database import PLATFORM, Database, Scope, UnitOfWork
from app.database.locks import lock, lock_row, lock_rows
from app.database.piccolo_engines import ENGINE
from app.tables.ids import new_id
from app.tables.tenants import Tenants


async def in_another_transaction(database: Database, work: Any) -> Any:
    """Runs the work in a transaction of its own while this one is open."""

    async def alone() -> Any:
        ENGINE.current_transaction.set(None)
        async with database.unit_of_work(PLATFORM) as unit:
            return await work(unit)

    return await asyncio.create_task(alone())


async def add_tenants(database: Database, *codes: str) -> list[UUID]:
    keys = [new_id() for _ in codes]
    async with database.unit_of_work(PLATFORM):
        for key, code in zip(keys, codes, strict=True):
            await Tenants.insert(
                Tenants(
                    id=key,
                    code=code,
                    name=code.title(),
                    country="AU",
                    currency="AUD",
                    tax_exempt=False,
                    created_at=datetime(2026, 4, 1, tzinfo=UTC),
                )
            )
    return keys


async def is_free(unit: UnitOfWork, name: str) -> bool:
    """Whether nobody else holds an advisory lock; it is taken if so."""
    taken: bool = await unit.connection.fetchval("SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))", name)
    return taken


async def test_an_advisory_lock_is_held_until_the_transaction_ends(database: Database) -> None:
    async with database.unit_of_work(PLATFORM) as unit:
        await lock(unit, "period", "2026-04")
        assert not await in_another_transaction(database, lambda other: is_free(other, "period:2026-04"))
        assert await in_another_transaction(database, lambda other: is_free(other, "period:2026-05"))
        assert await in_another_transaction(database, lambda other: is_free(other, "tenant:2026-04"))
    async with database.unit_of_work(PLATFORM) as unit:
        assert await is_free(unit, "period:2026-04")


async def test_a_locked_row_is_read_and_cannot_be_changed_by_others(database: Database) -> None:
    [key] = await add_tenants(database, "acme")

    async def rename(unit: UnitOfWork) -> None:
        await unit.connection.execute("SET LOCAL lock_timeout = '50ms'")
        await Tenants.update({Tenants.name: "Other"}).where(Tenants.id == key)

    async with database.unit_of_work(PLATFORM):
        row = await lock_row(Tenants, key, Tenants.code, Tenants.name)
        assert row == {"code": "acme", "name": "Acme"}
        with pytest.raises(asyncpg.LockNotAvailableError):
            await in_another_transaction(database, rename)
    await in_another_transaction(database, rename)


async def test_rows_come_in_the_order_of_their_keys(database: Database) -> None:
    keys = await add_tenants(database, "one", "two", "three")
    async with database.unit_of_work(PLATFORM):
        rows = await lock_rows(Tenants, [keys[2], keys[0], keys[1]], Tenants.code)
        assert [row["code"] for row in rows] == ["one", "two", "three"]
        assert await lock_rows(Tenants, []) == []


async def test_a_row_outside_the_scope_is_not_found(database: Database) -> None:
    mine, theirs = await add_tenants(database, "mine", "theirs")
    async with database.unit_of_work(Scope.tenant(mine)):
        assert (await lock_row(Tenants, mine) or {})["code"] == "mine"
        assert await lock_row(Tenants, theirs) is None
