"""A finance system, and a worker's pushing run by the test."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from app.cli.finance_ledger import FinanceLedger, FinanceRequest
from app.operations.calls.context import Context
from app.operations.finance.pushing import FinancePushing, finance_sender
from app.operations.finance.reconciling import reconcile, request_finance_reconciliation
from app.operations.webhooks.endpoint_secrets import new_secret
from app.operations.webhooks.sending import Sender
from tests.operations.given import Given
from tests.operations.webhooks.receiver import Answer, Delivered, Receiver, receiving

SECRET = new_secret()
BASE = "/finance"


class Pushed(NamedTuple):
    """A PUT as the finance system got it."""

    path: str
    key: str
    body: Mapping[str, Any]
    bytes: bytes


class Finance:
    """What the tests of the push do: each run pushes until nothing is due at the test's clock."""

    def __init__(self, given: Given, sender: Sender, receiver: Receiver, ledger: Path) -> None:
        given.clock.now = datetime.now(UTC)  # signatures are verified by the time of day
        self.given = given
        self.sender = sender
        self.receiver = receiver
        self.file = ledger
        self.ledger = FinanceLedger(ledger, [SECRET], BASE)
        self.context = self.context_of(given)
        self.pushing = FinancePushing(self.context, sender)
        receiver.behaviour = self.book

    def context_of(self, given: Given) -> Context:
        url = self.receiver.url.removesuffix("/hook") + BASE
        settings = replace(
            given.settings,
            finance_url=url,
            finance_secret=(SECRET,),
            public_url="https://billing.example.com",
        )
        return replace(given.platform, settings=settings)

    def book(self, request: Delivered) -> Answer:
        """Answers as the small finance system does."""
        answer = self.ledger.answer(FinanceRequest(request.method, request.path, request.headers, request.body))
        return Answer(answer.status, body=json.dumps(answer.content).encode())

    async def push(self, seconds: float = 0) -> int:
        """Pushes what is due so many seconds later."""
        self.given.clock.advance(seconds=seconds)
        return await self.pushing.run()

    async def reconcile(self) -> list[tuple[int | None, int | None]]:
        """Compares, and returns our balance and the finance system's of each invoice that is out of step."""
        await request_finance_reconciliation(self.context)
        await reconcile(self.context, self.sender)
        return [
            (row["balance_cents"], row["finance_balance_cents"])
            for row in await self.given.rows("SELECT * FROM receivables_out_of_step ORDER BY receivable_id")
        ]

    @property
    def pushed(self) -> list[Pushed]:
        return [
            Pushed(one.path.removeprefix(BASE), one.headers["idempotency-key"], json.loads(one.body), one.body)
            for one in self.receiver.requests
            if one.method == "PUT"
        ]

    async def states(self) -> list[tuple[str, str, int, int | None]]:
        """Of all pushes in their order: kind, status, attempts, and the status of the answer."""
        return [
            (row["kind"], row["status"], row["attempts"], row["response_status"])
            for row in await self.given.rows("SELECT * FROM finance_pushes ORDER BY invoice_id, sequence")
        ]

    async def pause(self) -> float:
        """For how many seconds the only queue waits."""
        row = await self.given.row("SELECT next_attempt_at FROM finance_queues")
        return float((row["next_attempt_at"] - self.given.clock()).total_seconds())

    def alter(self, change: Callable[[dict[str, Any]], None]) -> None:
        """Changes the finance system's ledger as a person would."""
        ledger = json.loads(self.file.read_text(encoding="utf-8"))
        change(ledger)
        self.file.write_text(json.dumps(ledger), encoding="utf-8")


@pytest.fixture
async def finance(given: Given, tmp_path: Path) -> AsyncIterator[Finance]:
    async with receiving() as receiver, finance_sender() as sender:
        yield Finance(given, sender, receiver, tmp_path / "ledger.json")
