"""The events that there must be: one for each business operation that was done, and no other."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from tests.simulation.model import Tenant
from tests.simulation.world import World

EVENTS = "SELECT type, data::json AS data FROM events ORDER BY aggregate_id, sequence"
# What was done, by its documents, which the other checks hold to the model.
DOCUMENTS = """
SELECT 'tenant.created' AS type, id FROM tenants
UNION ALL SELECT 'deployment.transitioned', id FROM cloud_deployment_events WHERE NOT withheld
UNION ALL SELECT 'invoice.drafted', invoice_id FROM rollup_outcomes WHERE outcome IN ('CREATED', 'REPLACED')
UNION ALL SELECT 'invoice.issued', id FROM invoice_balances
UNION ALL SELECT 'credit_note.issued', id FROM credit_notes
UNION ALL SELECT 'payment.recorded', id FROM payments
UNION ALL SELECT 'payment.reversed', id FROM payments WHERE reversed_at IS NOT NULL
UNION ALL SELECT 'dunning.step', id FROM dunning_steps
UNION ALL SELECT 'rollup.finished', id FROM rollup_runs WHERE finished_at IS NOT NULL
"""
STATUSES = "SELECT id, status FROM tenant_invoices"
KEYS = {
    "tenant.created": "tenantId",
    "deployment.transitioned": "eventId",
    "invoice.drafted": "invoiceId",
    "invoice.issued": "invoiceId",
    "credit_note.issued": "creditNoteId",
    "payment.recorded": "paymentId",
    "payment.reversed": "paymentId",
    "dunning.step": "stepId",
    "rollup.finished": "runId",
}
# From one status of an invoice to the next.
MOVES = {
    (None, "invoice.drafted"): "DRAFT",
    ("DRAFT", "invoice.drafted"): "DRAFT",
    ("DRAFT", "invoice.issued"): "ISSUED",
    ("ISSUED", "invoice.paid"): "PAID",
    ("PAID", "invoice.reopened"): "ISSUED",
    ("DRAFT", "invoice.voided"): "VOID",
    ("ISSUED", "invoice.voided"): "VOID",
    ("PAID", "invoice.voided"): "VOID",
}


def check_recorded_events(world: World, tenants: Iterable[Tenant]) -> None:
    """Every operation has its event exactly once, and the events of an invoice lead to its status."""
    rows = world.rows(EVENTS)
    expected = Counter((row.type, str(row.id)) for row in world.rows(DOCUMENTS))
    found = Counter((row.type, row.data[KEYS[row.type]]) for row in rows if row.type in KEYS)
    assert found == expected, f"events without an operation: {found - expected}; without an event: {expected - found}"
    _lead_to_the_statuses(rows, {row.id: row.status for row in world.rows(STATUSES)})
    changed: dict[str, Counter[str]] = defaultdict(Counter)
    updates: Counter[str] = Counter()
    for row in rows:
        if row.type == "subscription.changed":
            changed[row.data["deploymentId"]][row.data["change"]] += 1
        elif row.type == "tenant.updated":
            updates[row.data["tenantId"]] += 1
    for tenant in tenants:
        assert updates[str(tenant.id)] == tenant.updates, (
            f"{updates[str(tenant.id)]} events of {tenant.updates} updates"
        )
        for deployment in tenant.deployments:
            of_deployment = changed[str(deployment.id)]
            changes = of_deployment.pop("PLAN_CHANGED", 0), deployment.told["PLAN_CHANGED"]
            # One that takes effect later has a second event on its day.
            assert changes[1] <= changes[0] <= 2 * changes[1], (
                f"{changes[0]} events of {changes[1]} changes of the plan"
            )
            told = {change: count for change, count in deployment.told.items() if count and change != "PLAN_CHANGED"}
            assert of_deployment == told, f"the events report {dict(of_deployment)}, and not {told}"


def _lead_to_the_statuses(rows: Iterable[Any], statuses: dict[UUID, str]) -> None:
    """rows: in the order of each tenant's events."""
    reached: dict[str, str | None] = {}
    for row in rows:
        if row.type.startswith("invoice."):
            invoice_id = row.data["invoiceId"]
            move = reached.get(invoice_id), row.type
            assert move in MOVES, f"{row.type} follows an invoice that is {move[0]}"
            reached[invoice_id] = MOVES[move]
    expected = {str(invoice_id): status for invoice_id, status in statuses.items()}
    assert reached == expected, f"the events lead to {reached}, and the invoices are {expected}"
