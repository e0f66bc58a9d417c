"""Usage that changes ended months is recorded as changes of those that were rated; the running month costs nothing."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest

from app.database import PLATFORM
from app.operations.deployments import end_resource
from app.operations.usage import correct_usage, record_usage
from app.tables.ids import new_id
from tests.operations.given import Given
from tests.operations.metering import metered, record, resource

MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)


@pytest.fixture
async def pilot(given: Given) -> UUID:
    """A deployment of a tenant whose months January to April are rated; the clock is at 1 May."""
    tenant_id = await given.tenant()
    deployment_id = await given.deployment(tenant_id)
    for month in range(1, 5):
        await given.rows(
            "INSERT INTO billing_months (id, tenant_id, period_start, state, rated_cents, billed_cents,"
            " open_credit_deployments) VALUES ($1, $2, $3, 'ZERO', 0, 0, '{}') RETURNING id",
            new_id(),
            tenant_id,
            date(2026, month, 1),
        )
    return deployment_id


async def changed(given: Given) -> list[tuple[int, str]]:
    """The changed months with the reasons."""
    rows = await given.rows("SELECT period_start, reason FROM billing_month_changes ORDER BY period_start, reason")
    return [(row["period_start"].month, row["reason"]) for row in rows]


def at(month: int, day: int, hour: int = 0) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


async def test_an_amount_changes_its_month(given: Given, pilot: UUID) -> None:
    event = metered(pilot, "droplet_hours", "1", at(3, 31, 23))
    await record(given, event, metered(pilot, "storage_gb", "1", at(2, 3)), metered(pilot, "egress_gb", "1", at(5, 1)))
    assert await changed(given) == [(2, "USAGE"), (3, "USAGE")]
    row = await given.row("SELECT deployment_id, changed_at FROM billing_month_changes WHERE period_start = $1", MARCH)
    assert row == {"deployment_id": pilot, "changed_at": given.clock()}


async def test_an_event_sent_again_changes_nothing(given: Given, pilot: UUID) -> None:
    event = metered(pilot, "droplet_hours", "1", at(3, 31, 23))
    await record(given, event)
    await given.rows("DELETE FROM billing_month_changes RETURNING id")
    other = metered(pilot, "droplet_hours", "2", at(3, 31, 23), id=event.id)
    assert (await record_usage(given.meter(), events=[event, other])).duplicates == 1
    assert await changed(given) == []


async def test_a_level_changes_the_months_until_the_next_one_of_its_resource(given: Given, pilot: UUID) -> None:
    first, second = await resource(given, pilot, "1"), await resource(given, pilot, "2")

    async def level(quantity: str, moment: datetime, resource_id: UUID | None) -> list[int]:
        await given.rows("DELETE FROM billing_month_changes RETURNING id")
        await record(given, metered(pilot, "storage_gb_hours", quantity, moment, resource_id=resource_id))
        return [month for month, _ in await changed(given)]

    assert await level("100", at(3, 10), first) == [3, 4]
    assert await level("50", at(1, 10), first) == [1, 2, 3]  # up to the level of 10 March
    assert await level("60", at(2, 10), second) == [2, 3, 4]
    assert await level("70", at(1, 10), None) == [1, 2, 3, 4]
    assert await level("80", at(1, 9, 3), None) == [1]
    assert await level("90", at(3, 10, 12), first) == [3, 4]
    assert await level("95", at(3, 10, 6), first) == [3]  # up to noon


async def test_levels_of_one_batch_reach_to_each_other(given: Given, pilot: UUID) -> None:
    await record(
        given,
        metered(pilot, "storage_gb_hours", "1", at(1, 10)),
        metered(pilot, "storage_gb_hours", "2", at(2, 10)),
        metered(pilot, "storage_gb_hours", "0", at(2, 11)),
    )
    assert [month for month, _ in await changed(given)] == [1, 2, 3, 4]  # the last one has no end
    await given.rows("DELETE FROM billing_month_changes RETURNING id")
    await record(
        given, metered(pilot, "storage_gb_hours", "3", at(1, 5)), metered(pilot, "storage_gb_hours", "4", at(1, 7))
    )
    assert [month for month, _ in await changed(given)] == [1]


async def test_a_resources_end_changes_the_months_from_it_on(given: Given, pilot: UUID) -> None:
    volume, idle, read = [await resource(given, pilot, name) for name in ("volume", "idle", "read")]
    given.clock.set(2026, 1, 20)
    await record(given, metered(pilot, "storage_gb_hours", "100", at(1, 10), resource_id=volume))
    await record(given, metered(pilot, "storage_gb", "100", at(1, 10), resource_id=read))
    given.clock.set(2026, 5, 1, 3)
    await end_resource(given.platform, resource_id=idle, ended_at=at(2, 5))
    await end_resource(given.platform, resource_id=read, ended_at=at(2, 5))
    assert await changed(given) == []
    await end_resource(given.platform, resource_id=volume, ended_at=at(3, 5))
    assert await changed(given) == [(3, "RESOURCE_ENDED"), (4, "RESOURCE_ENDED")]
    await given.rows("DELETE FROM billing_month_changes RETURNING id")
    await record(given, metered(pilot, "storage_gb_hours", "40", at(2, 10), resource_id=volume))
    assert await changed(given) == [(2, "USAGE"), (3, "USAGE")]  # up to the end


async def test_a_correction_changes_what_the_event_reaches(given: Given, pilot: UUID) -> None:
    given.clock.set(2026, 1, 20)
    await record(given, metered(pilot, "storage_gb_hours", "100", at(1, 10), id="level"))
    await record(given, metered(pilot, "egress_gb", "100", at(1, 10), id="amount"))
    given.clock.set(2026, 5, 1, 3)
    await record(given, metered(pilot, "storage_gb_hours", "100", at(5, 1), id="running"))
    tenant_id = (await given.row("SELECT tenant_id FROM cloud_deployments"))["tenant_id"]

    async def correct(event_id: str) -> list[tuple[int, str]]:
        await given.rows("DELETE FROM billing_month_changes RETURNING id")
        await correct_usage(
            given.platform, tenant_id=tenant_id, source="api", event_id=event_id, quantity=Decimal(7), reason="misread"
        )
        return await changed(given)

    assert await correct("running") == []
    assert await correct("amount") == [(1, "USAGE_CORRECTED")]
    assert await correct("level") == [(month, "USAGE_CORRECTED") for month in (1, 2, 3, 4)]


async def test_usage_of_a_month_that_ends_at_any_moment_waits_for_whoever_rates_it(
    given: Given, pilot: UUID, worker_database_url: str
) -> None:
    async def recorded(moment: datetime) -> bool:
        try:
            async with asyncio.timeout(0.5):
                await record(given, metered(pilot, "droplet_hours", "1", moment))
        except TimeoutError:
            return False
        return True

    with psycopg.connect(worker_database_url) as rating:
        assert rating.execute("SELECT FROM billing_months FOR UPDATE").rowcount == 4
        given.clock.set(2026, 4, 30, 23, 54)
        assert await recorded(at(4, 30))
        given.clock.advance(minutes=1)
        assert not await recorded(at(4, 30, 1))
        given.clock.set(2026, 5, 1)
        assert not await recorded(at(4, 30, 2))
        assert await recorded(at(5, 1))


async def test_a_month_without_a_row_gets_one_and_no_change(given: Given) -> None:
    deployment_id = await given.deployment(await given.tenant())
    await record(given, metered(deployment_id, "droplet_hours", "1", at(4, 30)))
    assert await given.rows("SELECT period_start, state FROM billing_months") == [
        {"period_start": APRIL, "state": "OPEN"}
    ]
    assert await changed(given) == []


async def test_the_running_month_takes_as_many_statements_as_ever(given: Given, pilot: UUID) -> None:
    """The running month takes as many statements as before; an ended month takes three more."""

    async def statements(*moments: datetime) -> int:
        found: list[Any] = []
        connection = await given.database.write_pool(PLATFORM).acquire()
        await given.database.write_pool(PLATFORM).release(connection)
        for one in given.database.write_pool(PLATFORM)._holders:
            if one._con is not None:
                one._con.add_query_logger(found.append)
        await record(given, *(metered(pilot, "droplet_hours", "1", moment) for moment in moments))
        for one in given.database.write_pool(PLATFORM)._holders:
            if one._con is not None:
                one._con.remove_query_logger(found.append)
        return sum("billing_month" in str(one.query) for one in found)

    given.clock.advance(hours=1)
    assert await statements(at(5, 1), at(5, 1) + timedelta(hours=1)) == 0
    assert await statements(at(4, 30)) == 3
