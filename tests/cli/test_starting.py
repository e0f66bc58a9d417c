"""What a process checks before it starts: the database's version and billing time zone."""

import asyncio
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from app.database.migrate import migrate
from app.settings import Settings
from tests.cli.command import Command, Outcome

SYDNEY = "Australia/Sydney"
STARTING = [["serve", "--port", "0"], ["serve", "--port", "0", "--no-worker"], ["worker"]]
COMMANDS = [
    *STARTING,
    ["check"],  # as every other command: they share one session
]


@pytest.fixture
def owner(arcadia: Command) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(arcadia.environment["ARCADIA_DATABASE_URL"], autocommit=True) as connection:
        yield connection


def in_zone(arcadia: Command, zone: str) -> Command:
    return Command({**arcadia.environment, "ARCADIA_BILLING_TIME_ZONE": zone})


def refused(outcome: Outcome) -> str:
    """The one line that the command said before it ended with exit code 1."""
    (line,) = outcome.err.splitlines()
    assert (outcome.code, outcome.out) == (1, "")
    return line


def recorded(owner: psycopg.Connection[Any]) -> Any:
    (row,) = owner.execute("SELECT billing_time_zone FROM installation").fetchall()
    return row[0]


def test_the_first_command_records_the_zone_and_an_empty_database_takes_another(
    arcadia: Command, owner: psycopg.Connection[Any]
) -> None:
    for zone in (SYDNEY, "UTC"):
        assert in_zone(arcadia, zone).here("usage-totals").code == 0
        assert recorded(owner) == zone


def test_with_a_tenant_no_process_starts_in_another_zone(arcadia: Command, owner: psycopg.Connection[Any]) -> None:
    assert arcadia.here("usage-totals").code == 0
    owner.execute(
        "INSERT INTO tenants (id, code, name, country, currency, tax_exempt, created_at)"
        " VALUES (gen_random_uuid(), 'a', 'A', 'AU', 'AUD', false, now())"
    )
    for command in COMMANDS:
        assert refused(in_zone(arcadia, SYDNEY).here(*command)) == (
            "ARCADIA_BILLING_TIME_ZONE is Australia/Sydney, but the database uses UTC: set it to UTC, or use a new"
            " database"
        ), command
    assert recorded(owner) == "UTC"
    assert arcadia.here("token", "--role", "meter", "--tenant", "a").code == 0


@pytest.mark.parametrize("zone", ["CET", "EST5EDT"])
def test_an_abbreviation_is_no_zone(arcadia: Command, owner: psycopg.Connection[Any], zone: str) -> None:
    outcome = in_zone(arcadia, zone).here("worker")
    message = f"ARCADIA_BILLING_TIME_ZONE must be UTC or an IANA time zone such as Australia/Sydney, not {zone}.\n"
    assert (outcome.code, outcome.out, outcome.err) == (2, "", message)
    assert recorded(owner) is None


@pytest.mark.parametrize("command", [*STARTING, ["migrate"]])
def test_a_database_that_another_version_migrated_is_refused(
    arcadia: Command, empty_database_url: str, command: list[str]
) -> None:
    asyncio.run(migrate(Settings(database_url=empty_database_url)))
    with psycopg.connect(empty_database_url) as owner:
        owner.execute("INSERT INTO migration (name, app_name, ran_on) VALUES ('2026-11-22T16:41', 'arcadia', now())")
    elsewhere = Command({**arcadia.environment, "ARCADIA_DATABASE_URL": empty_database_url})
    assert refused(elsewhere.here(*command)) == (
        "The database was migrated by another version of ArcadiaCloud: this version does not have 1 of its migrations,"
        " the last of them 2026-11-22T16:41. Run the version that migrated it, or use a new database"
    )
