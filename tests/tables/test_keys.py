"""Every unique key refuses a second row; every foreign key refuses a missing row and another tenant's row."""

from typing import Any

import asyncpg
import pytest

from app.database.roles import ROLES
from tests.tables.rows import MOMENT, Row, base_row, insert, key, of_tenant

NEW = key(999, 1)

# Unique key -> (table, the changes under which a second row still has the first one's key).
SECOND: dict[str, tuple[str, dict[str, Any]]] = {
    "tenants_code_key": ("tenants", {}),
    "plans_code_key": ("plans", {}),
    "plan_versions_plan_id_version_key": ("plan_versions", {}),
    "plan_resources_plan_version_id_resource_kind_key": ("plan_resources", {}),
    "plan_price_tiers_plan_resource_id_position_key": ("plan_price_tiers", {}),
    "addons_code_key": ("addons", {}),
    "cloud_deployments_tenant_id_slug_key": ("cloud_deployments", {}),
    "cloud_resources_not_destroyed_key": ("cloud_resources", {"tenant_id": None, "deployment_id": None}),
    "subscriptions_deployment_id_key": ("subscriptions", {}),
    "subscription_plan_versions_subscription_id_effective_on_key": ("subscription_plan_versions", {}),
    "subscription_active_spans_open_key": ("subscription_active_spans", {"first_on": "2026-04-20"}),
    "usage_event_keys_tenant_id_source_event_id_key": ("usage_event_keys", {}),
    "usage_daily_totals_day_key": ("usage_daily_totals", {}),
    "tenant_invoices_not_void_key": ("tenant_invoices", {"revision": 2}),
    "tenant_invoices_tenant_id_period_start_revision_key": (
        "tenant_invoices",
        {"status": "VOID", "voided_at": MOMENT},
    ),
    "tenant_invoice_lines_invoice_id_position_key": ("tenant_invoice_lines", {}),
    "tenant_invoice_inputs_invoice_id_position_key": ("tenant_invoice_inputs", {}),
    "events_aggregate_id_sequence_key": ("events", {"position": None}),
    "events_position_key": ("events", {"sequence": 2}),
    "webhook_deliveries_endpoint_id_event_id_key": ("webhook_deliveries", {}),
    "delivery_queues_endpoint_id_aggregate_id_key": ("delivery_queues", {}),
    "finance_pushes_tenant_id_invoice_id_sequence_key": ("finance_pushes", {}),
    "receivables_out_of_step_receivable_id_key": ("receivables_out_of_step", {}),
    "dunning_policies_tenant_id_key": ("dunning_policies", {}),
    "dunning_steps_tenant_id_invoice_id_kind_key": ("dunning_steps", {}),
    "dunning_holds_open_key": ("dunning_holds", {}),
    "dunning_runs_day_key": ("dunning_runs", {}),
    "dunning_failures_run_id_tenant_id_key": ("dunning_failures", {}),
    "rollup_chunks_run_id_position_key": ("rollup_chunks", {}),
    "rollup_outcomes_run_id_tenant_id_key": ("rollup_outcomes", {}),
    "rollup_failures_run_id_tenant_id_key": ("rollup_failures", {}),
    "rollup_unpriced_usage_run_id_deployment_id_resource_kind_key": ("rollup_unpriced_usage", {}),
    "issue_chunks_run_id_position_key": ("issue_chunks", {}),
    "issue_outcomes_run_id_tenant_id_key": ("issue_outcomes", {}),
    "cloud_invoices_not_withdrawn_key": ("cloud_invoices", {}),
    "cloud_invoice_lines_cloud_invoice_id_position_key": ("cloud_invoice_lines", {}),
    "idempotency_keys_tenant_id_subject_key_key": ("idempotency_keys", {}),
    "rate_limit_buckets_tenant_id_subject_key": ("rate_limit_buckets", {}),
    "tenant_tax_exemptions_tenant_id_first_day_key": ("tenant_tax_exemptions", {}),
    "billing_months_tenant_id_period_start_key": ("billing_months", {}),
    "data_integrity_progress_table_name_key": ("data_integrity_progress", {}),
    "payments_tenant_id_method_reference_key": ("payments", {}),
    "refunds_tenant_id_reference_key": ("refunds", {}),
    "write_off_taxes_tenant_id_write_off_id_position_key": ("write_off_taxes", {}),
    "recoveries_tenant_id_method_reference_key": ("recoveries", {}),
    "journal_postings_tenant_id_entry_id_position_key": ("journal_postings", {}),
    "tenant_balances_tenant_id_currency_key": ("tenant_balances", {}),
    "credit_notes_number_key": ("credit_notes", {}),
    "credit_note_lines_tenant_id_credit_note_id_position_key": ("credit_note_lines", {}),
}
# Keys that contain an id exist for composite references; the probe always has one row.
HOLD_AN_ID = {
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
    "row_security_probe_tenant_id_key",
}
SHOWN_BELOW = {
    "tax_rates_country_name_valid_from_key",
    "tenant_invoices_number_key",
    "cloud_deployment_events_withheld_key",
}


