from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from app.database import PLATFORM, Database, Scope
from app.database.copy import copy_rows
from app.tables.ids import new_id
from app.tables.rate_limits import RateLimitBuckets
from app.tables.tenants import Tenants

COLUMNS = (
    Tenants.id,
    Tenants.code,
    Tenants.name,
    Tenants.country,
    Tenants.currency,
    Tenants.tax_exempt,
    Tenants.created_at,
)


def tenant(code: str, key: UUID | None = None) -> tuple[Any, ...]:
    return (key or new_id(), code, code.title(), "AU", "AUD", False, datetime(2026, 4, 1, tzinfo=UTC))


async def codes(database: Database) -> list[str]:
    async with database.unit_of_work(PLATFORM):
        return [row["code"] for row in await Tenants.select(Tenants.code).order_by(Tenants.code)]


async def test_rows_are_copied_in_the_open_transaction(database: Database) -> None:
    rows = [tenant(f"t{number:04}") for number in range(1000)]
    async with database.unit_of_work(PLATFORM) as unit:
        assert await copy_rows(unit, Tenants, COLUMNS, rows) == 1000
    assert await codes(database) == [row[1] for row in rows]
    with pytest.raises(ZeroDivisionError):
        async with database.unit_of_work(PLATFORM) as unit:
            assert await copy_rows(unit, Tenants, COLUMNS, [tenant("undone")]) == 1
            raise ZeroDivisionError
    assert len(await codes(database)) == 1000


async def test_twice_in_a_transaction_and_again_on_the_same_connection(database: Database) -> None:
    for round_ in range(8):
        async with database.unit_of_work(PLATFORM) as unit:
            assert await copy_rows(unit, Tenants, COLUMNS, [tenant(f"a{round_}")]) == 1
            assert await copy_rows(unit, Tenants, COLUMNS, [tenant(f"b{round_}"), tenant(f"c{round_}")]) == 2
    assert len(await codes(database)) == 24


async def test_what_is_there_already_is_left_out(database: Database) -> None:
    clause = "ON CONFLICT (code) DO NOTHING"
    async with database.unit_of_work(PLATFORM) as unit:
        assert await copy_rows(unit, Tenants, COLUMNS, [tenant("a"), tenant("b")], on_conflict=clause) == 2
        assert await copy_rows(unit, Tenants, COLUMNS, [tenant("b"), tenant("c")], on_conflict=clause) == 1
    assert await codes(database) == ["a", "b", "c"]


async def test_row_level_security_holds(database: Database) -> None:
    mine, theirs, columns = new_id(), new_id(), RateLimitBuckets.all_columns()

    def bucket(tenant_id: UUID) -> tuple[object, ...]:
        return new_id(), tenant_id, "someone", datetime(2026, 4, 1, tzinfo=UTC), 1

    async with database.unit_of_work(PLATFORM) as unit:
        await copy_rows(unit, Tenants, COLUMNS, [tenant("mine", mine), tenant("theirs", theirs)])
    async with database.unit_of_work(Scope.tenant(mine)) as unit:
        assert await copy_rows(unit, RateLimitBuckets, columns, [bucket(mine)]) == 1
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
        async with database.unit_of_work(Scope.tenant(mine)) as unit:
            await copy_rows(unit, RateLimitBuckets, columns, [bucket(theirs)])
    async with database.unit_of_work(PLATFORM):
        assert await RateLimitBuckets.select(RateLimitBuckets.tenant_id) == [{"tenant_id": mine}]
