"""One task of those that follow a month's rollup, as a process of its own that is killed and started again.

    python -m tests.faults.collector DATABASE_URL DATA_DIR 2026-05-01T03:00:00+00:00 issue|collect|dun

issue: what issue runs have left. dun: the dunning run of the day. collect: issues what is still a draft, and gives each
invoice one credit note and two payments, whoever does them and however often: a note is done once by its idempotency
key, a payment by its reference.
"""

import asyncio
import random
import sys
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from app.billing import Allocation
from app.database import PLATFORM, Database, DatabaseUnavailable
from app.jobs import SYSTEM
from app.operations import dunning, issue_runs
from app.operations.calls.call import Call, RequestMetadata
from app.operations.calls.context import Context
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.credit_notes import CreditRequest, LineCredit, issue_credit_note
from app.operations.invoices import issue_invoice
from app.operations.issue_runs import draft_batches
from app.operations.payments import NewPayment, record_payment
from app.queue import Queue
from app.settings import Settings
from app.tables.credit_notes import CreditReason
from app.tables.payments import PaymentMethod

CREDITED_NET = 123
FIRST_PAYMENT = 1_000

_INVOICES = "SELECT id, tenant_id, total_cents FROM tenant_invoices ORDER BY id"
_FIRST_LINE = "SELECT id FROM tenant_invoice_lines WHERE invoice_id = $1 AND position = 1"
_NOTE_TOTAL = "SELECT sum(total_cents)::bigint FROM credit_notes WHERE invoice_id = $1"


async def _collect(context: Context, invoice: Any) -> None:
    """Whatever of it is not done yet."""
    with suppress(Refusal):
        await issue_invoice(context, invoice_id=invoice["id"])
    async with context.database.unit_of_work(PLATFORM) as unit:
        line_id: UUID = await unit.connection.fetchval(_FIRST_LINE, invoice["id"])
    await _credit(context, invoice["id"], line_id)
    async with context.database.unit_of_work(PLATFORM) as unit:
        noted: int = await unit.connection.fetchval(_NOTE_TOTAL, invoice["id"])
    await _pay(context, invoice, 1, FIRST_PAYMENT)
    await _pay(context, invoice, 2, invoice["total_cents"] - noted - FIRST_PAYMENT)


async def _credit(context: Context, invoice_id: UUID, line_id: UUID) -> None:
    """Once, by its key. A rival that is at the same note is waited for."""
    request = CreditRequest(
        invoice_id=invoice_id,
        reason=CreditReason.GOODWILL,
        description="a slow week",
        lines=(LineCredit(line_id, CREDITED_NET),),
    )
    metadata = RequestMetadata(idempotency_key=f"note/{invoice_id}", fingerprint=str(invoice_id))
    while True:
        call = Call("issueCreditNote", "issueCreditNote", None, metadata)
        try:
            await issue_credit_note(replace(context, call=call), request)
        except Refusal as refused:
            if refused.code is not ProblemCode.CONFLICT:
                raise
        else:
            return


async def _pay(context: Context, invoice: Any, number: int, cents: int) -> None:
    payment = NewPayment(
        tenant_id=invoice["tenant_id"],
        amount_cents=cents,
        currency="AUD",
        received_on=context.clock().date(),
        method=PaymentMethod.BANK_TRANSFER,
        reference=f"{invoice['id']}/{number}",
        allocations=(Allocation(invoice["id"], cents),),
    )
    await record_payment(context, payment)


async def collect(context: Context) -> None:
    """Every invoice, in any order."""
    async with context.database.unit_of_work(PLATFORM) as unit:
        found = list(await unit.connection.fetch(_INVOICES))
    random.shuffle(found)
    for invoice in found:
        with suppress(DatabaseUnavailable):
            await _collect(context, invoice)


async def issue(context: Context) -> None:
    """Every run that has not finished."""
    async with context.database.unit_of_work(PLATFORM) as unit:
        rows = await unit.connection.fetch("SELECT id FROM issue_runs WHERE finished_at IS NULL")
    for row in rows:
        await issue_runs.issue_run_here(context, run_id=row["id"])


TASKS = {"issue": issue, "collect": collect, "dun": dunning.run_dunning}


async def main(database_url: str, data_dir: str, now: str, task: str) -> None:
    draft_batches.BATCH_DRAFTS = 2  # many transactions, to be killed in and between
    settings = Settings(database_url=database_url, data_dir=Path(data_dir))
    moment = datetime.fromisoformat(now)
    async with Database(settings) as database, Queue(settings) as queue:
        await TASKS[task](Context(SYSTEM, database, lambda: moment, settings, queue))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