async def test_every_unique_key_is_here(filled: Any) -> None:
    keys = await filled.fetch(
        "SELECT i.relname FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid"
        " WHERE x.indisunique AND NOT x.indisprimary AND i.relnamespace = 'public'::regnamespace"
        " AND NOT i.relispartition AND i.relname NOT LIKE 'saq%'"
    )
    assert {row["relname"] for row in keys} == SECOND.keys() | HOLD_AN_ID | SHOWN_BELOW


async def refused_as_taken(owner: Any, table: str, row: Row) -> str:
    with pytest.raises(asyncpg.UniqueViolationError) as refused:
        async with owner.transaction():
            await insert(owner, table, row)
    return str(refused.value.constraint_name)


@pytest.mark.parametrize("name", SECOND)
async def test_a_second_row_is_refused(filled: Any, name: str) -> None:
    table, changes = SECOND[name]
    assert await refused_as_taken(filled, table, {**base_row(table), "id": NEW, **changes}) == name


async def test_a_tax_has_one_rate_from_a_day_on(filled: Any) -> None:
    row = {"id": NEW, "country": "AU", "name": "GST", "rate": "0.2", "valid_from": "2000-07-01"}
    await insert(filled, "tax_rates", {**row, "id": key(998, 1), "valid_from": "2026-07-01"})
    assert await refused_as_taken(filled, "tax_rates", row) == "tax_rates_country_name_valid_from_key"


async def test_a_number_is_given_once(filled: Any) -> None:
    days = {"issued_on": "2026-05-01", "due_on": "2026-05-15"}
    issued = {"status": "ISSUED", "number": "INV-2026-000001", "issued_at": MOMENT, **days}
    await filled.execute(
        "UPDATE tenant_invoices SET status = 'ISSUED', number = 'INV-2026-000001',"
        " issued_at = now(), issued_on = now(), due_on = now() WHERE tenant_id = $1",
        key(1, 1),
    )
    row = {**of_tenant(2)["tenant_invoices"], "id": NEW, **issued}
    row |= {"period_start": "2026-05-01", "period_end": "2026-06-01"}
    assert await refused_as_taken(filled, "tenant_invoices", row) == "tenant_invoices_number_key"


async def test_a_step_is_withheld_once(filled: Any) -> None:
    withheld = {**base_row("cloud_deployment_events"), "id": NEW, "withheld": True}
    await insert(filled, "cloud_deployment_events", withheld)
    row = {**withheld, "id": key(998, 1)}
    assert await refused_as_taken(filled, "cloud_deployment_events", row) == "cloud_deployment_events_withheld_key"
    recovery = {**row, "to_state": "ACTIVE", "dunning_invoice_id": None, "dunning_step": None}
    await insert(filled, "cloud_deployment_events", recovery)


async def test_what_was_void_or_closed_leaves_room(filled: Any) -> None:
    await filled.execute("UPDATE tenant_invoices SET status = 'VOID', voided_at = now()")
    await insert(filled, "tenant_invoices", {**base_row("tenant_invoices"), "id": NEW, "revision": 2})
    await filled.execute("UPDATE subscription_active_spans SET last_on = '2026-04-10'")
    span = {**base_row("subscription_active_spans"), "id": NEW, "first_on": "2026-04-20"}
    await insert(filled, "subscription_active_spans", span)
    await filled.execute("UPDATE cloud_resources SET destroyed_at = now()")
    await insert(filled, "cloud_resources", {**base_row("cloud_resources"), "id": NEW})
    await filled.execute(
        "UPDATE cloud_invoices SET withdrawn_at = now(), withdrawn_by = 'ada', withdrawal_reason = 'wrong rate'"
    )
    await insert(filled, "cloud_invoices", {**base_row("cloud_invoices"), "id": NEW})


async def test_another_tenant_has_its_own_keys(filled: Any) -> None:
    """Both tenants of the fixture have the same slug and the same event; here also the same day and invoice."""
    for table in ("cloud_deployments", "usage_event_keys", "usage_daily_totals", "tenant_invoices"):
        assert await filled.fetchval(f"SELECT count(DISTINCT tenant_id) FROM {table}") == 2


REFERENCES = """
SELECT conname AS name, conrelid::regclass::text AS child, confrelid::regclass::text AS parent,
       (SELECT array_agg(attname::text ORDER BY place) FROM unnest(conkey) WITH ORDINALITY AS k (number, place)
        JOIN pg_attribute ON attrelid = conrelid AND attnum = number) AS columns
FROM pg_constraint
WHERE contype = 'f' AND connamespace = 'public'::regnamespace AND conparentid = 0 ORDER BY conname
"""


# References to tables that a role may delete from, without an index that finds the rows that refer to a deleted one.
SCANNED = """
SELECT conname FROM pg_constraint c
WHERE contype = 'f' AND connamespace = 'public'::regnamespace AND conparentid = 0
  AND EXISTS (SELECT FROM unnest($1::text[]) AS role WHERE has_table_privilege(role, confrelid, 'DELETE'))
  AND NOT EXISTS (
    SELECT FROM pg_index i WHERE indrelid = conrelid AND indpred IS NULL
      AND (SELECT array_agg(key) FROM unnest(indkey) WITH ORDINALITY AS k (key, place)
           WHERE place <= cardinality(conkey)) @> conkey)
"""


