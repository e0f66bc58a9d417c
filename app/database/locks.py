"""Locks that are released at the end of the transaction."""

from collections.abc import Sequence
from typing import Any

from piccolo.columns import Column
from piccolo.columns.combination import WhereRaw
from piccolo.table import Table

from app.database.unit_of_work import UnitOfWork


async def lock(unit: UnitOfWork, namespace: str, key: object) -> None:
    """Waits for the lock on something that may have no row yet, such as a month to bill. Commit or rollback releases
    it.

    Two keys may share a lock (a 64-bit hash): then one waits unnecessarily, but never do two hold the same key.
    """
    await unit.connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"{namespace}:{key}")


async def lock_row(table: type[Table], key: object, *columns: Column) -> dict[str, Any] | None:
    """Locks the row with this primary key against changes and returns it; all its columns if none are named.

    FOR NO KEY UPDATE: rows that refer to it can still be inserted. None if the scope has no such row.
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
