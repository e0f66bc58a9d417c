"""Tenants by the hundred, by SQL, as the operations would have made them: they pass every data-integrity check."""

from datetime import date
from uuid import UUID

from app.database import PLATFORM, Database

_SEED = """
WITH tenant AS (
    INSERT INTO tenants (id, code, name, country, currency, tax_exempt, created_at)
    SELECT gen_random_uuid(), 'tenant-' || n, 'Tenant ' || n, 'AU', 'AUD', false, $2::date
    FROM generate_series(1, $1::int) AS n
    RETURNING id
), deployment AS (
    INSERT INTO cloud_deployments (id, tenant_id, slug, display_name, region, state, llm_mode,
                                   billing_action_suspended, created_at, updated_at)
    SELECT gen_random_uuid(), id, 'app', 'App', 'syd1', 'ACTIVE', 'DISABLED', false, $2::date, $2::date FROM tenant
    RETURNING id, tenant_id
), event AS (
    INSERT INTO cloud_deployment_events (id, tenant_id, deployment_id, to_state, actor, withheld, occurred_at, cause)
    SELECT gen_random_uuid(), tenant_id, id, 'ACTIVE', 'seed', false, $2::date - 1, 'OPERATOR' FROM deployment
), subscription AS (
    INSERT INTO subscriptions (id, tenant_id, deployment_id, plan_version_id, status, started_on, created_at)
    SELECT gen_random_uuid(), tenant_id, id, $3::uuid, 'ACTIVE', $2::date, $2::date FROM deployment
    RETURNING id, tenant_id, deployment_id
), version AS (
    INSERT INTO subscription_plan_versions (id, tenant_id, subscription_id, plan_version_id, effective_on, created_at)
    SELECT gen_random_uuid(), tenant_id, id, $3::uuid, $2::date, $2::date FROM subscription
), span AS (
    INSERT INTO subscription_active_spans (id, tenant_id, subscription_id, first_on)
    SELECT gen_random_uuid(), tenant_id, id, $2::date FROM subscription
), usage AS (
    INSERT INTO usage_records (id, tenant_id, deployment_id, resource_kind, source, event_id, quantity, occurred_at,
                               recorded_at, day)
    SELECT gen_random_uuid(), tenant_id, deployment_id, 'droplet_hours', 'seed', deployment_id::text, 2160,
           $2::date, $2::date, $2::date
    FROM subscription
)
INSERT INTO usage_daily_totals (id, tenant_id, deployment_id, resource_kind, day, total, peak, first_at, last_level,
                                level_microseconds, resource_id)
SELECT gen_random_uuid(), tenant_id, deployment_id, 'droplet_hours', $2::date, 2160, 2160, $2::date, 0, 0,
       '00000000-0000-0000-0000-000000000000'
FROM subscription
"""
TOTAL_CENTS = 6239
"""The total of each tenant's month on Studio: 5000, 672 of overage, and GST."""


async def seed(database: Database, tenants: int, plan_version_id: UUID, month: date) -> None:
    """Inserts tenants, each with one deployment that is subscribed from the month's first day on and used 2160 droplet
    hours.
    """
    async with database.unit_of_work(PLATFORM) as unit:
        await unit.connection.execute(_SEED, tenants, month, plan_version_id)
