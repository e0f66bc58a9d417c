"""Row-level security: a connection of the application sees and changes one tenant's rows, or the platform's."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from app.database import PLATFORM, Scope
from app.database.roles import ROLES
from tests.tables.payment_rows import payments
from tests.tables.receivable_rows import credit_notes
from tests.tables.rows import SHARED, Row, insert, key, of_tenant, with_counter_posting

TENANT_ROLE, PLATFORM_ROLE = ROLES
OURS, THEIRS = key(1, 1), key(1, 2)
OWNED = [table for table in of_tenant(1) if table != "cloud_invoice_lines"]
OWN = "(tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)"
PLATFORMS = ["cloud_invoices", "cloud_invoice_lines", "rollup_runs", "rollup_chunks", "data_integrity_progress"]
PLATFORMS += ["dunning_runs", "issue_runs", "issue_chunks", "finance_reconciliations"]
CATALOG = ["plans", "plan_versions", "plan_resources", "plan_price_tiers", "addons", "resource_kinds", "tax_rates"]
PROBE = "row_security_probe"
UNOWNED = {"invoice_number_sequences", "credit_note_number_sequences", "installation", *CATALOG}


@asynccontextmanager
async def acting(owner: Any, setting: str | None, role: str = TENANT_ROLE) -> AsyncIterator[Any]:
    """Runs as the application's role with this app.tenant_id; all changes are rolled back."""
    transaction = owner.transaction()
    await transaction.start()
    try:
        await owner.execute(f"SET LOCAL ROLE {role}")
        if setting is not None:
            await owner.execute("SELECT set_config('app.tenant_id', $1, true)", setting)
        yield owner
    finally:
        await transaction.rollback()


async def count(connection: Any, table: str) -> int:
    found: int = await connection.fetchval(f"SELECT count(*) FROM {table}")
    return found


async def test_every_table_of_a_tenant_has_its_policies(filled: Any) -> None:
    """A tenant's policy is a plain comparison, without sub-select and OR, so that an index can be used."""
    tables = await filled.fetch(
        """
        SELECT relname, relrowsecurity, relforcerowsecurity,
               (SELECT json_object_agg(polroles[1]::regrole,
                    replace(pg_get_expr(polqual, polrelid), '(id = ', '(tenant_id = '))
                FROM pg_policy WHERE polrelid = c.oid AND polcmd = '*' AND polpermissive AND polwithcheck IS NULL
                AND array_length(polroles, 1) = 1)::text AS policies,
               (SELECT count(*) FROM pg_policy WHERE polrelid = c.oid) AS count,
               EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indpred IS NULL AND i.indkey[0] = a.attnum)
                   AS indexed
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
          AND NOT relispartition AND (attname = 'tenant_id' OR relname = 'tenants' AND attname = 'id')
        """
    )
    assert {row["relname"] for row in tables} == of_tenant(1).keys() | {PROBE}
    for row in tables:
        expected = {PLATFORM_ROLE: "true"} | ({} if row["relname"] == "cloud_invoice_lines" else {TENANT_ROLE: OWN})
        assert (row["relrowsecurity"], row["relforcerowsecurity"]) == (True, True), row["relname"]
        assert json.loads(row["policies"]) == expected, row["relname"]
        assert row["count"] == len(expected), row["relname"]
        assert row["indexed"], row["relname"]


async def test_every_other_table_is_the_platforms_or_has_no_tenants(filled: Any) -> None:
    tables = await filled.fetch(
        "SELECT relname, relrowsecurity AND relforcerowsecurity AS walled FROM pg_class"
        " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
        " AND NOT relispartition AND relname <> 'migration' AND relname NOT LIKE 'saq\\_%'"
    )
    others = {row["relname"]: row["walled"] for row in tables if row["relname"] not in {*of_tenant(1), PROBE}}
    platforms = dict.fromkeys(set(PLATFORMS) - {"cloud_invoice_lines"}, True)
    assert others == platforms | dict.fromkeys(UNOWNED, False)


@pytest.mark.parametrize("role", ROLES)
async def test_the_application_cannot_bypass_row_level_security(filled: Any, role: str) -> None:
    attributes = await filled.fetchrow(
        "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolcanlogin FROM pg_roles WHERE rolname = $1", role
    )
    assert tuple(attributes) == (False,) * 5
    owned = await filled.fetchval(
        "SELECT count(*) FROM pg_class WHERE relowner = $1::regrole AND relpersistence <> 't'", role
    )
    assert owned == 0
    others = "SELECT count(*) FROM pg_roles WHERE rolname <> $1 AND pg_has_role($1, oid, 'MEMBER')"
    assert await filled.fetchval(others, role) == 0


