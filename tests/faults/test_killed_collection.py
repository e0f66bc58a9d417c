"""Processes killed with SIGKILL while they issue, credit and collect: nothing is lost or doubled, numbers have no gap,
and the ledger balances.
"""

import asyncio
import os
import random
from typing import Any

import pytest

from app.billing import Account
from app.operations.data_integrity import check
from tests.faults import collector
from tests.faults.tenants import TOTAL_CENTS, seed
from tests.faults.test_killed_processes import Workers, until
from tests.operations.given import Given
from tests.operations.months import APRIL, roll_up
from tests.operations.receivables import check_ledger

_DONE = """
SELECT count(*) FILTER (WHERE b.balance_cents = 0) AS done, count(*) AS issued
FROM invoice_balances b
"""
_ACCOUNTS = "SELECT account, sum(amount_cents)::bigint AS cents FROM journal_postings GROUP BY 1"
_EVENTS = "SELECT kind, count(*) AS n, count(DISTINCT source_id) AS of FROM journal_entries GROUP BY 1"


def collectors(given: Given) -> Workers:
    assert given.settings.database_url is not None
    now = given.clock().isoformat()
    return Workers("tests.faults.collector", given.settings.database_url, str(given.settings.data_dir), now)


async def killed_while_collecting(given: Given, tenants: int, kills: int) -> None:
    await seed(given.database, tenants, await given.plan(), APRIL)
    await roll_up(given)
    workers = collectors(given)

    async def entries() -> int:
        return int((await given.row("SELECT count(*) AS n FROM journal_entries"))["n"])

    try:
        for _ in range(kills // 2):
            before = await entries()
            workers.start(2)

            async def has_moved(before: int = before) -> bool:
                return await entries() > before

            await until(has_moved, 60)
            await asyncio.sleep(random.uniform(0, 0.1))  # noqa: S311 - at any moment
            workers.kill_one()
            workers.kill_one()
        assert (await given.row(_DONE))["done"] < tenants, "the kills came too late to be in the middle of anything"
        workers.start(2)

        async def is_finished() -> bool:
            return await given.row(_DONE) == {"done": tenants, "issued": tenants}

        await until(is_finished, 60 + tenants)
    finally:
        workers.stop()
    await everything_was_done_once(given, tenants)


async def everything_was_done_once(given: Given, tenants: int) -> None:
    events = {row["kind"]: (row["n"], row["of"]) for row in await given.rows(_EVENTS)}
    assert events == {
        "INVOICE_ISSUED": (tenants, tenants),
        "CREDIT_NOTE_ISSUED": (tenants, tenants),
        "PAYMENT_RECORDED": (2 * tenants, 2 * tenants),
    }
    accounts: dict[str, Any] = {row["account"]: row["cents"] for row in await given.rows(_ACCOUNTS)}
    noted = (await given.row("SELECT sum(total_cents)::bigint AS cents FROM credit_notes"))["cents"]
    assert accounts[Account.ACCOUNTS_RECEIVABLE] == 0
    assert accounts[Account.CASH_CLEARING] == tenants * TOTAL_CENTS - noted
    assert sum(accounts.values()) == 0
    for table, prefix in (("tenant_invoices", "INV"), ("credit_notes", "CRN")):
        numbers = [row["number"] for row in await given.rows(f"SELECT number FROM {table} ORDER BY number")]
        assert numbers == [f"{prefix}-2026-{number:06}" for number in range(1, tenants + 1)]
    statuses = await given.rows("SELECT DISTINCT status FROM tenant_invoices")
    assert statuses == [{"status": "PAID"}]
    assert (
        collector.CREDITED_NET * tenants
        == (await given.row("SELECT sum(net_cents)::bigint AS cents FROM credit_notes"))["cents"]
    )
    await check_ledger(given)
    assert await check(given.platform) == []


async def test_two_collectors_killed_over_60_tenants(given: Given) -> None:
    await killed_while_collecting(given, tenants=60, kills=4)


@pytest.mark.heavy
@pytest.mark.timeout(1800)
async def test_two_collectors_killed_again_and_again(given: Given) -> None:
    kills = int(os.environ.get("ARCADIA_KILLED_WORKERS", "50"))
    await killed_while_collecting(given, tenants=30 * kills, kills=kills)
