"""Tenants by the hundred, by SQL: what operations would have made, without their time."""

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
    SELECT gen_random_uuid(), t.id, 'app-' || n, 'App', 'syd1', 'ACTIVE', 'DISABLED', false, $2::date, $2::date
    FROM tenant t, generate_series(1, $4::int) AS n
    RETURNING id, tenant_id
), subscription AS (
    INSERT INTO subscriptions (id, tenant_id, deployment_id, plan_version_id, status, started_on, created_at)
    SELECT gen_random_uuid(), d.tenant_id, d.id, $3::uuid, 'ACTIVE', $2::date, $2::date FROM deployment d
    RETURNING id, tenant_id, deployment_id
), version AS (
    INSERT INTO subscription_plan_versions (id, tenant_id, subscription_id, plan_version_id, effective_on, created_at)
    SELECT gen_random_uuid(), s.tenant_id, s.id, $3::uuid, $2::date, $2::date FROM subscription s
), span AS (
    INSERT INTO subscription_active_spans (id, tenant_id, subscription_id, first_on)
    SELECT gen_random_uuid(), s.tenant_id, s.id, $2::date FROM subscription s
)
INSERT INTO usage_daily_totals (id, tenant_id, deployment_id, resource_kind, day, total, peak, first_at, last_level,
                                level_microseconds, resource_id)
SELECT gen_random_uuid(), s.tenant_id, s.deployment_id, 'droplet_hours', day::date, 72, 72, day, 72, 72 * 86400000000,
       '00000000-0000-0000-0000-000000000000'
FROM subscription s, generate_series($2::date, $2::date + interval '1 month - 1 day', interval '1 day') AS day
"""


async def seed(database: Database, tenants: int, plan_version_id: UUID, month: date, *, deployments: int = 1) -> None:
    """Inserts tenants, each with this number of deployments, which are subscribed from the month's first day on and
    used 72 hours on each day.
    """
    async with database.unit_of_work(PLATFORM) as unit:
        await unit.connection.execute(_SEED, tenants, month, plan_version_id, deployments)
