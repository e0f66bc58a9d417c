"""An issued April that falls in value, and the credit notes that come of it."""

from typing import Any
from uuid import UUID

from app.operations.data_integrity import check
from tests.operations.given import Given
from tests.operations.months import correct
from tests.operations.receivables import check_ledger


async def fell(given: Given, hours: int) -> None:
    """April's usage falls by so many of its hours."""
    row = await given.row("SELECT id FROM cloud_deployments")
    for number in range(-(-hours // 3)):
        await correct(given, row["id"], str(3 - min(3, hours - 3 * number)), number)


async def pilot(given: Given) -> UUID:
    deployment_id: UUID = (await given.row("SELECT id FROM cloud_deployments"))["id"]
    return deployment_id


async def notes(given: Given) -> list[tuple[Any, ...]]:
    """Number, invoice's month, reason, net and tax of each credit note."""
    rows = await given.rows(
        "SELECT n.number, i.period_start, n.reason, n.net_cents, n.tax_cents FROM credit_notes n"
        " JOIN tenant_invoices i ON i.id = n.invoice_id ORDER BY n.number"
    )
    return [tuple(row.values()) for row in rows]


async def absorbed(given: Given) -> list[int]:
    rows = await given.rows("SELECT absorbed_cents FROM absorbed_corrections ORDER BY id")
    return [row["absorbed_cents"] for row in rows]


async def all_holds(given: Given) -> None:
    await check_ledger(given)
    assert await check(given.platform) == []
