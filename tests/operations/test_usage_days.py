"""Which day an event belongs to is decided once, in Python, and stored; levels are kept by resource."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given as given_data
from hypothesis import strategies as st

from app.billing import DailyQuantity, LevelUsage, MaxUsage, PeakStream, Period, Usage
from app.database import PLATFORM
from app.operations.rating_inputs import billable_deployments_of
from app.operations.rating_usage import usage_of
from app.operations.usage.event_days import EventDays
from app.operations.usage.events import epoch_microseconds
from tests.operations.given import Given
from tests.operations.metering import differing, metered, record, resource

APP = Path(__file__).parents[2] / "app"
APRIL = Period(date(2026, 4, 1), ZoneInfo("UTC"))


@pytest.mark.parametrize(
    ("zone", "occurred_at", "day"),
    [
        ("Europe/Paris", "2026-03-31T22:30:00+00:00", date(2026, 4, 1)),
        ("CET", "2026-03-31T22:30:00+00:00", date(2026, 4, 1)),  # PostgreSQL takes it for a fixed offset
        ("Europe/Paris", "2026-03-31T21:59:59.999999+00:00", date(2026, 3, 31)),
        ("America/Vancouver", "2026-11-02T07:30:00+00:00", date(2026, 11, 2)),  # 1 November by older data
        ("Australia/Sydney", "2026-04-04T13:00:00+00:00", date(2026, 4, 5)),
    ],
)
async def test_the_day_stored_is_pythons(given: Given, zone: str, occurred_at: str, day: date) -> None:
    given.clock.set(2026, 12, 1)
    settings = replace(given.settings, billing_time_zone=ZoneInfo(zone))
    here = Given(given.database, given.clock, settings, given.queue)
    deployment_id = await here.deployment(await here.tenant())
    instant = datetime.fromisoformat(occurred_at)
    await record(here, *(metered(deployment_id, kind, "5", instant) for kind in ("droplet_hours", "storage_gb_hours")))
    assert [row["day"] for row in await here.rows("SELECT day FROM usage_records")] == [day, day]
    totals = await here.rows("SELECT day, first_at, month FROM usage_daily_totals")
    assert totals == [{"day": day, "first_at": instant, "month": day.replace(day=1)}] * 2
    assert await differing(here) == []


# A day begins at midnight of the zone, and St. John's once put its clocks back at a minute past midnight.
_zones = st.sampled_from(["UTC", "CET", "Asia/Kathmandu", "America/St_Johns", "America/Havana", "Pacific/Apia"])
_instants = st.one_of(
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - bounds
    st.builds(
        lambda seconds, moment: moment + timedelta(seconds=seconds),
        st.integers(-7200, 7200),
        st.sampled_from(
            [datetime(2009, 11, 1, 2, 31, tzinfo=UTC), datetime(2011, 12, 30, 10, tzinfo=UTC)]  # of the last two zones
        ),
    ),
)


@given_data(zone=_zones.map(ZoneInfo), instants=st.lists(_instants, max_size=30))
def test_remembered_days_are_those_of_the_instants(zone: ZoneInfo, instants: list[datetime]) -> None:
    days = EventDays(zone)
    found = [days.of(epoch_microseconds(instant)) for instant in [*instants, *instants]]
    assert [day.date for day in found] == [instant.astimezone(zone).date() for instant in [*instants, *instants]]


# What makes a day or a month of an instant by PostgreSQL's time zone data. A day's month needs none of it.
DERIVED = re.compile(
    r"AT TIME ZONE|timezone\(['$]|_at::date|_at::timestamp\b|date_trunc\([^)]*_at\b|to_char\([^)]*_at\b"
)
ALLOWED = {"tables/migrations/initial/usage.sql"}  # partitions begin with months of UTC, whatever the billing zone


def test_no_statement_derives_a_day_from_an_instant() -> None:
    sources = [*APP.rglob("*.py"), *APP.rglob("*.sql")]
    found = {str(path.relative_to(APP)) for path in sources if DERIVED.search(path.read_text(encoding="utf-8"))}
    assert found <= ALLOWED


async def used(given: Given, deployment_id: UUID, period: Period = APRIL) -> Usage:
    async with given.database.unit_of_work(PLATFORM) as unit:
        (usage,) = (await usage_of(unit, period, await billable_deployments_of(unit, period, [deployment_id])))[
            deployment_id
        ]
    return usage


async def test_levels_add_up_over_the_resources(given: Given) -> None:
    deployment_id = await given.deployment(await given.tenant())
    first, second = await resource(given, deployment_id, "1"), await resource(given, deployment_id, "2")
    first_of_april = datetime(2026, 4, 1, tzinfo=UTC)
    await record(
        given,
        metered(deployment_id, "storage_gb_hours", "100", first_of_april, resource_id=first),
        metered(deployment_id, "storage_gb_hours", "50", datetime(2026, 4, 16, tzinfo=UTC), resource_id=second),
    )
    april = await used(given, deployment_id)
    assert isinstance(april, LevelUsage)
    assert [stream.resource_id for stream in april.streams] == [str(first), str(second)]
    hours = april.used(APRIL, APRIL.days)
    assert Decimal(hours[0]) / hours[1] == 90000

    await record(given, metered(deployment_id, "storage_gb_hours", "7", datetime(2026, 4, 30, tzinfo=UTC)))
    may = await used(given, deployment_id, APRIL.next())
    assert isinstance(may, LevelUsage)
    assert [(stream.resource_id, stream.days, stream.carried_level) for stream in may.streams] == [
        (None, (), Decimal(7)),
        (str(first), (), Decimal(100)),
        (str(second), (), Decimal(50)),
    ]


async def test_readings_add_up_over_the_resources_day_by_day(given: Given) -> None:
    deployment_id = await given.deployment(await given.tenant())
    first, second = await resource(given, deployment_id, "1"), await resource(given, deployment_id, "2")
    tenth = datetime(2026, 4, 10, 12, tzinfo=UTC)
    await record(
        given,
        metered(deployment_id, "storage_gb", "80", tenth, resource_id=first),
        metered(deployment_id, "storage_gb", "60", tenth + timedelta(hours=1), resource_id=second),
        metered(deployment_id, "storage_gb", "55", tenth, resource_id=second),
        metered(deployment_id, "storage_gb", "130", tenth + timedelta(days=1), resource_id=first),
    )
    april = await used(given, deployment_id)
    tenth_day, eleventh_day = date(2026, 4, 10), date(2026, 4, 11)
    assert april == MaxUsage(
        "storage_gb",
        (
            PeakStream(str(first), (DailyQuantity(tenth_day, Decimal(80)), DailyQuantity(eleventh_day, Decimal(130)))),
            PeakStream(str(second), (DailyQuantity(tenth_day, Decimal(60)),)),
        ),
    )
    assert april.used(APRIL, APRIL.days)[0] == 140


async def test_amounts_are_kept_in_one_row_whatever_the_resource(given: Given) -> None:
    deployment_id = await given.deployment(await given.tenant())
    noon = datetime(2026, 4, 10, 12, tzinfo=UTC)
    for number in range(2):
        volume = await resource(given, deployment_id, str(number))
        await record(given, metered(deployment_id, "egress_gb", "3", noon, resource_id=volume))
    await record(given, metered(deployment_id, "egress_gb", "3", noon))
    assert await given.row("SELECT resource_id, total FROM usage_daily_totals") == {
        "resource_id": UUID(int=0),
        "total": 9,
    }
