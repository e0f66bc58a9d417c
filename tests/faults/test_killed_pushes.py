"""Workers killed with SIGKILL while they push, and a finance system that loses answers: it books each push once, in the
order of each invoice, and its balances are ours.
"""

import asyncio
import json
import random
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.cli.finance_ledger import FinanceLedger, FinanceRequest
from app.operations.data_integrity import check
from app.operations.finance.pushing import finance_sender
from app.operations.finance.reconciling import reconcile, request_finance_reconciliation
from app.operations.webhooks.endpoint_secrets import new_secret
from tests.faults.test_killed_processes import until
from tests.faults.workers import Workers
from tests.operations.given import Given
from tests.operations.receivables import figure_1, issued, pay
from tests.operations.webhooks.receiver import Answer, Delivered, Receiver, receiving

CLAIM_SECONDS = 2
INVOICES = 5


class UnreliableFinance:
    """Answers by its ledger; some answers fail, and some are lost after the push is booked."""

    def __init__(self, receiver: Receiver, file: Path, secret: str) -> None:
        self.url = receiver.url.removesuffix("/hook")
        self.file = file
        self.ledger = FinanceLedger(file, [secret])
        self.refused: list[str] = []
        receiver.behaviour = self.answer

    def balances(self) -> list[int]:
        ledger = json.loads(self.file.read_text(encoding="utf-8"))
        return [one["balanceCents"] for one in ledger["receivables"].values()]

    def answer(self, request: Delivered) -> Answer:
        drawn = random.random()  # noqa: S311 - any will do
        if drawn < 0.03 and request.method == "PUT":
            return Answer(500)
        answer = self.ledger.answer(FinanceRequest(request.method, request.path, request.headers, request.body))
        if answer.status >= 400:
            self.refused.append(str(answer.content))
        lost = 0.03 <= drawn < 0.06 and request.method == "PUT"
        return Answer(answer.status, body=json.dumps(answer.content).encode(), close=lost)


async def killed_while_pushing(given: Given, file: Path, payments: int, kills: int) -> None:
    await figure_1(given)
    tenants = [(await issued(given, f"tenant-{number}"))[0] for number in range(INVOICES)]
    secret = new_secret()
    async with receiving() as receiver:
        finance = UnreliableFinance(receiver, file, secret)
        urls = str(given.settings.database_url), str(given.settings.data_dir), finance.url, secret
        workers = Workers("tests.faults.pusher", *urls, str(CLAIM_SECONDS))
        workers.start(2)
        try:
            for part in range(kills):
                for number in range(payments // kills):
                    for tenant_id in tenants:
                        await pay(given, tenant_id, 1, f"{part}-{number}")
                await asyncio.sleep(random.uniform(0, 0.3))  # noqa: S311 - at any moment
                workers.kill_one()
                workers.start()

            async def is_sent() -> bool:
                return await given.rows("SELECT FROM finance_pushes WHERE status <> 'SENT' LIMIT 1") == []

            await until(is_sent, 60 + payments)
        finally:
            workers.stop()
        assert finance.refused == []  # so none came before the one that it follows
        settings = replace(given.settings, finance_url=finance.url, finance_secret=(secret,))
        context = replace(given.platform, settings=settings, clock=lambda: datetime.now(UTC))
        await request_finance_reconciliation(context)
        async with finance_sender() as sender:
            assert await reconcile(context, sender) == 0
        assert finance.balances() == [7064 - payments] * INVOICES
    assert await check(given.platform) == []


@pytest.mark.timeout(300)
async def test_workers_killed_during_50_pushes(given: Given, tmp_path: Path) -> None:
    await killed_while_pushing(given, tmp_path / "ledger.json", payments=9, kills=3)


@pytest.mark.heavy
@pytest.mark.timeout(1800)
async def test_workers_killed_during_1500_pushes(given: Given, tmp_path: Path) -> None:
    await killed_while_pushing(given, tmp_path / "ledger.json", payments=300, kills=15)
