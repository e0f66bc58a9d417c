"""Reads for the command line by GraphQL queries, with the same compiler as the API."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec

from app.database import Database
from app.operations.calls.context import Context
from app.reads import GraphQLEngine
from app.schema.context import RequestContext
from app.schema.schema import schema


async def read(context: Context, document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    """Runs one of the command line's GraphQL queries and returns its data. Errors can only be bugs in our own queries,
    and are raised as such.
    """
    response = await _engine_of(context.database).execute(document, variables, None, RequestContext(context))
    answer = msgspec.json.decode(response.body, type=dict[str, Any])
    if "errors" in answer:
        raise RuntimeError(f"a query of the command line failed: {answer['errors']}")
    data: dict[str, Any] = answer["data"]
    return data


async def read_nodes(
    context: Context, document: str, variables: Mapping[str, Any], *, limit: int | None = None
) -> list[dict[str, Any]]:
    """Returns the nodes of all pages, or the first `limit`. The query has one connection, takes `$after` and selects
    `pageInfo`, and up to 100 rows a page.
    """
    nodes: list[dict[str, Any]] = []
    after: str | None = None
    while limit is None or len(nodes) < limit:
        (page,) = (await read(context, document, {**variables, "after": after})).values()
        nodes += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    return nodes[:limit]


@lru_cache(maxsize=1)
def _engine_of(database: Database) -> GraphQLEngine:
    """Returns the engine of a command, which compiles each of its queries once. It reads what was just written."""
    return GraphQLEngine(schema, lambda request: database.reading_written(request.scope))
