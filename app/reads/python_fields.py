"""Adds the values of Python fields to the JSON of a statement, in batches over all rows of the response."""

import asyncio
import inspect
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from graphql import GraphQLField

from app.reads.field_specs import PythonFieldInfo
from app.reads.statement import TYPE_KEY, SelectedPythonField, Shape, Shapes, Values
from app.reads.values import from_json

PythonArguments: TypeAlias = Callable[[GraphQLField, dict[str, Any]], dict[str, Any]]


class Row:
    """An object of the response: its encoded members, and the members that execution must still complete."""

    __slots__ = ("type_name", "unfinished", "wire")

    def __init__(self, type_name: str, wire: Mapping[str, Any], unfinished: dict[str, Any]) -> None:
        self.type_name = type_name
        self.wire = wire
        self.unfinished = unfinished


async def add_python_fields(answer: Any, shapes: Shapes, values: Values, python_arguments: PythonArguments) -> Any:
    """Replaces the objects of the decoded response with rows, and adds every Python field's value to them."""
    batches: defaultdict[SelectedPythonField, list[tuple[Row, str]]] = defaultdict(list)
    tree = _rows(answer, shapes, batches)
    await asyncio.gather(*(_finish(field, targets, values, python_arguments) for field, targets in batches.items()))
    return tree


def _rows(answer: Any, shapes: Shapes, batches: defaultdict[SelectedPythonField, list[tuple[Row, str]]]) -> Any:
    if answer is None:
        return None
    if isinstance(answer, list):
        return [_rows(item, shapes, batches) for item in answer]
    shape = shapes if isinstance(shapes, Shape) else shapes[answer[TYPE_KEY]]
    row = Row(shape.type_name, answer, {})
    for key, child in shape.children.items():
        row.unfinished[key] = _rows(answer[key], child, batches)
    for key, field in shape.python_field.items():
        batches[field].append((row, key))
    return row


async def _finish(
    field: SelectedPythonField, targets: list[tuple[Row, str]], values: Values, python_arguments: PythonArguments
) -> None:
    try:
        needed = [
            {column._meta.name: from_json(column, row.wire[member]) for member, column in field.needs}
            | {name: row.wire[f":{name}"] for name in field.declaration.computed}
            for row, _ in targets
        ]
        arguments = python_arguments(field.selected.definition, field.arguments.of(values))
        results = field.declaration.batch(needed, PythonFieldInfo(values.request), **arguments)
        if inspect.isawaitable(results):
            results = await results
        pairs = list(zip(targets, results, strict=True))
    except Exception as error:  # noqa: BLE001 # whatever it is, GraphQL reports it at each row's path
        pairs = [(target, error) for target in targets]
    for (row, key), result in pairs:
        row.unfinished[key] = result
