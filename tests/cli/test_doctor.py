"""`arcadia doctor`: what it finds, and what it says to do."""

import json
import time
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app.cli.doctor_installation import check_clock, check_settings, replica_finding
from app.cli.findings import DoctorFinding, FindingStatus, finding_of, span
from app.database.errors import DatabaseOfAnotherVersion
from app.operations.data_integrity.integrity_check import CheckedTable
from app.settings import AcceptedDocuments, Environment, Settings
from tests.cli.command import Command
from tests.conftest import SECRET

CHECKS = ["settings", "database", "clock", "migrations", "roles", "queue", "replica"]
CHECKS += ["cron", "unbilled", "events", "finance", "integrity"]
TENANT = "019d4500-0000-7000-8000-000000000001"
# A worker that stopped an hour ago, data that were checked a week ago, an unbilled month, an event of yesterday.
LATE = f"""
UPDATE installation SET cron_ran_at = now() - interval '1 hour', billing_months_through = '2199-01-01';
INSERT INTO data_integrity_progress (id, table_name, completed_at)
SELECT gen_random_uuid(), name, now() - interval '7 days' FROM unnest(%(tables)s::text[]) AS name;
INSERT INTO tenants (id, code, name, country, currency, tax_exempt, created_at)
VALUES ('{TENANT}', 'acme', 'Acme', 'AU', 'AUD', false, now());
INSERT INTO billing_months (id, tenant_id, period_start, state, billed_cents, open_credit_deployments)
VALUES (gen_random_uuid(), '{TENANT}', %(month)s, 'OPEN', 0, '{{}}');
INSERT INTO events (id, type, version, tenant_id, aggregate_type, aggregate_id, sequence, occurred_at, data)
VALUES (gen_random_uuid(), 'tenant.created', 1, '{TENANT}', 'TENANT', '{TENANT}', 1, now() - interval '1 day', '{{}}');
"""


def examined(command: Command) -> tuple[int, dict[str, dict[str, Any]]]:
    outcome = command.here("doctor", "--json")
    assert outcome.err == ""
    found = json.loads(outcome.out)
    assert found["ok"] is (outcome.code == 0)
    return outcome.code, {each["check"]: each for each in found["findings"]}


def test_a_new_database_needs_no_action(arcadia: Command) -> None:
    code, found = examined(arcadia)
    assert [(check, found[check]["status"]) for check in found] == [(check, "ok") for check in CHECKS]
    assert code == 0


def test_work_that_is_late_needs_action(arcadia: Command) -> None:
    month = (date.today().replace(day=1) - timedelta(days=40)).replace(day=1)  # noqa: DTZ011 - of the machine's month
    with psycopg.connect(arcadia.environment["ARCADIA_DATABASE_URL"]) as owner:
        for statement in filter(str.strip, LATE.split(";\n")):
            owner.execute(statement, {"tables": [each.table for each in CheckedTable], "month": month})
    code, found = examined(arcadia)
    late = {check: found[check] for check in ("cron", "unbilled", "events", "integrity")}
    assert {check: each["status"] for check, each in late.items()} == dict.fromkeys(late, "action")
    assert all(each["action"] for each in late.values())
    assert late["cron"]["message"] == "A worker last ran a cron job 60 min ago."
    assert late["unbilled"]["message"] == (
        f"Months of tenants that are not completely billed: 1, the oldest of {month:%B %Y}."
    )
    assert late["events"]["message"].endswith("The oldest waits for 24 h after it was due.")
    assert late["integrity"]["message"] == "Every table was checked within the last 7 days."
    assert code == 1
    assert arcadia.here("doctor").out.count("action ") == 4


def test_a_database_that_cannot_be_reached(tmp_path: Path) -> None:
    nowhere = Command(
        {
            "ARCADIA_DATABASE_URL": "postgresql://someone:hidden@127.0.0.1:1/nowhere",
            "ARCADIA_DATA_DIR": str(tmp_path),
            "ARCADIA_JWT_SECRET": SECRET,
        }
    )
    code, found = examined(nowhere)
    statuses = [found[check]["status"] for check in CHECKS]
    assert (code, statuses) == (1, ["ok", "action", *["not checked"] * 10])
    assert (
        found["database"]["action"] == "Start PostgreSQL, or correct ARCADIA_DATABASE_URL and the login that it names."
    )
    assert "hidden" not in nowhere.here("doctor").out


def test_a_database_without_a_schema(empty_database_url: str) -> None:
    code, found = examined(Command({"ARCADIA_DATABASE_URL": empty_database_url, "ARCADIA_JWT_SECRET": SECRET}))
    assert (code, found["migrations"]["status"]) == (1, "action")
    assert found["migrations"]["action"] == "Run `arcadia migrate`."
    assert {found[check]["status"] for check in CHECKS[4:]} == {"not checked"}


async def test_clocks_that_differ(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = time.time
    monkeypatch.setattr(time, "time", lambda: ours() - 90)
    found = await check_clock(settings)
    assert (found.status, found.message) == (
        FindingStatus.ACTION,
        "PostgreSQL's clock differs from this machine's by 90.0 s.",
    )


def test_what_production_will_miss(settings: Settings) -> None:
    found = check_settings(replace(settings, environment=Environment.PRODUCTION, webhook_key=(SECRET,)))
    assert (found.status, found.action) == (
        FindingStatus.NOTE,
        (
            "Set ARCADIA_SUPPLIER_NAME (invoices of Australian tenants cannot be issued),"
            " ARCADIA_SUPPLIER_ABN (invoices of Australian tenants cannot be issued)."
        ),
    )
    assert check_settings(settings).status is FindingStatus.OK


def test_trusted_documents_that_cannot_be_read(settings: Settings, tmp_path: Path) -> None:
    trusted = replace(settings, documents=AcceptedDocuments.TRUSTED, trusted_documents=tmp_path / "none.json")
    assert check_settings(trusted) == DoctorFinding(
        "settings",
        FindingStatus.ACTION,
        "The trusted documents cannot be read from none.json: No such file or directory.",
        "Correct ARCADIA_TRUSTED_DOCUMENTS or its file.",
    )


@pytest.mark.parametrize(
    ("replayed", "seconds", "status", "behind"),
    [
        ("0/200", 900.0, FindingStatus.OK, "0 s"),  # nothing was written meanwhile
        ("0/100", 60.0, FindingStatus.OK, "60 s"),
        ("0/100", 61.0, FindingStatus.ACTION, "61 s"),
        ("0/100", None, FindingStatus.OK, "0 s"),
    ],
)
def test_the_lag_of_a_replica(replayed: str, seconds: float | None, status: FindingStatus, behind: str) -> None:
    found = replica_finding("db", {"is_replica": True, "replayed": replayed, "seconds": seconds}, 0x200)
    assert (found.status, found.message) == (status, f"The replica at db is {behind} behind.")


async def test_a_database_of_another_version() -> None:
    async def fails() -> DoctorFinding:
        raise DatabaseOfAnotherVersion("The database was migrated by another version")

    assert await finding_of("migrations", fails, "reach") == DoctorFinding(
        "migrations",
        FindingStatus.ACTION,
        "The database was migrated by another version.",
        "Run the version of ArcadiaCloud that migrated the database, or a newer one.",
    )


def test_spans_in_words() -> None:
    assert [span(seconds) for seconds in (0, 119, 120, 7199, 7200, 172_799, 172_800)] == [
        *("0 s", "119 s", "2 min", "120 min", "2 h", "48 h", "2 days")
    ]
