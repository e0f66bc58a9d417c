"""Tenants by the thousand with one open invoice each, by SQL: what operations would have made, without their time."""

from datetime import date
from typing import Any

from app.database import PLATFORM
from tests.operations.given import Given

_AT_ONCE = 5_000

_SEED = """
WITH tenant AS (
    INSERT INTO tenants (id, code, name, country, currency, tax_exempt, created_at)
    SELECT gen_random_uuid(), 'tenant-' || n, 'Tenant ' || n, 'AU', 'AUD', false, '2026-04-01Z'
    FROM generate_series($1::int, $2::int) AS n
    RETURNING id, substr(code, 8)::int AS n
), deployment AS (
    INSERT INTO cloud_deployments (id, tenant_id, slug, display_name, region, state, llm_mode,
                                   billing_action_suspended, created_at, updated_at)
    SELECT gen_random_uuid(), id, 'app', 'App', 'syd1', 'ACTIVE', 'DISABLED', false, '2026-04-01Z', '2026-04-01Z'
    FROM tenant
    RETURNING id, tenant_id
), event AS (
    INSERT INTO cloud_deployment_events (id, tenant_id, deployment_id, to_state, actor, withheld, occurred_at, cause)
    SELECT gen_random_uuid(), tenant_id, id, 'ACTIVE', 'seed', false, '2026-04-01Z', 'OPERATOR' FROM deployment
), invoice AS (
    INSERT INTO tenant_invoices (id, tenant_id, period_start, period_end, revision, status, currency, subtotal_cents,
        tax_cents, total_cents, input_hash, created_at)
    SELECT gen_random_uuid(), id, '2026-04-01', '2026-05-01', 1, 'DRAFT', 'AUD', 0, 5500, 5500, repeat('0', 64),
        '2026-05-01Z'
    FROM tenant
    RETURNING id, tenant_id
)
INSERT INTO tenant_invoice_lines (id, tenant_id, invoice_id, position, key, kind, description, quantity,
    unit_price_cents, amount_cents, period_start)
SELECT gen_random_uuid(), tenant_id, id, 0, 'tax', 'TAX', 'Tax', 1, 5500, 5500, '2026-04-01' FROM invoice
"""
_ISSUE = """
WITH issued AS (
    UPDATE tenant_invoices i SET status = 'ISSUED', number = 'INV-2026-' || lpad(substr(t.code, 8), 6, '0'),
        issued_at = '2026-05-01Z', issued_on = '2026-05-01',
        due_on = CASE WHEN substr(t.code, 8)::int <= $1 THEN date '2026-05-15' ELSE date '2026-07-15' END
    FROM tenants t WHERE t.id = i.tenant_id AND i.status = 'DRAFT'
    RETURNING i.id, i.tenant_id, i.due_on
)
INSERT INTO invoice_balances (id, tenant_id, currency, due_on, total_cents, paid_cents, credit_cents, noted_cents,
    written_off_cents, voided_cents, recovered_cents, credited_net_cents, credited_tax_cents, balance_cents)
SELECT id, tenant_id, 'AUD', due_on, 5500, 0, 0, 0, 0, 0, 0, 0, 0, 5500 FROM issued
"""


async def seed_open_invoices(given: Given, tenants: int, *, overdue: int) -> None:
    """So many tenants with a deployment and an invoice: due on 15 May where they are overdue, else on 15 July."""
    for first in range(1, tenants + 1, _AT_ONCE):
        async with given.database.unit_of_work(PLATFORM) as unit:
            await unit.connection.execute(_SEED, first, min(first + _AT_ONCE - 1, tenants))
            await unit.connection.execute(_ISSUE, overdue)


async def last_run(given: Given) -> dict[str, Any]:
    """The counts of the only run, and whether it has finished."""
    row = await given.row(
        "SELECT day, tenants_evaluated AS tenants, tenants_failed AS failed, steps_taken AS steps,"
        " transitions_applied AS transitions, finished_at IS NOT NULL AS finished FROM dunning_runs"
    )
    day: date = row["day"]
    return row | {"day": str(day)}
