"""Lines explained from what is stored of their inputs."""

from decimal import Decimal
from typing import Any

from app.operations.invoices import LineReference, explain_lines
from tests.operations.given import Given
from tests.operations.months import MAY, meter, roll_up, subscribed


async def references(given: Given) -> list[tuple[LineReference, dict[str, Any]]]:
    rows = await given.rows("SELECT * FROM tenant_invoice_lines ORDER BY period_start, position")
    return [(LineReference(row["invoice_id"], row["subscription_id"], row["key"]), row) for row in rows]


async def test_every_line_of_several_invoices_is_explained_in_order(given: Given) -> None:
    await given.plan()
    await given.addon()
    _, deployment_id = await subscribed(given, addons=["storage_50gb"])
    await meter(given, deployment_id, "3", count=720)
    await roll_up(given)
    given.clock.set(2026, 6, 2)
    await roll_up(given, MAY)
    lines = await references(given)

    explained = await explain_lines(given.platform, [reference for reference, _ in lines])

    assert [explanation.formula for explanation in explained] == [
        "5000c",
        "750c",
        "672 h over 1488 included x 1c",
        "10% of 6422c = 642.2c",
        "5000c",
        "750c",
        "10% of 5750c = 575c",
    ]
    overage = explained[2]
    assert (overage.used_quantity, overage.included_quantity) == (Decimal(2160), Decimal(1488))
    assert (overage.exact_cents, overage.billable_days) == (Decimal(672), 30)
    assert sum(day.quantity for day in overage.daily_usage) == Decimal(2160)
    assert len(overage.daily_usage) == 30
    assert explained[3].billable_days is None


async def test_no_lines_take_no_explaining(given: Given) -> None:
    assert await explain_lines(given.platform, []) == []


async def test_a_line_is_explained_as_it_was_billed_whatever_came_later(given: Given) -> None:
    await given.plan()
    tenant_id, deployment_id = await subscribed(given)
    await meter(given, deployment_id, "2160")
    await roll_up(given)
    await meter(given, deployment_id, "500", 2026, 4, 20)
    overage = next(reference for reference, row in await references(given) if row["kind"] == "OVERAGE")
    (explanation,) = await explain_lines(given.viewer(tenant_id), [overage])
    assert (explanation.used_quantity, explanation.billable_quantity) == (Decimal(2160), Decimal(672))
