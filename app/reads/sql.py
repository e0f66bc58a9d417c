"""The words of SQL that statements are put together from. Names come from Piccolo's tables; the text is ours."""

from collections.abc import Sequence
from typing import Any, TypeAlias

from piccolo.columns import Column, ForeignKey
from piccolo.table import Table

from app.reads.field_specs import Descending, Order
from app.reads.values import referenced

SortKeys: TypeAlias = Sequence[tuple[Column, bool]]
"""The columns that rows are sorted by, each with whether it descends."""


def generated(name: str) -> str:
    """A name inside a statement. GraphQL's names have no dollar sign, so it never equals a response key."""
    return f"{name}$"


def quote(identifier: str) -> str:
    """An SQL identifier, case and all."""
    return '"' + identifier.replace('"', '""') + '"'


def column_of(alias: str, column: Column) -> str:
    """A column of the table called `alias`."""
    return f"{alias}.{quote(column._meta.db_column_name)}"


def exact(expression: str, *, decimal: bool) -> str:
    """The expression as a JSON value is made of it: exact decimals go as text, without trailing zeros."""
    return f"trim_scale({expression})::text" if decimal else expression


def source(table: type[Table], alias: str, conditions: Sequence[str], tail: str = "") -> str:
    """FROM the table, WHERE all conditions hold, and what follows."""
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"FROM {table._meta.get_formatted_tablename()} {alias}{where}{tail}"


def joined(foreign_key: ForeignKey[Any], here: str, there: str, *, holds_key: bool) -> str:
    """The rows of `there` that belong to a row of `here`, whose own the foreign key is, or which it points at."""
    ends = (there, here) if holds_key else (here, there)
    return f"{column_of(ends[0], referenced(foreign_key))} = {column_of(ends[1], foreign_key)}"


def sort_keys(order: Order, table: type[Table]) -> SortKeys:
    """The columns to sort by, each with whether it descends; the primary key, last, makes the order total."""
    keys = [(key.column, True) if isinstance(key, Descending) else (key, False) for key in order]
    primary = table._meta.primary_key
    if not keys or keys[-1][0]._meta.name != primary._meta.name:
        keys.append((primary, bool(keys) and keys[-1][1]))
    return keys


def order_by(keys: SortKeys, alias: str, *, backwards: bool = False) -> str:
    """ORDER BY the keys, or from the last row to the first."""
    terms = (f"{column_of(alias, column)}{' DESC' if descending != backwards else ''}" for column, descending in keys)
    return f" ORDER BY {', '.join(terms)}"


def keyset_predicate(keys: SortKeys, alias: str, values: Sequence[str], *, after: bool, inclusive: bool) -> str:
    """The rows that the order puts after (or before) the one with these values, or (`inclusive`) there as well."""
    columns = [column_of(alias, column) for column, _ in keys]
    operators = [">" if after != descending else "<" for _, descending in keys]
    if len(set(operators)) == 1:
        return f"({', '.join(columns)}) {operators[0]}{'=' if inclusive else ''} ({', '.join(values)})"
    same = [f"{column} = {value}" for column, value in zip(columns, values, strict=True)]
    alternatives = [
        f"{column} {operator} {value}" for column, operator, value in zip(columns, operators, values, strict=True)
    ]
    cases = [" AND ".join([*same[:index], alternatives[index]]) for index in range(len(keys))]
    return f"({' OR '.join(cases + [' AND '.join(same)] * inclusive)})"
