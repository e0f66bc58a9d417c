"""A month's drafts are issued as a run: each once, with gapless numbers, whatever fails or is repeated."""

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.data_integrity import check
from app.operations.invoices import issue_invoice, void_invoice
from app.operations.issue_runs import (
    draft_batches,
    issue_chunk,
    issue_due,
    issue_invoices,
    issue_run_here,
    issue_start,
    resume,
)
from app.tables.ids import new_id
from tests.operations.data_integrity.test_checks import break_rows
from tests.operations.given import Given
from tests.operations.months import APRIL, MAY, invoices, meter, roll_up, subscribed
from tests.operations.receivables import check_ledger

OUTCOMES = """
SELECT t.code, o.outcome, o.total_cents, o.failure FROM issue_outcomes o JOIN tenants t ON t.id = o.tenant_id
WHERE o.run_id = $1 ORDER BY t.code
"""
# A balance that a draft does not have yet: issuing it then fails.
BALANCE = """
INSERT INTO invoice_balances (id, tenant_id, currency, due_on, total_cents, paid_cents, credit_cents, noted_cents,
    written_off_cents, voided_cents, recovered_cents, credited_net_cents, credited_tax_cents, balance_cents)
VALUES ($1, $2, 'AUD', '2026-05-15', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
"""
NUMBERS = "SELECT number FROM tenant_invoices WHERE number IS NOT NULL ORDER BY number"


@pytest.fixture
async def drafts(given: Given, monkeypatch: pytest.MonkeyPatch) -> dict[str, UUID]:
    """Seven tenants with a draft of April, of 5500 each: their deployments. Chunks of three, batches of two."""
    monkeypatch.setattr(issue_start, "CHUNK_DRAFTS", 3)
    monkeypatch.setattr(draft_batches, "BATCH_DRAFTS", 2)
    await given.plan()
    deployments = {code: (await subscribed(given, code))[1] for code in "abcdefg"}
    await roll_up(given, APRIL)
    return deployments


async def run_row(given: Given, run_id: UUID) -> dict[str, Any]:
    return await given.row("SELECT * FROM issue_runs WHERE id = $1", run_id)


async def counts(given: Given, run_id: UUID) -> tuple[str, int, int, int, int, int]:
    row = await run_row(given, run_id)
    names = ("drafts_total", "invoices_issued", "invoices_stale", "invoices_skipped", "invoices_failed")
    return (row["status"], *(row[name] for name in names))


async def numbers(given: Given) -> list[str]:
    return [row["number"] for row in await given.rows(NUMBERS)]


def up_to(count: int) -> list[str]:
    return [f"INV-2026-{number:06}" for number in range(1, count + 1)]


async def test_every_draft_of_the_month_is_issued_once(given: Given, drafts: dict[str, UUID]) -> None:
    run_id = await issue_invoices(given.platform, period_start=APRIL)
    assert await counts(given, run_id) == ("QUEUED", 7, 0, 0, 0, 0)
    await issue_run_here(given.platform, run_id=run_id)
    assert await counts(given, run_id) == ("SUCCEEDED", 7, 7, 0, 0, 0)
    assert await given.rows(OUTCOMES, run_id) == [
        {"code": code, "outcome": "ISSUED", "total_cents": 5500, "failure": None} for code in "abcdefg"
    ]
    assert await numbers(given) == up_to(7)
    assert {row["status"] for row in await invoices(given)} == {"ISSUED"}
    await issue_run_here(given.platform, run_id=run_id)
    again = await issue_invoices(given.platform, period_start=APRIL)
    assert await counts(given, again) == ("SUCCEEDED", 0, 0, 0, 0, 0)
    assert await numbers(given) == up_to(7)
    await check_ledger(given)
    assert await check(given.platform) == []


async def test_stale_drafts_are_left_or_issued_as_they_are(given: Given, drafts: dict[str, UUID]) -> None:
    await meter(given, drafts["b"], "2000", 2026, 4, 5)
    run_id = await issue_invoices(given.platform, period_start=APRIL)
    await issue_run_here(given.platform, run_id=run_id)
    assert await counts(given, run_id) == ("SUCCEEDED", 7, 6, 1, 0, 0)
    assert [(row["code"], row["status"]) for row in await invoices(given)][1] == ("b", "DRAFT")
    everything = await issue_invoices(given.platform, period_start=APRIL, except_stale=False)
    await issue_run_here(given.platform, run_id=everything)
    assert await counts(given, everything) == ("SUCCEEDED", 1, 1, 0, 0, 0)
    assert await numbers(given) == up_to(7)
    assert await check(given.platform) == []


async def test_a_draft_that_is_gone_is_skipped(given: Given, drafts: dict[str, UUID]) -> None:
    run_id = await issue_invoices(given.platform, period_start=APRIL)
    first, second, *_ = await invoices(given)
    await issue_invoice(given.platform, invoice_id=first["id"])
    await void_invoice(given.platform, invoice_id=second["id"])
    await issue_run_here(given.platform, run_id=run_id)
    assert await counts(given, run_id) == ("SUCCEEDED", 7, 5, 0, 2, 0)
    assert await numbers(given) == up_to(6)


