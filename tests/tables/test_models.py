"""The migrated schema is the models' one: columns, keys and CHECKs, word for word, but for what the walls replace."""

from typing import Any

import asyncpg
import pytest
from piccolo.table import Table, sort_table_classes

from app.tables.piccolo_app import APP_CONFIG

TABLES: list[type[Table]] = sort_table_classes(sorted(set(APP_CONFIG.table_classes), key=lambda table: table.__name__))

# Created by walls.sql: a child's reference that includes its tenant, and the keys that it refers to.
ADDED = {
    "cloud_deployments_tenant_id_id_key",
    "subscriptions_tenant_id_id_key",
    "subscriptions_tenant_id_id_deployment_id_key",
    "subscription_addons_tenant_id_id_key",
    "tenant_invoices_tenant_id_id_key",
    "charges_tenant_id_id_key",
    "payments_tenant_id_id_key",
    "invoice_applications_tenant_id_id_key",
    "write_offs_tenant_id_id_key",
    "events_tenant_id_id_key",
    "webhook_endpoints_tenant_id_id_key",
    "journal_entries_tenant_id_id_key",
    "credit_notes_tenant_id_id_key",
    "invoice_balances_id_fkey",  # to the invoice: a primary key is declared without a reference
    "finance_queues_id_fkey",  # likewise
    "cloud_deployment_events_dunning_step_fkey",  # to a table that is declared later
}
WIDENED = {
    "cloud_deployment_events_deployment_id_fkey",
    "cloud_resources_deployment_id_fkey",
    "subscriptions_deployment_id_fkey",
    "subscription_plan_versions_subscription_id_fkey",
    "subscription_active_spans_subscription_id_fkey",
    "subscription_addons_subscription_id_fkey",
    "usage_records_pkey",
    "usage_daily_totals_deployment_id_fkey",
    "tenant_invoice_lines_invoice_id_fkey",
    "tenant_invoice_lines_subscription_id_fkey",
    "tenant_invoice_lines_subscription_addon_id_fkey",
    "tenant_invoice_inputs_invoice_id_fkey",
    "tenant_invoice_inputs_subscription_id_fkey",
    "tenant_invoice_lines_charge_id_fkey",
    "charges_deployment_id_fkey",
    "usage_corrections_deployment_id_fkey",
    "billing_months_invoice_id_fkey",
    "billing_month_changes_deployment_id_fkey",
    "billing_month_changes_tenant_id_fkey",  # to the month, and so to its tenant
    "rollup_outcomes_invoice_id_fkey",
    "rollup_unpriced_usage_deployment_id_fkey",
    "issue_outcomes_invoice_id_fkey",
    "cloud_invoice_lines_deployment_id_fkey",
    "invoice_applications_invoice_id_fkey",
    "invoice_applications_payment_id_fkey",
    "invoice_application_reversals_application_id_fkey",
    "write_offs_invoice_id_fkey",
    "write_off_taxes_write_off_id_fkey",
    "recoveries_invoice_id_fkey",
    "dunning_steps_invoice_id_fkey",
    "webhook_deliveries_endpoint_id_fkey",
    "webhook_deliveries_event_id_fkey",
    "delivery_queues_endpoint_id_fkey",
    "finance_pushes_invoice_id_fkey",
    "receivables_out_of_step_invoice_id_fkey",
    "journal_postings_entry_id_fkey",
    "credit_notes_invoice_id_fkey",
    "credit_note_lines_credit_note_id_fkey",
    "issued_documents_invoice_id_fkey",
    "issued_documents_credit_note_id_fkey",
}
DROPPED = {
    "events_tenant_id_fkey",  # its aggregate's row in event_sequences has it
    "tenant_invoice_lines_deployment_id_fkey",  # part of the wider subscription_id_fkey
    "tenant_invoice_lines_tenant_id_fkey",
    "tenant_invoice_inputs_tenant_id_fkey",
    "usage_records_tenant_id_fkey",
    "usage_records_deployment_id_fkey",  # the daily totals' are checked for them
    "usage_records_resource_kind_fkey",
    "usage_records_resource_id_fkey",
    "usage_event_keys_tenant_id_fkey",
    "usage_event_keys_pkey",  # what makes it unique is its only key
    "usage_daily_totals_tenant_id_fkey",
    "journal_postings_tenant_id_fkey",
    "invoice_balances_tenant_id_fkey",
    "finance_queues_tenant_id_fkey",
    "finance_pushes_tenant_id_fkey",
}

CONSTRAINTS = """
SELECT conrelid::regclass::text AS "table", conname AS name, pg_get_constraintdef(oid) AS definition
FROM pg_constraint
WHERE connamespace = 'public'::regnamespace AND contype IN ('c', 'f', 'p', 'u') AND conrelid::regclass::text = any($1)
"""
COLUMNS = """
SELECT table_name, column_name, data_type, is_nullable
FROM information_schema.columns WHERE table_schema = 'public' AND table_name = any($1)
"""


@pytest.fixture
async def from_models(empty_database_url: str) -> Any:
    connection = await asyncpg.connect(empty_database_url)
    try:
        for table in TABLES:
            for statement in table.create_table().ddl:
                await connection.execute(statement)
        yield connection
    finally:
        await connection.close()


def names() -> list[str]:
    return [table._meta.tablename for table in TABLES]


async def constraints(connection: Any) -> dict[str, tuple[str, str]]:
    rows = await connection.fetch(CONSTRAINTS, names())
    return {row["name"]: (row["table"], row["definition"]) for row in rows}


async def test_constraints_are_the_models(owner: Any, from_models: Any) -> None:
    migrated, modelled = await constraints(owner), await constraints(from_models)
    assert migrated.keys() - modelled.keys() == ADDED
    assert modelled.keys() - migrated.keys() == DROPPED
    assert {name for name in migrated.keys() & modelled.keys() if migrated[name] != modelled[name]} == WIDENED
    assert all("(tenant_id, " in migrated[name][1] for name in WIDENED)


async def test_columns_are_the_models(owner: Any, from_models: Any) -> None:
    assert set(await owner.fetch(COLUMNS, names())) == set(await from_models.fetch(COLUMNS, names()))


async def test_nothing_has_a_default_and_every_reference_restricts(owner: Any) -> None:
    defaults = await owner.fetch(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_name = any($1)"
        " AND column_default IS NOT NULL AND column_default NOT LIKE 'NULL::%'",
        names(),
    )
    assert defaults == []
    lax = await owner.fetch(
        "SELECT conname FROM pg_constraint WHERE contype = 'f' AND (confdeltype, confupdtype) <> ('r', 'r')"
    )
    assert lax == []


async def test_every_table_of_the_schema_has_a_model(owner: Any) -> None:
    tables = await owner.fetch(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
        " AND NOT relispartition AND relname <> 'migration' AND relname NOT LIKE 'saq\\_%'"
    )
    assert {row["relname"] for row in tables} == set(names())
