"""The worker pushes to the finance system and compares with it: woken by the transactions that ask for that."""

import json
from dataclasses import replace
from pathlib import Path

from app.cli.finance_ledger import FinanceLedger, FinanceRequest
from app.operations.finance.reconciling import request_finance_reconciliation
from app.operations.invoices import mark_invoice_paid
from app.operations.webhooks.endpoint_secrets import new_secret
from app.worker import working
from tests.clock import Clock
from tests.operations.given import Given
from tests.operations.receivables import figure_1, issued
from tests.operations.webhooks.receiver import Answer, Delivered, receiving
from tests.queues import either_queue

pytestmark = either_queue


async def test_a_payment_reaches_the_finance_system_by_itself(given: Given, clock: Clock, tmp_path: Path) -> None:
    await figure_1(given)
    _, invoice_id = await issued(given)
    secret = new_secret()
    ledger = FinanceLedger(tmp_path / "ledger.json", [secret])

    def book(request: Delivered) -> Answer:
        answer = ledger.answer(FinanceRequest(request.method, request.path, request.headers, request.body))
        return Answer(answer.status, body=json.dumps(answer.content).encode())

    async with receiving(book) as receiver:
        settings = replace(given.settings, finance_url=receiver.url.removesuffix("/hook"), finance_secret=(secret,))
        clock.now = clock.now.now(clock.now.tzinfo)  # signatures are verified by the time of day
        context = replace(given.platform, settings=settings)
        async with working(context, catching_up=False):
            await mark_invoice_paid(context, invoice_id=invoice_id, reference="bank-1")
            requests = await receiver.got(2)
            assert [json.loads(one.body)["kind"] for one in requests] == ["INVOICE_ISSUED", "PAYMENT_RECORDED"]
            await request_finance_reconciliation(context)
            assert [request.method for request in await receiver.got(3)] == ["PUT", "PUT", "GET"]
