"""The totals by day are the events, folded: in whatever order, batches and company the events came."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

import hypothesis
import pytest
from hypothesis import strategies as st

from app.billing import (
    Aggregation,
    DailyLevel,
    DailyQuantity,
    LevelUsage,
    MaxUsage,
    SumUsage,
    Usage,
    UsageEvent,
    fold,
)
from app.operations.usage import MeteredEvent, record_usage
from app.tables.ids import new_id
from tests.operations.given import Given

KINDS = {
    "droplet_hours": Aggregation.SUM,
    "storage_gb": Aggregation.MAX,
    "storage_gb_hours": Aggregation.TIME_WEIGHTED,
}

# Clocks change on these days: an hour is left out, an hour comes twice, and in Havana midnight itself comes twice.
CHANGES = {
    "UTC": datetime(2026, 4, 5, tzinfo=UTC),
    "Australia/Sydney": datetime(2026, 4, 4, 16, tzinfo=UTC),
    "America/New_York": datetime(2026, 3, 8, 7, tzinfo=UTC),
    "America/Havana": datetime(2025, 11, 2, 5, tzinfo=UTC),
}


def _events(zone: str) -> st.SearchStrategy[list[MeteredEvent]]:
    # Half hours, so that instants coincide, and single microseconds around them.
    instants = st.builds(
        lambda half_hours, microseconds: CHANGES[zone] + timedelta(minutes=30 * half_hours, microseconds=microseconds),
        st.integers(-24, 24),
        st.sampled_from([-1, 0, 0, 0, 1]),
    )
    quantities = st.integers(0, 5000).map(lambda number: Decimal(number) / 8)
    event = st.builds(
        lambda kind, quantity, occurred_at: MeteredEvent(
            id=str(new_id()),
            deployment_id=UUID(int=0),
            resource_kind=kind,
            quantity=quantity,
            occurred_at=occurred_at,
        ),
        st.sampled_from(sorted(KINDS)),
        quantities,
        instants,
    )
    return st.lists(event, min_size=1, max_size=30)


@pytest.mark.parametrize("zone", CHANGES)
@hypothesis.settings(
    max_examples=25, deadline=None, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture]
)
@hypothesis.given(data=st.data())
async def test_totals_are_the_events_folded(given: Given, zone: str, data: st.DataObject) -> None:
    given = replace_zone(given, zone)
    tenant_id = await given.tenant(f"t{new_id().hex}")
    deployment_id = await given.deployment(tenant_id)
    events = [at(deployment_id, event) for event in data.draw(_events(zone))]
    batches = data.draw(st.lists(st.lists(st.sampled_from(events), min_size=1, max_size=20), min_size=1, max_size=4))
    for batch in batches:
        await record_usage(given.meter(), events=batch)
    await asyncio.gather(*(record_usage(given.meter(), events=part) for part in (events, events[::-1], events[1::2])))
    for kind, aggregation in KINDS.items():
        raw = [UsageEvent(event.occurred_at, event.quantity) for event in events if event.resource_kind == kind]
        folded = fold(kind, aggregation, raw, ZoneInfo(zone))
        assert await stored(given, deployment_id, folded) == folded


def replace_zone(given: Given, zone: str) -> Given:
    settings = replace(given.settings, billing_time_zone=ZoneInfo(zone))
    return Given(given.database, given.clock, settings, given.queue)


def at(deployment_id: UUID, event: MeteredEvent) -> MeteredEvent:
    return MeteredEvent(
        id=event.id,
        deployment_id=deployment_id,
        resource_kind=event.resource_kind,
        quantity=event.quantity,
        occurred_at=event.occurred_at,
    )


async def stored(given: Given, deployment_id: UUID, like: Usage) -> Usage:
    rows = await given.rows(
        "SELECT * FROM usage_daily_totals WHERE deployment_id = $1 AND resource_kind = $2 ORDER BY day",
        deployment_id,
        like.resource_kind,
    )
    match like:
        case SumUsage():
            return SumUsage(like.resource_kind, tuple(DailyQuantity(row["day"], row["total"]) for row in rows))
        case MaxUsage():
            return MaxUsage(like.resource_kind, tuple(DailyQuantity(row["day"], row["peak"]) for row in rows))
        case LevelUsage():
            return LevelUsage(
                like.resource_kind,
                tuple(
                    DailyLevel(row["day"], row["first_at"], row["last_level"], row["level_microseconds"])
                    for row in rows
                ),
            )


async def test_a_late_level_moves_what_its_neighbours_weigh(given: Given) -> None:
    deployment_id = await given.deployment(await given.tenant())

    async def level(hour: int, quantity: int) -> None:
        occurred_at = datetime(2026, 4, 16, hour, tzinfo=UTC)
        event = MeteredEvent(
            id=f"{hour}/{quantity}",
            deployment_id=deployment_id,
            resource_kind="storage_gb_hours",
            quantity=Decimal(quantity),
            occurred_at=occurred_at,
        )
        await record_usage(given.meter(), events=[event])

    async def gb_hours() -> Decimal:
        row = await given.row("SELECT level_microseconds / 3600000000 AS gb_hours FROM usage_daily_totals")
        return Decimal(row["gb_hours"])

    await level(0, 100)
    assert await gb_hours() == 2400
    await level(12, 40)
    assert await gb_hours() == 1200 + 480
    await level(6, 10)
    assert await gb_hours() == 600 + 60 + 480
    await level(12, 50)  # of levels set at the same instant the highest holds
    assert await gb_hours() == 600 + 60 + 600


@pytest.mark.parametrize("order", [[30, 70], [70, 30]])
@pytest.mark.parametrize("in_one_batch", [True, False])
async def test_of_levels_set_at_the_same_instant_the_highest_holds(
    given: Given, order: list[int], in_one_batch: bool
) -> None:
    deployment_id = await given.deployment(await given.tenant())
    noon = datetime(2026, 4, 16, 12, tzinfo=UTC)

    def level(occurred_at: datetime, quantity: int) -> MeteredEvent:
        return MeteredEvent(
            id=f"{occurred_at}/{quantity}",
            deployment_id=deployment_id,
            resource_kind="storage_gb_hours",
            quantity=Decimal(quantity),
            occurred_at=occurred_at,
        )

    levels = [level(noon, quantity) for quantity in order]
    for batch in [levels] if in_one_batch else [[event] for event in levels]:
        await record_usage(given.meter(), events=batch)
    day = "SELECT last_level, level_microseconds / 3600000000 AS gb_hours FROM usage_daily_totals"
    assert await given.row(day) == {"last_level": 70, "gb_hours": 70 * 12}
    await record_usage(given.meter(), events=[level(noon + timedelta(hours=6), 0)])
    assert await given.row(day) == {"last_level": 0, "gb_hours": 70 * 6}


async def test_batches_at_once_add_up(given: Given) -> None:
    tenant_id = await given.tenant()
    deployments = [await given.deployment(tenant_id, f"d{number}") for number in range(3)]

    def batch(sender: int) -> Sequence[MeteredEvent]:
        events = [
            MeteredEvent(
                id=f"{sender}/{number}",
                deployment_id=deployments[number % 3],
                resource_kind=sorted(KINDS)[number % 2],
                quantity=Decimal(number),
                occurred_at=datetime(2026, 4, 1 + number % 7, tzinfo=UTC),
            )
            for number in range(100)
        ]
        return events if sender % 2 else events[::-1]

    answers = await asyncio.gather(*(record_usage(given.meter(), events=batch(sender)) for sender in range(20)))
    assert [answer.accepted for answer in answers] == [100] * 20
    differing = await given.rows(
        """
        SELECT 1 FROM usage_daily_totals t FULL JOIN (
            SELECT deployment_id, resource_kind, (occurred_at AT TIME ZONE 'UTC')::date AS day,
                   sum(quantity) AS total, max(quantity) AS peak, min(occurred_at) AS first_at
            FROM usage_records GROUP BY 1, 2, 3
        ) e USING (deployment_id, resource_kind, day, total, peak, first_at)
        WHERE t.id IS NULL OR e.day IS NULL
        """
    )
    assert differing == []
    days = await given.rows("SELECT DISTINCT day FROM usage_daily_totals ORDER BY day")
    assert [row["day"] for row in days] == [date(2026, 4, day) for day in range(1, 8)]
