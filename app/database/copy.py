"""Many rows at once, at the speed of COPY.

PostgreSQL refuses COPY into a table with row-level security, so the rows go to a temporary table of the session and
from there by INSERT, which row-level security checks. Both join the open transaction.
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
    """Inserts the rows, each with its values in the order of the columns, and gives how many were inserted.

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
    """Copies rows of these columns into a temporary table, empty until then, and gives its quoted name.

    The temporary table stays with the connection and empties itself at the end of the transaction, so that only the
    first use of a connection pays for it; behind a pooler, where the connection is others' next, it goes. Its name
    tells the columns and so the version of the code.
    """
    target = table._meta.get_formatted_tablename()
    listed = ", ".join(f'"{name}"' for name in names)
    digest = blake2b(f"{target} {listed}".encode(), digest_size=6).hexdigest()
    staging = f"staging_{table._meta.tablename[:40]}_{digest}"
    await empty_staging(unit, staging, "", f"AS SELECT {listed} FROM {target} WITH NO DATA")
    await unit.connection.copy_records_to_table(staging, records=rows, columns=list(names), schema_name="pg_temp")
    return f'pg_temp."{staging}"'


async def empty_staging(unit: UnitOfWork, staging: str, columns: str, source: str = "") -> None:
    """Gives the connection this temporary table, without rows. `columns` and `source`: what stands in CREATE before ON
    COMMIT, and behind it.
    """
    if staging in unit.staged:
        await unit.connection.execute(f'TRUNCATE pg_temp."{staging}"')
    else:
        at_commit = "DROP" if unit.pooled else "DELETE ROWS"
        await unit.connection.execute(
            f'CREATE TEMPORARY TABLE IF NOT EXISTS "{staging}" {columns} ON COMMIT {at_commit} {source}'
        )
        unit.staged.add(staging)
