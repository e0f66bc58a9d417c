"""Lines explained from what is stored of their inputs."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

from app.billing import Explanation, Tier
from app.operations.catalog import ResourceDraft
from app.operations.invoices import LineToExplain, explain_lines
from tests.operations.given import Given
from tests.operations.month_queries import late_charge
from tests.operations.months import MAY, issue_last, meter, roll_up, subscribed

LINES = """
SELECT kind, key, amount_cents, unit_price_cents,
       invoice_line_inputs(tenant_id, invoice_id, subscription_id, period_start, key)::text AS documents
FROM tenant_invoice_lines l ORDER BY (SELECT period_start FROM tenant_invoices i WHERE i.id = l.invoice_id), position
"""


async def explained(given: Given) -> list[tuple[dict[str, Any], Explanation]]:
    """All lines of all invoices, as the API reads and explains them."""
    rows = await given.rows(LINES)
    lines = [
        LineToExplain(row["key"], row["kind"] == "TAX", row["unit_price_cents"], tuple(json.loads(row["documents"])))
        for row in rows
    ]
    return list(zip(rows, explain_lines(lines), strict=True))


async def test_every_line_of_several_invoices_is_explained_in_order(given: Given) -> None:
    await given.plan()
    await given.addon()
    _, deployment_id = await subscribed(given, addons=["storage_50gb"])
    await meter(given, deployment_id, "3", count=720)
    await roll_up(given)
    given.clock.set(2026, 6, 2)
    await roll_up(given, MAY)

    explanations = [explanation for _, explanation in await explained(given)]

    assert [explanation.formula for explanation in explanations] == [
        "5000c",
        "750c",
        "672 h over 1488 included x 1c",
        "10% of 6422c = 642.2c",
        "5000c",
        "750c",
        "10% of 5750c = 575c",
    ]
    overage = explanations[2]
    assert (overage.used_quantity, overage.included_quantity) == (Decimal(2160), Decimal(1488))
    assert (overage.exact_cents, overage.billable_days) == (Decimal(672), 30)
    assert sum(day.quantity for day in overage.daily_usage) == Decimal(2160)
    assert len(overage.daily_usage) == 30
    assert explanations[3].billable_days is None


def test_no_lines_take_no_explaining() -> None:
    assert explain_lines([]) == []


async def test_a_line_is_explained_as_it_was_billed_whatever_came_later(given: Given) -> None:
    await given.plan()
    _, deployment_id = await subscribed(given)
    await meter(given, deployment_id, "2160")
    await roll_up(given)
    await meter(given, deployment_id, "500", 2026, 4, 20)
    (explanation,) = [explanation for row, explanation in await explained(given) if row["kind"] == "OVERAGE"]
    assert (explanation.used_quantity, explanation.billable_quantity) == (Decimal(2160), Decimal(672))


async def test_a_late_line_is_the_month_as_rated_now_less_what_was_billed(given: Given) -> None:
    await given.plan()
    _, deployment_id = await subscribed(given)
    await meter(given, deployment_id, "2160")
    await roll_up(given)
    await issue_last(given)
    await meter(given, deployment_id, "500", 2026, 4, 20)
    given.clock.set(2026, 6, 2)
    await roll_up(given, MAY)
    late = [explanation for row, explanation in await explained(given) if row["key"].startswith("late:")]
    assert [(one.formula, one.exact_cents, one.used_quantity) for one in late] == [
        ("1172 h over 1488 included x 1c = 1172c, less 672c billed before", Decimal(500), Decimal(2660))
    ]


async def test_what_stays_open_of_a_credit_is_named(given: Given) -> None:
    """A late charge of -5012c meets an invoice with 300c to take off."""
    await given.plan(
        resources=[ResourceDraft("droplet_hours", Decimal(0), (Tier(None, Decimal(1)),))], base_price_cents=0
    )
    _, deployment_id = await subscribed(given)
    await meter(given, deployment_id, "5012")
    await roll_up(given)
    await issue_last(given)
    await late_charge(given, -5012, date(2026, 4, 9))
    given.clock.set(2026, 6, 2)
    await meter(given, deployment_id, "300", 2026, 5, 3)
    await roll_up(given, MAY)
    late = [(row, one) for row, one in await explained(given) if row["key"].startswith("late:")]
    assert [(row["amount_cents"], one.formula, one.exact_cents) for row, one in late] == [
        (-300, "-5012c = -5012c, less 0c billed before, less -4712c of credit not applied yet", Decimal(-300))
    ]
