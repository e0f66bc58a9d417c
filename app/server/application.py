"""The API of this house, from its settings: what is opened, and what is handed to whom."""

import gc
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import cast

from litestar import Litestar

from app.database import Database, DatabaseNotMigrated
from app.database.billing_time_zone import require_billing_time_zone
from app.operations.calls.call import RequestMetadata
from app.operations.calls.context import Clock, Context
from app.operations.calls.principal import Principal
from app.operations.rate_limits import Buckets, Limit, OperationCharge, RateLimiter
from app.queue import Queue
from app.reads import GraphQLEngine, Request
from app.schema.context import RequestContext
from app.schema.limits import MAX_ERRORS, inspect_document, parse_document, reading_cost
from app.schema.schema import schema
from app.server.auth import Authenticator
from app.server.cloud_invoices import cloud_invoices_handler
from app.server.concurrency import ConcurrencyLimit
from app.server.document_policy import DocumentPolicy
from app.server.error_formatting import show_error
from app.server.graphiql import load_graphiql
from app.server.health import Readiness
from app.server.recent_writes import RecentWrites
from app.server.request_middleware import RequestMiddleware
from app.server.routes import assemble
from app.server.service import GraphQLService
from app.server.sign_ins import RefusedSignIns
from app.server.usage import usage_handler
from app.settings import Settings

GRACE_SECONDS = 10
"""What an operation may take beyond one statement's own limit."""


def utc_now() -> datetime:
    return datetime.now(UTC)


def create_application(settings: Settings, clock: Clock = utc_now) -> RequestMiddleware:
    """The application; its database and queue are opened by its lifespan, on the loop that serves it."""
    database, queue = Database(settings), Queue(settings)
    authenticator = Authenticator.from_settings(settings, clock)
    refused_sign_ins = RefusedSignIns(database, clock)
    limit = Limit.from_settings(settings)
    rate_limiter = RateLimiter(Buckets(database, limit) if limit else None)
    recent_writes = RecentWrites()

    def new_context(principal: Principal) -> Context:
        return Context(principal, database, clock, settings, queue)

    def new_request(principal: Principal, metadata: RequestMetadata, charge: OperationCharge) -> RequestContext:
        read_after = recent_writes.after(principal, metadata.read_after)
        return RequestContext(new_context(principal), metadata, charge=charge, read_after=read_after)

    uploads = _upload_limit(settings)

    @asynccontextmanager
    async def lifespan(_application: Litestar) -> AsyncIterator[None]:
        async with AsyncExitStack() as opened:
            with suppress(DatabaseNotMigrated):  # readiness says so, and looks at the zone once it is migrated
                await require_billing_time_zone(settings)
            await opened.enter_async_context(database)
            await database.check_logins()
            await opened.enter_async_context(queue)
            await opened.enter_async_context(refused_sign_ins.writing())
            opened.push_async_callback(authenticator.close)
            _collect_garbage_rarely()
            yield

    service = GraphQLService(
        executor=_create_engine(database, hide_suggestions=settings.production),
        authenticator=authenticator,
        new_request=new_request,
        time_limit=settings.statement_timeout + GRACE_SECONDS,
        documents=DocumentPolicy.from_settings(settings),
        rate_limiter=rate_limiter,
        recent_writes=recent_writes,
        sign_in_refused=refused_sign_ins.add,
    )
    uploading = service.signed_in, new_context, rate_limiter, uploads
    return assemble(
        service,
        ready=Readiness(database),
        graphiql=load_graphiql(),
        handlers=[usage_handler(*uploading), cloud_invoices_handler(*uploading)],
        settings=settings,
        lifespan=[lifespan],
    )


def _upload_limit(settings: Settings) -> ConcurrencyLimit:
    """Uploads take half of the connections, and one caller's half of those."""
    max_total = max(1, settings.database_pool_size // 2)
    return ConcurrencyLimit("uploads", max_per_caller=(max_total + 1) // 2, max_total=max_total)


def _collect_garbage_rarely() -> None:
    gc.collect()
    gc.freeze()  # what start-up made stays: collections need not look at it again
    # A request makes thousands of objects and hardly ever a cycle; but a document forgotten is one, of 11 KB.
    gc.set_threshold(50_000, 10, 5)


async def _pay(request: Request, cost: int) -> None:
    charge = cast("RequestContext", request).charge
    if charge is not None:
        await charge.pay(cost)


def _create_engine(database: Database, *, hide_suggestions: bool) -> GraphQLEngine:
    return GraphQLEngine(
        schema,
        lambda request: database.reading(request.scope, cast("RequestContext", request).read_after),
        acquire_primary=lambda request: database.reading_written(request.scope),
        parse=parse_document,
        limits=inspect_document,
        reading_cost=reading_cost,
        admit=_pay,
        max_errors=MAX_ERRORS,
        hide_suggestions=hide_suggestions,
        format_error=show_error,
    )