async def test_the_probe_is_seen_with_its_tenants_id_and_by_the_platform_alone(filled: Any) -> None:
    tenant_id = str(await filled.fetchval(f"SELECT tenant_id FROM {PROBE}"))
    cases = [(None, TENANT_ROLE, 0), (OURS, TENANT_ROLE, 0), (tenant_id, TENANT_ROLE, 1), (OURS, PLATFORM_ROLE, 1)]
    for setting, role, seen in cases:
        async with acting(filled, setting, role) as application:
            assert await count(application, PROBE) == seen, (setting, role)


@pytest.mark.parametrize("table", [*OWNED, *PLATFORMS])
@pytest.mark.parametrize("setting", [None, "", key(1, 3)])
async def test_without_a_tenant_there_is_nothing(filled: Any, table: str, setting: str | None) -> None:
    async with acting(filled, setting) as application:
        assert await count(application, table) == 0


@pytest.mark.parametrize("table", OWNED)
async def test_a_tenant_sees_its_own(filled: Any, table: str) -> None:
    column = "id" if table == "tenants" else "tenant_id"
    async with acting(filled, Scope.tenant(UUID(OURS)).setting) as application:
        rows = await application.fetch(f"SELECT {column}::text FROM {table}")
    assert {row[0] for row in rows} == {OURS}


@pytest.mark.parametrize("table", PLATFORMS)
async def test_a_tenant_sees_nothing_of_the_platforms(filled: Any, table: str) -> None:
    async with acting(filled, OURS) as application:
        assert await count(application, table) == 0


@pytest.mark.parametrize("table", [*OWNED, *PLATFORMS])
async def test_the_platform_sees_everything(filled: Any, table: str) -> None:
    async with acting(filled, PLATFORM.setting, PLATFORM_ROLE) as application:
        found = await count(application, table)
    tenants = [SHARED] if table in SHARED else [of_tenant(1), of_tenant(2)]
    assert found == sum(len(with_counter_posting(table, rows[table])) for rows in tenants)


@pytest.mark.parametrize("table", CATALOG)
async def test_the_catalog_is_everyones_to_read(filled: Any, table: str) -> None:
    async with acting(filled, OURS) as application:
        assert await count(application, table) > 0


@pytest.mark.parametrize("table", OWNED)
async def test_a_tenant_writes_no_row_of_anothers(filled: Any, table: str) -> None:
    row: Row = {**of_tenant(2)[table], "id": key(999, 2)}
    async with acting(filled, OURS) as application:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match=r"row-level security|permission denied for table"):
            await insert(application, table, row)


@pytest.mark.parametrize("table", PLATFORMS)
async def test_a_tenant_writes_nothing_of_the_platforms(filled: Any, table: str) -> None:
    row = {**(SHARED | of_tenant(1))[table], "id": key(999, 1)}
    async with acting(filled, OURS) as application:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match=f"permission denied for table {table}"):
            await insert(application, table, row)


async def allowed(owner: Any, role: str, privilege: str) -> set[str]:
    rows = await owner.fetch(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
        " AND relname NOT LIKE 'saq\\_%' AND has_table_privilege($1, oid, $2)",
        role,
        privilege,
    )
    return {row["relname"] for row in rows}


async def test_a_tenant_changes_no_row_of_anothers(filled: Any) -> None:
    for table in sorted(await allowed(filled, TENANT_ROLE, "UPDATE") & set(OWNED)):
        async with acting(filled, OURS) as application:
            changed = await application.execute(f"UPDATE {table} SET id = id WHERE id = $1", of_tenant(2)[table]["id"])
            assert changed == "UPDATE 0", table
    for table in sorted(await allowed(filled, TENANT_ROLE, "DELETE") & set(OWNED)):
        async with acting(filled, OURS) as application:
            deleted = await application.execute(f"DELETE FROM {table} WHERE id = $1", of_tenant(2)[table]["id"])
            assert deleted == "DELETE 0", table


async def test_a_tenant_gives_no_row_away(filled: Any) -> None:
    async with acting(filled, OURS) as application:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
            await application.execute("UPDATE usage_daily_totals SET tenant_id = $1", THEIRS)


async def test_what_a_tenant_may_do(filled: Any) -> None:
    assert await allowed(filled, TENANT_ROLE, "SELECT") == {*of_tenant(1), *SHARED, *UNOWNED, PROBE, "migration"}
    changed = {
        "billing_months",
        "cloud_deployments",
        *("event_sequences", "webhook_endpoints", "webhook_deliveries", "delivery_queues"),
        "idempotency_keys",
        "rate_limit_buckets",
        "subscription_active_spans",
        "subscription_addons",
        "subscription_plan_versions",
        "subscriptions",
        "usage_daily_totals",
    }
    assert await allowed(filled, TENANT_ROLE, "INSERT") == changed | {
        *("audit_log", "billing_month_changes", "cloud_deployment_events", "events"),
        *("usage_corrections", "usage_event_keys", "usage_records"),
    }
    assert await allowed(filled, TENANT_ROLE, "UPDATE") == changed | {"cloud_resources"}
    assert await allowed(filled, TENANT_ROLE, "DELETE") == {
        *("idempotency_keys", "rate_limit_buckets", "subscription_active_spans", "subscription_plan_versions"),
        *("usage_daily_totals", "webhook_endpoints", "webhook_deliveries", "delivery_queues"),
    }
    assert await allowed(filled, TENANT_ROLE, "TRUNCATE") == set()


