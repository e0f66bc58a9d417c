"""Extends graphql-core's executor to use rows that statements have fetched.

Compiled values are passed through unchanged. Values made by Python are completed by graphql-core, so that errors, null
propagation and unions need no second implementation. References among them are read in batches.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, cast

import msgspec
from graphql import (
    GraphQLAbstractType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    MiddlewareManager,
    default_field_resolver,
    default_type_resolver,
)
from graphql.execution.collect_fields import FieldDetailsList
from graphql.execution.executor_throwing_on_incremental import ExecutorThrowingOnIncremental
from graphql.pyutils import Path
from typing_extensions import override

from app.reads.field_specs import RowReference
from app.reads.python_fields import Row
from app.reads.statement_builder import Operation


@dataclass(frozen=True)
class ReferencePlace:
    """A response path at which resolvers returned references to rows of one class, with the types along the path."""

    origin: type
    path: tuple[tuple[str | None, str], ...]


LoadReferences: TypeAlias = Callable[[ReferencePlace, FieldDetailsList, Sequence[Any]], Awaitable[Mapping[str, Any]]]
"""Reads the selection of the rows with these keys: each a `Row`, or its bytes if nothing remains to be completed."""


@dataclass
class _ReferenceBatch:
    fields: FieldDetailsList
    rows: asyncio.Future[Mapping[str, Any]]
    keys: set[Any] = field(default_factory=set)


def fetched(resolve: Callable[..., Any], source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
    """GraphQL middleware that returns a fetched row's member, instead of calling the schema's resolver."""
    if not isinstance(source, Row):
        return resolve(source, info, **arguments)
    if info.path.key in source.unfinished:
        return source.unfinished[info.path.key]
    return resolve(None, info, **arguments)  # a root field resolved by Python, beside fetched ones


_MIDDLEWARE = MiddlewareManager(fetched)


class ReadExecutor(ExecutorThrowingOnIncremental):
    """Executes one GraphQL operation, starting from the root value that the statements have fetched."""

    def __init__(self, operation: Operation, root: Any, load_references: LoadReferences) -> None:
        super().__init__(
            operation.model.graphql,
            {name: fragment.definition for name, fragment in operation.fragments.items()},
            operation.fragments,
            root,
            operation.values.request,
            operation.definition,
            operation.values.variables,
            default_field_resolver,
            default_type_resolver,
            default_field_resolver,
            middleware_manager=_MIDDLEWARE,
        )
        self._load_references = load_references
        self._batches: dict[ReferencePlace, _ReferenceBatch] = {}
        self._reading: set[asyncio.Task[None]] = set()

    @override
    def execute_field(
        self,
        parent_type: GraphQLObjectType,
        source: Any,
        field_details_list: FieldDetailsList,
        path: Path,
        position_context: None,
    ) -> Any:
        """Executes a field as graphql-core does, but returns a fetched member unchanged if it is already encoded as
        JSON.
        """
        if isinstance(source, Row) and path.key in source.wire and path.key not in source.unfinished:
            return source.wire[cast("str", path.key)]
        return super().execute_field(parent_type, source, field_details_list, path, position_context)

    @override
    def complete_value(
        self,
        return_type: GraphQLOutputType,
        field_details_list: FieldDetailsList,
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: Any,
        position_context: None,
    ) -> Any:
        """Completes a value as graphql-core does; for a reference to a row, it first reads the row."""
        if not isinstance(result, RowReference):
            return super().complete_value(return_type, field_details_list, info, path, result, position_context)

        async def complete_reference() -> Any:
            row = await self._row(result, field_details_list, path)
            if isinstance(row, msgspec.Raw):
                return row
            completed = self.complete_value(return_type, field_details_list, info, path, row, position_context)
            return await completed if self.is_awaitable(completed) else completed

        return complete_reference()

    @override
    def complete_abstract_value(
        self,
        return_type: GraphQLAbstractType,
        field_details_list: FieldDetailsList,
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: Any,
        position_context: None,
    ) -> Any:
        """Completes a value of an interface or union as graphql-core does, but takes the object type of a fetched row
        from the row.
        """
        if isinstance(result, Row):
            type_ = cast("GraphQLObjectType", self.schema.type_map[result.type_name])
            return self.complete_object_value(type_, field_details_list, info, path, result, position_context)
        return super().complete_abstract_value(return_type, field_details_list, info, path, result, position_context)

    @override
    def complete_object_value(
        self,
        return_type: GraphQLObjectType,
        field_details_list: FieldDetailsList,
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: Any,
        position_context: None,
    ) -> Any:
        """Completes an object as graphql-core does, but does not check the type of a fetched row."""
        if isinstance(result, Row):
            return self.collect_and_execute_subfields(return_type, field_details_list, path, result, position_context)
        return super().complete_object_value(return_type, field_details_list, info, path, result, position_context)

    def stop(self) -> None:
        """Cancels reads whose result is not needed because of an error."""
        for task in self._reading:
            task.cancel()

    async def _row(self, reference: RowReference, fields: FieldDetailsList, path: Path) -> Any:
        """Returns the row that a reference names. It is read together with all others referenced at the same place of
        the document.
        """
        place = ReferencePlace(reference.type, _names(path))
        batch = self._batches.get(place)
        if batch is None:
            loop = asyncio.get_running_loop()
            batch = self._batches[place] = _ReferenceBatch(fields, loop.create_future())
            loop.call_soon(self._start, place)
        batch.keys.add(reference.key)
        rows = await asyncio.shield(batch.rows)  # a failed sibling cancels this reference, but not the others
        return rows.get(str(reference.key))

    def _start(self, place: ReferencePlace) -> None:
        task = asyncio.create_task(self._read(place, self._batches.pop(place)))
        self._reading.add(task)
        task.add_done_callback(self._reading.discard)

    async def _read(self, place: ReferencePlace, batch: _ReferenceBatch) -> None:
        try:
            batch.rows.set_result(await self._load_references(place, batch.fields, list(batch.keys)))
        except Exception as error:  # noqa: BLE001 # every ref that waits reports it at its own path
            batch.rows.set_exception(error)


def _names(path: Path | None) -> tuple[tuple[str | None, str], ...]:
    names: list[tuple[str | None, str]] = []
    while path is not None:
        if isinstance(path.key, str):
            names.append((path.typename, path.key))
        path = path.prev
    return tuple(reversed(names))
