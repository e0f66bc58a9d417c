"""Each check passes for what the operations write, and finds a row that violates it."""

from datetime import date
from decimal import Decimal

import psycopg
import pytest

from app.billing import DeploymentState, Tier
from app.operations import data_integrity
from app.operations.billing_months import month_amounts
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.catalog import ResourceDraft
from app.operations.data_integrity import INTEGRITY_CHECKS, check
from app.operations.deployments import transition_deployment
from app.operations.invoices import issue_invoice, mark_invoice_paid, void_invoice
from app.operations.issue_runs import issue_invoices, issue_run_here
from app.operations.subscriptions import attach_addon, change_plan_version
from tests.operations.costs.bills import bill, droplet, import_bill, row
from tests.operations.data_integrity.broken_credit_notes import BROKEN_CREDIT_NOTES
from tests.operations.data_integrity.broken_issue_runs import BROKEN_ISSUE_RUNS
from tests.operations.data_integrity.broken_ledger import BROKEN_LEDGER
from tests.operations.data_integrity.broken_pushes import BROKEN_PUSHES
from tests.operations.data_integrity.conftest import MadeOnce
from tests.operations.data_integrity.violating_rows import BROKEN
from tests.operations.given import Given
from tests.operations.months import MAY, invoices, meter, roll_up
from tests.operations.receivables import credit

EVERY = {**BROKEN, **BROKEN_CREDIT_NOTES, **BROKEN_ISSUE_RUNS, **BROKEN_PUSHES}


@pytest.fixture
async def month(given: Given, made_once: MadeOnce) -> None:
    await made_once.put(given, make_month)


async def make_month(given: Given) -> None:
    """April and May of acme, with everything in it: three deployments, a pause, a plan change, all kinds of usage, an
    issued, a paid and a voided invoice, two issue runs, a provider's bill.
    """
    kinds = ("droplet_hours", "storage_gb", "storage_gb_hours")
    resources = [ResourceDraft(kind, Decimal(10), (Tier(None, Decimal(1)),)) for kind in kinds]
    await given.plan(resources=resources)
    await given.addon()
    tenant_id = await given.tenant()
    given.clock.set(2026, 4, 1)
    pilot, second, third = [await given.deployment(tenant_id, slug) for slug in ("pilot", "second", "third")]
    for deployment_id in (pilot, second, third):
        await given.subscription(deployment_id, addons=["storage_50gb"])
    given.clock.set(2026, 4, 10)
    await transition_deployment(given.platform, deployment_id=second, to=DeploymentState.PAUSED)
    await transition_deployment(given.platform, deployment_id=third, to=DeploymentState.CANCELLED)
    await given.plan_version(resources=resources, base_price_cents=7000)
    given.clock.set(2026, 4, 12)
    await transition_deployment(given.platform, deployment_id=second, to=DeploymentState.ACTIVE)
    await change_plan_version(given.platform, deployment_id=pilot, plan_code="studio")
    await attach_addon(given.platform, deployment_id=pilot, addon_code="storage_50gb", additional=True)
    for kind in kinds:
        await meter(given, pilot, "3", 2026, 4, 2, kind=kind, count=9)
    given.clock.set(2026, 5, 1, 3)
    await roll_up(given)
    given.clock.set(2026, 5, 2)
    (april,) = await invoices(given)
    await issue_invoice(given.platform, invoice_id=april["id"])
    await meter(given, pilot, "5", 2026, 4, 3, count=4)  # late
    given.clock.set(2026, 6, 2)
    await roll_up(given, MAY)
    (may,) = await invoices(given, MAY)
    await issue_run_here(given.platform, run_id=await issue_invoices(given.platform, period_start=MAY))
    await void_invoice(given.platform, invoice_id=may["id"])
    await roll_up(given, MAY)
    given.clock.set(2026, 6, 3)
    await roll_up(given, force=True)
    await mark_invoice_paid(
        given.platform,
        invoice_id=await issue_invoice(given.platform, invoice_id=(await invoices(given))[-1]["id"]),
        reference="1",
    )
    await credit(given, (await invoices(given))[-1]["id"], gross=11)
    await roll_up(given, force=True)
    await meter(given, second, "50", 2026, 5, 4)  # late for May, which is a draft
    await issue_run_here(given.platform, run_id=await issue_invoices(given.platform, period_start=MAY))
    await droplet(given, pilot, "web-1")
    await import_bill(given.platform, bill(row("web-1", "$12.0049"), row("GST", "$1.2049")))


