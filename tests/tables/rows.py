"""A valid row of every table, for two tenants: tests of constraints change one value."""

import json
from typing import Any

from tests.tables.billing_rows import billing_months, dunning, invoices, issue_outcomes, provider_bills, rollups
from tests.tables.event_rows import events
from tests.tables.finance_rows import finance
from tests.tables.payment_rows import payments
from tests.tables.platform_rows import HASH, MOMENT, SHARED, Row, key
from tests.tables.receivable_rows import counter_posting, credit_notes, ledger

__all__ = ["HASH", "MOMENT", "SHARED", "Row", "base_row", "insert", "insert_everything", "key", "of_tenant"]


def of_tenant(tenant: int) -> dict[str, Row]:
    """One row of every table that a tenant has rows in, in the order of their references. `tenant` counts from 1."""
    tenant_id = key(1, tenant)
    itself = {
        "id": tenant_id,
        "code": f"tenant-{tenant}",
        "name": "A tenant",
        "country": "AU",
        "currency": "AUD",
        "tax_exempt": False,
        "created_at": MOMENT,
    }
    nouns = (
        _exemptions,
        _deployments,
        _subscriptions,
        _usage,
        invoices,
        billing_months,
        payments,
        ledger,
        credit_notes,
        dunning,
        rollups,
        issue_outcomes,
        provider_bills,
        events,
        finance,
        _requests,
    )
    owned = {table: row for rows in nouns for table, row in rows(tenant).items()}
    return {"tenants": itself, **{table: {**row, "tenant_id": tenant_id} for table, row in owned.items()}}


def _exemptions(tenant: int) -> dict[str, Row]:
    exemption = {"id": key(24, tenant), "first_day": "2026-04-01", "tax_exempt": True, "created_at": MOMENT}
    return {"tenant_tax_exemptions": exemption}


def _deployments(tenant: int) -> dict[str, Row]:
    return {
        "cloud_deployments": {
            "id": key(2, tenant),
            "slug": "pilot",
            "display_name": "Pilot",
            "region": "syd1",
            "state": "ACTIVE",
            "llm_mode": "DISABLED",
            "billing_action_suspended": False,
            "created_at": MOMENT,
            "updated_at": MOMENT,
        },
        "cloud_resources": {
            "id": key(4, tenant),
            "deployment_id": key(2, tenant),
            "provider": "digitalocean",
            "external_id": str(tenant),
            "resource_kind": "droplet_hours",
            "name": "web",
            "created_at": MOMENT,
        },
    }


def _subscriptions(tenant: int) -> dict[str, Row]:
    return {
        "subscriptions": {
            "id": key(5, tenant),
            "deployment_id": key(2, tenant),
            "plan_version_id": key(2),
            "status": "ACTIVE",
            "started_on": "2026-04-01",
            "created_at": MOMENT,
        },
        "subscription_plan_versions": {
            "id": key(6, tenant),
            "subscription_id": key(5, tenant),
            "plan_version_id": key(2),
            "effective_on": "2026-04-01",
            "created_at": MOMENT,
        },
        "subscription_active_spans": {
            "id": key(7, tenant),
            "subscription_id": key(5, tenant),
            "first_on": "2026-04-01",
        },
        "subscription_addons": {
            "id": key(8, tenant),
            "subscription_id": key(5, tenant),
            "addon_id": key(5),
            "code": "storage",
            "price_cents": 750,
            "resource_kind": "storage_gb",
            "quantity": 50,
            "attached_at": MOMENT,
            "attached_on": "2026-04-10",
        },
    }


def _usage(tenant: int) -> dict[str, Row]:
    return {
        "usage_records": {
            "id": key(9, tenant),
            "deployment_id": key(2, tenant),
            "resource_kind": "droplet_hours",
            "source": "api",
            "event_id": "1",
            "quantity": 1,
            "occurred_at": MOMENT,
            "recorded_at": MOMENT,
            "resource_id": key(4, tenant),
            "day": "2026-04-10",
        },
        "usage_event_keys": {
            "id": key(9, tenant),
            "source": "api",
            "event_id": "1",
            "fingerprint": "\\x" + "0" * 32,
            "occurred_at": MOMENT,
        },
        "usage_daily_totals": {
            "id": key(10, tenant),
            "deployment_id": key(2, tenant),
            "resource_kind": "droplet_hours",
            "day": "2026-04-10",
            "total": 1,
            "peak": 1,
            "first_at": MOMENT,
            "last_level": 0,
            "level_microseconds": 0,
            "resource_id": key(0),
        },
        "usage_corrections": {
            "id": key(25, tenant),
            "deployment_id": key(2, tenant),
            "resource_kind": "droplet_hours",
            "record_id": key(9, tenant),
            "source": "api",
            "event_id": "1",
            "occurred_at": MOMENT,
            "day": "2026-04-10",
            "previous_quantity": 1,
            "quantity": 2,
            "reason": "a reading error",
            "actor": "someone",
            "corrected_at": MOMENT,
        },
    }


def _requests(tenant: int) -> dict[str, Row]:
    done = {"subject": "ada", "roles": [], "action": "createAddon", "outcome": "DONE", "occurrences": 1}
    came = {"occurred_at": MOMENT, "address": "127.0.0.1", "request_id": "r"}
    used = {"subject": "ada", "key": "k", "fingerprint": HASH, "outcomes": {}, "created_at": MOMENT}
    return {
        "audit_log": {"id": key(20, tenant), **done, **came},
        "idempotency_keys": {"id": key(21, tenant), **used},
        "rate_limit_buckets": {"id": key(22, tenant), "subject": "ada", "full_at": MOMENT, "last_granted": 0},
    }


def _insertion(table: str, row: Row, records: str) -> str:
    """Returns an INSERT statement with only the columns of the row: PostgreSQL computes the others."""
    columns = ", ".join(f'"{column}"' for column in row)
    return f"INSERT INTO {table} ({columns}) SELECT {columns} FROM jsonb_populate_recordset(NULL::{table}, {records})"


async def insert(connection: Any, table: str, *rows: Row) -> None:
    """Inserts the rows, which have the same columns, in one statement."""
    await connection.execute(_insertion(table, rows[0], "$1::jsonb"), json.dumps(rows))


def with_counter_posting(table: str, row: Row) -> list[Row]:
    """The rows that one statement must insert for this one: a posting comes with the one that balances its entry."""
    return [row, counter_posting(row)] if table == "journal_postings" else [row]


async def insert_everything(connection: Any) -> None:
    """Inserts the shared rows and those of tenants 1 and 2, in one round trip."""
    statements = []
    for rows in (SHARED, of_tenant(1), of_tenant(2)):
        for table, row in rows.items():
            together = with_counter_posting(table, row)
            statements.append(_insertion(table, together[-1], f"'{json.dumps(together)}'"))
    await connection.execute(";".join(statements))


def base_row(table: str) -> Row:
    """The first tenant's row of a table, or the shared one."""
    return SHARED[table] if table in SHARED else of_tenant(1)[table]
