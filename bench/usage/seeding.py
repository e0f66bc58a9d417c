"""Seeds the tenants and deployments of the events."""

import asyncio

import asyncpg

from app.database.migrate import migrate
from app.settings import Settings

TENANTS = 100
DEPLOYMENTS = 500

_SEED = f"""
INSERT INTO tenants (id, code, name, country, currency, tax_exempt, created_at)
SELECT format('019d4500-0001-7000-8000-%s', lpad(to_hex(n), 12, '0'))::uuid, 'tenant-' || n, 'Tenant ' || n, 'AU',
       'AUD', false, '2025-01-01Z'
FROM generate_series(0, {TENANTS - 1}) AS n;
INSERT INTO cloud_deployments (
    id, tenant_id, slug, display_name, region, state, llm_mode, billing_action_suspended, created_at, updated_at
)
SELECT format('019d4500-0002-7000-8000-%s', lpad(to_hex(n), 12, '0'))::uuid,
       format('019d4500-0001-7000-8000-%s', lpad(to_hex(n % {TENANTS}), 12, '0'))::uuid,
       'app-' || n, 'App ' || n, 'syd1', 'ACTIVE', 'DISABLED', false, '2025-01-01Z', '2025-01-01Z'
FROM generate_series(0, {DEPLOYMENTS - 1}) AS n;
"""


def deployment_id(number: int) -> str:
    return f"019d4500-0002-7000-8000-{number:012x}"


def fill(settings: Settings) -> None:
    asyncio.run(_fill(settings))


async def _fill(settings: Settings) -> None:
    await migrate(settings)
    connection = await asyncpg.connect(settings.owner_database_url)
    try:
        await connection.execute(_SEED)
        await connection.execute("VACUUM (ANALYZE)")
    finally:
        await connection.close()


def tenant_id_of(deployment: str) -> str:
    return f"019d4500-0001-7000-8000-{int(deployment[-12:], 16) % TENANTS:012x}"


async def empty(url: str) -> None:
    """Deletes all recorded usage, so that every run begins with empty tables."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("TRUNCATE usage_records, usage_event_keys, usage_daily_totals")
    finally:
        await connection.close()
