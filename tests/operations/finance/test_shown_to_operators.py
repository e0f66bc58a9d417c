"""What `arcadia doctor` and the metrics show of the finance push."""

from typing import Any

from app.cli.doctor_billing import check_finance
from app.cli.findings import FindingStatus
from app.jobs.gauges import read_gauges
from app.metrics import REGISTRY, showing_gauges
from tests.operations.finance.conftest import Finance
from tests.operations.given import Given
from tests.operations.receivables import figure_1, issued
from tests.operations.webhooks.receiver import Answer


async def shown(finance: Finance) -> tuple[FindingStatus, str, list[float | None]]:
    """The finding of doctor, and the gauges: pending, blocked, the oldest's age, out of step."""
    found = await check_finance(finance.context)
    with showing_gauges():
        await read_gauges(finance.context)
        values = [
            REGISTRY.get_sample_value(f"arcadia_{name}", {"state": state} if state else {})
            for name, state in (
                ("finance_pushes", "pending"),
                ("finance_pushes", "blocked"),
                ("oldest_finance_push_seconds", ""),
                ("receivables_out_of_step", ""),
            )
        ]
    return found.status, found.message, values


async def test_what_differs_is_refused_and_waits(given: Given, finance: Finance) -> None:
    await figure_1(given)
    _, invoice_id = await issued(given)
    await finance.push()
    assert await shown(finance) == (
        FindingStatus.OK,
        "0 pushes pending, 0 blocked, 0 invoices out of step.",
        [0, 0, 0, 0],
    )

    def change(ledger: dict[str, Any]) -> None:
        ledger["receivables"][str(invoice_id)]["balanceCents"] += 1

    finance.alter(change)
    await finance.reconcile()
    message = "0 pushes pending, 0 blocked, 1 invoices out of step."
    assert await shown(finance) == (FindingStatus.ACTION, message, [0, 0, 0, 1])

    finance.receiver.behaviour = lambda _request: Answer(422)
    await issued(given, "refused")
    await finance.push()
    message = "0 pushes pending, 1 blocked, 1 invoices out of step."
    assert await shown(finance) == (FindingStatus.ACTION, message, [0, 1, 0, 1])

    finance.receiver.behaviour = lambda _request: Answer(503)
    await issued(given, "waiting")
    await finance.push()
    given.clock.advance(seconds=3700)
    message = "1 pushes pending, 1 blocked, 1 invoices out of step."
    late = f"{message} Some have waited for over an hour: the finance system answered 503."
    assert await shown(finance) == (FindingStatus.ACTION, late, [1, 1, 3700, 1])


async def test_without_a_finance_system_nothing_is_wrong(given: Given) -> None:
    await figure_1(given)
    await issued(given)
    found = await check_finance(given.platform)
    assert (found.status, found.message) == (FindingStatus.OK, "No finance system is set (ARCADIA_FINANCE_URL).")