async def test_what_the_platform_may_do(filled: Any) -> None:
    everything = {*of_tenant(1), *SHARED, *UNOWNED}
    assert await allowed(filled, PLATFORM_ROLE, "SELECT") == everything | {PROBE, "migration"}
    assert await allowed(filled, PLATFORM_ROLE, "INSERT") == everything
    assert everything - await allowed(filled, PLATFORM_ROLE, "UPDATE") == {
        "audit_log",
        "billing_month_changes",
        "charges",
        "cloud_deployment_events",
        "cloud_invoice_lines",  # but for the columns of its match
        "cloud_invoices",  # but for those of its match and its withdrawal
        "dunning_holds",  # but for their end
        "events",  # but for their position
        "receivables_out_of_step",
        *("dunning_steps", "issue_outcomes"),
        *payments(1),  # but for columns of three of them
        *credit_notes(1),
        *("journal_entries", "journal_postings"),
        *("plan_price_tiers", "plan_resources", "resource_kinds", "rollup_warnings"),
        *("tenant_invoice_inputs", "tenant_invoice_lines"),
        *("usage_corrections", "usage_event_keys", "usage_records"),
    }
    assert await allowed(filled, PLATFORM_ROLE, "DELETE") == {
        "billing_month_changes",
        "dunning_policies",
        "idempotency_keys",
        "rate_limit_buckets",
        "rollup_failures",
        "rollup_unpriced_usage",
        "subscription_active_spans",
        "subscription_plan_versions",
        *("tax_rates", "tenant_invoice_inputs", "tenant_invoice_lines", "tenant_tax_exemptions", "usage_daily_totals"),
        *("webhook_endpoints", "webhook_deliveries", "delivery_queues", "receivables_out_of_step"),
    }
    assert await allowed(filled, PLATFORM_ROLE, "TRUNCATE") == set()


async def test_the_queue_is_the_platforms(filled: Any) -> None:
    may = "SELECT has_table_privilege($1, 'saq_jobs', 'SELECT, INSERT, UPDATE, DELETE')"  # any of them
    assert [await filled.fetchval(may, role) for role in ROLES] == [False, True]


async def partitions(owner: Any) -> dict[str, bool]:
    """The partitions of events, and whether the application may do anything with each."""
    rows = await owner.fetch(
        "SELECT relname, bool_or("
        " has_table_privilege(role, oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')"
        " OR has_any_column_privilege(role, oid, 'SELECT, INSERT, UPDATE, REFERENCES')) AS open"
        " FROM pg_class, unnest($1::text[]) AS role WHERE relispartition AND relkind = 'r' GROUP BY relname",
        list(ROLES),
    )
    return {row["relname"]: row["open"] for row in rows}


async def test_events_are_reached_through_their_table_alone(filled: Any) -> None:
    """A partition has no policy of its own: the policy of the table named in the statement applies."""
    found = await partitions(filled)
    assert len(found) > 12
    assert {name for name, is_open in found.items() if is_open} == set()
    for name in found:
        async with acting(filled, PLATFORM.setting, PLATFORM_ROLE) as application:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await application.execute(f"SELECT FROM {name}")


async def test_months_that_the_application_has_made_later_are_reached_through_their_table_alone(filled: Any) -> None:
    before = await partitions(filled)
    year, month = max(re.findall(r"usage_records_(\d{4})_(\d{2})", " ".join(before)))  # other tests may have made some
    await filled.execute(f"SET LOCAL ROLE {PLATFORM_ROLE}")
    through = f"date '{year}-{month}-01' + interval '1 year'"
    await filled.execute(f"SELECT usage_records_create_partitions({through}); RESET ROLE")
    made = {name: is_open for name, is_open in (await partitions(filled)).items() if name not in before}
    assert len(made) >= 11
    assert set(made.values()) == {False}
    later = max(made)
    moment = later.removeprefix("usage_records_").replace("_", "-") + "-10T00:00:00+00:00"
    for tenant in (1, 2):
        record = {**of_tenant(tenant)["usage_records"], "id": key(998, tenant), "occurred_at": moment}
        await insert(filled, "usage_records", record)
    assert await count(filled, later) == 2
    async with acting(filled, OURS) as application:
        rows = await application.fetch(
            "SELECT tenant_id::text FROM usage_records WHERE occurred_at = $1::text::timestamptz", moment
        )
        assert [row[0] for row in rows] == [OURS]
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await application.execute(f"SELECT FROM {later}")
