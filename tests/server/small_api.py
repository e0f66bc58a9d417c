"""A GraphQL API of a few fields behind the real server code, run by graphql-core's own executor."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, cast

import msgspec
import strawberry
from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    OperationType,
    execute,
    get_operation_ast,
    subscribe,
    validate,
)

from app.database.errors import CommitUnknown, DatabaseUnavailable
from app.operations.calls.call import RequestMetadata
from app.operations.calls.principal import Principal
from app.operations.rate_limits import OperationCharge
from app.schema.limits import MAX_ERRORS, MeasuredOperation, inspect_document, parse_document
from app.server.error_formatting import show_error


@dataclass(slots=True)
class Happenings:
    """What tests of the small API can observe and control: which feeds are open, and which errors occur."""

    feeds: set[str] = field(default_factory=set)
    failure: Exception | None = None


HAPPENINGS = Happenings()
FIELD_FAILURES: list[Exception] = []


@dataclass(frozen=True, slots=True)
class SmallRequest:
    principal: Principal
    metadata: RequestMetadata
    charge: OperationCharge


@dataclass(frozen=True, slots=True)
class SmallAnswer:
    body: bytes
    executed: bool
    errors: Sequence[GraphQLError] = ()
    cost: int = 0
    reading_cost: int = 0


@strawberry.type
class Viewer:
    subject: str
    roles: list[str]


@strawberry.type
class Query:
    @strawberry.field
    def viewer(self, info: strawberry.Info[SmallRequest, None]) -> Viewer:
        principal = info.context.principal
        return Viewer(subject=principal.subject, roles=sorted(principal.roles))

    @strawberry.field
    def subject(self, info: strawberry.Info[SmallRequest, None]) -> str:
        return info.context.principal.subject

    @strawberry.field
    def echo(self, text: str) -> str:
        return text

    @strawberry.field
    def length(self, numbers: list[int]) -> int:
        return len(numbers)

    @strawberry.field
    def fail(self) -> str | None:
        raise FIELD_FAILURES.pop()

    @strawberry.field
    async def wait(self, seconds: float) -> bool:
        await asyncio.sleep(seconds)
        return True


@strawberry.type
class Mutation:
    @strawberry.mutation
    def change(self) -> bool:
        return True


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def count(self, to: int, name: str = "count") -> AsyncGenerator[int, None]:
        HAPPENINGS.feeds.add(name)
        try:
            for number in range(to):
                yield number
            if to == 0:
                await asyncio.Event().wait()
        finally:
            HAPPENINGS.feeds.discard(name)


SCHEMA = strawberry.Schema(Query, Mutation, Subscription)._schema


class SmallExecutor:
    """Parses, checks, validates and executes, as the real executor does, but more slowly."""

    async def execute(
        self, text: str, variables: Mapping[str, Any] | None, operation_name: str | None, request: SmallRequest
    ) -> SmallAnswer:
        if HAPPENINGS.failure is not None:
            raise HAPPENINGS.failure
        document, errors = _prepared(text, variables, operation_name)
        if errors:
            return _refused(errors)
        await request.charge.pay(_inspected(document, operation_name).cost(variables))
        result = execute(
            SCHEMA,
            document,
            context_value=request,
            variable_values=dict(variables or {}),
            operation_name=operation_name,
        )
        return _answer(result if isinstance(result, ExecutionResult) else await result)

    async def subscribe(
        self, text: str, variables: Mapping[str, Any] | None, operation_name: str | None, request: SmallRequest
    ) -> SmallAnswer | AsyncIterator[SmallAnswer]:
        document, errors = _prepared(text, variables, operation_name)
        operation = get_operation_ast(document, operation_name) if document else None
        if errors or operation is None or operation.operation is not OperationType.SUBSCRIPTION:
            return await self.execute(text, variables, operation_name, request)
        await request.charge.pay(_inspected(document, operation_name).cost(variables))
        source = subscribe(
            SCHEMA,
            document,
            context_value=request,
            variable_values=dict(variables or {}),
            operation_name=operation_name,
        )
        feed = await source if isinstance(source, Awaitable) else source
        return _answer(feed) if isinstance(feed, ExecutionResult) else _answers(feed)


async def _answers(feed: AsyncIterator[ExecutionResult]) -> AsyncGenerator[SmallAnswer, None]:
    async with aclosing(cast("AsyncGenerator[ExecutionResult, None]", feed)):
        async for result in feed:
            yield _answer(result)


def _inspected(document: DocumentNode, operation_name: str | None) -> MeasuredOperation:
    operations = inspect_document(document).operations
    return operations.get(operation_name or "") or next(iter(operations.values()))


def _prepared(
    text: str, variables: Mapping[str, Any] | None, operation_name: str | None
) -> tuple[Any, Sequence[GraphQLError]]:
    try:
        document = parse_document(text)
    except GraphQLError as error:
        return None, [error]
    errors = list(inspect_document(document).errors)
    if not errors:
        inspected = _inspected(document, operation_name)
        cost_error = inspected.cost_error(variables)
        errors = [*inspected.errors, *([cost_error] if cost_error else [])]
    return document, errors or validate(SCHEMA, document, max_errors=MAX_ERRORS)


def _refused(errors: Sequence[GraphQLError]) -> SmallAnswer:
    for error in errors:
        error.extensions = error.extensions or {"code": "GRAPHQL_VALIDATION_FAILED"}
    body = msgspec.json.encode({"errors": [show_error(error) for error in errors]})
    return SmallAnswer(body, executed=False, errors=errors)


def _answer(result: ExecutionResult) -> SmallAnswer:
    errors = list(result.errors or ())
    if errors and all(error.path is None for error in errors):
        return _refused(errors)
    shown = {"errors": [show_error(error) for error in errors]} if errors else {}
    return SmallAnswer(msgspec.json.encode({"data": result.data, **shown}), executed=True, errors=errors)


UNAVAILABLE = DatabaseUnavailable("connection to 10.1.2.3:5432 refused", retry_after=7)
UNKNOWN = CommitUnknown("connection lost")
