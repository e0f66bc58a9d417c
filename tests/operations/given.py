"""Tenants, plans, deployments and their like, made by the operations, and the callers that act on them."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from app.billing import DeploymentState, Proration, Tier
from app.database import PLATFORM, Database
from app.operations.calls.context import Context
from app.operations.calls.principal import Principal, Role
from app.operations.catalog import (
    AddonSelection,
    ResourceDraft,
    create_addon,
    create_plan,
    draft_plan_version,
    publish_plan_version,
)
from app.operations.deployments import create_deployment, transition_deployment
from app.operations.subscriptions import subscribe
from app.operations.tenants import create_tenant
from app.queue import Queue
from app.settings import Settings
from app.tables.ids import new_id
from tests.clock import Clock

# The shortest ways to each state that the transition map has, from the creation's ACTIVE.
_WAYS: dict[DeploymentState, Sequence[DeploymentState]] = {
    DeploymentState.ACTIVE: (),
    DeploymentState.PAST_DUE: (DeploymentState.PAST_DUE,),
    DeploymentState.PAUSED: (DeploymentState.PAUSED,),
    DeploymentState.SUSPENDED: (DeploymentState.SUSPENDED,),
    DeploymentState.CANCELLED: (DeploymentState.CANCELLED,),
    DeploymentState.ARCHIVED: (DeploymentState.CANCELLED, DeploymentState.ARCHIVED),
}


class Given:
    """Creates test data by the operations themselves. Every method that creates an object returns its id."""

    def __init__(self, database: Database, clock: Clock, settings: Settings, queue: Queue) -> None:
        self.database = database
        self.clock = clock
        self.settings = settings
        self.queue = queue

    # Callers

    def caller(self, *roles: Role, tenant_id: UUID | None = None, subject: str = "") -> Context:
        principal = Principal(subject or f"{roles[0].lower()}@example.com", frozenset(roles), tenant_id)
        return Context(principal, self.database, self.clock, self.settings, self.queue)

    @property
    def platform(self) -> Context:
        return self.caller(Role.PLATFORM_ADMIN)

    def admin(self, tenant_id: UUID) -> Context:
        return self.caller(Role.TENANT_ADMIN, tenant_id=tenant_id)

    def viewer(self, tenant_id: UUID) -> Context:
        return self.caller(Role.TENANT_VIEWER, tenant_id=tenant_id)

    def meter(self, tenant_id: UUID | None = None) -> Context:
        return self.caller(Role.METER, tenant_id=tenant_id)

    # Things

    async def tenant(self, code: str = "acme", *, currency: str = "AUD", country: str = "AU") -> UUID:
        return await create_tenant(self.platform, code=code, name=code.title(), country=country, currency=currency)

    async def plan(self, code: str = "studio", **terms: Any) -> UUID:
        """A plan with a first version, published unless asked otherwise: gives the version's id."""
        await create_plan(self.platform, code=code, name=code.title())
        return await self.plan_version(code, **terms)

    async def plan_version(self, code: str = "studio", *, publish: bool = True, **terms: Any) -> UUID:
        """Creates a plan version, by default with Studio's terms: 5000c, 1488 droplet hours included, then 1c each."""
        version_id = await self.draft(code, **terms)
        return await publish_plan_version(self.platform, plan_version_id=version_id) if publish else version_id

    async def draft(
        self,
        code: str = "studio",
        *,
        base_price_cents: int = 5000,
        currency: str = "AUD",
        proration: Proration = Proration.NONE,
        resources: Sequence[ResourceDraft] | None = None,
    ) -> UUID:
        hours = ResourceDraft("droplet_hours", Decimal(1488), (Tier(None, Decimal(1)),))
        return await draft_plan_version(
            self.platform,
            plan_code=code,
            base_price_cents=base_price_cents,
            currency=currency,
            proration=proration,
            resources=[hours] if resources is None else resources,
        )

    async def addon(
        self, code: str = "storage_50gb", *, price_cents: int = 750, quantity: str = "50", currency: str = "AUD"
    ) -> UUID:
        return await create_addon(
            self.platform,
            code=code,
            name=code,
            price_cents=price_cents,
            currency=currency,
            resource_kind="storage_gb",
            quantity=Decimal(quantity),
        )

    async def deployment(
        self, tenant_id: UUID, slug: str = "pilot", *, state: DeploymentState = DeploymentState.ACTIVE
    ) -> UUID:
        deployment_id = await create_deployment(
            self.platform, tenant_id=tenant_id, slug=slug, display_name=slug.title(), region="syd1"
        )
        for step in _WAYS[state]:
            await transition_deployment(self.platform, deployment_id=deployment_id, to=step)
        return deployment_id

    async def subscription(
        self,
        deployment_id: UUID,
        plan_code: str = "studio",
        *,
        addons: Sequence[str] = (),
        starts_on: date | None = None,
        trial_ends_at: datetime | None = None,
    ) -> UUID:
        return await subscribe(
            self.platform,
            deployment_id=deployment_id,
            plan_code=plan_code,
            addons=[AddonSelection(code, additional=code in addons[:at]) for at, code in enumerate(addons)],
            starts_on=starts_on,
            trial_ends_at=trial_ends_at,
            confirm_backdating=True,
        )

    async def invoice(self, tenant_id: UUID, period_start: date, status: str) -> UUID:
        """Inserts an invoice without lines, bypassing the rollup, for tests that only depend on its status."""
        end = (period_start + timedelta(days=31)).replace(day=1)
        rows = await self.rows(
            """
            INSERT INTO tenant_invoices (
                id, tenant_id, period_start, period_end, revision, status, currency, subtotal_cents, tax_cents,
                total_cents, input_hash, created_at, number, issued_at, issued_on, due_on, paid_at, voided_at
            )
            VALUES (
                $1, $2, $3, $4, 1, $5, 'AUD', 0, 0, 0, repeat('0', 64), $6,
                CASE WHEN $5 IN ('ISSUED', 'PAID') THEN 'INV-2026-000001' END,
                CASE WHEN $5 IN ('ISSUED', 'PAID') THEN $6::timestamptz END,
                CASE WHEN $5 IN ('ISSUED', 'PAID') THEN ($6::timestamptz AT TIME ZONE 'UTC')::date END,
                CASE WHEN $5 IN ('ISSUED', 'PAID') THEN $4::date END,
                CASE WHEN $5 = 'PAID' THEN $6::timestamptz END,
                CASE WHEN $5 = 'VOID' THEN $6::timestamptz END
            )
            RETURNING id
            """,
            new_id(),
            tenant_id,
            period_start,
            end,
            status,
            self.clock(),
        )
        invoice_id: UUID = rows[0]["id"]
        return invoice_id

    # What is in the database

    async def rows(self, statement: str, *arguments: object) -> list[dict[str, Any]]:
        async with self.database.unit_of_work(PLATFORM) as unit:
            return [dict(row) for row in await unit.connection.fetch(statement, *arguments)]

    async def row(self, statement: str, *arguments: object) -> dict[str, Any]:
        (row,) = await self.rows(statement, *arguments)
        return row

    async def contents(self) -> dict[str, tuple[int, str]]:
        """Every table's row count and a hash of its rows: equal before and after means that nothing was written.

        The audit log is left out, because refused calls get an entry too.
        """
        async with self.database.unit_of_work(PLATFORM) as unit:
            names = await unit.connection.fetch(
                "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition"
                " AND relnamespace = 'public'::regnamespace"
                " AND relname NOT LIKE 'saq%' AND relname NOT IN ('migration', 'audit_log')"
            )
            return {
                name: tuple(
                    await unit.connection.fetchrow(
                        f"SELECT count(*), md5(coalesce(string_agg(t::text, '' ORDER BY t::text), '')) FROM {name} t"
                    )
                )
                for (name,) in names
            }
