"""The comparison of balances with the finance system: what it finds, leaves out, and refuses to read."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from app.operations.finance import reconciling
from app.operations.finance.reconciling import FinanceUnreadable, reconcile, reconcile_if_due
from tests.operations.finance.conftest import Finance
from tests.operations.given import Given
from tests.operations.receivables import figure_1, issued, pay
from tests.operations.webhooks.receiver import Answer, Delivered

NOBODY = UUID(int=2**128 - 1)


async def test_each_kind_of_difference_is_found_over_several_pages(
    given: Given, finance: Finance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconciling, "PAGE", 2)
    await figure_1(given)
    invoices = sorted([(await issued(given, f"tenant-{number}"))[1] for number in range(5)])
    assert await finance.push() == 5

    def change(ledger: dict[str, Any]) -> None:
        receivables = ledger["receivables"]
        receivables[str(invoices[0])]["balanceCents"] = 7065
        del receivables[str(invoices[2])]
        receivables[str(invoices[4])]["currency"] = "NZD"
        receivables[str(NOBODY)] = {"currency": "AUD", "balanceCents": 500}

    finance.alter(change)
    assert await finance.reconcile() == [(7064, 7065), (7064, None), (7064, 7064), (None, 500)]
    row = await given.row("SELECT compared, out_of_step, error, requested_by FROM finance_reconciliations")
    assert tuple(row.values()) == (5, 4, None, "platform_admin@example.com")
    unknown = await given.row("SELECT * FROM receivables_out_of_step WHERE invoice_id IS NULL")
    assert (unknown["receivable_id"], unknown["tenant_id"]) == (NOBODY, None)
    finance.alter(lambda ledger: ledger["receivables"].pop(str(NOBODY)))
    assert len(await finance.reconcile()) == 3


async def test_an_invoice_that_changes_meanwhile_is_left_out(given: Given, finance: Finance) -> None:
    await figure_1(given)
    tenant_id, _ = await issued(given)
    assert await finance.push() == 1

    def knows_the_payment(request: Delivered) -> Answer:
        answer = finance.book(request)
        return answer._replace(body=answer.body.replace(b"7064", b"3064"))

    finance.receiver.behaviour = knows_the_payment
    confirmed = reconciling._confirmed

    async def pays_meanwhile(*arguments: Any) -> Any:
        await pay(given, tenant_id, 4000)
        return await confirmed(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reconciling, "_confirmed", pays_meanwhile)
        assert await finance.reconcile() == []
    finance.receiver.behaviour = finance.book
    assert await finance.push() == 1
    assert await finance.reconcile() == []


@pytest.mark.parametrize(
    ("status", "content", "error"),
    [
        (500, {}, "the finance system answered 500"),
        (204, {}, "the finance system answered 204"),
        (200, {"receivable": []}, "the answer is not as docs/finance.md describes it: "),
        (200, {"receivables": [], "next": str(UUID(int=0))}, "the receivables are not in ascending order of invoiceId"),
        (
            200,
            {"receivables": [{"invoiceId": str(UUID(int=at)), "currency": "AUD", "balanceCents": 0} for at in (2, 1)]},
            "the receivables are not in ascending order of invoiceId",
        ),
    ],
)
async def test_what_cannot_be_read_changes_nothing(
    given: Given, finance: Finance, status: int, content: Mapping[str, Any], error: str
) -> None:
    await figure_1(given)
    _, invoice_id = await issued(given)
    await finance.push()
    finance.alter(lambda ledger: ledger["receivables"][str(invoice_id)].update(balanceCents=0))
    assert await finance.reconcile() == [(7064, 0)]
    finance.receiver.behaviour = lambda _request: Answer(status, body=json.dumps(content).encode())
    with pytest.raises(FinanceUnreadable):
        await finance.reconcile()
    row = await given.row("SELECT compared, error FROM finance_reconciliations ORDER BY id DESC LIMIT 1")
    assert (row["compared"], row["error"][: len(error)]) == (None, error)
    assert len(await given.rows("SELECT FROM receivables_out_of_step")) == 1


async def test_it_is_made_once_a_day_and_again_after_a_failure(given: Given, finance: Finance) -> None:
    async def made() -> int:
        await reconcile_if_due(finance.context, finance.sender)
        return len(await given.rows("SELECT FROM finance_reconciliations WHERE error IS NULL"))

    assert await reconcile_if_due(given.platform, finance.sender) == 0  # there is no finance system
    assert [await made(), await made()] == [1, 1]
    await given.rows(
        "UPDATE finance_reconciliations SET requested_at = requested_at - $1::interval", timedelta(hours=24)
    )
    finance.receiver.behaviour = lambda _request: Answer(503)
    with pytest.raises(FinanceUnreadable):
        await made()
    finance.receiver.behaviour = finance.book
    assert await made() == 2
    assert await reconcile(finance.context, finance.sender) == 0  # nothing is requested
