"""The table of unique values in calls/transaction.py, against the constraints and indexes of the database."""

from typing import Any

from app.operations.calls.transaction import CONSTRAINT_PROBLEMS

UNIQUE = """
SELECT index.relname FROM pg_index i JOIN pg_class index ON index.oid = indexrelid JOIN pg_class t ON t.oid = indrelid
WHERE (indisunique OR indisexclusion) AND t.relnamespace = 'public'::regnamespace AND NOT t.relispartition
  AND t.relname NOT LIKE 'saq\\_%' AND t.relname NOT IN ('migration', 'row_security_probe')
  AND pg_get_indexdef(indexrelid) NOT LIKE '% btree (id)'
"""
NOT_FOR_CALLERS = {
    "its columns only serve foreign keys, and its id makes it unique": {
        "charges_tenant_id_id_key",
        "credit_notes_tenant_id_id_key",
        "invoice_applications_tenant_id_id_key",
        "journal_entries_tenant_id_id_key",
        "payments_tenant_id_id_key",
        "events_tenant_id_id_key",
        "webhook_endpoints_tenant_id_id_key",
        "write_offs_tenant_id_id_key",
        "cloud_deployments_tenant_id_id_key",
        "subscription_addons_tenant_id_id_key",
        "subscriptions_tenant_id_id_deployment_id_key",
        "subscriptions_tenant_id_id_key",
        "tenant_invoices_tenant_id_id_key",
    },
    "written with ON CONFLICT: a row that is there is met, not refused": {
        "billing_months_tenant_id_period_start_key",
        "credit_note_number_sequences_pkey",
        "data_integrity_progress_table_name_key",
        "dunning_failures_run_id_tenant_id_key",
        "dunning_policies_tenant_id_key",
        "dunning_runs_day_key",
        "dunning_steps_tenant_id_invoice_id_kind_key",
        "idempotency_keys_tenant_id_subject_key_key",
        "invoice_number_sequences_pkey",
        "rate_limit_buckets_tenant_id_subject_key",
        "tax_rates_country_name_valid_from_key",
        "tenant_balances_tenant_id_currency_key",
        "usage_daily_totals_day_key",
        "usage_event_keys_tenant_id_source_event_id_key",
        "webhook_deliveries_endpoint_id_event_id_key",
        "delivery_queues_endpoint_id_aggregate_id_key",
    },
    "holds a new id": {"journal_postings_tenant_id_entry_id_position_key", "usage_records_pkey"},
    "written under the lock of the row above it, with numbers or days that its operation chooses": {
        "cloud_deployment_events_withheld_key",
        "events_aggregate_id_sequence_key",
        "events_position_key",
        "finance_pushes_tenant_id_invoice_id_sequence_key",
        "receivables_out_of_step_receivable_id_key",
        "cloud_invoice_lines_cloud_invoice_id_position_key",
        "credit_note_lines_tenant_id_credit_note_id_position_key",
        "credit_notes_number_key",
        "dunning_holds_open_key",
        "issue_chunks_run_id_position_key",
        "issue_outcomes_run_id_tenant_id_key",
        "plan_price_tiers_plan_resource_id_position_key",
        "plan_resources_plan_version_id_resource_kind_key",
        "plan_versions_plan_id_version_key",
        "recoveries_tenant_id_method_reference_key",
        "refunds_tenant_id_reference_key",
        "rollup_chunks_run_id_position_key",
        "rollup_failures_run_id_tenant_id_key",
        "rollup_outcomes_run_id_tenant_id_key",
        "rollup_unpriced_usage_run_id_deployment_id_resource_kind_key",
        "subscription_active_spans_open_key",
        "subscription_plan_versions_subscription_id_effective_on_key",
        "tenant_invoice_inputs_invoice_id_position_key",
        "tenant_invoice_lines_invoice_id_position_key",
        "tenant_invoices_not_void_key",
        "tenant_invoices_number_key",
        "tenant_invoices_tenant_id_period_start_revision_key",
        "tenant_tax_exemptions_tenant_id_first_day_key",
        "write_off_taxes_tenant_id_write_off_id_position_key",
    },
}


async def test_every_unique_value_is_named_or_out_of_callers_reach(owner: Any) -> None:
    found = {name for (name,) in await owner.fetch(UNIQUE)}
    assert CONSTRAINT_PROBLEMS.keys() <= found
    exempt = set().union(*NOT_FOR_CALLERS.values())
    assert found == CONSTRAINT_PROBLEMS.keys() | exempt
    assert not CONSTRAINT_PROBLEMS.keys() & exempt


def test_a_taken_value_has_its_code_and_path() -> None:
    assert {name: (code.value, path) for name, (code, _, path) in CONSTRAINT_PROBLEMS.items()} == {
        "tenants_code_key": ("CONFLICT", ("code",)),
        "plans_code_key": ("CONFLICT", ("code",)),
        "addons_code_key": ("CONFLICT", ("code",)),
        "resource_kinds_pkey": ("CONFLICT", ("code",)),
        "cloud_deployments_tenant_id_slug_key": ("SLUG_TAKEN", ("slug",)),
        "cloud_resources_not_destroyed_key": ("CONFLICT", ("externalId",)),
        "cloud_invoices_not_withdrawn_key": ("CONFLICT", ("externalId",)),
        "payments_tenant_id_method_reference_key": ("CONFLICT", ("reference",)),
        "subscriptions_deployment_id_key": ("ALREADY_SUBSCRIBED", ("deploymentId",)),
    }
