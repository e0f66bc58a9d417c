"""Helpers for tests of billing: subscribed tenants, their usage, and rollups run in the test's own process."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from app.operations.billing_months import unbilled_months
from app.operations.invoices import issue_invoice
from app.operations.rollups import roll_up_period, roll_up_run
from app.operations.usage import MeteredEvent, correct_usage, record_usage
from tests.operations.given import Given

APRIL = date(2026, 4, 1)
MAY = date(2026, 5, 1)
JUNE = date(2026, 6, 1)
JULY = date(2026, 7, 1)


async def subscribed(
    given: Given, code: str = "acme", *, slug: str = "pilot", addons: Sequence[str] = (), starts_on: date = APRIL
) -> tuple[UUID, UUID]:
    """A tenant whose deployment is on Studio: tenant and deployment."""
    tenant_id = await given.tenant(code)
    deployment_id = await given.deployment(tenant_id, slug)
    await given.subscription(deployment_id, addons=addons, starts_on=starts_on)
    return tenant_id, deployment_id


async def meter(
    given: Given, deployment_id: UUID, quantity: str, *when: int, kind: str = "droplet_hours", count: int = 1
) -> None:
    """So many events of the quantity, hour by hour from this UTC time on (default: 1 April 2026)."""
    start = datetime(*(when or (2026, 4, 1)), tzinfo=UTC)  # type: ignore[misc, arg-type]  # the zone is by name
    events = [
        MeteredEvent(
            id=f"{deployment_id}/{kind}/{start:%m%d%H%M}/{number}",
            deployment_id=deployment_id,
            resource_kind=kind,
            quantity=Decimal(quantity),
            occurred_at=start + timedelta(hours=number),
        )
        for number in range(count)
    ]
    for first in range(0, count, 1000):
        recorded = await record_usage(given.platform, events=events[first : first + 1000])
        assert recorded.rejected == ()


async def roll_up(given: Given, period_start: date = APRIL, **arguments: Any) -> dict[str, Any]:
    """Runs a rollup to its end in this process; returns its row."""
    run_id = await roll_up_period(given.platform, period_start=period_start, **arguments)
    await roll_up_run(given.platform, run_id=run_id)
    return await given.row("SELECT * FROM rollup_runs WHERE id = $1", run_id)


async def invoices(given: Given, period_start: date = APRIL) -> list[dict[str, Any]]:
    """Returns all invoices of the month, of any status, by tenant code and revision."""
    return await given.rows(
        "SELECT i.*, t.code FROM tenant_invoices i JOIN tenants t ON t.id = i.tenant_id"
        " WHERE period_start = $1 ORDER BY t.code, revision",
        period_start,
    )


async def issue_last(given: Given, month: date = APRIL, *, issue_stale: bool = False) -> UUID:
    """Issues the month's last invoice."""
    invoice_id: UUID = (await invoices(given, month))[-1]["id"]
    return await issue_invoice(given.platform, invoice_id=invoice_id, issue_stale=issue_stale)


async def unbilled(given: Given) -> list[tuple[UUID, date, str]]:
    """Tenant, month and reason of each month that is not billed."""
    page = await unbilled_months(given.platform, first=1000)
    assert not page.has_more
    return [(month.tenant_id, month.period_start, month.reason) for month in page.months]


async def lines(given: Given, invoice_id: UUID) -> list[tuple[str, int]]:
    """Kind and amount of each line, in order."""
    rows = await given.rows(
        "SELECT kind, amount_cents FROM tenant_invoice_lines WHERE invoice_id = $1 ORDER BY position", invoice_id
    )
    return [(row["kind"], row["amount_cents"]) for row in rows]


def counts(run: dict[str, Any]) -> dict[str, Any]:
    """A run's status and those of its counters that are not 0."""
    names = ("tenants_total", "tenants_done", "total_cents", "status")
    outcomes = ("created", "replaced", "skipped", "failed")
    return {name: run[name] for name in names} | {name: n for name in outcomes if (n := run[f"invoices_{name}"])}


async def correct(given: Given, deployment_id: UUID, quantity: str, number: int = 0) -> None:
    """Corrects the deployment's event, by its place in time."""
    events = await given.rows(
        "SELECT tenant_id, source, event_id FROM usage_records WHERE deployment_id = $1 ORDER BY occurred_at, event_id",
        deployment_id,
    )
    await correct_usage(given.platform, quantity=Decimal(quantity), reason="misread", **events[number])
