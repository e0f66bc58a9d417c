"""Every CHECK constraint refuses a row that violates only it."""

import re
from typing import Any

import asyncpg
import pytest

from tests.tables.broken_pushes import BROKEN_PUSHES
from tests.tables.broken_receivables import BROKEN_RECEIVABLES, CURRENCIES
from tests.tables.rows import HASH, MOMENT, base_row, insert, key

CODES = ("", "Upper", "-x", "x-", "x\n", "x" * 65)
NAMES = ("", "x" * 201)
NEW = key(999, 1)

# States that rows can be in, as changes to the base row.
ISSUED = {"number": "INV-2026-000009", "issued_at": MOMENT, "issued_on": "2026-04-10", "due_on": "2026-05-15"}
ADJUSTMENT = {"kind": "ADJUSTMENT", "subscription_addon_id": None, "charge_id": key(23, 1)}
UNRATED = {"state": "OPEN", "invoice_id": None, "rated_cents": None}
WAIVED = {
    "state": "WAIVED",
    "invoice_id": None,
    "rated_cents": 0,
    "waived_at": MOMENT,
    "waived_by": "someone",
    "waive_reason": "goodwill",
}

# Constraint -> changes to a valid row of its table, each of which breaks it.
BROKEN: dict[str, list[dict[str, Any]]] = {
    "tenants_code_check": [{"code": code} for code in CODES],
    "tenants_name_check": [{"name": name} for name in NAMES],
    "tenants_country_check": [{"country": country} for country in ("au", "AUS", "")],
    "tenants_currency_check": [{"currency": currency} for currency in CURRENCIES],
    "tenants_abn_check": [{"abn": abn} for abn in ("", "5182475355", "518247535566", "51 824 753 556")],
    "tenants_legal_name_check": [{"legal_name": name} for name in NAMES],
    **BROKEN_RECEIVABLES,
    **BROKEN_PUSHES,
    "audit_log_occurrences_check": [{"occurrences": 0}],
    "idempotency_keys_key_check": [{"key": ""}, {"key": "x" * 256}],
    "rate_limit_buckets_last_granted_check": [{"last_granted": -1}],
    "tax_rates_country_check": [{"country": "au"}],
    "tax_rates_rate_check": [{"rate": rate} for rate in (1, -1, "NaN")],
    "resource_kinds_code_check": [{"code": code} for code in ("", "Upper", "1x", "x-y", "x" * 64)],
    "resource_kinds_aggregation_check": [{"aggregation": "AVG"}],
    "plans_code_check": [{"code": code} for code in CODES],
    "plan_versions_version_check": [{"version": 0}],
    "plan_versions_status_check": [{"status": "GONE", "published_at": MOMENT}],
    "plan_versions_currency_check": [{"currency": currency} for currency in CURRENCIES],
    "plan_versions_base_price_cents_check": [{"base_price_cents": -1}],
    "plan_versions_proration_check": [{"proration": "HOURLY"}],
    "plan_versions_published_at_check": [{"published_at": MOMENT}, {"status": "PUBLISHED"}],
    "plan_resources_included_quantity_check": [{"included_quantity": -1}],
    "plan_resources_price_model_check": [{"price_model": "FREE"}],
    "plan_resources_package_size_check": [
        {"price_model": "PACKAGE"},
        {"price_model": "PACKAGE", "package_size": 0},
        {"package_size": 1},
    ],
    "plan_price_tiers_up_to_check": [{"up_to": 0}],
    "plan_price_tiers_prices_check": [{"unit_price_cents": -1}, {"flat_price_cents": -1}],
    "addons_code_check": [{"code": code} for code in CODES],
    "addons_currency_check": [{"currency": currency} for currency in CURRENCIES],
    "addons_price_cents_check": [{"price_cents": -1}],
    "addons_quantity_check": [{"quantity": -1}],
    "cloud_deployments_slug_check": [{"slug": slug} for slug in ("", "Up", "a_b", "-a", "a-", "a" * 64, "a\n")],
    "cloud_deployments_display_name_check": [{"display_name": name} for name in NAMES],
    "cloud_deployments_region_check": [{"region": region} for region in ("", "x" * 64)],
    "cloud_deployments_state_check": [{"state": "LOST"}],
    "cloud_deployments_llm_mode_check": [{"llm_mode": "FREE"}],
    "cloud_deployment_events_from_state_check": [{"from_state": "LOST"}],
    "cloud_deployment_events_to_state_check": [{"to_state": "LOST"}],
    "cloud_deployment_events_cause_check": [{"cause": "BOREDOM", "dunning_invoice_id": None, "dunning_step": None}],
    "cloud_deployment_events_dunning_check": [
        {"cause": "SYSTEM"},
        {"dunning_step": None},
        {"dunning_invoice_id": None},
    ],
    "cloud_resources_tenant_id_check": [{"tenant_id": None}, {"deployment_id": None}],
    "cloud_resources_destroyed_at_check": [{"destroyed_at": "2026-04-10T11:59:59+00:00"}],
    "subscriptions_status_check": [{"status": "GONE"}],
    "subscriptions_ended_on_check": [{"status": "CANCELLED", "ended_on": "2026-03-31"}],
    "subscriptions_cancelled_check": [{"status": "CANCELLED"}, {"ended_on": "2026-04-02"}],
    "subscriptions_pending_check": [{"pending_from": "2026-05-01"}, {"pending_plan_version_id": key(2)}],
    "subscription_active_spans_last_on_check": [{"last_on": "2026-03-31"}],
    "subscription_addons_price_cents_check": [{"price_cents": -1}],
    "subscription_addons_quantity_check": [{"quantity": -1}],
    "subscription_addons_detached_on_check": [{"detached_on": "2026-04-09"}],
    "usage_records_source_check": [{"source": source} for source in NAMES],
    "usage_records_event_id_check": [{"event_id": event_id} for event_id in NAMES],
    "usage_records_quantity_check": [{"quantity": quantity} for quantity in (-1, "NaN", "Infinity")],
    "usage_corrections_quantity_check": [{"quantity": quantity} for quantity in (-1, "NaN", "Infinity")],
    "charges_net_cents_check": [{"net_cents": 0}],
    "tenant_invoices_period_check": [
        {"period_start": "2026-04-02", "period_end": "2026-05-02"},
        {"period_end": "2026-06-01"},
    ],
    "tenant_invoices_revision_check": [{"revision": 0}],
    "tenant_invoices_status_check": [
        {"status": "GONE", **ISSUED},
    ],
    "tenant_invoices_currency_check": [{"currency": currency} for currency in CURRENCIES],
    "tenant_invoices_total_cents_check": [{"total_cents": 751}, {"tax_cents": 1}],
    "tenant_invoices_input_hash_check": [{"input_hash": HASH[1:]}, {"input_hash": "G" * 64}],
    "tenant_invoices_issued_check": [
        {"number": "INV-2026-000009"},
        {"status": "ISSUED"},
        {"status": "ISSUED", **ISSUED, "issued_on": None},
        ISSUED,
    ],
    "tenant_invoices_paid_check": [{"paid_at": MOMENT}],
    "tenant_invoices_voided_check": [{"voided_at": MOMENT}, {"status": "VOID"}],
    "tenant_invoice_lines_kind_check": [{"kind": "GIFT", "subscription_addon_id": None}],
    "tenant_invoice_lines_tenant_level_check": [
        {"deployment_id": None},
        {"subscription_id": None},
        {"deployment_id": None, "subscription_id": None},
        {"kind": "TAX", "subscription_addon_id": None},
        {**ADJUSTMENT, "deployment_id": None},
    ],
    "tenant_invoice_lines_charge_check": [{**ADJUSTMENT, "charge_id": None}, {"charge_id": key(23, 1)}],
    "tenant_invoice_lines_addon_check": [{"subscription_addon_id": None}, {"kind": "PLAN_BASE"}],
    "tenant_invoice_lines_resource_kind_check": [
        {"kind": "OVERAGE", "subscription_addon_id": None, "resource_kind": None}
    ],
    "tenant_invoice_inputs_header_check": [
        {"position": 0},
        {"position": 0, "subscription_id": None, "late_month": "2026-04-01"},
    ],
    "billing_months_period_start_check": [{"period_start": "2026-04-02"}],
    "billing_months_state_check": [{**UNRATED, "state": "LOST"}],
    "billing_months_invoice_check": [{"invoice_id": None}, {"state": "ZERO"}],
    "billing_months_rated_check": [{"rated_cents": None}, {**UNRATED, "rated_cents": 0}],
    "billing_months_waived_check": [
        {"waived_at": MOMENT},
        {**WAIVED, "waive_reason": None},
        {**WAIVED, "waived_by": None, "waived_at": None, "waive_reason": None},
        {**WAIVED, "rated_cents": 1},
    ],
    "billing_months_failure_check": [{**UNRATED, "state": "FAILED"}],
    "billing_month_changes_reason_check": [{"reason": "BOREDOM"}],
    "invoice_number_sequences_last_number_check": [{"last_number": 0}],
    "dunning_policies_days_check": [{"notice_days": 0}, {"propose_write_off_days": 3651}],
    "dunning_policies_suspend_days_check": [{"past_due_days": None}, {"past_due_days": 30}],
    "dunning_policies_minimum_cents_check": [{"minimum_cents": -1}],
    "events_type_check": [{"type": "tenant.forgotten"}],
    "events_aggregate_type_check": [{"aggregate_type": "INVOICE"}],
    "events_tenant_id_check": [{"tenant_id": None}, {"aggregate_type": "ROLLUP_RUN"}],
    "events_sequence_check": [{"sequence": 0}],
    "event_sequences_last_sequence_check": [{"last_sequence": 0}],
    "webhook_endpoints_url_check": [{"url": ""}, {"url": "x" * 2001}],
    "webhook_endpoints_previous_secret_check": [{"previous_secret": None}, {"previous_secret_until": None}],
    "webhook_endpoints_disabled_check": [{"disabled_at": MOMENT}, {"disabled_reason": "gone"}],
    "webhook_deliveries_status_check": [{"status": "LOST"}],
    "webhook_deliveries_attempts_check": [{"attempts": -1}, {"duration_ms": -1}],
    "dunning_steps_kind_check": [{"kind": "SCOLD"}],
    "dunning_holds_ended_check": [{"ended_at": MOMENT}, {"ended_by": "someone"}],
    "dunning_runs_counts_check": [{"tenants_failed": 3}, {"tenants_failed": -1}, {"steps_taken": -1}],
    "rollup_runs_period_check": [{"period_start": "2026-04-02"}, {"period_end": "2026-05-02"}],
    "rollup_runs_status_check": [{"status": "GONE"}],
    "rollup_runs_finished_at_check": [{"finished_at": MOMENT}, {"status": "FAILED"}],
    "rollup_runs_tenants_done_check": [{"tenants_done": 3}, {"tenants_done": -1}],
    "issue_runs_period_check": [{"period_start": "2026-04-02"}, {"period_end": "2026-05-02"}],
    "issue_runs_status_check": [{"status": "GONE"}],
    "issue_runs_finished_at_check": [{"finished_at": MOMENT}, {"status": "FAILED"}],
    "issue_runs_drafts_done_check": [
        {"drafts_done": 3, "invoices_issued": 3},
        {"drafts_done": -1, "invoices_issued": -1},
        {"drafts_done": 1},
    ],
    "issue_outcomes_outcome_check": [{"outcome": "LOST"}],
    "issue_outcomes_failure_check": [{"outcome": "FAILED"}, {"failure": "no reason"}],
    "rollup_outcomes_outcome_check": [{"outcome": "LOST"}],
    "rollup_unpriced_usage_reason_check": [{"reason": "BOREDOM"}],
    "rollup_warnings_code_check": [{"code": "SMOKE"}],
    "cloud_invoices_period_check": [{"period_end": "2026-04-01"}],
    "cloud_invoices_currency_check": [{"currency": currency} for currency in CURRENCIES],
    "cloud_invoices_exchange_rate_check": [{"exchange_rate": rate} for rate in (0, -1, "NaN", "Infinity")],
    "cloud_invoices_reporting_currency_check": [{"reporting_currency": currency} for currency in CURRENCIES],
    "cloud_invoices_same_currency_check": [{"currency": "AUD"}],
    "cloud_invoices_withdrawn_check": [
        {"withdrawn_at": MOMENT},
        {"withdrawn_by": "ada", "withdrawal_reason": "wrong rate"},
    ],
    "cloud_invoice_lines_started_at_check": [{"ended_at": "2026-04-10T11:59:59+00:00"}],
    "cloud_invoice_lines_allocation_check": [
        {"tenant_id": None},
        {"deployment_id": None, "unallocated_reason": "NO_DEPLOYMENT"},
    ],
    "cloud_invoice_lines_reason_check": [{"unallocated_reason": "NO_DEPLOYMENT"}],
    "cloud_invoice_lines_match_check": [{"matched_by": None}, {"cloud_resource_id": None}],
    "cloud_invoice_lines_matched_by_check": [{"matched_by": "LUCK"}],
    "cloud_invoice_lines_unallocated_reason_check": [
        {"tenant_id": None, "deployment_id": None, "unallocated_reason": "BOREDOM"}
    ],
    "installation_id_check": [{"id": 2}],
}
SEEDED: dict[str, dict[str, Any]] = {
    "resource_kinds": {
        "code": "gpu_hours",
        "unit": "hour",
        "aggregation": "SUM",
        "description": "",
        "created_at": MOMENT,
    },
    "tax_rates": {"country": "NZ", "name": "GST", "rate": "0.15", "valid_from": "2000-01-01"},
    "installation": {"id": 1},
}
WITHOUT_UUID = {"resource_kinds", "installation"}


