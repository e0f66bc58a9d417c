"""A corrected event counts with its last quantity; what was recorded, and every correction, stays on record."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from app.operations.calls.context import Context
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.usage import CorrectionOutcome, correct_usage, record_usage
from app.tables.ids import new_id
from tests.operations.given import Given
from tests.operations.metering import differing, metered, record, resource

NOON = datetime(2026, 4, 10, 12, tzinfo=UTC)
HOUR = 3_600_000_000


@pytest.fixture
async def pilot(given: Given) -> tuple[UUID, UUID]:
    tenant_id = await given.tenant()
    return tenant_id, await given.deployment(tenant_id)


async def correct(caller: Context, quantity: str | Decimal, event_id: str = "1", **asked: Any) -> CorrectionOutcome:
    wanted: dict[str, Any] = {"source": "api", "event_id": event_id, "quantity": Decimal(quantity), "reason": "misread"}
    return await correct_usage(caller, **wanted | asked)


async def test_the_event_counts_as_if_it_had_been_sent_so(given: Given, pilot: tuple[UUID, UUID]) -> None:
    tenant_id, deployment_id = pilot
    await record(given, metered(deployment_id, "droplet_hours", "500", NOON, id="1"))
    await record(given, metered(deployment_id, "droplet_hours", "7", NOON, id="2"))
    corrected = await correct(given.platform, "50", tenant_id=tenant_id)
    assert corrected.deployment_id == deployment_id
    assert (corrected.previous_quantity, corrected.quantity) == (Decimal(500), Decimal(50))
    assert await given.row("SELECT total, peak FROM usage_daily_totals") == {"total": 57, "peak": 50}
    assert await given.rows("SELECT event_id, quantity FROM usage_records ORDER BY event_id") == [
        {"event_id": "1", "quantity": 500},
        {"event_id": "2", "quantity": 7},
    ]
    kept = await given.row("SELECT * FROM usage_corrections")
    record_id = (await given.row("SELECT id FROM usage_records WHERE event_id = '1'"))["id"]
    assert kept == {
        "id": corrected.correction_id,
        "tenant_id": tenant_id,
        "deployment_id": deployment_id,
        "resource_kind": "droplet_hours",
        "record_id": record_id,
        "source": "api",
        "event_id": "1",
        "occurred_at": NOON,
        "day": date(2026, 4, 10),
        "previous_quantity": 500,
        "quantity": 50,
        "reason": "misread",
        "actor": "platform_admin@example.com",
        "corrected_at": given.clock(),
    }


async def test_the_last_correction_wins_and_each_is_kept(given: Given, pilot: tuple[UUID, UUID]) -> None:
    tenant_id, deployment_id = pilot
    await record(given, metered(deployment_id, "storage_gb", "500", NOON, id="1"))
    for quantity in ("70", "0", "60.5"):
        await correct(given.meter(tenant_id), quantity)
    given.clock.advance(minutes=-2)  # another machine's clock
    await correct(given.meter(tenant_id), "40")
    assert (await given.row("SELECT peak FROM usage_daily_totals"))["peak"] == 40
    history = await given.rows("SELECT previous_quantity, quantity FROM usage_corrections ORDER BY corrected_at")
    assert [tuple(map(str, row.values())) for row in history] == [
        ("500", "70"),
        ("70", "0"),
        ("0", "60.5"),
        ("60.5", "40"),
    ]


async def test_zero_is_a_level_of_zero_from_then_on(given: Given, pilot: tuple[UUID, UUID]) -> None:
    tenant_id, deployment_id = pilot
    await record(given, metered(deployment_id, "storage_gb_hours", "100", NOON - timedelta(hours=12)))
    await record(given, metered(deployment_id, "storage_gb_hours", "900", NOON, id="1"))
    await correct(given.platform, "0", tenant_id=tenant_id)
    day = await given.row("SELECT last_level, level_microseconds FROM usage_daily_totals")
    assert day == {"last_level": 0, "level_microseconds": 100 * 12 * HOUR}


async def test_a_level_that_comes_to_a_corrected_day_meets_the_corrections(
    given: Given, pilot: tuple[UUID, UUID]
) -> None:
    tenant_id, deployment_id = pilot
    await record(given, metered(deployment_id, "storage_gb_hours", "100", NOON - timedelta(hours=12), id="1"))
    await correct(given.platform, "10", tenant_id=tenant_id)
    await record(given, metered(deployment_id, "storage_gb_hours", "40", NOON))
    day = await given.row("SELECT total, last_level, level_microseconds FROM usage_daily_totals")
    assert day == {"total": 50, "last_level": 40, "level_microseconds": (10 + 40) * 12 * HOUR}
    assert await differing(given) == []


async def test_only_the_corrected_resources_day_changes(given: Given, pilot: tuple[UUID, UUID]) -> None:
    tenant_id, deployment_id = pilot
    first, second = await resource(given, deployment_id, "1"), await resource(given, deployment_id, "2")
    await record(given, metered(deployment_id, "storage_gb", "80", NOON, id="1", resource_id=first))
    await record(given, metered(deployment_id, "storage_gb", "60", NOON, id="2", resource_id=second))
    await correct(given.platform, "30", "2", tenant_id=tenant_id)
    assert await given.rows("SELECT resource_id, peak FROM usage_daily_totals ORDER BY resource_id") == [
        {"resource_id": first, "peak": 80},
        {"resource_id": second, "peak": 30},
    ]


async def test_the_tenant_is_the_callers_own_or_named(given: Given, pilot: tuple[UUID, UUID]) -> None:
    tenant_id, deployment_id = pilot
    rival = await given.tenant("rival")
    await record(given, metered(deployment_id, "droplet_hours", "500", NOON, id="1"))
    assert (await correct(given.meter(tenant_id), "1", tenant_id=tenant_id)).previous_quantity == 500
    assert (await correct(given.meter(), "2", tenant_id=tenant_id)).previous_quantity == 1

    async def refused(caller: Context, **asked: Any) -> tuple[ProblemCode, tuple[str, ...]]:
        with pytest.raises(Refusal) as refusal:
            await correct(caller, "3", **asked)
        return refusal.value.code, refusal.value.path

    assert await refused(given.platform) == (ProblemCode.VALIDATION_FAILED, ("tenantId",))
    assert await refused(given.meter()) == (ProblemCode.VALIDATION_FAILED, ("tenantId",))
    assert await refused(given.meter(rival), tenant_id=tenant_id) == (ProblemCode.NOT_FOUND, ("tenantId",))
    assert await refused(given.meter(rival)) == (ProblemCode.NOT_FOUND, ("eventId",))
    assert await refused(given.platform, tenant_id=rival) == (ProblemCode.NOT_FOUND, ("eventId",))
    assert await refused(given.platform, tenant_id=new_id()) == (ProblemCode.NOT_FOUND, ("eventId",))
    assert await refused(given.admin(tenant_id)) == (ProblemCode.PERMISSION_DENIED, ())
    assert await refused(given.viewer(tenant_id)) == (ProblemCode.PERMISSION_DENIED, ())


@pytest.mark.parametrize(
    ("asked", "code", "path"),
    [
        ({"event_id": "2"}, ProblemCode.NOT_FOUND, "eventId"),
        ({"source": "agent"}, ProblemCode.NOT_FOUND, "eventId"),
        ({"event_id": ""}, ProblemCode.NOT_FOUND, "eventId"),
        ({"event_id": "1\0"}, ProblemCode.VALIDATION_FAILED, "eventId"),
        ({"source": "x" * 201}, ProblemCode.VALIDATION_FAILED, "source"),
        ({"quantity": Decimal(-1)}, ProblemCode.VALIDATION_FAILED, "quantity"),
        ({"quantity": Decimal("NaN")}, ProblemCode.VALIDATION_FAILED, "quantity"),
        ({"quantity": Decimal("1E+15")}, ProblemCode.VALIDATION_FAILED, "quantity"),
        ({"reason": ""}, ProblemCode.VALIDATION_FAILED, "reason"),
        ({"reason": " \n"}, ProblemCode.VALIDATION_FAILED, "reason"),
    ],
)
async def test_what_is_refused_changes_nothing(
    given: Given, pilot: tuple[UUID, UUID], asked: dict[str, Any], code: ProblemCode, path: str
) -> None:
    tenant_id, deployment_id = pilot
    await record(given, metered(deployment_id, "droplet_hours", "500", NOON, id="1"))
    before = await given.contents()
    with pytest.raises(Refusal) as refused:
        await correct(given.platform, **{"quantity": "1", "tenant_id": tenant_id, **asked})
    assert (refused.value.code, refused.value.path) == (code, (path,))
    assert await given.contents() == before


async def test_recording_and_correcting_a_day_at_once_ends_with_its_fold(
    given: Given, pilot: tuple[UUID, UUID]
) -> None:
    tenant_id, deployment_id = pilot
    kinds = ("droplet_hours", "storage_gb", "storage_gb_hours")
    first = [
        metered(deployment_id, kind, str(number), NOON + timedelta(minutes=7 * number), id=f"{kind}/{number}")
        for kind in kinds
        for number in range(20)
    ]
    await record(given, *first)

    async def recording(sender: int) -> None:
        for number in range(15):
            events = [
                metered(deployment_id, kind, str(sender + number), NOON + timedelta(minutes=5 * number + sender))
                for kind in kinds
            ]
            await record(given, *events)

    async def correcting(sender: int) -> None:
        for number in range(15):
            event = first[(sender * 7 + number * 3) % len(first)]
            await correct(given.meter(tenant_id), str(number), event.id)

    await asyncio.gather(*(recording(sender) for sender in range(2)), *(correcting(sender) for sender in range(2)))
    assert await differing(given) == []
    assert await given.row("SELECT count(*) FROM usage_corrections") == {"count": 30}
    chains = await given.rows(
        "SELECT previous_quantity,"
        " lag(quantity, 1, original) OVER (PARTITION BY record_id ORDER BY corrected_at) AS was"
        " FROM (SELECT c.*, r.quantity AS original FROM usage_corrections c JOIN usage_records r ON r.id = c.record_id)"
        " AS corrections"
    )
    assert all(row["previous_quantity"] == row["was"] for row in chains)


async def test_an_event_sent_again_after_its_correction_is_a_duplicate(given: Given, pilot: tuple[UUID, UUID]) -> None:
    tenant_id, deployment_id = pilot
    event = metered(deployment_id, "droplet_hours", "500", NOON, id="1")
    await record(given, event)
    await correct(given.platform, "0", tenant_id=tenant_id)
    assert (await record_usage(given.meter(), events=[event])).duplicates == 1
    assert (await given.row("SELECT total FROM usage_daily_totals"))["total"] == 0
