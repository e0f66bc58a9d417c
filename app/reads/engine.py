"""The interface for servers: takes a request's document, and returns the bytes of its response."""

import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, TypeAlias, cast

import msgspec
import strawberry
from graphql import (
    ASTValidationRule,
    ExecutionResult,
    GraphQLError,
    GraphQLField,
    OperationType,
    create_source_event_stream,
    located_error,
    parse,
)
from graphql.execution.collect_fields import FieldDetailsList
from strawberry.types.arguments import convert_arguments

from app.lru_cache import LRUCache
from app.reads.errors import GraphQLRequestError, ReadError, with_code
from app.reads.executor import ReadExecutor, ReferencePlace
from app.reads.parsed_documents import DocumentCache, Limits, Parse, ReadingCost
from app.reads.python_fields import Row, add_python_fields
from app.reads.request import Request
from app.reads.root_fields import compile_references, compile_root
from app.reads.schema_model import DEFINITION, SchemaModel
from app.reads.statement import Statement, Values
from app.reads.statement_builder import Operation

Acquire: TypeAlias = Callable[[Request], AbstractAsyncContextManager[Any]]
"""Returns an asyncpg connection of the request's role, in UTC, whose `json` values are the bytes PostgreSQL sent."""

FormatError: TypeAlias = Callable[[GraphQLError, Request], Mapping[str, Any]]
"""Formats an error for the response; a server logs and masks errors without a code here."""

Admit: TypeAlias = Callable[[Request, int], Awaitable[None]]
"""Called with the cost of an operation before it runs; an exception from it ends the request."""


@dataclass(frozen=True)
class Response:
    """The body of a response. `executed` is false if the request was refused, so that the body has no `data`. Then
    `cost` is the operation's cost, as far as it is known, and `reading_cost` that of parsing and validating its text.
    """

    body: bytes
    executed: bool
    errors: Sequence[GraphQLError] = ()
    cost: int = 0
    reading_cost: int = 0


Root: TypeAlias = Statement | ReadError | bytes | None
"""A root field: its statement, its error, its constant value, or None if Python resolves it."""


@dataclass(frozen=True)
class _Plan:
    """A compiled operation: its root fields by response key, and the statements of the references found so far."""

    root_fields: Mapping[str, Root]
    references: dict[ReferencePlace, Statement] = field(default_factory=dict)

    @property
    def weight(self) -> int:
        """The approximate number of characters of SQL that the cache entry holds."""
        return sum(len(root.sql) for root in self.root_fields.values() if isinstance(root, Statement))

    @cached_property
    def pure(self) -> bool:
        """Whether the response consists of PostgreSQL's bytes only, so that nothing remains for Python to complete."""
        return bool(self.root_fields) and all(
            isinstance(root, bytes) or (isinstance(root, Statement) and root.shape is None)
            for root in self.root_fields.values()
        )


