"""Inserts many rows at once with COPY.

PostgreSQL refuses COPY into a table with row-level security, so the rows are copied to a temporary table of the session
and inserted from there; row-level security checks the INSERT. Both use the open transaction.
"""

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import Any

from piccolo.columns import Column
from piccolo.table import Table

from app.database.unit_of_work import UnitOfWork


async def copy_rows(
    unit: UnitOfWork,
    table: type[Table],
    columns: Sequence[Column],
    rows: Iterable[Sequence[Any]],
    *,
    on_conflict: str = "",
) -> int:
    """Inserts the rows, each with its values in the order of the columns; returns how many were inserted.

    `on_conflict` is the clause of INSERT, such as "ON CONFLICT (source, event_id) DO NOTHING".
    """
    names = [column._meta.db_column_name for column in columns]
    target = table._meta.get_formatted_tablename()
    staging = await stage(unit, table, names, rows)
    listed = ", ".join(f'"{name}"' for name in names)
    insert = f"INSERT INTO {target} ({listed}) SELECT {listed} FROM {staging} {on_conflict}"
    answer = await unit.connection.execute(insert)
    return int(answer.rsplit(" ", 1)[-1])


async def stage(unit: UnitOfWork, table: type[Table], names: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Copies rows of these columns into a temporary table, which was empty before, and returns its quoted name.

    The temporary table stays with the connection and is emptied at the end of the transaction, so that only the first
    use on a connection creates it. Behind a pooler it is dropped, because the connection may serve another client next.
    Its name contains the columns and so changes with the version of the code.
    """
    target = table._meta.get_formatted_tablename()
    listed = ", ".join(f'"{name}"' for name in names)
    digest = blake2b(f"{target} {listed}".encode(), digest_size=6).hexdigest()
    staging = f"staging_{table._meta.tablename[:40]}_{digest}"
    await empty_staging(unit, staging, "", f"AS SELECT {listed} FROM {target} WITH NO DATA")
    await unit.connection.copy_records_to_table(staging, records=rows, columns=list(names), schema_name="pg_temp")
    return f'pg_temp."{staging}"'


async def empty_staging(unit: UnitOfWork, staging: str, columns: str, source: str = "") -> None:
    """Creates the temporary table on the connection, without rows. `columns` and `source`: the parts of CREATE TABLE
    before and after ON COMMIT.
    """
    if staging in unit.staged:
        await unit.connection.execute(f'TRUNCATE pg_temp."{staging}"')
    else:
        at_commit = "DROP" if unit.pooled else "DELETE ROWS"
        await unit.connection.execute(
            f'CREATE TEMPORARY TABLE IF NOT EXISTS "{staging}" {columns} ON COMMIT {at_commit} {source}'
        )
        unit.staged.add(staging)
