"""Pushes to a real receiver that fails, hangs, loses answers and is down."""

import asyncio
import json
import logging
from dataclasses import replace
from datetime import timedelta

import pytest

from app.database import PLATFORM
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.documents.rendering import render_documents
from app.operations.finance.push_state import push_state
from app.operations.finance.pushing import FinancePushing
from app.operations.finance.retrying import retry_finance_push
from app.operations.webhooks.endpoint_secrets import new_secret
from app.tables.ids import new_id
from tests.operations.data_integrity.test_checks import break_rows
from tests.operations.finance.conftest import Finance
from tests.operations.given import Given
from tests.operations.receivables import figure_1, issued, pay
from tests.operations.webhooks.receiver import Answer, Delivered


async def state(given: Given) -> tuple[int, int, bool, str | None]:
    """The numbers of pending and blocked pushes, whether one is overdue, and why."""
    async with given.database.reading(PLATFORM) as connection:
        found = await push_state(connection, given.clock())
    return found.pending, found.blocked, found.is_overdue, found.last_error


@pytest.fixture
def _short_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.operations.webhooks.sending.TIMEOUT_SECONDS", 0.3)


@pytest.mark.usefixtures("_short_wait")
@pytest.mark.parametrize(
    ("answer", "status", "error"),
    [
        (Answer(409), 409, "the finance system answered 409"),
        (Answer(503, body=b"closed"), 503, "the finance system answered 503"),
        (Answer(308, {"location": "/elsewhere"}), 308, "the finance system answered 308"),
        (Answer(close=True), None, "RemoteProtocolError: Server disconnected without sending a response."),
        (None, None, "no answer within 0.3 seconds"),
    ],
    ids=["conflict", "fails", "redirects", "closes", "hangs"],
)
async def test_what_is_not_booked_is_pushed_again_with_the_same_bytes(
    given: Given, finance: Finance, answer: Answer | None, status: int | None, error: str
) -> None:
    await figure_1(given)
    tenant_id, _ = await issued(given)
    await pay(given, tenant_id, 4000)
    finance.receiver.behaviour = lambda _request: answer
    assert await finance.push() == 0
    assert await finance.states() == [
        ("INVOICE_ISSUED", "PENDING", 1, status),
        ("PAYMENT_RECORDED", "PENDING", 0, None),
    ]
    assert (await given.row("SELECT error FROM finance_pushes WHERE attempts = 1"))["error"] == error
    assert 4.5 <= await finance.pause() <= 5.5
    finance.receiver.behaviour = finance.book
    assert await finance.push(4) == 0
    assert await finance.push(2) == 2
    first, second, payment = finance.pushed
    assert (first.path, first.key, first.bytes) == (second.path, second.key, second.bytes)
    assert payment.body["sequence"] == 2
    assert await finance.states() == [("INVOICE_ISSUED", "SENT", 2, 201), ("PAYMENT_RECORDED", "SENT", 1, 201)]


async def test_an_answer_that_is_lost_or_comes_twice_books_once(given: Given, finance: Finance) -> None:
    await figure_1(given)
    tenant_id, invoice_id = await issued(given)
    await pay(given, tenant_id, 4000)

    def books_and_closes(request: Delivered) -> Answer:
        return finance.book(request)._replace(close=True)

    finance.receiver.behaviour = books_and_closes
    assert await finance.push() == 0
    finance.receiver.behaviour = lambda request: finance.book(request)._replace(twice=True)
    assert await finance.push(6) == 2
    assert await finance.states() == [("INVOICE_ISSUED", "SENT", 2, 200), ("PAYMENT_RECORDED", "SENT", 1, 201)]
    assert json.loads(finance.file.read_text())["receivables"][str(invoice_id)]["balanceCents"] == 3064
    assert await finance.reconcile() == []


async def test_a_blocked_push_holds_its_own_invoice_until_it_is_retried(
    given: Given, finance: Finance, caplog: pytest.LogCaptureFixture
) -> None:
    await figure_1(given)
    tenant_id, invoice_id = await issued(given)
    other_id, _ = await issued(given, "other")
    await pay(given, tenant_id, 4000)

    def refuses_one(request: Delivered) -> Answer:
        return Answer(422, body=b"no account") if str(invoice_id) in request.path else finance.book(request)

    finance.receiver.behaviour = refuses_one
    with caplog.at_level(logging.WARNING):
        assert await finance.push() == 1
    assert [record.getMessage() for record in caplog.records] == [
        "A push to the finance system is blocked until retryFinancePush."
    ]
    await pay(given, tenant_id, 1000, "bank-2")
    await pay(given, other_id, 1000, "bank-3")
    assert await finance.push(60) == 1
    assert await state(given) == (2, 1, False, None)
    assert await finance.reconcile() == []  # what is not sent is not compared
    blocked = await given.row("SELECT id, response_body FROM finance_pushes WHERE status = 'BLOCKED'")
    assert blocked["response_body"] == "no account"
    assert await retry_finance_push(given.platform, push_id=blocked["id"]) == blocked["id"]
    finance.receiver.behaviour = finance.book
    assert await finance.push() == 3
    assert [status for _, status, _, _ in await finance.states()] == ["SENT"] * 5
    for push_id, code in ((blocked["id"], ProblemCode.CONFLICT), (new_id(), ProblemCode.NOT_FOUND)):
        with pytest.raises(Refusal) as refused:
            await retry_finance_push(given.platform, push_id=push_id)
        assert refused.value.code is code


