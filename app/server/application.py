"""Creates the API from its settings: opens the database and queue, and connects the parts."""

import gc
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any, cast

from litestar import Litestar
from litestar.handlers import HTTPRouteHandler

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
from app.server.document_routes import documents_handler
from app.server.error_formatting import show_error
from app.server.events import events_handler
from app.server.explain import explained
from app.server.export_routes import exports_handler
from app.server.graphiql import load_graphiql
from app.server.health import OutboundCounts, Readiness
from app.server.recent_writes import RecentWrites
from app.server.request_middleware import RequestMiddleware
from app.server.routes import assemble
from app.server.service import GraphQLService
from app.server.sign_ins import RefusedSignIns
from app.server.upload_calls import UploadService
from app.server.usage import usage_handler
from app.settings import Settings
from app.tracing import sending_traces

GRACE_SECONDS = 10
"""How many seconds longer than the statement time-out an operation may take."""


def utc_now() -> datetime:
    return datetime.now(UTC)


def create_application(settings: Settings, clock: Clock = utc_now) -> RequestMiddleware:
    """Returns the ASGI application; its lifespan opens its database and queue, on the event loop that serves it."""
    database, queue = Database(settings), Queue(settings)
    authenticator = Authenticator.from_settings(settings, clock)
    refused_sign_ins = RefusedSignIns(database, clock)
    rate_limiter = _rate_limiter(database, settings)
    recent_writes = RecentWrites()

    def new_context(principal: Principal) -> Context:
        return Context(principal, database, clock, settings, queue)

    def new_request(principal: Principal, metadata: RequestMetadata, charge: OperationCharge) -> RequestContext:
        read_after = recent_writes.after(principal, metadata.read_after)
        return RequestContext(new_context(principal), metadata, charge=charge, read_after=read_after)

    @asynccontextmanager
    async def lifespan(_application: Litestar) -> AsyncIterator[None]:
        async with AsyncExitStack() as opened:
            await opened.enter_async_context(sending_traces(settings.otlp_endpoint, "arcadia-api"))
            with suppress(DatabaseNotMigrated):  # /ready reports it, and checks the zone after the migration
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
        explains=not settings.production,
    )
    return assemble(
        service,
        ready=Readiness(database),
        outbound=OutboundCounts(database, clock),
        graphiql=load_graphiql(),
        handlers=_handlers(service, new_context, rate_limiter, settings),
        settings=settings,
        lifespan=[lifespan],
    )


def _handlers(
    service: GraphQLService[Any],
    new_context: Callable[[Principal], Context],
    rate_limiter: RateLimiter,
    settings: Settings,
) -> list[HTTPRouteHandler]:
    """Returns the handlers beside GraphQL's."""
    uploads = UploadService(service.signed_in, new_context, rate_limiter, _upload_limit(settings))
    exports = UploadService(service.signed_in, new_context, rate_limiter, _export_limit(settings))
    return [
        usage_handler(uploads),
        cloud_invoices_handler(uploads),
        documents_handler(service.signed_in, new_context, rate_limiter),
        exports_handler(exports),
        events_handler(uploads),
    ]


def _rate_limiter(database: Database, settings: Settings) -> RateLimiter:
    limit = Limit.from_settings(settings)
    return RateLimiter(Buckets(database, limit) if limit else None)


def _upload_limit(settings: Settings) -> ConcurrencyLimit:
    """Uploads may use half of the connections, and one caller half of those."""
    max_total = max(1, settings.database_pool_size // 2)
    return ConcurrencyLimit("uploads", max_per_caller=(max_total + 1) // 2, max_total=max_total)


def _export_limit(settings: Settings) -> ConcurrencyLimit:
    """Exports may use three tenths of the connections, and one caller half of those: each holds one for minutes."""
    max_total = max(1, settings.database_pool_size * 3 // 10)
    return ConcurrencyLimit("exports", max_per_caller=(max_total + 1) // 2, max_total=max_total)


def _collect_garbage_rarely() -> None:
    gc.collect()
    gc.freeze()  # exempts the objects of start-up from garbage collection
    # A request creates thousands of objects but hardly any cycles. A document dropped from the cache is a cycle of 11
    # KB.
    gc.set_threshold(50_000, 10, 5)


async def _pay(request: Request, cost: int) -> None:
    charge = cast("RequestContext", request).charge
    if charge is not None:
        await charge.pay(cost)


def _create_engine(database: Database, *, hide_suggestions: bool) -> GraphQLEngine:
    return GraphQLEngine(
        schema,
        lambda request: explained(database.reading(request.scope, cast("RequestContext", request).read_after)),
        acquire_primary=lambda request: explained(database.reading_written(request.scope)),
        parse=parse_document,
        limits=inspect_document,
        reading_cost=reading_cost,
        admit=_pay,
        max_errors=MAX_ERRORS,
        hide_suggestions=hide_suggestions,
        format_error=show_error,
    )
