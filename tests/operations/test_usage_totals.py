"""Daily totals equal the folded events, in whatever order and batches the events arrive."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import hypothesis
import msgspec
import pytest
from hypothesis import strategies as st

from app.billing import Aggregation, UsageEvent, fold
from app.operations.deployments import end_resource
from app.operations.usage import MeteredEvent, correct_usage, record_usage
from app.tables.ids import new_id
from tests.operations.given import Given
from tests.operations.metering import differing, metered, resource, stored

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


class Acts(NamedTuple):
    """What is done to a deployment's usage: batches, corrections of their events, and the end of its second resource.

    Events name a resource by its number, 0 for none.
    """

    events: list[tuple[MeteredEvent, int]]
    batches: list[list[int]]
    corrections: list[tuple[int, Decimal]]
    ended_at: datetime | None
    end_before: int


def _instants(zone: str) -> st.SearchStrategy[datetime]:
    # Half hours, so that instants coincide, and single microseconds around them.
    return st.builds(
        lambda half_hours, microseconds: CHANGES[zone] + timedelta(minutes=30 * half_hours, microseconds=microseconds),
        st.integers(-60, 60),
        st.sampled_from([-1, 0, 0, 0, 1]),
    )


@st.composite
def _acts(draw: st.DrawFn, zone: str) -> Acts:
    quantities = st.integers(0, 5000).map(lambda number: Decimal(number) / 8)
    event = st.builds(
        lambda kind, quantity, occurred_at: metered(UUID(int=0), kind, str(quantity), occurred_at),
        st.sampled_from([*KINDS, "storage_gb_hours"]),
        quantities,
        _instants(zone),
    )
    events = draw(st.lists(st.tuples(event, st.integers(0, 2)), min_size=1, max_size=30))
    numbers = st.integers(0, len(events) - 1)
    batches = draw(st.lists(st.lists(numbers, min_size=1, max_size=20), min_size=1, max_size=4))
    return Acts(
        events,
        batches,
        draw(st.lists(st.tuples(numbers, quantities), max_size=6)),
        draw(st.none() | _instants(zone)),
        draw(st.integers(0, len(batches) - 1)),
    )


@pytest.mark.parametrize("zone", CHANGES)
@hypothesis.settings(
    max_examples=20, deadline=None, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture]
)
@hypothesis.given(data=st.data())
async def test_totals_are_the_events_folded(given: Given, zone: str, data: st.DataObject) -> None:
    given = replace_zone(given, zone)
    tenant_id = await given.tenant(f"t{new_id().hex}")
    deployment_id = await given.deployment(tenant_id)
    resources = [None, *[await resource(given, deployment_id, str(new_id())) for _ in range(2)]]
    acts: Acts = data.draw(_acts(zone))
    events = [at(deployment_id, event, resources[number]) for event, number in acts.events]
    ended: UUID = resources[2]  # type: ignore[assignment]  # only the first is None

    recorded: set[int] = set()
    for number, batch in enumerate(acts.batches):
        if acts.ended_at is not None and number == acts.end_before:
            await end_resource(given.platform, resource_id=ended, ended_at=acts.ended_at)
        await record_usage(given.meter(), events=[events[place] for place in batch])
        recorded.update(batch)
        for place, quantity in acts.corrections[number::2]:
            if place in recorded:
                await correct(given, tenant_id, events[place], quantity)
    await record_usage(given.meter(), events=events[::2])
    await expect_folded(given, tenant_id, deployment_id, events[::2] + [events[place] for place in recorded])
    await asyncio.gather(
        *(record_usage(given.meter(), events=part) for part in (events, events[::-1], events[1::2])),
        *(
            correct(given, tenant_id, events[place], quantity)
            for place, quantity in acts.corrections[1:]
            if place in recorded
        ),
    )
    await expect_folded(given, tenant_id, deployment_id, events)


async def expect_folded(given: Given, tenant_id: UUID, deployment_id: UUID, events: Sequence[MeteredEvent]) -> None:
    ends = {str(row["id"]): row["destroyed_at"] for row in await given.rows(ENDED, tenant_id)}
    quantities = {row["event_id"]: row["quantity"] for row in await given.rows(LAST_CORRECTIONS, tenant_id)}
    for kind, aggregation in KINDS.items():
        raw = {
            event.id: UsageEvent(
                event.occurred_at,
                quantities.get(event.id, event.quantity),
                str(event.resource_id) if event.resource_id else None,
            )
            for event in events
            if event.resource_kind == kind
        }
        folded = fold(kind, aggregation, raw.values(), given.settings.billing_time_zone, ended_at=ends)
        assert await stored(given, deployment_id, folded) == folded
    assert await differing(given) == []


ENDED = "SELECT id, destroyed_at FROM cloud_resources WHERE tenant_id = $1 AND destroyed_at IS NOT NULL"
LAST_CORRECTIONS = """
SELECT DISTINCT ON (record_id) event_id, quantity FROM usage_corrections WHERE tenant_id = $1
ORDER BY record_id, corrected_at DESC
"""


async def correct(given: Given, tenant_id: UUID, event: MeteredEvent, quantity: Decimal) -> None:
    await correct_usage(
        given.meter(), tenant_id=tenant_id, source=event.source, event_id=event.id, quantity=quantity, reason="misread"
    )


def replace_zone(given: Given, zone: str) -> Given:
    settings = replace(given.settings, billing_time_zone=ZoneInfo(zone))
    return Given(given.database, given.clock, settings, given.queue)


def at(deployment_id: UUID, event: MeteredEvent, resource_id: UUID | None) -> MeteredEvent:
    return msgspec.structs.replace(event, deployment_id=deployment_id, resource_id=resource_id)


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
            SELECT deployment_id, resource_kind, day,
                   sum(quantity) AS total, max(quantity) AS peak, min(occurred_at) AS first_at
            FROM usage_records GROUP BY 1, 2, 3
        ) e USING (deployment_id, resource_kind, day, total, peak, first_at)
        WHERE t.id IS NULL OR e.day IS NULL
        """
    )
    assert differing == []
    days = await given.rows("SELECT DISTINCT day FROM usage_daily_totals ORDER BY day")
    assert [row["day"] for row in days] == [date(2026, 4, day) for day in range(1, 8)]