async def test_a_draft_that_fails_does_not_stop_the_others(
    given: Given, drafts: dict[str, UUID], worker_database_url: str
) -> None:
    draft = (await invoices(given))[2]
    await given.rows(BALANCE, draft["id"], draft["tenant_id"])
    run_id = await issue_invoices(given.platform, period_start=APRIL)
    await issue_run_here(given.platform, run_id=run_id)
    assert await counts(given, run_id) == ("PARTIAL", 7, 6, 0, 0, 1)
    [failed] = [row for row in await given.rows(OUTCOMES, run_id) if row["outcome"] == "FAILED"]
    assert failed == {
        "code": "c",
        "outcome": "FAILED",
        "total_cents": 0,
        "failure": 'UniqueViolationError: duplicate key value violates unique constraint "invoice_balances_pkey"',
    }
    assert await numbers(given) == up_to(6)
    break_rows(worker_database_url, f"DELETE FROM invoice_balances WHERE id = '{draft['id']}'")
    again = await issue_invoices(given.platform, period_start=APRIL)
    await issue_run_here(given.platform, run_id=again)
    assert await counts(given, again) == ("SUCCEEDED", 1, 1, 0, 0, 0)
    assert await numbers(given) == up_to(7)
    assert await check(given.platform) == []


async def test_workers_on_the_same_chunks_at_once_issue_each_draft_once(given: Given, drafts: dict[str, UUID]) -> None:
    run_id = await issue_invoices(given.platform, period_start=APRIL)
    await asyncio.gather(
        *(issue_chunk(given.platform, run_id=run_id, position=position) for position in (0, 1, 2, 0, 1, 2))
    )
    assert await counts(given, run_id) == ("SUCCEEDED", 7, 7, 0, 0, 0)
    assert await numbers(given) == up_to(7)
    await check_ledger(given)
    assert await check(given.platform) == []


async def test_a_chunk_that_was_interrupted_is_continued(given: Given, drafts: dict[str, UUID]) -> None:
    run_id = await issue_invoices(given.platform, period_start=APRIL)
    stops = iter([False, True])
    await issue_chunk(given.platform, run_id=run_id, position=0, is_stopping=lambda: next(stops))
    assert await counts(given, run_id) == ("RUNNING", 7, 2, 0, 0, 0)
    assert await resume(given.platform) == 3
    await issue_run_here(given.platform, run_id=run_id)
    assert await counts(given, run_id) == ("SUCCEEDED", 7, 7, 0, 0, 0)
    assert await resume(given.platform) == 0
    assert await numbers(given) == up_to(7)


async def test_the_drafts_of_a_rollup_are_those_of_its_tenants(given: Given, drafts: dict[str, UUID]) -> None:
    tenants = await given.rows("SELECT id FROM tenants WHERE code IN ('a', 'b') ORDER BY code")
    rollup = await roll_up(given, APRIL, tenant_ids=[row["id"] for row in tenants], force=True)
    run_id = await issue_invoices(given.platform, rollup_run_id=rollup["id"])
    await issue_run_here(given.platform, run_id=run_id)
    assert await counts(given, run_id) == ("SUCCEEDED", 2, 2, 0, 0, 0)
    assert [row["status"] for row in await invoices(given)] == ["ISSUED"] * 2 + ["DRAFT"] * 5


async def test_bad_input_and_other_roles_are_refused(given: Given) -> None:
    tenant_id = await given.tenant()
    unknown = new_id()
    for asked, code, path in (
        ({}, ProblemCode.VALIDATION_FAILED, ("periodStart",)),
        ({"period_start": APRIL, "rollup_run_id": unknown}, ProblemCode.VALIDATION_FAILED, ("periodStart",)),
        ({"period_start": APRIL.replace(day=2)}, ProblemCode.VALIDATION_FAILED, ("periodStart",)),
        ({"rollup_run_id": unknown}, ProblemCode.NOT_FOUND, ("rollupRunId",)),
    ):
        with pytest.raises(Refusal) as refused:
            await issue_invoices(given.platform, **asked)
        assert (refused.value.code, refused.value.path) == (code, path)
    for caller in (given.admin(tenant_id), given.viewer(tenant_id), given.meter()):
        with pytest.raises(Refusal, match="your role may not issue invoices"):
            await issue_invoices(caller, period_start=APRIL)


async def test_a_month_is_issued_by_itself_after_the_days_that_are_set(given: Given, drafts: dict[str, UUID]) -> None:
    await meter(given, drafts["b"], "2000", 2026, 4, 5)
    assert await issue_due(given.platform) == 0
    after_three = replace(given.platform, settings=replace(given.settings, issue_after_days=3))
    given.clock.set(2026, 5, 3, 23, 59)
    assert await issue_due(after_three) == 0
    given.clock.set(2026, 5, 4)
    assert await issue_due(after_three) == 1
    assert await issue_due(after_three) == 0
    [run] = await given.rows("SELECT id, except_stale FROM issue_runs")
    await issue_run_here(given.platform, run_id=run["id"])
    assert run["except_stale"] is True
    assert await counts(given, run["id"]) == ("SUCCEEDED", 6, 6, 0, 0, 0)
    given.clock.set(2026, 6, 4)
    await roll_up(given, MAY)
    await roll_up(given, APRIL, force=True)
    assert await issue_due(after_three) == 2
