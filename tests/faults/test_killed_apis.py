"""API processes killed with SIGKILL while accountants issue, credit and collect a month through them: whoever sends a
request again with its idempotency key gets it done once, numbers have no gap, and the ledger balances.
"""

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.operations.data_integrity import check
from app.operations.rollups import roll_up_period, roll_up_run
from tests.faults.api import Api, apis
from tests.faults.collector import CREDITED_NET, FIRST_PAYMENT
from tests.faults.tenants import seed
from tests.faults.test_killed_collection import collected_once
from tests.operations.given import Given
from tests.operations.receivables import check_ledger

ISSUE = """mutation ($input: InvoiceInput!) { answer: issueInvoice(input: $input) {
    ... on InvoiceIssued { invoice { id balanceCents tenant { id } lines(first: 1) { nodes { id } } } }
    ... on Problem { code message } } }"""
CREDIT = """mutation ($input: IssueCreditNoteInput!) { answer: issueCreditNote(input: $input) {
    ... on CreditNoteIssued { creditNote { totalCents } } ... on Problem { code message } } }"""
PAY = """mutation ($input: RecordPaymentInput!) { answer: recordPayment(input: $input) {
    ... on PaymentRecorded { payment { amountCents } } ... on Problem { code message } } }"""
ACCOUNTANTS = 6


class Accountants:
    """Send requests to the processes until each is answered."""

    def __init__(self, clients: Sequence[httpx.AsyncClient], today: str) -> None:
        self.done = 0
        self.unanswered = 0
        self._clients = clients
        self._today = today

    async def collect(self, invoice_ids: list[str]) -> None:
        """Takes invoices from the list until there are none left."""
        while invoice_ids:
            await self._collect(invoice_ids.pop())
            self.done += 1

    async def _collect(self, invoice_id: str) -> None:
        invoice = (await self._sent(ISSUE, f"issue/{invoice_id}", invoiceId=invoice_id))["invoice"]
        line = {"lineId": invoice["lines"]["nodes"][0]["id"], "netCents": CREDITED_NET}
        why = {"reason": "GOODWILL", "description": "a slow week"}
        note = await self._sent(CREDIT, f"note/{invoice_id}", invoiceId=invoice_id, lines=[line], **why)
        rest = invoice["balanceCents"] - note["creditNote"]["totalCents"] - FIRST_PAYMENT
        for number, cents in ((1, FIRST_PAYMENT), (2, rest)):
            reference = f"{invoice_id}/{number}"
            await self._sent(
                PAY,
                reference,
                tenantId=invoice["tenant"]["id"],
                amountCents=cents,
                currency="AUD",
                receivedOn=self._today,
                method="BANK_TRANSFER",
                reference=reference,
                allocations=[{"invoiceId": invoice_id, "amountCents": cents}],
            )

    async def _sent(self, mutation: str, key: str, **given: Any) -> dict[str, Any]:
        while not (answer := await self._attempt(mutation, key, given)):
            self.unanswered += 1
            await asyncio.sleep(0.05)
        return answer

    async def _attempt(self, mutation: str, key: str, given: dict[str, Any]) -> dict[str, Any] | None:
        """Returns the result; None if there was no answer, or if the first attempt with the key has not ended yet."""
        client = random.choice(self._clients)  # noqa: S311 - any
        body = {"query": mutation, "variables": {"input": given}}
        try:
            response = await client.post("/graphql", json=body, headers={"idempotency-key": key})
        except httpx.TransportError:
            return None
        answer: dict[str, Any] | None = (response.json().get("data") or {}).get("answer")
        if answer is None:
            assert response.status_code in {429, 503}, response.text
        elif "code" in answer:
            assert answer["code"] == "CONFLICT", answer
            return None
        return answer


@pytest.fixture
async def processes(given: Given, tmp_path: Path) -> AsyncIterator[list[Api]]:
    given.clock.now = datetime.now(UTC)  # the processes go by the real one
    async with apis(given.settings, tmp_path, 2) as processes:
        yield processes


async def killed_while_collecting(given: Given, processes: list[Api], tenants: int, kills: int) -> None:
    """Kills the processes in turn, each time after some more invoices were collected."""
    today = given.clock().date()
    month = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
    await seed(given.database, tenants, await given.plan(), month)
    await roll_up_run(given.platform, run_id=await roll_up_period(given.platform, period_start=month))
    invoice_ids = [str(row["id"]) for row in await given.rows("SELECT id FROM tenant_invoices")]
    clients = [api.client(timeout=20) for api in processes]
    accountants, codes = Accountants(clients, today.isoformat()), list[int]()

    async def kill() -> None:
        for number, victim in zip(range(1, kills + 1), cycle(processes), strict=False):
            while accountants.done < number * tenants // (kills + 2):  # noqa: ASYNC110 - they tell nobody
                await asyncio.sleep(0.002)
            codes.append(await victim.end())
            await victim.start()

    async with asyncio.TaskGroup() as all_of_them:
        all_of_them.create_task(kill())
        for _ in range(ACCOUNTANTS):
            all_of_them.create_task(accountants.collect(invoice_ids))
    await asyncio.gather(*(client.aclose() for client in clients))
    assert codes == [-signal.SIGKILL] * kills
    assert accountants.unanswered > 0
    await collected_once(given, tenants)
    await check_ledger(given)
    assert await check(given.platform) == []


async def test_api_processes_killed_while_a_month_is_collected(given: Given, processes: list[Api]) -> None:
    await killed_while_collecting(given, processes, tenants=60, kills=2)


@pytest.mark.heavy
@pytest.mark.timeout(1200)
async def test_api_processes_killed_again_and_again_while_a_month_is_collected(
    given: Given, processes: list[Api]
) -> None:
    kills = int(os.environ.get("ARCADIA_KILLED_SERVERS", "25"))
    await killed_while_collecting(given, processes, tenants=30 * kills, kills=kills)
