"""Fragments of SQL, and the phrases that statements consist of. Names come from Piccolo's tables; the text is ours."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from piccolo.columns import Column, ForeignKey
from piccolo.table import Table

from app.reads.field_specs import Descending, Order
from app.reads.statement import Parameter
from app.reads.values import referenced

Fragment: TypeAlias = "str | Parameter | tuple[Fragment, ...]"
"""A piece of SQL: text, a parameter, or fragments one after the other."""

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
    """Returns the SQL name of a column of the table with this alias."""
    return f"{alias}.{quote(column._meta.db_column_name)}"


def separated(separator: str, fragments: Iterable[Fragment]) -> Fragment:
    """The fragments with the separator between them."""
    parts: list[Fragment] = []
    for fragment in fragments:
        parts += (separator, fragment)
    return tuple(parts[1:])


def numbered(fragment: Fragment, parameters: Iterable[Parameter], first: int) -> tuple[str, tuple[Parameter, ...]]:
    """Returns the text of a fragment, with its parameters numbered from `first`, and the parameters that occur in it,
    in the order of their numbers.
    """
    texts: list[str] = []
    places: list[tuple[int, Parameter]] = []
    _collect((fragment,), texts, places)
    occurring = {parameter for _, parameter in places}
    used = tuple(parameter for parameter in parameters if parameter in occurring)
    placeholders = {parameter: f"${number}::{parameter.type}" for number, parameter in enumerate(used, first)}
    for index, parameter in places:
        texts[index] = placeholders[parameter]
    return "".join(texts), used


def _collect(fragments: tuple[Fragment, ...], texts: list[str], places: list[tuple[int, Parameter]]) -> None:
    """Appends the fragments' texts to `texts`, with an empty text in place of each parameter, and the parameters with
    their indexes to `places`.
    """
    for fragment in fragments:
        if isinstance(fragment, str):
            texts.append(fragment)
        elif isinstance(fragment, tuple):
            _collect(fragment, texts, places)
        else:
            places.append((len(texts), fragment))
            texts.append("")


def exact(expression: Fragment, *, decimal: bool) -> Fragment:
    """Returns the SQL expression for a column's JSON value: exact decimals become text without trailing zeros."""
    return ("trim_scale(", expression, ")::text") if decimal else expression


def source(table: type[Table], alias: str, conditions: Sequence[Fragment], tail: Fragment = "") -> Fragment:
    """Returns FROM the table, WHERE with all conditions, and `tail`."""
    where = (" WHERE ", separated(" AND ", conditions)) if conditions else ""
    return f"FROM {table._meta.get_formatted_tablename()} {alias}", where, tail


def joined(foreign_key: ForeignKey[Any], here: str, there: str, *, holds_key: bool) -> str:
    """Returns the SQL condition that joins the table aliases `here` and `there` by a foreign key. `holds_key`: the
    foreign key is a column of `here`; otherwise it is a column of `there`.
    """
    ends = (there, here) if holds_key else (here, there)
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
    """Returns the ORDER BY clause for the sort keys; with `backwards`, the one for the reverse order."""
    terms = (f"{column_of(alias, column)}{' DESC' if descending != backwards else ''}" for column, descending in keys)
    return f" ORDER BY {', '.join(terms)}"


def keyset_predicate(
    keys: SortKeys, alias: str, values: Sequence[Fragment], *, after: bool, inclusive: bool
) -> Fragment:
    """Returns the condition for rows that sort after (or before) the row with these values, or (`inclusive`) equal to
    it.
    """
    columns = [column_of(alias, column) for column, _ in keys]
    operators = [">" if after != descending else "<" for _, descending in keys]
    if len(set(operators)) == 1:
        operator = f"{operators[0]}{'=' if inclusive else ''}"
        return f"({', '.join(columns)}) {operator} (", separated(", ", values), ")"
    same = [(f"{column} = ", value) for column, value in zip(columns, values, strict=True)]
    alternatives = [
        (f"{column} {operator} ", value) for column, operator, value in zip(columns, operators, values, strict=True)
    ]
    cases = [separated(" AND ", [*same[:index], alternatives[index]]) for index in range(len(keys))]
    return "(", separated(" OR ", [*cases, *[separated(" AND ", same)] * inclusive]), ")"
