"""Locks that end with the transaction."""

from collections.abc import Sequence
from typing import Any

from piccolo.columns import Column
from piccolo.columns.combination import WhereRaw
from piccolo.table import Table

from app.database.unit_of_work import UnitOfWork


async def lock(unit: UnitOfWork, namespace: str, key: object) -> None:
    """Waits for the lock on a thing that may have no row yet, such as a period to bill. Freed by commit or rollback.

    Two keys may share a lock (a 64-bit hash): it then makes one wait for nothing, never lets two in.
    """
    await unit.connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"{namespace}:{key}")


async def try_lock(unit: UnitOfWork, namespace: str, key: object) -> bool:
    """Takes the lock if it is free, and says whether it did."""
    is_locked = await unit.connection.fetchval(
        "SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))", f"{namespace}:{key}"
    )
    return bool(is_locked)


async def lock_row(table: type[Table], key: object, *columns: Column) -> dict[str, Any] | None:
    """Locks the row with this primary key against changes and reads it as it now is; all its columns if none are named.

    FOR NO KEY UPDATE: rows that refer to it may still come. None where there is no such row in the scope.
    """
    rows = await lock_rows(table, [key], *columns)
    return rows[0] if rows else None


async def lock_rows(table: type[Table], keys: Sequence[object], *columns: Column) -> list[dict[str, Any]]:
    """Locks the rows with these primary keys, in the order of the keys, so that two such calls cannot deadlock."""
    if not keys:
        return []
    primary_key = table._meta.primary_key
    has_key = WhereRaw(f'"{table._meta.tablename}"."{primary_key._meta.db_column_name}" = ANY({{}})', list(keys))
    return await table.select(*columns).where(has_key).order_by(primary_key).lock_rows("NO KEY UPDATE")
