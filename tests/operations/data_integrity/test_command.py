"""`arcadia check`, and the nightly job."""

import logging

import pytest
import saq

from app.jobs.context import JobContext
from app.jobs.data_integrity import check_data_integrity
from app.metrics import REGISTRY
from tests.cli.command import Command
from tests.conftest import SECRET
from tests.operations.data_integrity.test_checks import break_rows
from tests.operations.given import Given
from tests.operations.months import APRIL, roll_up, subscribed


@pytest.fixture
async def broken(given: Given, worker_database_url: str) -> str:
    """An invoice whose subtotal is not what its lines come to: its id."""
    await given.plan()
    await subscribed(given)
    await roll_up(given, APRIL)
    break_rows(worker_database_url, "UPDATE tenant_invoices SET subtotal_cents = 1, total_cents = 501")
    return str((await given.row("SELECT id FROM tenant_invoices"))["id"])


@pytest.fixture
def arcadia(given: Given) -> Command:
    url = given.settings.database_url
    assert url is not None
    return Command(
        {"ARCADIA_DATABASE_URL": url, "ARCADIA_DATA_DIR": str(given.settings.data_dir), "ARCADIA_JWT_SECRET": SECRET}
    )


def test_the_command_says_that_every_check_passed(arcadia: Command) -> None:
    outcome = arcadia("check")
    assert (outcome.code, outcome.out) == (0, "No violations found.\n")
    assert outcome.err.splitlines()[1:] == [
        "Events: 0 not published, 0 deliveries pending (the oldest for 0 s), 0 failed, 0 endpoints disabled."
    ]


def test_each_violation_is_a_line_that_names_the_row(broken: str, arcadia: Command) -> None:
    outcome = arcadia("check")
    row = f"tenant_invoices {broken}"
    assert (outcome.code, outcome.err.splitlines()[-1]) == (1, "Violations found: 3.")
    assert outcome.out.splitlines() == [
        f"{row}: subtotal 1 and tax 500, the lines give 5000 and 500 (the lines of an invoice add up to its totals)",
        f"{row}: subtotal_cents is 1, the inputs give 5000 (an invoice can be calculated again from its inputs)",
        f"{row}: total_cents is 501, the inputs give 5500 (an invoice can be calculated again from its inputs)",
    ]


async def test_the_nightly_job_logs_each_as_an_error(
    given: Given, broken: str, caplog: pytest.LogCaptureFixture
) -> None:
    before = REGISTRY.get_sample_value("arcadia_integrity_violations_total") or 0
    job = saq.Job("check_data_integrity")
    context = JobContext(operations=given.platform, job=job)  # type: ignore[typeddict-item]  # what the job uses of it
    with caplog.at_level(logging.ERROR, logger="app.jobs.data_integrity"):
        await check_data_integrity(context)
    assert [record.levelname for record in caplog.records] == ["ERROR"] * 3
    assert all(
        f"Data-integrity check failed: tenant_invoices {broken}: " in record.getMessage() for record in caplog.records
    )
    assert REGISTRY.get_sample_value("arcadia_integrity_violations_total") == before + 3


async def test_a_rollup_that_fails_for_its_tenant_ends_with_1(given: Given, arcadia: Command) -> None:
    await given.plan()
    await subscribed(given)
    async with given.database.unit_of_work(given.platform.principal.scope) as unit:
        await unit.connection.execute("UPDATE tenants SET currency = 'NZD'")  # not its plan's
    outcome = arcadia("rollup", "2026-04")
    assert outcome.code == 1
    assert "status failed" in outcome.out