class GraphQLEngine:
    """Executes operations of a Strawberry schema whose types declare what they are read from. Raises DeclarationError.

    `acquire` provides connections, `acquire_primary` those for reading after a write. `parse`, `limits` and `rules` can
    refuse a document, `admit` an operation. `reading_cost` is added to the cost of an operation whose text is not
    cached. A response has at most `max_errors`. Each cache holds at most `cached_characters`; a parsed character takes
    about 100 bytes.
    """

    def __init__(
        self,
        schema: strawberry.Schema,
        acquire: Acquire,
        *,
        acquire_primary: Acquire | None = None,
        parse: Parse = parse,
        limits: Limits | None = None,
        reading_cost: ReadingCost = lambda _text, _document: 0,
        admit: Admit | None = None,
        rules: Sequence[type[ASTValidationRule]] = (),
        max_errors: int = 100,
        hide_suggestions: bool = False,
        format_error: FormatError = lambda error, _: error.formatted,
        cached_documents: int = 1000,
        cached_plans: int = 2000,
        cached_characters: int = 500_000,
    ) -> None:
        self._schema = schema
        self._model = SchemaModel(schema)
        self._acquire = acquire
        self._acquire_primary = acquire_primary or acquire
        self._admit = admit
        self._format_error = format_error
        self._max_errors = max_errors
        self._documents = DocumentCache(
            self._model.graphql,
            parse=parse,
            limits=limits,
            reading_cost=reading_cost,
            rules=rules,
            max_errors=max_errors,
            hide_suggestions=hide_suggestions,
            cache=LRUCache(cached_documents, cached_characters, "documents"),
        )
        self._plans: LRUCache[object, _Plan] = LRUCache(cached_plans, cached_characters, "statements")

    async def execute(
        self, text: str, variables: Mapping[str, Any] | None, operation_name: str | None, request: Request
    ) -> Response:
        """Returns the response to a query or a mutation."""
        try:
            plan, operation, cost = self._prepare(text, variables, operation_name, request)
        except GraphQLRequestError as error:
            return self._response(error.errors, request, None, error.cost, error.reading_cost)
        if self._admit is not None:
            await self._admit(request, cost)
        if operation.kind is OperationType.SUBSCRIPTION:
            message = with_code("BAD_USER_INPUT", GraphQLError("Send subscriptions over a WebSocket."))
            return self._response([message], request, None, cost)
        return await self._executed(plan, operation)

    async def subscribe(
        self, text: str, variables: Mapping[str, Any] | None, operation_name: str | None, request: Request
    ) -> Response | AsyncIterator[Response]:
        """Returns an iterator of responses, one per event, if a subscription was started. For a query or mutation, or a
        refused request, returns the single response.
        """
        try:
            plan, operation, cost = self._prepare(text, variables, operation_name, request)
        except GraphQLRequestError as error:
            return self._response(error.errors, request, None, error.cost, error.reading_cost)
        if self._admit is not None:
            await self._admit(request, cost)
        if operation.kind is not OperationType.SUBSCRIPTION:
            return await self._executed(plan, operation)
        executor = self._executor(plan, operation, None)
        stream = create_source_event_stream(executor)
        if inspect.isawaitable(stream):
            stream = await stream
        if isinstance(stream, ExecutionResult):
            return self._response(stream.errors or (), request, None, cost)
        return self._events(executor, cast("AsyncGenerator[Any]", stream), request)

    async def _events(
        self, executor: ReadExecutor, stream: AsyncGenerator[Any], request: Request
    ) -> AsyncIterator[Response]:
        """Yields a response for each event; for an error of the stream itself a last one, without data."""
        async with aclosing(stream):
            while True:
                try:
                    payload = await anext(stream)
                except StopAsyncIteration:
                    return
                except Exception as error:  # noqa: BLE001 # shown, logged and masked as every other
                    yield self._response([located_error(error)], request)
                    return
                event = cast("ReadExecutor", executor.build_per_event_executor(payload))
                yield await self._completed(event, request)

    def _prepare(
        self, text: str, variables: Mapping[str, Any] | None, operation_name: str | None, request: Request
    ) -> tuple[_Plan, Operation, int]:
        document, reading_cost = self._documents.get(text)
        try:
            executable = document.operation(operation_name)
            coerced = executable.variables.coerced(variables or {})
            cost = executable.cost(variables) + reading_cost
        except GraphQLRequestError as error:
            error.reading_cost = reading_cost
            raise
        operation = Operation(self._model, executable.definition, document.fragments, Values(coerced, request))
        key = (text, operation_name, operation.platform, operation.of_tenant, executable.variables.shape(coerced))
        plan = self._plans.get(key)
        if plan is None:
            plan = _Plan(self._compile(operation))
            self._plans.put(key, plan, len(text) + plan.weight)
        return plan, operation, cost

    def _compile(self, operation: Operation) -> dict[str, Root]:
        query = self._model.graphql.query_type
        if operation.kind is not OperationType.QUERY or query is None:
            return {}
        root_fields: dict[str, Root] = {}
        for key, selected in operation.root_fields(query):
            declaration = self._model.declaration(query.name, selected.name)
            if selected.name == "__typename":
                root_fields[key] = msgspec.json.encode(query.name)
            elif declaration is None:
                root_fields[key] = None
            else:
                try:
                    root_fields[key] = compile_root(operation, declaration, selected)
                except ReadError as error:
                    root_fields[key] = error
        return root_fields

    async def _executed(self, plan: _Plan, operation: Operation) -> Response:
        fetched = await self._fetch(plan, operation.values)
        if plan.pure and not any(isinstance(value, Exception) for value in fetched.values()):
            members = b",".join([b'"%b":%b' % (key.encode(), value) for key, value in fetched.items()])
            return Response(b'{"data":{%b}}' % members, executed=True)
        wire = {key: msgspec.Raw(value) for key, value in fetched.items() if isinstance(value, bytes)}
        unfinished = {key: value for key, value in fetched.items() if key not in wire}
        root = Row("", wire, unfinished) if fetched else None
        return await self._completed(self._executor(plan, operation, root), operation.values.request)

    async def _fetch(self, plan: _Plan, values: Values) -> dict[str, Any]:
        """Returns the results of the compiled root fields, in their order: bytes, rows to complete, or an error."""
        fetched: dict[str, Any] = {key: root for key, root in plan.root_fields.items() if root is not None}
        bound: dict[str, tuple[Statement, list[Any]]] = {}
        for key, root in fetched.items():
            if isinstance(root, Statement):
                try:
                    bound[key] = root, root.bind(values)
                except ReadError as error:
                    fetched[key] = error
        try:
            if bound:
                async with self._acquire(values.request) as connection:
                    for key, (statement, parameters) in bound.items():
                        fetched[key] = await connection.fetchval(statement.sql, *parameters) or b"null"
        except Exception as error:  # noqa: BLE001 # reported at the path of each field that it cost
            fetched.update({key: error for key in bound if isinstance(fetched[key], Statement)})
        for key, (statement, _) in bound.items():
            if statement.shape is not None and isinstance(fetched[key], bytes):
                answer = msgspec.json.decode(fetched[key])
                fetched[key] = await add_python_fields(answer, statement.shape, values, self._python_arguments)
        return fetched

    def _executor(self, plan: _Plan, operation: Operation, root: Row | None) -> ReadExecutor:
        return ReadExecutor(operation, root, partial(self._load_references, plan, operation))

    async def _completed(self, executor: ReadExecutor, request: Request) -> Response:
        try:
            result = executor.execute_operation()
            if inspect.isawaitable(result):
                result = await result
        finally:
            executor.stop()
        executed = cast("ExecutionResult", result)  # no field is delivered incrementally
        return self._response(executed.errors or (), request, executed)

    async def _load_references(
        self, plan: _Plan, operation: Operation, place: ReferencePlace, fields: FieldDetailsList, keys: Sequence[Any]
    ) -> Mapping[str, Any]:
        statement = plan.references.get(place)
        if statement is None:
            type_ = self._model.object_type(place.origin)
            statement = compile_references(operation, type_, fields, tuple(key for _, key in place.path))
            plan.references[place] = statement
        values = Values(operation.values.variables, operation.values.request, keys=keys)
        acquire = self._acquire if operation.kind is OperationType.QUERY else self._acquire_primary
        parameters = statement.bind(values)
        async with acquire(values.request) as connection:
            answer = await connection.fetchval(statement.sql, *parameters)
        if statement.shape is None:
            return msgspec.json.decode(answer, type=dict[str, msgspec.Raw])
        objects = msgspec.json.decode(answer)
        rows = await add_python_fields(list(objects.values()), statement.shape, values, self._python_arguments)
        return dict(zip(objects, rows, strict=True))

    def _python_arguments(self, field: GraphQLField, arguments: dict[str, Any]) -> dict[str, Any]:
        return convert_arguments(
            arguments,
            field.extensions[DEFINITION].arguments,
            scalar_registry=self._schema.schema_converter.scalar_registry,
            config=self._schema.config,
        )

    def _response(
        self, errors: Sequence[GraphQLError], request: Request, executed: ExecutionResult | None = None, *costs: int
    ) -> Response:
        body: dict[str, Any] = {"data": executed.data} if executed else {}
        if errors:
            body["errors"] = [self._format_error(error, request) for error in errors[: self._max_errors]]
        return Response(msgspec.json.encode(body), executed is not None, errors, *costs)