@pytest.mark.usefixtures("month")
async def test_all_checks_pass_on_what_the_operations_wrote(given: Given) -> None:
    assert await check(given.platform) == []


async def test_all_checks_pass_on_an_empty_database(given: Given) -> None:
    assert await check(given.platform) == []


@pytest.mark.usefixtures("month")
@pytest.mark.parametrize(("statements", "caught_by"), EVERY.values(), ids=EVERY)
async def test_a_violated_check_names_the_row(
    given: Given, worker_database_url: str, statements: str, caught_by: set[str]
) -> None:
    break_rows(worker_database_url, statements)
    try:
        found = await check(given.platform)
    finally:
        if "DROP INDEX" in statements:
            break_rows(worker_database_url, LIVE_KEY_AGAIN)
    assert {violation.check for violation in found} == caught_by
    for violation in found:
        table, _, key = violation.row.partition(" ")
        assert table in TABLES
        assert key, violation


TABLES = {
    "cloud_deployments", "cloud_deployment_events", "subscriptions", "usage_daily_totals", "tenant_invoices",
    "invoice_number_sequences", "tenants", "rollup_runs", "rollup_chunks", "rollup_outcomes",
    "billing_months", "billing_month_changes", "issue_runs", "issue_chunks", "issue_outcomes",
    "cloud_invoices", "cloud_invoice_lines", "event_sequences", "webhook_deliveries", "finance_pushes",
    "credit_notes", "credit_note_number_sequences", "invoice_balances", "tenant_invoice_lines", "journal_entries",
    "issued_documents",
}  # fmt: skip


LIVE_KEY_AGAIN = """
DELETE FROM tenant_invoices WHERE status = 'ISSUED';
CREATE UNIQUE INDEX tenant_invoices_not_void_key ON tenant_invoices (tenant_id, period_start) WHERE status <> 'VOID'
"""


def break_rows(database_url: str, statements: str) -> None:
    """Executes statements as the owner, with triggers disabled."""
    with psycopg.connect(database_url) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(statements)


def test_every_check_has_a_violation_in_the_tests() -> None:
    assert {check.name for check in INTEGRITY_CHECKS} == set().union(
        *(caught_by for _, caught_by in (*EVERY.values(), *BROKEN_LEDGER.values()))
    )


async def test_late_usage_and_drafts_gone_stale_break_nothing(given: Given, month: None) -> None:
    pilot = (await given.row("SELECT id FROM cloud_deployments WHERE slug = 'pilot'"))["id"]
    given.clock.set(2026, 6, 20)
    for day in (5, 6, 20):
        await meter(given, pilot, "50", 2026, 5, day, kind="storage_gb_hours", count=2)
    await meter(given, pilot, "50", 2026, 4, 1, kind="storage_gb_hours")
    await change_plan_version(
        given.platform, deployment_id=pilot, plan_code="studio", plan_version=1, effective_on=date(2026, 6, 1)
    )
    assert await check(given.platform) == []


async def test_only_so_many_are_listed_and_only_to_the_platform(
    given: Given, month: None, worker_database_url: str
) -> None:
    break_rows(worker_database_url, "UPDATE tenant_invoice_lines SET amount_cents = amount_cents + 1")
    assert len(await check(given.platform, limit=3)) == 3
    tenant_id = (await given.row("SELECT id FROM tenants"))["id"]
    for context in (given.admin(tenant_id), given.viewer(tenant_id), given.meter()):
        with pytest.raises(Refusal) as refused:
            await check(context)
        assert refused.value.code is ProblemCode.PERMISSION_DENIED


async def test_pages_cover_every_row(given: Given, month: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_integrity.integrity_check.CheckedTable, "page", property(lambda _: 1))
    monkeypatch.setattr(month_amounts, "SLICE", 1)
    progress_reports: list[tuple[str, int, int]] = []
    found = [
        violation
        async for violation in data_integrity.violations(
            given.platform, progress=lambda *seen: progress_reports.append(seen)
        )
    ]
    assert found == []
    assert [seen for seen in progress_reports if seen[0] == "cloud_deployments"] == [
        ("cloud_deployments", number, 3) for number in (1, 2, 3)
    ]
    assert {table for table, _, _ in progress_reports} == {
        "cloud_deployments",
        "cloud_invoices",
        "issue_runs",
        "journal_entries",
        "rollup_runs",
        "tenant_invoices",
        "tenants",
    }
