"""A valid row of every table without a tenant, and helpers for making rows."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

Row = Mapping[str, Any]

MOMENT = "2026-04-10T12:00:00+00:00"
HASH = "0" * 64


def key(number: int, tenant: int = 0) -> str:
    return str(UUID(int=tenant << 64 | number))


# Rows of no tenant, in the order of their references. `resource_kinds`, `tax_rates` and `installation` are seeded.
SHARED: dict[str, Row] = {
    "plans": {"id": key(1), "code": "studio", "name": "Studio", "created_at": MOMENT},
    "plan_versions": {
        "id": key(2),
        "plan_id": key(1),
        "version": 1,
        "status": "DRAFT",
        "currency": "AUD",
        "base_price_cents": 5000,
        "proration": "NONE",
        "created_at": MOMENT,
    },
    "plan_resources": {
        "id": key(3),
        "plan_version_id": key(2),
        "resource_kind": "droplet_hours",
        "included_quantity": 1488,
        "price_model": "PER_UNIT",
    },
    "plan_price_tiers": {
        "id": key(4),
        "plan_resource_id": key(3),
        "position": 0,
        "unit_price_cents": 1,
        "flat_price_cents": 0,
    },
    "addons": {
        "id": key(5),
        "code": "storage",
        "name": "Storage",
        "currency": "AUD",
        "price_cents": 750,
        "resource_kind": "storage_gb",
        "quantity": 50,
        "active": True,
        "created_at": MOMENT,
    },
    "rollup_runs": {
        "id": key(6),
        "period_start": "2026-04-01",
        "period_end": "2026-05-01",
        "force": False,
        "dry_run": False,
        "rates_stale_drafts": False,
        "status": "RUNNING",
        "requested_by": "someone",
        "tenants_total": 2,
        "tenants_done": 0,
        "invoices_created": 0,
        "invoices_replaced": 0,
        "invoices_skipped": 0,
        "invoices_failed": 0,
        "total_cents": 0,
        "created_at": MOMENT,
    },
    "rollup_chunks": {"id": key(7), "run_id": key(6), "position": 0, "tenant_ids": [key(1, 1)]},
    "issue_runs": {
        "id": key(30),
        "period_start": "2026-04-01",
        "period_end": "2026-05-01",
        "except_stale": True,
        "status": "RUNNING",
        "requested_by": "someone",
        "drafts_total": 2,
        "drafts_done": 0,
        "invoices_issued": 0,
        "invoices_stale": 0,
        "invoices_skipped": 0,
        "invoices_failed": 0,
        "created_at": MOMENT,
    },
    "issue_chunks": {"id": key(31), "run_id": key(30), "position": 0, "tenant_ids": [key(1, 1)]},
    "cloud_invoices": {
        "id": key(8),
        "provider": "digitalocean",
        "external_id": "1",
        "period_start": "2026-04-01",
        "period_end": "2026-05-01",
        "currency": "USD",
        "exchange_rate": "1.5",
        "total_cents": 1200,
        "allocated_cents": 1200,
        "created_at": MOMENT,
        "reporting_currency": "AUD",
        "imported_by": "ada",
        "matched_at": MOMENT,
        "matched_by": "ada",
    },
    "dunning_runs": {
        "id": key(54),
        "day": "2026-05-22",
        "started_at": MOMENT,
        "tenants_evaluated": 2,
        "tenants_failed": 2,
        "steps_taken": 0,
        "transitions_applied": 0,
        "transitions_withheld": 0,
    },
    "finance_reconciliations": {"id": key(67), "requested_at": MOMENT, "requested_by": "someone"},
    "invoice_number_sequences": {"year": 2026, "last_number": 1},
    "credit_note_number_sequences": {"year": 2026, "last_number": 1},
    "data_integrity_progress": {"id": key(9), "table_name": "tenants"},
}
