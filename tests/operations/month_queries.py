"""Helpers for tests of corrections: recorded changes, the state of a month, and an invoice's amounts by month."""

from datetime import date
from typing import Any
from uuid import UUID

from app.operations.charges import add_charge
from tests.operations.given import Given

CORRECTION_KEY = "late:2026-04:pilot/overage/droplet_hours"


async def changes(given: Given) -> list[tuple[date, str | None, str]]:
    """Returns the month, deployment and reason of each change that has not been rated yet."""
    rows = await given.rows(
        "SELECT c.period_start, d.slug, c.reason FROM billing_month_changes c"
        " LEFT JOIN cloud_deployments d ON d.id = c.deployment_id ORDER BY 1, 2, 3"
    )
    return [(row["period_start"], row["slug"], row["reason"]) for row in rows]


async def month_states(given: Given) -> dict[date, tuple[str, int | None, int]]:
    """State, rated and billed cents of each month, of the one tenant there is."""
    rows = await given.rows("SELECT * FROM billing_months ORDER BY period_start")
    return {row["period_start"]: (row["state"], row["rated_cents"], row["billed_cents"]) for row in rows}


async def net_lines(given: Given, invoice_id: UUID) -> list[tuple[date, str, int]]:
    """Service month, kind and amount of each line but tax."""
    rows = await given.rows(
        "SELECT period_start, kind, amount_cents FROM tenant_invoice_lines"
        " WHERE invoice_id = $1 AND kind <> 'TAX' ORDER BY position",
        invoice_id,
    )
    return [(row["period_start"], row["kind"], row["amount_cents"]) for row in rows]


async def overage(given: Given, invoice_id: UUID) -> list[tuple[Any, ...]]:
    """Key, service month, quantity and amount of each overage line."""
    rows = await given.rows(
        "SELECT key, period_start, quantity, amount_cents FROM tenant_invoice_lines"
        " WHERE invoice_id = $1 AND kind = 'OVERAGE' ORDER BY position",
        invoice_id,
    )
    return [tuple(row.values()) for row in rows]


async def billed_of_month(given: Given, month: date) -> int:
    """Returns the net amount that all live invoices bill for the service month."""
    row = await given.row(
        "SELECT coalesce(sum(amount_cents - invoice_line_corrected_cents(l.tenant_id, l.id)), 0)::bigint AS cents"
        " FROM tenant_invoice_lines l"
        " JOIN tenant_invoices i ON i.id = l.invoice_id AND i.status <> 'VOID'"
        " WHERE l.period_start = $1 AND l.kind <> 'TAX'",
        month,
    )
    return int(row["cents"])


async def late_charge(given: Given, cents: int, on: date) -> None:
    """A one-off charge of the one tenant there is; below 0 it is a credit that no invoice has billed."""
    tenant = await given.row("SELECT id FROM tenants")
    await add_charge(given.platform, tenant_id=tenant["id"], description="Correction", net_cents=cents, on=on)


async def late_notes(given: Given) -> list[tuple[date, int]]:
    """The month of the invoice, and the net amount, of each credit note of a rollup."""
    rows = await given.rows(
        "SELECT i.period_start, n.net_cents FROM credit_notes n JOIN tenant_invoices i ON i.id = n.invoice_id"
        " WHERE n.reason = 'LATE_CORRECTION' ORDER BY n.number"
    )
    return [(row["period_start"], row["net_cents"]) for row in rows]
