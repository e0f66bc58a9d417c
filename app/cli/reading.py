"""Reads for the command line by GraphQL queries, with the same compiler as the API."""

from collections.abc import Mapping
from typing import Any

import msgspec

from app.operations.calls.context import Context
from app.reads import GraphQLEngine
from app.schema.context import RequestContext
from app.schema.schema import schema


async def read(context: Context, document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    """Runs one of the command line's GraphQL queries and returns its data. Errors can only be bugs in our own queries,
    and are raised as such.
    """
    reads = GraphQLEngine(
        schema, lambda request: context.database.reading_written(request.scope)
    )  # includes what the command has just written
    response = await reads.execute(document, variables, None, RequestContext(context))
    answer = msgspec.json.decode(response.body, type=dict[str, Any])
    if "errors" in answer:
        raise RuntimeError(f"a query of the command line failed: {answer['errors']}")
    data: dict[str, Any] = answer["data"]
    return data
