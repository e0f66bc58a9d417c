"""A peer: the same reads as Strawberry is commonly served. A class a type, a DataLoader a relation, Piccolo underneath.

Documents are parsed and validated once; an operation's queries share one transaction, whose setting tells row-level
security the tenant, as in `app`. Sign-in and pools are those of `app`. Settings come from the same environment.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import fields
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Generic, TypeAlias, TypeVar
from uuid import UUID

import strawberry
from litestar import Litestar, Request
from litestar.exceptions import NotAuthorizedException
from piccolo.columns import Column, ForeignKey
from piccolo.query.methods.select import Select
from piccolo.table import Table
from strawberry.dataloader import DataLoader
from strawberry.extensions import ParserCache, SchemaExtension, ValidationCache
from strawberry.litestar import BaseContext, make_graphql_controller

from app.database import Database, Scope
from app.server.auth import Authenticator, UnauthenticatedError
from app.settings import Settings
from app.tables.catalog import Addons, Plans, PlanVersions
from app.tables.deployments import CloudDeployments
from app.tables.invoices import TenantInvoiceLines, TenantInvoices
from app.tables.subscriptions import SubscriptionAddons, Subscriptions
from app.tables.tenants import Tenants

T = TypeVar("T")


class Reader:
    """Runs an operation's queries, one at a time: they share its connection."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()

    async def rows(self, query: "Select[Any]") -> list[dict[str, Any]]:
        async with self._turn:
            return list(await query.run())

    def one(self, type_: type[T], table: type[Table], key: Column) -> DataLoader[UUID, T | None]:
        """Returns a loader of single objects by key."""

        async def load(keys: list[UUID]) -> Sequence[T | None]:
            rows = await self.rows(table.select(key.as_alias("key"), *_columns(type_, table)).where(key.is_in(keys)))
            found = {row.pop("key"): type_(**row) for row in rows}
            return [found.get(key) for key in keys]

        return DataLoader(load)

    def many(
        self, type_: type[T], table: type[Table], key: "ForeignKey[Any]", order: Column, *, ascending: bool = True
    ) -> DataLoader[UUID, list[T]]:
        """Returns a loader of the ordered list of objects that belong to a key."""

        async def load(keys: list[UUID]) -> Sequence[list[T]]:
            query = table.select(key.as_alias("key"), *_columns(type_, table)).where(key.is_in(keys))
            found: dict[UUID, list[T]] = defaultdict(list)
            for row in await self.rows(query.order_by(order, ascending=ascending)):
                found[row.pop("key")].append(type_(**row))
            return [found[key] for key in keys]

        return DataLoader(load)


def _columns(type_: type, table: type[Table]) -> list[Column]:
    return [getattr(table, field.name) for field in fields(type_) if field.init]


class Loaders:
    """The data loaders of one operation."""

    def __init__(self) -> None:
        reader = Reader()
        self.tenant = reader.one(Tenant, Tenants, Tenants.id)
        self.deployment = reader.one(Deployment, CloudDeployments, CloudDeployments.id)
        self.subscription = reader.one(Subscription, Subscriptions, Subscriptions.deployment_id)
        self.plan_version = reader.one(PlanVersion, PlanVersions, PlanVersions.id)
        self.plan = reader.one(Plan, Plans, Plans.id)
        self.addon = reader.one(Addon, Addons, Addons.id)
        self.deployments = reader.many(Deployment, CloudDeployments, CloudDeployments.tenant_id, CloudDeployments.slug)
        self.invoices = reader.many(
            Invoice, TenantInvoices, TenantInvoices.tenant_id, TenantInvoices.period_start, ascending=False
        )
        self.addons = reader.many(
            SubscriptionAddon, SubscriptionAddons, SubscriptionAddons.subscription_id, SubscriptionAddons.attached_at
        )
        self.lines = reader.many(
            InvoiceLine, TenantInvoiceLines, TenantInvoiceLines.invoice_id, TenantInvoiceLines.position
        )
        self.addon_lines = reader.many(
            InvoiceLine,
            TenantInvoiceLines,
            TenantInvoiceLines.subscription_addon_id,
            TenantInvoiceLines.period_start,
            ascending=False,
        )


class Context(BaseContext, kw_only=True):
    database: Database
    scope: Scope
    loaders: Loaders


