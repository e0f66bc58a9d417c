"""The billing time zone of a database: recorded, fixed once there is a tenant, and one for all processes."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from app.database import PLATFORM, BillingTimeZoneUnsuitable, Database, DatabaseNotMigrated
from app.database.billing_time_zone import (
    lock_billing_time_zone,
    require_billing_time_zone,
    require_recorded_time_zone,
)
from app.settings import Settings
from tests import postgres

SYDNEY = "Australia/Sydney"


def using(settings: Settings, zone: str) -> Settings:
    return replace(settings, billing_time_zone=ZoneInfo(zone))


@pytest.fixture
async def owner(database: Database, worker_database_url: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(worker_database_url)
    yield connection
    await connection.close()


async def recorded(owner: Any) -> str | None:
    zone: str | None = await owner.fetchval("SELECT billing_time_zone FROM installation")
    return zone


async def insert_tenant(connection: Any) -> None:
    await connection.execute(
        "INSERT INTO tenants (id, code, name, country, currency, tax_exempt, created_at)"
        " VALUES ($1, 'acme', 'Acme', 'AU', 'AUD', false, now())",
        uuid4(),
    )


async def test_the_first_start_records_the_zone_and_an_empty_database_takes_another(
    owner: Any, settings: Settings
) -> None:
    assert await recorded(owner) is None
    await require_billing_time_zone(settings)
    assert await recorded(owner) == "UTC"
    await require_billing_time_zone(using(settings, SYDNEY))
    assert await recorded(owner) == SYDNEY


async def test_with_a_tenant_another_zone_is_refused_in_one_line(owner: Any, settings: Settings) -> None:
    await require_billing_time_zone(settings)
    await insert_tenant(owner)
    await require_billing_time_zone(settings)
    with pytest.raises(BillingTimeZoneUnsuitable) as refused:
        await require_billing_time_zone(using(settings, SYDNEY))
    assert str(refused.value) == (
        "ARCADIA_BILLING_TIME_ZONE is Australia/Sydney, but the database uses UTC: set it to UTC, or use a new database"
    )
    assert await recorded(owner) == "UTC"


async def test_a_zone_that_postgresql_does_not_know_is_refused(owner: Any, settings: Settings) -> None:
    with pytest.raises(BillingTimeZoneUnsuitable, match="is Etc/Zulu2, which PostgreSQL does not know"):
        await require_billing_time_zone(replace(settings, billing_time_zone=named("Etc/Zulu2")))
    assert await recorded(owner) is None


def named(key: str) -> ZoneInfo:
    """Returns a time zone with this made-up name."""
    zone = ZoneInfo.no_cache("UTC")
    return type("Zone", (), {"key": key, "utcoffset": zone.utcoffset})()  # type: ignore[no-any-return]  # has what is read


async def test_a_database_without_a_schema_asks_for_a_migration(settings: Settings, empty_database_url: str) -> None:
    with pytest.raises(DatabaseNotMigrated, match="run `arcadia migrate`"):
        await require_billing_time_zone(replace(settings, **postgres.urls(empty_database_url)))


async def test_of_processes_that_start_at_once_with_two_zones_one_is_recorded(owner: Any, settings: Settings) -> None:
    zones = ["UTC", SYDNEY] * 4
    await asyncio.gather(*(require_billing_time_zone(using(settings, zone)) for zone in zones))
    assert await recorded(owner) in {"UTC", SYDNEY}


async def test_a_change_of_the_zone_waits_for_the_first_tenant_and_is_then_refused(
    owner: Any, database: Database, settings: Settings
) -> None:
    await require_billing_time_zone(settings)
    async with database.unit_of_work(PLATFORM) as unit:
        await lock_billing_time_zone(unit, settings)
        await insert_tenant(unit.connection)
        change = asyncio.create_task(require_billing_time_zone(using(settings, SYDNEY)))
        assert await asyncio.wait({change}, timeout=0.5) == (set(), {change})
    with pytest.raises(BillingTimeZoneUnsuitable, match="the database uses UTC"):
        await change
    assert await recorded(owner) == "UTC"


async def test_the_first_tenant_waits_for_a_change_of_the_zone_and_is_then_refused(
    owner: Any, database: Database, settings: Settings
) -> None:
    await require_billing_time_zone(settings)

    async def first_tenant() -> None:
        async with database.unit_of_work(PLATFORM) as unit:
            await lock_billing_time_zone(unit, settings)
            await insert_tenant(unit.connection)

    async with owner.transaction():
        await owner.fetchval("SELECT id FROM installation FOR UPDATE")
        creation = asyncio.create_task(first_tenant())
        assert await asyncio.wait({creation}, timeout=0.5) == (set(), {creation})
        await owner.execute("UPDATE installation SET billing_time_zone = $1", SYDNEY)
    with pytest.raises(BillingTimeZoneUnsuitable, match="is UTC, but the database uses Australia/Sydney"):
        await creation
    assert await owner.fetchval("SELECT count(*) FROM tenants") == 0


async def test_a_new_tenant_does_not_wait_for_other_changes_of_the_installation(
    owner: Any, database: Database, settings: Settings
) -> None:
    async with owner.transaction():
        await owner.execute("UPDATE installation SET billing_months_through = '2026-04-01'")
        async with asyncio.timeout(2), database.unit_of_work(PLATFORM) as unit:
            await lock_billing_time_zone(unit, settings)


async def test_a_process_learns_that_the_zone_was_changed_after_it_started(
    owner: Any, database: Database, settings: Settings
) -> None:
    await require_billing_time_zone(settings)
    async with database.reading(PLATFORM) as connection:
        await require_recorded_time_zone(connection, settings)
    await require_billing_time_zone(using(settings, SYDNEY))
    async with database.reading(PLATFORM) as connection:
        with pytest.raises(BillingTimeZoneUnsuitable):
            await require_recorded_time_zone(connection, settings)
