"""The elements of SQL statements. All names come from Piccolo's tables; all other text is constant."""

from collections.abc import Sequence
from typing import Any, TypeAlias

from piccolo.columns import Column, ForeignKey
from piccolo.table import Table

from app.reads.field_specs import Descending, Order
from app.reads.values import referenced

SortKeys: TypeAlias = Sequence[tuple[Column, bool]]
"""The columns by which rows are sorted; true: descending."""


def generated(name: str) -> str:
    """Returns a name for use inside a statement. GraphQL names have no dollar sign, so it never equals a
    response key.
    """
    return f"{name}$"


def quote(identifier: str) -> str:
    """Quotes an SQL identifier, preserving its case."""
    return '"' + identifier.replace('"', '""') + '"'


def column_of(alias: str, column: Column) -> str:
    """Returns a column of the table called `alias`."""
    return f"{alias}.{quote(column._meta.db_column_name)}"


def exact(expression: str, *, decimal: bool) -> str:
    """Returns the expression for a JSON value: exact decimals become text, without trailing zeros."""
    return f"trim_scale({expression})::text" if decimal else expression


def source(table: type[Table], alias: str, conditions: Sequence[str], tail: str = "") -> str:
    """Returns FROM the table, WHERE with all conditions, and `tail`."""
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"FROM {table._meta.get_formatted_tablename()} {alias}{where}{tail}"


def joined(foreign_key: ForeignKey[Any], here: str, there: str, *, own: bool) -> str:
    """Returns the condition that joins a row of `there` to a row of `here`; `own`: the foreign key belongs to `here`,
    otherwise it points at it.
    """
    ends = (there, here) if own else (here, there)
    return f"{column_of(ends[0], referenced(foreign_key))} = {column_of(ends[1], foreign_key)}"


def sort_keys(order: Order, table: type[Table]) -> SortKeys:
    """Returns the columns to sort by, each with whether it descends; the primary key comes last, so that the order is
    total.
    """
    keys = [(key.column, True) if isinstance(key, Descending) else (key, False) for key in order]
    primary = table._meta.primary_key
    if not keys or keys[-1][0]._meta.name != primary._meta.name:
        keys.append((primary, bool(keys) and keys[-1][1]))
    return keys


def order_by(keys: SortKeys, alias: str, *, backwards: bool = False) -> str:
    """Returns ORDER BY the keys, or from the last row to the first."""
    terms = (f"{column_of(alias, column)}{' DESC' if down != backwards else ''}" for column, down in keys)
    return f" ORDER BY {', '.join(terms)}"


def keyset_predicate(keys: SortKeys, alias: str, values: Sequence[str], *, after: bool, inclusive: bool) -> str:
    """Returns the condition for rows that sort after (or before) the row with these values, or (`inclusive`) equal to
    it.
    """
    columns = [column_of(alias, column) for column, _ in keys]
    operators = [">" if after != down else "<" for _, down in keys]
    if len(set(operators)) == 1:
        return f"({', '.join(columns)}) {operators[0]}{'=' if inclusive else ''} ({', '.join(values)})"
    same = [f"{column} = {value}" for column, value in zip(columns, values, strict=True)]
    apart = [f"{column} {operator} {value}" for column, operator, value in zip(columns, operators, values, strict=True)]
    cases = [" AND ".join([*same[:index], apart[index]]) for index in range(len(keys))]
    return f"({' OR '.join(cases + [' AND '.join(same)] * inclusive)})"