async def test_a_deletion_finds_the_rows_that_refer_to_it_by_an_index(filled: Any) -> None:
    """Drafts are rated again: their lines are deleted, and PostgreSQL looks for references to each."""
    assert await filled.fetch(SCANNED, list(ROLES)) == []


# What points to nothing, where it is no id.
NOWHERE = {"resource_kinds": "nothing", "billing_months": "2099-01-01"}
# What else a row must hold, for the reference to be there.
NEEDED: dict[str, dict[str, Any]] = {
    "tenant_invoice_lines_charge_id_fkey": {"kind": "ADJUSTMENT", "subscription_addon_id": None},
    "subscriptions_pending_plan_version_id_fkey": {"pending_from": "2026-05-01"},
    "issued_documents_invoice_id_fkey": {"id": key(11, 2), "invoice_id": key(11, 2), "credit_note_id": None},
    "issued_documents_credit_note_id_fkey": {"id": key(64, 2)},
}


# Documents have the ids of what they refer to.
NAMED_BY_ID = {("issued_documents", "invoice_id"), ("issued_documents", "credit_note_id")}


async def test_every_reference_must_lead_somewhere(filled: Any) -> None:
    references = [row for row in await filled.fetch(REFERENCES) if not row["child"].startswith("saq")]
    assert len(references) > 40
    for reference in references:
        column = reference["columns"][-1] if reference["columns"][0] == "tenant_id" else reference["columns"][0]
        if reference["name"] == "tenant_invoice_lines_subscription_id_fkey":
            column = "subscription_id"
        nowhere = NOWHERE.get(reference["parent"], NEW)
        with pytest.raises(asyncpg.ForeignKeyViolationError) as refused:
            async with filled.transaction():
                # The row takes the place of the first tenant's, so that no unique key speaks first.
                await filled.execute("SET LOCAL session_replication_role = replica")
                await filled.execute(f"DELETE FROM {reference['child']} WHERE id = $1", row_id(reference["child"]))
                await filled.execute("SET LOCAL session_replication_role = origin")
                row = {**base_row(reference["child"]), **NEEDED.get(reference["name"], {}), column: nowhere}
                row |= {"id": nowhere} if (reference["child"], column) in NAMED_BY_ID else {}
                await insert(filled, reference["child"], row)
        broken = str(refused.value.constraint_name)
        assert broken == reference["name"] or reference["columns"] == ["tenant_id"], reference["name"]


def row_id(table: str) -> Any:
    return base_row(table)["id"]


async def test_no_reference_crosses_into_another_tenant(filled: Any) -> None:
    references = [row for row in await filled.fetch(REFERENCES) if row["columns"][0] == "tenant_id"]
    composite = [row for row in references if len(row["columns"]) > 1]
    assert len(composite) == 42
    theirs = of_tenant(2)
    for reference in composite:
        table = reference["child"]
        ours = base_row(table)
        foreign = {column: theirs[table].get(column) for column in reference["columns"] if column != "tenant_id"}
        if reference["name"] == "issued_documents_invoice_id_fkey":
            foreign = {}
        if "charge_id" in reference["columns"]:
            foreign["charge_id"] = theirs["charges"]["id"]
        with pytest.raises(asyncpg.ForeignKeyViolationError) as refused:
            async with filled.transaction():
                await filled.execute("SET LOCAL session_replication_role = replica")
                await filled.execute(
                    f"DELETE FROM {table} WHERE id = any($1::uuid[])", [ours["id"], theirs[table]["id"]]
                )
                await filled.execute("SET LOCAL session_replication_role = origin")
                await insert(filled, table, {**ours, **NEEDED.get(reference["name"], {}), **foreign})
        assert refused.value.constraint_name == reference["name"]


async def test_every_tenants_reference_to_owned_rows_carries_the_tenant(filled: Any) -> None:
    """A reference between two tables with tenant_id holds it, or the row could point into another tenant."""
    owned = {
        row["relname"]
        for row in await filled.fetch(
            "SELECT relname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid"
            " WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = 'public'::regnamespace"
            " AND attname = 'tenant_id'"
        )
    }
    loose = {
        row["name"]
        for row in await filled.fetch(REFERENCES)
        if row["child"] in owned and row["parent"] in owned and "tenant_id" not in row["columns"]
    }
    assert loose == {
        # A resource may have no tenant (tenant_id null), which a composite key does not check; the operations do.
        "cloud_invoice_lines_cloud_resource_id_fkey",
        # Invoice lines have no key with the tenant: it would cost every line that is written. Only the platform
        # inserts these rows, and takes the line from an invoice that it has read with its tenant.
        "absorbed_corrections_invoice_line_id_fkey",
        "credit_note_lines_invoice_line_id_fkey",
    }
