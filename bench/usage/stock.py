"""A peer: `recordUsage` as Strawberry is commonly served, over the same operation. Only the way in differs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import strawberry
from litestar import Litestar, Request
from litestar.exceptions import NotAuthorizedException
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.litestar import BaseContext, make_graphql_controller

from app.database import Database
from app.operations import usage
from app.operations.calls.context import Context
from app.queue import Queue
from app.server.auth import Authenticator, UnauthenticatedError
from app.settings import Settings


class RequestContext(BaseContext, kw_only=True):
    operations: Context


@strawberry.input
class UsageEventInput:
    id: str
    source: str = "api"
    deployment_id: UUID
    resource_kind: str
    quantity: Decimal
    occurred_at: datetime
    resource_id: UUID | None = None


@strawberry.input
class RecordUsageInput:
    events: list[UsageEventInput]


@strawberry.type
class UsageRejection:
    index: int
    code: str


@strawberry.type
class UsageRecorded:
    accepted: int
    duplicates: int
    rejected: list[UsageRejection]


@strawberry.type
class Refused:
    code: str
    message: str


@strawberry.type
class Query:
    nothing: str | None = None


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def record_usage(
        self,
        info: strawberry.Info[RequestContext, None],
        input: RecordUsageInput,  # noqa: A002 - the API's name
    ) -> UsageRecorded | Refused:
        events = [usage.MeteredEvent(**vars(event)) for event in input.events]
        recorded = await usage.record_usage(info.context.operations, events=events)
        return UsageRecorded(
            accepted=recorded.accepted,
            duplicates=recorded.duplicates,
            rejected=[UsageRejection(index=each.index, code=each.code) for each in recorded.rejected],
        )


def create_app() -> Litestar:
    settings = Settings.from_environment()
    database, queue = Database(settings), Queue(settings)

    def clock() -> datetime:
        return datetime.now(UTC)

    authenticator = Authenticator.from_settings(settings, clock)

    async def context(request: Request) -> RequestContext:  # type: ignore[type-arg] # as Strawberry asks for it
        try:
            session = await authenticator.authenticate(request.headers.get("authorization"))
        except UnauthenticatedError as error:
            raise NotAuthorizedException(str(error)) from error
        return RequestContext(operations=Context(session.principal, database, clock, settings, queue))

    @asynccontextmanager
    async def lifespan(_application: Litestar) -> AsyncIterator[None]:
        async with database, queue:
            yield

    schema = strawberry.Schema(Query, Mutation, extensions=[ParserCache, ValidationCache])
    controller = make_graphql_controller(schema, path="/graphql", context_getter=context, graphql_ide=None)
    return Litestar([controller], lifespan=[lifespan], openapi_config=None, logging_config=None)
