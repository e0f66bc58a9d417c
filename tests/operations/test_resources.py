"""Resources end and move: their levels end with them, and one id of the provider's is one resource at a time."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.deployments import end_resource, move_resource
from app.operations.usage import record_usage
from app.tables.ids import new_id
from tests.operations.given import Given
from tests.operations.metering import LONG_AGO, differing, metered, record, resource

TENTH = datetime(2026, 4, 10, tzinfo=UTC)
NOON = TENTH + timedelta(hours=12)
HOUR = 3_600_000_000
LEVELS = """
SELECT day, first_at, last_level, level_microseconds FROM usage_daily_totals
WHERE resource_kind = 'storage_gb_hours' ORDER BY day
"""


@pytest.fixture
async def pilot(given: Given) -> UUID:
    return await given.deployment(await given.tenant())


async def refusal(awaitable: Any) -> tuple[ProblemCode, tuple[str, ...]]:
    with pytest.raises(Refusal) as refused:
        await awaitable
    return refused.value.code, refused.value.path


async def test_a_level_ends_when_the_resource_does(given: Given, pilot: UUID) -> None:
    volume = await resource(given, pilot)
    await record(given, metered(pilot, "storage_gb_hours", "100", TENTH - timedelta(days=3), resource_id=volume))
    assert await end_resource(given.platform, resource_id=volume, ended_at=NOON) == volume
    assert (await given.row("SELECT destroyed_at FROM cloud_resources"))["destroyed_at"] == NOON
    assert await given.rows(LEVELS) == [
        {
            "day": date(2026, 4, 7),
            "first_at": TENTH - timedelta(days=3),
            "last_level": 100,
            "level_microseconds": 100 * 24 * HOUR,
        },
        {"day": date(2026, 4, 10), "first_at": NOON, "last_level": 0, "level_microseconds": 0},
    ]
    assert await differing(given) == []


async def test_readings_and_levels_from_the_end_on_do_not_count_and_amounts_do(given: Given, pilot: UUID) -> None:
    volume = await resource(given, pilot)

    def on_volume(kind: str, quantity: str, occurred_at: datetime) -> Any:
        return metered(pilot, kind, quantity, occurred_at, resource_id=volume)

    before = [(TENTH, "10"), (NOON, "90"), (NOON + timedelta(days=1), "70")]
    after = [(NOON + timedelta(hours=1), "95"), (TENTH + timedelta(hours=6), "20"), (NOON + timedelta(days=2), "99")]
    kinds = ("egress_gb", "storage_gb", "storage_gb_hours")
    await record(given, *(on_volume(kind, quantity, moment) for kind in kinds for moment, quantity in before))
    await end_resource(given.platform, resource_id=volume, ended_at=NOON)
    await record(given, *(on_volume(kind, quantity, moment) for kind in kinds for moment, quantity in after))

    totals = await given.rows("SELECT resource_kind, day, total, peak FROM usage_daily_totals ORDER BY 1, 2")
    assert [(row["resource_kind"], row["day"].day, int(row["total"]), int(row["peak"])) for row in totals] == [
        ("egress_gb", 10, 10 + 90 + 95 + 20, 95),
        ("egress_gb", 11, 70, 70),
        ("egress_gb", 12, 99, 99),
        ("storage_gb", 10, 10 + 20, 20),
        ("storage_gb_hours", 10, 10 + 20, 20),
    ]
    (levels,) = await given.rows(LEVELS)
    assert (levels["last_level"], levels["level_microseconds"]) == (0, (10 * 6 + 20 * 6) * HOUR)
    assert await differing(given) == []


async def test_the_first_level_of_a_resource_may_come_after_it_ended(given: Given, pilot: UUID) -> None:
    volume = await resource(given, pilot)
    await end_resource(given.platform, resource_id=volume, ended_at=NOON)
    await record(given, metered(pilot, "storage_gb_hours", "5", NOON + timedelta(days=3), resource_id=volume))
    assert await given.rows(LEVELS) == []
    await record(given, metered(pilot, "storage_gb_hours", "5", TENTH - timedelta(days=1), resource_id=volume))
    days = await given.rows(LEVELS)
    assert [(row["day"].day, row["last_level"]) for row in days] == [(9, 5), (10, 0)]
    assert await differing(given) == []


async def test_which_instants_end_a_resource(given: Given, pilot: UUID) -> None:
    volume = await resource(given, pilot, created_at=TENTH)
    now = given.clock()
    for wrong in (now + timedelta(seconds=1), TENTH - timedelta(microseconds=1)):
        assert await refusal(end_resource(given.platform, resource_id=volume, ended_at=wrong)) == (
            ProblemCode.VALIDATION_FAILED,
            ("endedAt",),
        )
    assert (await given.row("SELECT destroyed_at FROM cloud_resources"))["destroyed_at"] is None
    await end_resource(given.platform, resource_id=volume)
    assert (await given.row("SELECT destroyed_at FROM cloud_resources"))["destroyed_at"] == now
    await end_resource(given.platform, resource_id=volume, ended_at=now)  # as it is
    for again in (None, NOON):
        given.clock.advance(hours=1)
        assert await refusal(end_resource(given.platform, resource_id=volume, ended_at=again)) == (
            ProblemCode.CONFLICT,
            ("endedAt",),
        )
    assert await refusal(end_resource(given.platform, resource_id=new_id())) == (
        ProblemCode.NOT_FOUND,
        ("resourceId",),
    )


async def test_only_the_platforms_admin_ends_and_moves(given: Given, pilot: UUID) -> None:
    tenant_id = (await given.row("SELECT tenant_id FROM cloud_deployments"))["tenant_id"]
    volume = await resource(given, pilot)
    for caller in (given.admin(tenant_id), given.meter()):
        for arguments in (
            end_resource(caller, resource_id=volume),
            move_resource(caller, resource_id=volume, deployment_id=pilot),
        ):
            assert (await refusal(arguments))[0] is ProblemCode.PERMISSION_DENIED


async def test_a_moved_resource_ends_here_and_begins_there(given: Given, pilot: UUID) -> None:
    rival = await given.tenant("rival")
    there = await given.deployment(rival, "there")
    volume = await resource(given, pilot)
    await record(given, metered(pilot, "storage_gb_hours", "100", TENTH, resource_id=volume))
    moved = await move_resource(given.platform, resource_id=volume, deployment_id=there, moved_at=NOON)
    rows = await given.rows("SELECT * FROM cloud_resources ORDER BY created_at")
    old, new = ({name: row[name] for name in row if name not in {"provider", "resource_kind"}} for row in rows)
    assert (old["id"], old["deployment_id"], old["created_at"], old["destroyed_at"]) == (volume, pilot, LONG_AGO, NOON)
    assert new == {
        "id": moved,
        "tenant_id": rival,
        "deployment_id": there,
        "external_id": "1",
        "name": "volume-1",
        "created_at": NOON,
        "destroyed_at": None,
    }
    (levels,) = await given.rows(LEVELS)
    assert (levels["last_level"], levels["level_microseconds"]) == (0, 100 * 12 * HOUR)
    unknown = await record_usage(
        given.meter(), events=[metered(there, "storage_gb_hours", "100", NOON, resource_id=volume)]
    )
    assert [rejection.code for rejection in unknown.rejected] == ["UNKNOWN_RESOURCE"]
    await record(given, metered(there, "storage_gb_hours", "100", NOON, resource_id=moved))
    assert await differing(given) == []


async def test_what_cannot_be_moved(given: Given, pilot: UUID) -> None:
    there = await given.deployment(await given.tenant("rival"), "there")
    volume = await resource(given, pilot)

    async def moving(**arguments: Any) -> tuple[ProblemCode, tuple[str, ...]]:
        return await refusal(
            move_resource(given.platform, **{"resource_id": volume, "deployment_id": there, **arguments})
        )

    assert await moving(deployment_id=pilot) == (ProblemCode.VALIDATION_FAILED, ("deploymentId",))
    assert await moving(deployment_id=new_id()) == (ProblemCode.NOT_FOUND, ("deploymentId",))
    assert await moving(resource_id=new_id()) == (ProblemCode.NOT_FOUND, ("resourceId",))
    future = given.clock() + timedelta(days=1)
    assert await moving(moved_at=future) == (ProblemCode.VALIDATION_FAILED, ("movedAt",))
    await end_resource(given.platform, resource_id=volume, ended_at=NOON)
    assert await moving() == (ProblemCode.CONFLICT, ("movedAt",))
    await move_resource(given.platform, resource_id=volume, deployment_id=there, moved_at=NOON)
    assert await moving(moved_at=NOON) == (ProblemCode.CONFLICT, ("externalId",))


async def test_an_external_id_is_one_resource_at_a_time(given: Given, pilot: UUID) -> None:
    first = await resource(given, pilot)
    assert await refusal(resource(given, pilot)) == (ProblemCode.CONFLICT, ("externalId",))
    await end_resource(given.platform, resource_id=first, ended_at=NOON)
    early = NOON - timedelta(microseconds=1)
    assert await refusal(resource(given, pilot, created_at=early)) == (
        ProblemCode.VALIDATION_FAILED,
        ("createdAt",),
    )
    assert await resource(given, None, created_at=NOON) != first
    assert await given.row("SELECT count(*) FROM cloud_resources") == {"count": 2}


async def test_of_two_that_register_at_once_one_is_refused(given: Given, pilot: UUID) -> None:
    answers = await asyncio.gather(*(resource(given, pilot) for _ in range(4)), return_exceptions=True)
    assert sum(isinstance(answer, UUID) for answer in answers) == 1
    refused = [answer for answer in answers if isinstance(answer, Refusal)]
    assert [answer.code for answer in refused] == [ProblemCode.CONFLICT] * 3


async def test_a_resource_that_ends_while_it_is_metered(given: Given, pilot: UUID) -> None:
    for number in range(5):
        volume = await resource(given, pilot, str(number))

        async def metering(volume: UUID = volume) -> None:
            for minute in range(10):
                moment = NOON + timedelta(minutes=minute)
                await record(
                    given,
                    metered(pilot, "storage_gb", "7", moment, resource_id=volume),
                    metered(pilot, "storage_gb_hours", "7", moment, resource_id=volume),
                )

        await asyncio.gather(
            metering(),
            metering(),
            end_resource(given.platform, resource_id=volume, ended_at=NOON + timedelta(minutes=5)),
        )
        assert await differing(given) == []
        last = await given.rows(
            "SELECT last_level FROM usage_daily_totals WHERE resource_id = $1 AND resource_kind = 'storage_gb_hours'",
            volume,
        )
        assert [row["last_level"] for row in last] == [0]


async def test_an_end_waits_for_levels_that_are_being_recorded(
    given: Given, pilot: UUID, worker_database_url: str
) -> None:
    volume = await resource(given, pilot)
    await record(given, metered(pilot, "droplet_hours", "1", TENTH))  # makes April's row
    level = metered(pilot, "storage_gb_hours", "7", NOON + timedelta(days=1), resource_id=volume)
    earlier = metered(pilot, "storage_gb_hours", "7", NOON - timedelta(days=1), resource_id=volume)
    with psycopg.connect(worker_database_url) as rating:
        assert rating.execute("SELECT FROM billing_months FOR UPDATE").rowcount == 1
        recording = asyncio.create_task(record(given, level, earlier))
        await asyncio.sleep(0.3)  # it has looked the resource up, and waits for the month
        ending = asyncio.create_task(end_resource(given.platform, resource_id=volume, ended_at=NOON))
        await asyncio.sleep(0.3)
        assert not recording.done()
    await asyncio.gather(recording, ending)
    assert [(row["day"].day, row["last_level"]) for row in await given.rows(LEVELS)] == [(9, 7), (10, 0)]
    assert await differing(given) == []
