"""The API as a server runs it: documents in, decoded answers out, and the statements of its reads counted."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from typing import Any, cast

from app.database import Database
from app.operations.calls.context import Context
from app.reads.engine import GraphQLEngine, Response
from app.reads.request import Request
from app.schema.context import RequestContext
from app.schema.schema import schema
from tests.operations.given import Given
from tests.schema.inputs import mutation_type


class CountedReads:
    """Reads over a database's pool, and the statements that they ran. Kept over tests for its compiled documents."""

    def __init__(self, database: Database) -> None:
        self.statements: list[str] = []
        self._database = database
        self.reads = GraphQLEngine(schema, self._acquire)

    @asynccontextmanager
    async def _acquire(self, request: Request) -> AsyncIterator[Any]:
        async with self._database.reading(request.scope) as connection:
            with connection.query_logger(self._count):
                yield connection
                await asyncio.sleep(0)  # asyncpg reports a query in the loop's next iteration

    def _count(self, query: Any) -> None:
        if not any(word in query.query for word in ("pg_catalog", "current_setting('jit')")):  # asyncpg's own, of types
            self.statements.append(query.query)


class Api:
    """The API as a client sees it. The caller is a platform admin unless another is named."""

    def __init__(self, given: Given, counted: CountedReads) -> None:
        self.given = given
        self._counted = counted

    @property
    def statements(self) -> list[str]:
        """The statements that the last answer was read by."""
        return self._counted.statements

    async def body(
        self, text: str, variables: Mapping[str, Any] | None = None, *, caller: Context | None = None
    ) -> dict[str, Any]:
        """The whole answer."""
        self.statements.clear()
        request = RequestContext(caller or self.given.platform)
        response = await self._counted.reads.execute(text, variables, None, request)
        return _decoded(response)

    async def data(
        self, text: str, variables: Mapping[str, Any] | None = None, *, caller: Context | None = None
    ) -> dict[str, Any]:
        """The data of an answer without errors."""
        body = await self.body(text, variables, caller=caller)
        assert "errors" not in body, body["errors"]
        return cast("dict[str, Any]", body["data"])

    async def error(
        self, text: str, variables: Mapping[str, Any] | None = None, *, caller: Context | None = None
    ) -> dict[str, Any]:
        """The one error of an answer."""
        (error,) = (await self.body(text, variables, caller=caller))["errors"]
        return cast("dict[str, Any]", error)

    async def mutate(
        self, name: str, given: Mapping[str, Any], selection: str = "__typename", *, caller: Context | None = None
    ) -> dict[str, Any]:
        """Returns a mutation's payload; for a problem its type, code and path."""
        body = await self.mutate_body(name, given, selection, caller=caller)
        assert "errors" not in body, body["errors"]
        return cast("dict[str, Any]", body["data"][name])

    async def mutate_body(
        self, name: str, given: Mapping[str, Any], selection: str = "__typename", *, caller: Context | None = None
    ) -> dict[str, Any]:
        """The whole answer to a mutation."""
        type_ = mutation_type().fields[name].args["input"].type
        text = f"""mutation ($input: {type_}) {{ {name}(input: $input) {{
            __typename ... on Problem {{ code path }} {selection} }} }}"""
        return await self.body(text, {"input": given}, caller=caller)

    @asynccontextmanager
    async def watch(
        self, text: str, variables: Mapping[str, Any] | None = None, *, caller: Context | None = None
    ) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
        """The answers of a subscription."""
        request = RequestContext(caller or self.given.platform)
        answers = await self._counted.reads.subscribe(text, variables, None, request)
        assert not isinstance(answers, Response), answers.body

        async def decoded() -> AsyncIterator[dict[str, Any]]:
            async for answer in answers:
                yield _decoded(answer)

        async with aclosing(cast("Any", answers)):
            yield decoded()


def refused(code: str, *path: str) -> dict[str, Any]:
    """Returns what `Api.mutate` returns for a refusal."""
    return {"__typename": "Refused", "code": code, "path": list(path)}


def _decoded(response: Response) -> dict[str, Any]:
    return cast("dict[str, Any]", json.loads(response.body))
