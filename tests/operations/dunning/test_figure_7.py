"""The worked figure 7 of the receivables rules, through the operations."""

from datetime import date

from app.billing import DeploymentState
from tests.operations.dunning.overdue import (
    TOTAL_CENTS,
    day_of_last_move,
    dun_daily,
    evaluate,
    moves,
    owing,
    state,
    steps,
)
from tests.operations.given import Given
from tests.operations.months import JUNE, invoices, lines, roll_up
from tests.operations.receivables import pay

BEFORE_SUSPENSION = [("NOTICE", "2026-05-16"), ("PAST_DUE", "2026-05-22"), ("FINAL_NOTICE", "2026-06-05")]


async def base_price_of_june(given: Given) -> int:
    given.clock.set(2026, 7, 1, 3)
    await roll_up(given, JUNE)
    [invoice] = await invoices(given, JUNE)
    [base] = [cents for kind, cents in await lines(given, invoice["id"]) if kind == "PLAN_BASE"]
    return base


async def test_receivables_figure_7_nothing_is_paid(given: Given) -> None:
    tenant_id, deployment_id, invoice_id = await owing(given)
    due = await given.row("SELECT due_on FROM invoice_balances WHERE id = $1", invoice_id)
    assert due["due_on"] == date(2026, 5, 15)
    await dun_daily(given, date(2026, 5, 15), date(2026, 6, 13))
    assert await steps(given, invoice_id) == BEFORE_SUSPENSION
    assert await moves(given, deployment_id) == [("ACTIVE", "PAST_DUE", "PAST_DUE")]

    given.clock.set(2026, 6, 14, 8, 59)
    assert await evaluate(given, tenant_id) == (0, 0, 0)
    await dun_daily(given, date(2026, 6, 14), date(2026, 6, 30))
    assert await steps(given, invoice_id) == [*BEFORE_SUSPENSION, ("SUSPEND", "2026-06-14")]
    assert await moves(given, deployment_id) == [
        ("ACTIVE", "PAST_DUE", "PAST_DUE"),
        ("PAST_DUE", "SUSPENDED", "SUSPEND"),
    ]
    assert await day_of_last_move(given, deployment_id) == "2026-06-14 09:00"
    assert await base_price_of_june(given) == 2333

    await dun_daily(given, date(2026, 7, 1), date(2026, 8, 20))
    assert (await steps(given, invoice_id))[4:] == [("PROPOSE_WRITE_OFF", "2026-08-13")]
    assert await state(given, deployment_id) is DeploymentState.SUSPENDED


async def test_receivables_figure_7_paid_and_resumed_on_20_june(given: Given) -> None:
    tenant_id, deployment_id, invoice_id = await owing(given)
    await dun_daily(given, date(2026, 5, 15), date(2026, 6, 19))
    given.clock.set(2026, 6, 20, 14)
    await pay(given, tenant_id, TOTAL_CENTS)
    assert await evaluate(given, tenant_id) == (0, 1, 0)
    assert await state(given, deployment_id) is DeploymentState.ACTIVE
    assert (await moves(given, deployment_id))[-1] == ("SUSPENDED", "ACTIVE", None)
    assert await day_of_last_move(given, deployment_id) == "2026-06-20 14:00"
    assert await base_price_of_june(given) == 4167
    await dun_daily(given, date(2026, 7, 1), date(2026, 8, 20))
    assert await steps(given, invoice_id) == [*BEFORE_SUSPENSION, ("SUSPEND", "2026-06-14")]