async def test_a_run_costs_an_unavailable_finance_system_one_request(given: Given, finance: Finance) -> None:
    await figure_1(given)
    for number in range(3):
        await issued(given, f"tenant-{number}")
    finance.receiver.behaviour = lambda _request: Answer(503, {"retry-after": "120"})
    assert await finance.push() == 0
    assert await finance.push(60) == 0
    assert len(finance.pushed) == 1
    assert await finance.push(61) == 0
    assert len(finance.pushed) == 2
    finance.receiver.behaviour = finance.book
    assert await finance.push(121) == 3


async def test_after_an_hour_there_is_an_alarm(
    given: Given, finance: Finance, caplog: pytest.LogCaptureFixture
) -> None:
    await figure_1(given)
    await issued(given)
    finance.receiver.behaviour = lambda _request: Answer(401)
    with caplog.at_level(logging.WARNING):
        await finance.push()
        await finance.push(3500)
        assert (caplog.records, await state(given)) == ([], (1, 0, False, None))
        await finance.push(101)
    assert [record.getMessage() for record in caplog.records] == [
        "Pushes to the finance system have been pending for over an hour."
    ]
    assert await state(given) == (1, 0, True, "the finance system answered 401")


async def test_a_document_without_a_pdf_is_waited_for(given: Given, finance: Finance, worker_database_url: str) -> None:
    await figure_1(given)
    tenant_id, _ = await issued(given)
    await pay(given, tenant_id, 4000)
    break_rows(worker_database_url, "UPDATE issued_documents SET pdf = NULL, pdf_sha256 = NULL")
    assert await finance.push() == 0
    assert await finance.push(200) == 0
    assert finance.pushed == []
    assert await render_documents(given.platform) == 1
    assert await finance.push() == 2


async def test_two_workers_share_the_pushes_and_keep_the_order(given: Given, finance: Finance) -> None:
    await figure_1(given)
    tenants = [(await issued(given, f"tenant-{number}"))[0] for number in range(3)]
    for tenant_id in tenants:
        for part in range(4):
            await pay(given, tenant_id, 100 + part, f"part-{part}")
    other = FinancePushing(finance.context, finance.sender)
    assert sum(await asyncio.gather(finance.push(), other.run())) == 15
    for tenant_id in tenants:
        sequences = [one.body["sequence"] for one in finance.pushed if one.body["tenantId"] == str(tenant_id)]
        assert sequences == [1, 2, 3, 4, 5]


async def test_the_result_of_a_worker_that_lost_its_claim_does_not_count(
    given: Given, finance: Finance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker waits for an answer for longer than its claim lasts; another pushes the same bytes meanwhile."""
    monkeypatch.setattr("app.operations.webhooks.sending.TIMEOUT_SECONDS", 2)
    await figure_1(given)
    await issued(given)
    finance.receiver.behaviour = lambda _request: None
    hanging = asyncio.create_task(finance.push())
    await finance.receiver.got(1)
    finance.receiver.behaviour = finance.book
    given.clock.advance(seconds=61)
    assert await FinancePushing(finance.context, finance.sender).run() == 1
    assert await hanging == 0
    first, second = finance.pushed
    assert (first.key, first.bytes) == (second.key, second.bytes)
    assert await finance.states() == [("INVOICE_ISSUED", "SENT", 1, 201)]


async def test_both_secrets_sign_while_one_replaces_the_other(given: Given, finance: Finance) -> None:
    await figure_1(given)
    await issued(given)
    old = finance.context.settings.finance_secret
    rotating = replace(finance.context, settings=replace(finance.context.settings, finance_secret=(new_secret(), *old)))
    assert await FinancePushing(rotating, finance.sender).run() == 1


async def test_with_another_secret_nothing_is_booked(given: Given, finance: Finance) -> None:
    await figure_1(given)
    await issued(given)
    settings = replace(finance.context.settings, finance_secret=(new_secret(),))
    assert await FinancePushing(replace(finance.context, settings=settings), finance.sender).run() == 0
    assert await finance.states() == [("INVOICE_ISSUED", "PENDING", 1, 401)]


async def test_without_a_finance_system_pushes_wait(given: Given, finance: Finance) -> None:
    await figure_1(given)
    await issued(given)
    assert await FinancePushing(given.platform, finance.sender).run() == 0
    assert await finance.states() == [("INVOICE_ISSUED", "PENDING", 0, None)]
    given.clock.now += timedelta(days=30)
    finance.receiver.behaviour = lambda _request: Answer(201)
    assert await finance.push() == 1
