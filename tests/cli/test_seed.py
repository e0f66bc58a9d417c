"""`arcadia seed`: the same cloud each time, by the rules of billing, in a database without tenants."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from random import Random

import pytest

from app.business_numbers import abn_fault
from app.cli.demo_data import set_up
from app.cli.seeding.business_names import MAX_BUSINESSES, businesses
from app.cli.seeding.seed_digest import digest_of
from app.cli.seeding.seed_run import SeedSpan
from app.database import Database
from app.operations.payments import NewPayment, record_payment
from app.operations.tenants import tenant_id_of
from app.queue import Queue
from app.settings import Settings
from app.tables.payments import PaymentMethod
from tests.cleaning import Cleaner
from tests.cli.command import Command, Outcome
from tests.clock import Clock
from tests.conftest import SECRET
from tests.operations.given import Given

UNTIL = date(2026, 6, 10)
TINY = ("seed", "--tenants", "2", "--months", "1", "--until", str(UNTIL))
SMALL = ("seed", "--tenants", "6", "--months", "2", "--until", str(UNTIL))


@pytest.fixture
async def given(database: Database, clock: Clock, settings: Settings) -> AsyncIterator[Given]:
    async with Queue(settings) as queue:
        yield Given(database, clock, settings, queue)


def digest_in(outcome: Outcome) -> str:
    assert (outcome.code, outcome.err) == (0, "")
    found = re.search(r"SHA-256 ([0-9a-f]{64})\n$", outcome.out)
    assert found
    return found[1]


def test_businesses_differ_and_have_valid_numbers() -> None:
    drawn, again = (list(businesses(Random(7))) for _ in range(2))  # noqa: S311 - repeatable
    assert len({business.code for business in drawn}) == len(drawn) == MAX_BUSINESSES
    assert {abn_fault(business.abn) for business in drawn} == {None}
    assert drawn == again


@pytest.mark.parametrize(
    ("end", "months", "first_day"),
    [
        (date(2026, 6, 10), 1, date(2026, 5, 1)),
        (date(2026, 6, 2), 6, date(2025, 12, 1)),
        (date(2026, 6, 1), 1, date(2026, 4, 1)),
        (date(2026, 1, 15), 2, date(2025, 11, 1)),
    ],
)
def test_the_days_of_a_seeding(end: date, months: int, first_day: date) -> None:
    days = list(SeedSpan.until(end, months))
    assert (days[0], days[-1]) == (first_day, end - timedelta(days=1))


async def test_a_database_may_have_the_demos_tenant(given: Given, arcadia: Command) -> None:
    await set_up(given.platform)
    seeded = await asyncio.to_thread(arcadia.here, *TINY)
    assert (seeded.code, seeded.err) == (0, "")
    assert "\ntenants 3\n" in seeded.out


async def test_a_seeded_database_is_clean_and_a_small_difference_changes_its_digest(
    given: Given, arcadia: Command
) -> None:
    seeded = await asyncio.to_thread(arcadia.here, *TINY)
    digest = digest_in(seeded)
    assert "\ntenants 2\n" in seeded.out
    span = SeedSpan.until(UNTIL, 1)
    assert await digest_of(given.platform, span.first_day, span.end) == digest
    assert (await asyncio.to_thread(arcadia.here, "check")).out == "No violations found.\n"

    again = await asyncio.to_thread(arcadia.here, *TINY)
    assert (again.code, again.out) == (1, "")
    assert again.err.startswith("The database has 2 tenants. `arcadia seed` needs one without tenants but the")

    given.clock.set(2026, 6, 9, 23, 59)
    code = (await given.row("SELECT code FROM tenants ORDER BY code LIMIT 1"))["code"]
    payment = NewPayment(
        tenant_id=await tenant_id_of(given.platform, code=code),
        amount_cents=1,
        currency="AUD",
        received_on=date(2026, 6, 9),
        method=PaymentMethod.CARD,
        reference="planted",
    )
    await record_payment(given.platform, payment)
    assert await digest_of(given.platform, span.first_day, span.end) != digest


def test_a_seed_is_refused_in_production_and_for_the_future(arcadia: Command) -> None:
    in_production = {"ARCADIA_ENVIRONMENT": "production", "ARCADIA_LINK_SECRET": SECRET}
    refused = replace(arcadia, environment={**arcadia.environment, **in_production}).here(*TINY)
    assert (refused.code, refused.out) == (1, "")
    assert refused.err == "`arcadia seed` invents tenants and invoices, so it is refused in production.\n"
    future = arcadia.here("seed", "--until", "2199-01-01")
    assert (future.code, future.err) == (1, "--until 2199-01-01 is in the future.\n")


@pytest.mark.heavy
@pytest.mark.timeout(300)
def test_two_databases_get_the_same_cloud_and_another_number_another(
    arcadia: Command,
    _cleaner: Cleaner,  # noqa: PT019 - it is called
) -> None:
    digests = []
    for number, hash_seed in ((7, "1"), (7, "2"), (8, "1")):
        _cleaner.clean()
        command = replace(arcadia, environment={**arcadia.environment, "PYTHONHASHSEED": hash_seed})
        digests.append(digest_in(command(*SMALL, "--seed", str(number))))
        assert command("check").out == "No violations found.\n"
    assert digests[0] == digests[1] != digests[2]