async def table_of(owner: Any, constraint: str) -> str:
    found = await owner.fetchval(
        "SELECT conrelid::regclass::text FROM pg_constraint WHERE conname = $1 AND conparentid = 0 AND coninhcount = 0",
        constraint,
    )
    assert found is not None, f"constraint {constraint} does not exist"
    return str(found)


async def test_every_check_is_here(owner: Any) -> None:
    checks = await owner.fetch(
        "SELECT conname FROM pg_constraint WHERE contype = 'c' AND connamespace = 'public'::regnamespace"
        " AND conrelid::regclass::text NOT LIKE 'saq%'"
    )
    assert {row["conname"] for row in checks} == BROKEN.keys()


@pytest.mark.parametrize("constraint", BROKEN)
async def test_a_broken_row_is_refused(filled: Any, constraint: str) -> None:
    table = await table_of(filled, constraint)
    valid = {**(SEEDED.get(table) or base_row(table)), **({} if table in WITHOUT_UUID else {"id": NEW})}
    if table.endswith("_number_sequences"):
        valid = {"year": 2027, "last_number": 1}
    for broken in BROKEN[constraint]:
        with pytest.raises(asyncpg.CheckViolationError) as refused:
            async with filled.transaction():
                await insert(filled, table, valid | broken)
        assert refused.value.constraint_name == constraint, broken


