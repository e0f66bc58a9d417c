"""The command line reads as the API's clients do: by GraphQL, through the same compiler."""

from collections.abc import Mapping
from typing import Any

import msgspec

from app.operations.calls.context import Context
from app.reads import GraphQLEngine
from app.schema.context import RequestContext
from app.schema.schema import schema


async def read(context: Context, document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    """The data of a query. Its errors would be faults of our own documents, and are raised as such."""
    reads = GraphQLEngine(
        schema, lambda request: context.database.reading_written(request.scope)
    )  # what it has just done
    response = await reads.execute(document, variables, None, RequestContext(context))
    answer = msgspec.json.decode(response.body, type=dict[str, Any])
    if "errors" in answer:
        raise RuntimeError(f"a query of the command line failed: {answer['errors']}")
    data: dict[str, Any] = answer["data"]
    return data
