"""Invoices that nobody pays, days of dunning, and what dunning made of them."""

from datetime import date, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from app.billing import DeploymentState, Proration
from app.operations.dunning import evaluate_tenant, run_dunning
from app.operations.invoices import issue_invoice
from tests.operations.given import Given
from tests.operations.months import APRIL, meter, roll_up, subscribed

TOTAL_CENTS = 5500
"""The invoices of `owing`: 5000 and GST of 500."""


class Owing(NamedTuple):
    """A tenant that owes April, issued on 1 May and due on 15 May; its deployment was made in April."""

    tenant_id: UUID
    deployment_id: UUID
    invoice_id: UUID


async def owing(given: Given, code: str = "acme", *, overage: int = 0) -> Owing:
    """Such a tenant, on a plan with DAILY proration and a base price of 5000; the clock stands on 1 May at 09:00.

    overage: droplet hours of April above the included ones, which are one event; each costs 1.
    """
    given.clock.set(2026, 4, 1)
    if not await given.rows("SELECT FROM plans"):
        await given.plan(proration=Proration.DAILY)
    tenant_id, deployment_id = await subscribed(given, code)
    given.clock.set(2026, 5, 1, 9)
    if overage:
        await meter(given, deployment_id, str(1488 + overage))
    return Owing(tenant_id, deployment_id, await issued(given, tenant_id, APRIL))


async def issued(given: Given, tenant_id: UUID, month: date) -> UUID:
    """The tenant's invoice of a month, rolled up and issued on the day of the clock."""
    await roll_up(given, month, tenant_ids=[tenant_id])
    row = await given.row(
        "SELECT id FROM tenant_invoices WHERE tenant_id = $1 AND period_start = $2 AND status = 'DRAFT'",
        tenant_id,
        month,
    )
    return await issue_invoice(given.platform, invoice_id=row["id"])


async def dun(given: Given, day: date, hour: int = 9) -> None:
    """The daily run of a day."""
    given.clock.set(day.year, day.month, day.day, hour)
    await run_dunning(given.platform)


async def dun_daily(given: Given, first: date, last: date) -> None:
    """The daily runs of these days."""
    for offset in range((last - first).days + 1):
        await dun(given, first + timedelta(days=offset))


async def evaluate(given: Given, tenant_id: UUID) -> tuple[int, int, int]:
    """The evaluation that a payment or the like wakes: steps taken, transitions applied and withheld."""
    result = await evaluate_tenant(given.platform, tenant_id=tenant_id)
    return result.steps_taken, result.transitions_applied, result.transitions_withheld


async def state(given: Given, deployment_id: UUID) -> DeploymentState:
    row = await given.row("SELECT state FROM cloud_deployments WHERE id = $1", deployment_id)
    return DeploymentState(row["state"])


async def steps(given: Given, invoice_id: UUID) -> list[tuple[str, str]]:
    """Kind and day of the invoice's steps, in the order of their days."""
    rows = await given.rows(
        "SELECT kind, taken_on FROM dunning_steps WHERE invoice_id = $1 ORDER BY taken_on, days", invoice_id
    )
    return [(row["kind"], str(row["taken_on"])) for row in rows]


async def moves(given: Given, deployment_id: UUID, *, withheld: bool = False) -> list[tuple[Any, ...]]:
    """State before and after, and step, of what dunning moved, or with `withheld` of what it would have."""
    rows = await given.rows(
        "SELECT from_state, to_state, dunning_step FROM cloud_deployment_events"
        " WHERE deployment_id = $1 AND cause = 'DUNNING' AND withheld = $2 ORDER BY occurred_at, id",
        deployment_id,
        withheld,
    )
    return [tuple(row.values()) for row in rows]


async def day_of_last_move(given: Given, deployment_id: UUID) -> str:
    row = await given.row(
        "SELECT max(occurred_at) AS at FROM cloud_deployment_events WHERE deployment_id = $1 AND cause = 'DUNNING'",
        deployment_id,
    )
    return f"{row['at']:%Y-%m-%d %H:%M}"