Info: TypeAlias = strawberry.Info[Context, None]


@strawberry.type
class Connection(Generic[T]):
    nodes: list[T]


@strawberry.type
class Plan:
    code: str
    name: str


@strawberry.type
class PlanVersion:
    id: UUID
    version: int
    base_price_cents: int
    plan_id: strawberry.Private[UUID]

    @strawberry.field
    async def plan(self, info: Info) -> Plan | None:
        return await info.context.loaders.plan.load(self.plan_id)


@strawberry.type
class Addon:
    code: str
    name: str


@strawberry.type
class InvoiceLine:
    id: UUID
    kind: str
    description: str
    quantity: Decimal
    unit_price_cents: Decimal
    amount_cents: int
    deployment_id: strawberry.Private[UUID | None]

    @strawberry.field
    async def deployment(self, info: Info) -> "Deployment | None":
        return None if self.deployment_id is None else await info.context.loaders.deployment.load(self.deployment_id)


@strawberry.type
class SubscriptionAddon:
    id: UUID
    price_cents: int
    quantity: Decimal
    addon_id: strawberry.Private[UUID]

    @strawberry.field
    async def addon(self, info: Info) -> Addon | None:
        return await info.context.loaders.addon.load(self.addon_id)

    @strawberry.field
    async def invoice_lines(self, info: Info, first: int = 20) -> Connection[InvoiceLine]:
        return Connection(nodes=(await info.context.loaders.addon_lines.load(self.id))[:first])


@strawberry.type
class Subscription:
    id: UUID
    status: str
    started_on: date
    plan_version_id: strawberry.Private[UUID]

    @strawberry.field
    async def plan_version(self, info: Info) -> PlanVersion | None:
        return await info.context.loaders.plan_version.load(self.plan_version_id)

    @strawberry.field
    async def addons(self, info: Info) -> list[SubscriptionAddon]:
        return await info.context.loaders.addons.load(self.id)


@strawberry.type
class Deployment:
    id: UUID
    slug: str
    region: str
    state: str
    llm_mode: str

    @strawberry.field
    async def subscription(self, info: Info) -> Subscription | None:
        return await info.context.loaders.subscription.load(self.id)


@strawberry.type
class Invoice:
    id: UUID
    period_start: date
    status: str
    total_cents: int

    @strawberry.field
    async def lines(self, info: Info, first: int = 20) -> Connection[InvoiceLine]:
        return Connection(nodes=(await info.context.loaders.lines.load(self.id))[:first])


@strawberry.type
class Tenant:
    id: UUID
    code: str
    name: str
    country: str
    currency: str

    @strawberry.field
    async def deployments(self, info: Info, first: int = 20) -> Connection[Deployment]:
        return Connection(nodes=(await info.context.loaders.deployments.load(self.id))[:first])

    @strawberry.field
    async def invoices(self, info: Info, first: int = 20) -> Connection[Invoice]:
        return Connection(nodes=(await info.context.loaders.invoices.load(self.id))[:first])


@strawberry.type
class Query:
    @strawberry.field
    async def tenant(self, info: Info, id: strawberry.ID) -> Tenant | None:  # noqa: A002 - the API's name
        return await info.context.loaders.tenant.load(UUID(id))


class OneTransaction(SchemaExtension):
    async def on_execute(self) -> AsyncIterator[None]:
        context: Context = self.execution_context.context
        async with context.database.unit_of_work(context.scope):
            yield


def create_app() -> Litestar:
    settings = Settings.from_environment()
    database = Database(settings)
    authenticator = Authenticator.from_settings(settings, lambda: datetime.now(UTC))

    @asynccontextmanager
    async def opened(_app: Litestar) -> AsyncIterator[None]:
        async with database:
            yield

    async def context(request: Request[Any, Any, Any]) -> Context:
        try:
            session = await authenticator.authenticate(request.headers.get("authorization"))
        except UnauthenticatedError as error:
            raise NotAuthorizedException(str(error)) from error
        return Context(database=database, scope=session.principal.scope, loaders=Loaders())

    schema = strawberry.Schema(Query, extensions=[ParserCache, ValidationCache, OneTransaction])
    controller = make_graphql_controller(schema, path="/graphql", context_getter=context, graphql_ide=None)
    return Litestar(route_handlers=[controller], lifespan=[opened], openapi_config=None)
