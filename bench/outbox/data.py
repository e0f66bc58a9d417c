"""Tenants with an endpoint each, and the events of their deployments."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import msgspec

from app.database import Database
from app.operations.calls.context import Context
from app.operations.calls.principal import Principal, Role
from app.operations.events import envelope
from app.operations.events.wake_up import wake_delivery
from app.operations.webhooks import create_webhook_endpoint
from app.queue import Queue
from app.settings import Settings
from app.tables.ids import new_ids

DEPLOYMENTS = 25
"""Of each tenant: so many of its events may be under way at once."""

_EMPTY = "TRUNCATE tenants, events, event_sequences, webhook_endpoints, webhook_deliveries, delivery_queues CASCADE"
_TENANTS = """
INSERT INTO tenants (id, code, name, country, currency, tax_exempt, created_at)
SELECT id, 'tenant-' || n, 'Tenant ' || n, 'AU', 'AUD', false, now()
FROM unnest($1::uuid[]) WITH ORDINALITY AS t (id, n)
"""
_EVENTS = """
INSERT INTO events (id, tenant_id, type, aggregate_type, aggregate_id, sequence, occurred_at, version, data)
SELECT e.id, e.tenant_id, 'subscription.changed', 'DEPLOYMENT', e.deployment_id,
       coalesce(s.last_sequence, 0) + row_number() OVER (PARTITION BY e.deployment_id ORDER BY e.id), now(), 1,
       json_build_object('subscriptionId', e.deployment_id, 'deploymentId', e.deployment_id, 'tenantId', e.tenant_id,
                         'change', 'PLAN_CHANGED', 'effectiveOn', '2026-05-01', 'planCode', 'business',
                         'planVersion', 3, 'status', 'ACTIVE', 'addonCode', NULL)::text
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS e (id, tenant_id, deployment_id)
LEFT JOIN event_sequences s ON s.id = e.deployment_id
"""
_SEQUENCES = """
INSERT INTO event_sequences (id, tenant_id, last_sequence)
SELECT aggregate_id, tenant_id, max(sequence) FROM events GROUP BY 1, 2
ON CONFLICT (id) DO UPDATE SET last_sequence = excluded.last_sequence
"""
_BODIES = """
SELECT id, type, version, occurred_at, tenant_id, aggregate_type, aggregate_id, sequence, data FROM events ORDER BY id
"""


class Outbox:
    """A database with endpoints, and what the benchmark does with it as its owner and as the platform."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._tenants: Sequence[UUID] = ()
        self._deployments: list[tuple[UUID, UUID]] = []

    def begin(self, urls: Sequence[str]) -> None:
        """Empties the database, and makes an endpoint of a new tenant for each URL."""
        self._tenants = new_ids(len(urls))
        self._deployments = [(tenant, one) for tenant in self._tenants for one in new_ids(DEPLOYMENTS)]
        asyncio.run(self._begin(urls))

    def add_events(self, count: int) -> None:
        """Adds so many events for the tenants in turn, and wakes the workers."""
        asyncio.run(self._add_events(count))

    def bodies(self) -> list[bytes]:
        return asyncio.run(self._bodies())

    async def _begin(self, urls: Sequence[str]) -> None:
        connection = await asyncpg.connect(self._owner)
        try:
            await connection.execute(_EMPTY)
            await connection.execute(_TENANTS, self._tenants)
        finally:
            await connection.close()
        async with Database(self.settings) as database, Queue(self.settings) as queue:
            for tenant_id, url in zip(self._tenants, urls, strict=True):
                await create_webhook_endpoint(self._context(database, queue), url=url, tenant_id=tenant_id)

    async def _add_events(self, count: int) -> None:
        of_tenants = len(self._tenants)
        places = (number % of_tenants * DEPLOYMENTS + number // of_tenants % DEPLOYMENTS for number in range(count))
        tenants, deployments = zip(*(self._deployments[place] for place in places), strict=True)
        connection = await asyncpg.connect(self._owner)
        try:
            async with connection.transaction():
                await connection.execute(_EVENTS, new_ids(count), tenants, deployments)
                await connection.execute(_SEQUENCES)
        finally:
            await connection.close()
        async with Database(self.settings) as database, Queue(self.settings) as queue:
            await wake_delivery(self._context(database, queue))

    async def _bodies(self) -> list[bytes]:
        connection = await asyncpg.connect(self._owner)
        try:
            return [msgspec.json.encode(envelope(row)) for row in await connection.fetch(_BODIES)]
        finally:
            await connection.close()

    @property
    def _owner(self) -> str | None:
        return self.settings.owner_database_url or self.settings.database_url

    def _context(self, database: Database, queue: Queue) -> Context:
        principal = Principal("bench", frozenset({Role.PLATFORM_ADMIN}))
        return Context(principal, database, lambda: datetime.now(UTC), self.settings, queue)