VALID: list[tuple[str, dict[str, Any]]] = [
    *[
        ("tenant_invoice_lines", {**ADJUSTMENT, **level, "position": 1})
        for level in (
            {},
            {"subscription_id": None},
            {"subscription_id": None, "deployment_id": None},
        )
    ],
    ("tenant_invoice_inputs", {"position": 2, "subscription_id": None}),
    ("tenant_invoice_inputs", {"position": 2, "late_month": "2026-03-01"}),
    ("tax_rates", {"rate": 0}),
    ("tenants", {"code": "other", "abn": "51824753556"}),
    *[
        ("billing_months", {"period_start": "2026-06-01", **state})
        for state in (
            UNRATED,
            WAIVED,
            {**UNRATED, "state": "FAILED", "failure": "no price"},
            {**UNRATED, "state": "OPEN", "failure": "no price"},
            {"state": "ZERO", "invoice_id": None, "rated_cents": 0},
            {"state": "ISSUED"},
        )
    ],
]


@pytest.mark.parametrize(("table", "changes"), VALID)
async def test_a_valid_row_is_accepted(filled: Any, table: str, changes: dict[str, Any]) -> None:
    await insert(filled, table, {**(SEEDED.get(table) or base_row(table)), "id": NEW, **changes})


@pytest.mark.parametrize(
    "table",
    [
        *("tenant_invoices", "usage_records", "cloud_deployments", "subscriptions", "charges", "usage_corrections"),
        *("billing_months", "billing_month_changes", "rollup_warnings", "tenant_tax_exemptions"),
        *("journal_entries", "journal_postings", "invoice_balances", "tenant_balances"),
        *("credit_notes", "credit_note_lines", "issued_documents", "absorbed_corrections"),
        *("payments", "invoice_applications", "invoice_application_reversals", "refunds"),
        *("write_offs", "write_off_taxes", "recoveries"),
    ],
)
async def test_a_row_has_no_gaps(filled: Any, table: str) -> None:
    """NOT NULL, column by column; an absent value is never filled in."""
    required = await filled.fetch(
        "SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnotnull AND attnum > 0", table
    )
    assert required
    for (column,) in required:
        row = {name: value for name, value in base_row(table).items() if name != column}
        partitioned_by = (table, column) == ("usage_records", "occurred_at")
        refusal = asyncpg.CheckViolationError if partitioned_by else asyncpg.NotNullViolationError
        with pytest.raises(refusal, match=column if partitioned_by else re.escape(f'"{column}"')):
            async with filled.transaction():
                await insert(filled, table, row)
