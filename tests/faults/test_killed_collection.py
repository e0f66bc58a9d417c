"""Processes killed with SIGKILL while they issue a month, credit and collect it, and dun: nothing is lost or doubled,
numbers have no gap, the ledger balances, and each notice is sent once.
"""

import asyncio
import os
import random
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

import pytest

from app.billing import Account
from app.operations.data_integrity import check
from app.operations.issue_runs import issue_invoices, issue_start
from app.operations.rollups import roll_up_period, roll_up_run
from tests.faults import collector
from tests.faults.tenants import TOTAL_CENTS, seed
from tests.faults.test_killed_processes import until
from tests.faults.workers import Workers
from tests.operations.given import Given
from tests.operations.months import APRIL
from tests.operations.receivables import check_ledger

_ACCOUNTS = "SELECT account, sum(amount_cents)::bigint AS cents FROM journal_postings GROUP BY 1"
_EVENTS = "SELECT kind, count(*) AS n, count(DISTINCT source_id) AS of FROM journal_entries GROUP BY 1"
_STEPS = "SELECT kind, taken_on, count(*) AS n, count(DISTINCT invoice_id) AS of FROM dunning_steps GROUP BY 1, 2"
_MOVES = """
SELECT to_state, withheld, count(*) AS n, count(DISTINCT deployment_id) AS of FROM cloud_deployment_events
WHERE cause = 'DUNNING' GROUP BY 1, 2
"""
_RUNS = """
SELECT tenants_evaluated, tenants_failed, steps_taken, transitions_applied, transitions_withheld FROM dunning_runs
ORDER BY day
"""
_ISSUED = "SELECT status, drafts_done, invoices_issued FROM issue_runs"
_ISSUE_PROGRESS = "SELECT drafts_done AS n, finished_at IS NOT NULL AS finished FROM issue_runs"
_DUNNING_PROGRESS = """
SELECT coalesce(max(tenants_evaluated), 0) AS n, coalesce(bool_and(finished_at IS NOT NULL), false) AS finished
FROM dunning_runs WHERE day = """
_COLLECTION_PROGRESS = """
SELECT (SELECT count(*) FROM journal_entries) AS n, NOT EXISTS (
    SELECT FROM tenant_invoices i LEFT JOIN invoice_balances b ON b.id = i.id
    WHERE b.balance_cents IS DISTINCT FROM 0) AS finished
"""


class Phase(NamedTuple):
    """A task and its time. progress: a query for how much of it is done, `n`, and whether it has `finished`."""

    task: str
    now: datetime
    progress: str


PHASES = (
    Phase("issue", datetime(2026, 5, 1, 3, tzinfo=UTC), _ISSUE_PROGRESS),
    Phase("dun", datetime(2026, 5, 22, 9, tzinfo=UTC), _DUNNING_PROGRESS + "'2026-05-22'"),
    Phase("collect", datetime(2026, 5, 22, 10, tzinfo=UTC), _COLLECTION_PROGRESS),
    Phase("dun", datetime(2026, 5, 23, 9, tzinfo=UTC), _DUNNING_PROGRESS + "'2026-05-23'"),
)


async def killed_in_each_phase(given: Given, tenants: int, kills: int) -> None:
    """Half of the drafts are issued by a run; the others stay drafts until they are collected."""
    given.clock.now = PHASES[0].now
    await seed(given.database, tenants, await given.plan(), APRIL)
    ids = [row["id"] for row in await given.rows("SELECT id FROM tenants ORDER BY random()")]
    by_rollup = await rolled_up(given, ids[: tenants // 2])
    await rolled_up(given, ids[tenants // 2 :])
    await issue_invoices(given.platform, rollup_run_id=by_rollup)
    pairs = range(kills // 2)
    for number, phase in enumerate(PHASES):
        given.clock.now = phase.now
        await killed_in_phase(given, phase, len(pairs[number :: len(PHASES)]))
    await everything_was_done_once(given, tenants)


async def rolled_up(given: Given, tenant_ids: list[UUID]) -> UUID:
    run_id = await roll_up_period(given.platform, period_start=APRIL, tenant_ids=tenant_ids)
    await roll_up_run(given.platform, run_id=run_id)
    return run_id


async def killed_in_phase(given: Given, phase: Phase, pairs: int) -> None:
    """Two processes at a time are killed after some progress; the last two finish the task."""
    url, data_dir = given.settings.database_url, str(given.settings.data_dir)
    assert url is not None
    workers = Workers("tests.faults.collector", url, data_dir, phase.now.isoformat(), phase.task)
    try:
        for _ in range(pairs):
            before = (await given.row(phase.progress))["n"]
            workers.start(2)

            async def has_moved(before: int = before) -> bool:
                return bool((await given.row(phase.progress))["n"] > before)

            await until(has_moved, 60)
            await asyncio.sleep(random.uniform(0, 0.1))  # noqa: S311 - at any moment
            workers.kill_one()
            workers.kill_one()
        progress = await given.row(phase.progress)
        assert not progress["finished"], f"the task had finished before the last process was killed: {progress}"
        workers.start(2)

        async def is_finished() -> bool:
            return bool((await given.row(phase.progress))["finished"])

        await until(is_finished, 600)
    finally:
        workers.stop()


async def everything_was_done_once(given: Given, tenants: int) -> None:
    await collected_once(given, tenants)
    await issued_and_dunned_once(given, tenants // 2)
    await check_ledger(given)
    assert await check(given.platform) == []


async def collected_once(given: Given, tenants: int) -> None:
    """Each tenant's invoice was issued, credited and paid in two parts, once."""
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
    year = given.clock().year
    for table, prefix in (("tenant_invoices", "INV"), ("credit_notes", "CRN")):
        numbers = [row["number"] for row in await given.rows(f"SELECT number FROM {table} ORDER BY number")]
        assert numbers == [f"{prefix}-{year}-{number:06}" for number in range(1, tenants + 1)]
    statuses = await given.rows("SELECT DISTINCT status FROM tenant_invoices")
    assert statuses == [{"status": "PAID"}]
    net = (await given.row("SELECT sum(net_cents)::bigint AS cents FROM credit_notes"))["cents"]
    assert net == collector.CREDITED_NET * tenants


async def issued_and_dunned_once(given: Given, half: int) -> None:
    """Of the half that the run issued: every invoice got its two steps, its deployment went to PAST_DUE and back."""
    assert await given.rows(_ISSUED) == [{"status": "SUCCEEDED", "drafts_done": half, "invoices_issued": half}]
    steps = {(row["kind"], str(row["taken_on"]), row["n"], row["of"]) for row in await given.rows(_STEPS)}
    assert steps == {("NOTICE", "2026-05-22", half, half), ("PAST_DUE", "2026-05-22", half, half)}
    moves = {tuple(row.values()) for row in await given.rows(_MOVES)}
    assert moves == {("PAST_DUE", False, half, half), ("ACTIVE", False, half, half)}
    runs = [tuple(row.values()) for row in await given.rows(_RUNS)]
    assert runs == [(half, 0, 2 * half, half, 0), (half, 0, 0, half, 0)]


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(issue_start, "CHUNK_DRAFTS", 20)


async def test_eight_processes_killed_over_80_tenants(given: Given) -> None:
    await killed_in_each_phase(given, tenants=80, kills=8)


@pytest.mark.heavy
@pytest.mark.timeout(1800)
async def test_processes_killed_again_and_again(given: Given) -> None:
    kills = int(os.environ.get("ARCADIA_KILLED_WORKERS", "50"))
    await killed_in_each_phase(given, tenants=20 * kills, kills=kills)
