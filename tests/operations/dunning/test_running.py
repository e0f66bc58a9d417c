"""The daily run: once a day, resumed where it was interrupted, two at once, failures of tenants, and what it reads."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from itertools import pairwise
from typing import Any

import asyncpg
import pytest

from app.billing import DeploymentState
from app.database import PLATFORM, DatabaseUnavailable
from app.operations.dunning import dunned, run_dunning
from app.operations.dunning.running import TENANTS_TO_EVALUATE
from app.operations.payments import reverse_payment
from tests.operations.dunning.many import last_run, seed_open_invoices
from tests.operations.dunning.overdue import TOTAL_CENTS, dun, evaluate, moves, owing, state, steps
from tests.operations.given import Given
from tests.operations.receivables import check_ledger, pay

PAST_DUE_DAY = date(2026, 5, 22)
DONE = {"day": "2026-05-22", "tenants": 20, "failed": 0, "steps": 40, "transitions": 20, "finished": True}


@asynccontextmanager
async def at_the_step_of(url: str, code: str, action: str) -> AsyncIterator[None]:
    """PostgreSQL does something whenever a step of this tenant is recorded."""
    owner = await asyncpg.connect(url)
    try:
        tenant_id = await owner.fetchval("SELECT id FROM tenants WHERE code = $1", code)
        await owner.execute(
            f"""
            CREATE FUNCTION test_at_step() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
            BEGIN
                IF NEW.tenant_id = '{tenant_id}' THEN {action}; END IF;
                RETURN NEW;
            END $$;
            CREATE TRIGGER test_at_step BEFORE INSERT ON dunning_steps FOR EACH ROW EXECUTE FUNCTION test_at_step();
            """
        )
        yield
    finally:
        await owner.execute("DROP TRIGGER test_at_step ON dunning_steps; DROP FUNCTION test_at_step")
        await owner.close()


async def each_once(given: Given) -> None:
    """Every overdue invoice has taken its two steps, and every deployment of theirs was moved, once."""
    rows = await given.rows(
        "SELECT (SELECT count(*) FROM dunning_steps s WHERE s.invoice_id = b.id) AS steps,"
        " (SELECT count(*) FROM cloud_deployment_events e WHERE e.dunning_invoice_id = b.id) AS events"
        " FROM invoice_balances b WHERE due_on < '2026-05-22'"
    )
    assert [tuple(row.values()) for row in rows] == [(2, 1)] * 20


async def test_a_run_is_done_once_a_day_from_its_time_on(given: Given) -> None:
    await seed_open_invoices(given, 20, overdue=20)
    given.clock.set(2026, 5, 22, 9)
    assert await run_dunning(given.platform) == 20
    assert await last_run(given) == DONE
    before = await given.contents()
    given.clock.set(2026, 5, 23, 8, 59)
    assert await run_dunning(given.platform) == 0
    assert await given.contents() == before
    given.clock.set(2026, 5, 23, 9)
    assert await run_dunning(given.platform) == 20


async def test_two_runs_at_once_do_everything_once(given: Given) -> None:
    await seed_open_invoices(given, 20, overdue=20)
    given.clock.set(2026, 5, 22, 9)
    await asyncio.gather(*(run_dunning(given.platform) for _ in range(3)))
    assert await last_run(given) == DONE
    await each_once(given)


async def test_a_run_that_was_interrupted_continues_and_counts_each_tenant_once(
    given: Given, worker_database_url: str
) -> None:
    await seed_open_invoices(given, 20, overdue=20)
    given.clock.set(2026, 5, 22, 9)
    [row] = await given.rows("SELECT code FROM tenants ORDER BY id OFFSET 7 LIMIT 1")
    async with at_the_step_of(worker_database_url, row["code"], "PERFORM pg_terminate_backend(pg_backend_pid())"):
        with pytest.raises(DatabaseUnavailable):
            await run_dunning(given.platform)
    assert await last_run(given) == DONE | {"tenants": 7, "steps": 14, "transitions": 7, "finished": False}
    assert await run_dunning(given.platform) == 13
    assert await last_run(given) == DONE
    await each_once(given)


async def test_a_tenant_that_fails_is_recorded_and_stops_no_other(given: Given, worker_database_url: str) -> None:
    await seed_open_invoices(given, 20, overdue=20)
    given.clock.set(2026, 5, 22, 9)
    async with at_the_step_of(worker_database_url, "tenant-7", "RAISE EXCEPTION 'out of paper'"):
        await run_dunning(given.platform)
    assert await last_run(given) == DONE | {"failed": 1, "steps": 38, "transitions": 19}
    failure = await given.row(
        "SELECT t.code, f.code AS reason, message FROM dunning_failures f, tenants t WHERE t.id = f.tenant_id"
    )
    assert failure == {"code": "tenant-7", "reason": "INTERNAL_ERROR", "message": "RaiseError: out of paper"}
    await dun(given, date(2026, 5, 23))
    await each_once(given)


async def test_an_evaluation_that_races_a_payment_and_its_reversal_ends_as_after_either_order(given: Given) -> None:
    made = await owing(given)
    given.clock.set(2026, 6, 14, 9)
    for attempt in range(5):
        payment_id, *_ = await asyncio.gather(
            pay(given, made.tenant_id, TOTAL_CENTS, f"bank-{attempt}"),
            run_dunning(given.platform),
            evaluate(given, made.tenant_id),
            evaluate(given, made.tenant_id),
        )
        await evaluate(given, made.tenant_id)
        assert await state(given, made.deployment_id) is DeploymentState.ACTIVE
        await asyncio.gather(
            reverse_payment(given.platform, payment_id=payment_id, reason="dishonoured"),
            *(evaluate(given, made.tenant_id) for _ in range(2)),
        )
        await evaluate(given, made.tenant_id)
        assert await state(given, made.deployment_id) is DeploymentState.SUSPENDED
    assert [kind for kind, _ in await steps(given, made.invoice_id)] == [
        "NOTICE",
        "PAST_DUE",
        "FINAL_NOTICE",
        "SUSPEND",
    ]
    chain = await moves(given, made.deployment_id)
    assert all(before[1] == after[0] for before, after in pairwise(chain))
    await check_ledger(given)


@pytest.mark.parametrize(("tenants", "overdue"), [(2_000, 20), pytest.param(100_000, 1_000, marks=pytest.mark.heavy)])
@pytest.mark.timeout(1800)
async def test_a_run_reads_only_what_is_overdue_or_was_moved(
    given: Given, worker_database_url: str, tenants: int, overdue: int
) -> None:
    await seed_open_invoices(given, tenants, overdue=overdue)
    owner = await asyncpg.connect(worker_database_url)
    try:
        await owner.execute("ANALYZE")
        await dun(given, PAST_DUE_DAY)
        assert (await last_run(given))["tenants"] == overdue
        await owner.execute("VACUUM ANALYZE")
    finally:
        await owner.close()
    [made] = await given.rows("SELECT tenant_id, id FROM invoice_balances WHERE due_on < '2026-06-01' LIMIT 1")
    day = date(2026, 5, 23)
    # Overdue invoices, and deployments that dunning moved: one of each for each tenant.
    assert await rows_read(given, TENANTS_TO_EVALUATE, day, None) == 2 * overdue
    # Of the tenant: an invoice with its balance, and a deployment with its last transition.
    assert await rows_read(given, dunned._OVERDUE, made["tenant_id"], "AUD", day) == 2
    assert await rows_read(given, dunned._LOCK_DEPLOYMENTS, made["tenant_id"]) == 1


async def rows_read(given: Given, statement: str, *arguments: object) -> int:
    """The rows that the statement's scans read, those that they dropped included."""
    async with given.database.unit_of_work(PLATFORM) as unit:
        text = await unit.connection.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", *arguments)
    return _rows_of_scans(json.loads(text)[0]["Plan"])


def _rows_of_scans(plan: dict[str, Any]) -> int:
    read = 0.0
    if "Relation Name" in plan and plan["Node Type"] != "ModifyTable":
        dropped = plan.get("Rows Removed by Filter", 0) + plan.get("Rows Removed by Index Recheck", 0)
        read = (plan["Actual Rows"] + dropped) * plan["Actual Loops"]
    return round(read) + sum(_rows_of_scans(part) for part in plan.get("Plans", ()))
