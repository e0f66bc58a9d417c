"""A valid row of every table of a tenant's bills: invoices, billing months, runs and the provider's bill."""

from tests.tables.platform_rows import HASH, MOMENT, Row, key


def invoices(tenant: int) -> dict[str, Row]:
    return {
        "charges": {
            "id": key(23, tenant),
            "deployment_id": key(2, tenant),
            "description": "Migration",
            "net_cents": 100,
            "charged_on": "2026-04-10",
            "created_by": "someone",
            "created_at": MOMENT,
        },
        "tenant_invoices": {
            "id": key(11, tenant),
            "period_start": "2026-04-01",
            "period_end": "2026-05-01",
            "revision": 1,
            "status": "DRAFT",
            "currency": "AUD",
            "subtotal_cents": 750,
            "tax_cents": 0,
            "total_cents": 750,
            "input_hash": HASH,
            "created_at": MOMENT,
        },
        "tenant_invoice_lines": {
            "id": key(12, tenant),
            "invoice_id": key(11, tenant),
            "position": 0,
            "key": "pilot/addon",
            "kind": "ADDON",
            "description": "Addon: storage",
            "resource_kind": "storage_gb",
            "quantity": 1,
            "unit_price_cents": 750,
            "amount_cents": 750,
            "deployment_id": key(2, tenant),
            "subscription_id": key(5, tenant),
            "subscription_addon_id": key(8, tenant),
            "period_start": "2026-04-01",
        },
        "tenant_invoice_inputs": {
            "id": key(13, tenant),
            "invoice_id": key(11, tenant),
            "position": 1,
            "subscription_id": key(5, tenant),
            "document": "{}",
        },
    }


def billing_months(tenant: int) -> dict[str, Row]:
    """Returns a billing month of a different month for each tenant, so that a change's reference cannot match another
    tenant's.
    """
    month = f"2026-{3 + tenant:02}-01"
    return {
        "billing_months": {
            "id": key(18, tenant),
            "period_start": month,
            "state": "DRAFT",
            "invoice_id": key(11, tenant),
            "rated_cents": 750,
            "billed_cents": 750,
            "open_credit_deployments": [],
        },
        "billing_month_changes": {
            "id": key(19, tenant),
            "period_start": month,
            "deployment_id": key(2, tenant),
            "reason": "USAGE",
            "changed_at": MOMENT,
        },
    }


def dunning(tenant: int) -> dict[str, Row]:
    """A step of the invoice, and the event of the deployment that it moved."""
    return {
        "dunning_policies": {
            "id": key(50, tenant),
            "notice_days": 1,
            "past_due_days": 7,
            "suspend_days": 30,
            "minimum_cents": 0,
            "set_at": MOMENT,
            "set_by": "someone",
        },
        "dunning_steps": {
            "id": key(51, tenant),
            "invoice_id": key(11, tenant),
            "kind": "PAST_DUE",
            "days": 7,
            "taken_on": "2026-05-22",
            "taken_at": MOMENT,
        },
        "dunning_holds": {
            "id": key(52, tenant),
            "until": "2026-05-22",
            "reason": "promised to pay",
            "held_at": MOMENT,
            "held_by": "someone",
        },
        "dunning_failures": {
            "id": key(53, tenant),
            "run_id": key(54),
            "code": "X",
            "message": "x",
            "failed_at": MOMENT,
        },
        "cloud_deployment_events": {
            "id": key(3, tenant),
            "deployment_id": key(2, tenant),
            "from_state": "ACTIVE",
            "to_state": "PAST_DUE",
            "actor": "someone",
            "withheld": False,
            "occurred_at": MOMENT,
            "cause": "DUNNING",
            "dunning_invoice_id": key(11, tenant),
            "dunning_step": "PAST_DUE",
        },
    }


def rollups(tenant: int) -> dict[str, Row]:
    return {
        "rollup_outcomes": {
            "id": key(14, tenant),
            "run_id": key(6),
            "period_start": "2026-04-01",
            "outcome": "CREATED",
            "invoice_id": key(11, tenant),
            "total_cents": 750,
        },
        "rollup_failures": {
            "id": key(15, tenant),
            "run_id": key(6),
            "code": "X",
            "message": "x",
            "attempts": 1,
        },
        "rollup_unpriced_usage": {
            "id": key(16, tenant),
            "run_id": key(6),
            "deployment_id": key(2, tenant),
            "resource_kind": "egress_gb",
            "quantity": 1,
            "reason": "NOT_PRICED",
        },
        "rollup_warnings": {
            "id": key(26, tenant),
            "run_id": key(6),
            "period_start": "2026-04-01",
            "code": "NO_TAX_RATE",
            "message": "x",
        },
    }


def issue_outcomes(tenant: int) -> dict[str, Row]:
    return {
        "issue_outcomes": {
            "id": key(32, tenant),
            "run_id": key(30),
            "outcome": "ISSUED",
            "invoice_id": key(11, tenant),
            "total_cents": 750,
        }
    }


def provider_bills(tenant: int) -> dict[str, Row]:
    return {
        "cloud_invoice_lines": {
            "id": key(17, tenant),
            "cloud_invoice_id": key(8),
            "position": tenant,
            "product": "Droplets",
            "group_description": "",
            "description": "web",
            "started_at": MOMENT,
            "ended_at": MOMENT,
            "amount_cents": 1200,
            "exact_cents": "1200.4",
            "project_name": "arcadia",
            "category": "iaas",
            "cloud_resource_id": key(4, tenant),
            "matched_by": "NAME",
            "deployment_id": key(2, tenant),
            "resource_kind": "droplet_hours",
            "month": "2026-04-01",
        },
    }
