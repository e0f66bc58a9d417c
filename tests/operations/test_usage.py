"""Recording usage: each event has its own result and is stored once."""

import asyncio
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from app.billing import DeploymentState
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.deployments import register_resource
from app.operations.usage import MeteredEvent, RecordingOutcome, RejectedEvent, UsageFault, record_usage
from app.tables.ids import new_id
from tests.operations.given import Given

NOON = datetime(2026, 4, 10, 12, tzinfo=UTC)


def event(deployment_id: UUID, number: int = 1, /, **content: Any) -> MeteredEvent:
    metered: dict[str, Any] = {
        "id": f"event-{number}",
        "deployment_id": deployment_id,
        "resource_kind": "droplet_hours",
        "quantity": Decimal(1),
        "occurred_at": NOON,
    }
    return MeteredEvent(**metered | content)


async def test_an_event_is_kept_as_it_came(given: Given) -> None:
    tenant_id = await given.tenant()
    deployment_id = await given.deployment(tenant_id)
    resource_id = await register_resource(
        given.platform,
        deployment_id=deployment_id,
        provider="digitalocean",
        external_id="1",
        resource_kind="droplet_hours",
        name="web-1",
    )
    recorded = await record_usage(
        given.meter(),
        events=[event(deployment_id, source="agent", quantity=Decimal("0.125"), resource_id=resource_id)],
    )
    assert recorded == RecordingOutcome(accepted=1, duplicates=0, rejected=())
    kept = await given.row("SELECT * FROM usage_records")
    del kept["id"]
    assert kept == {
        "tenant_id": tenant_id,
        "deployment_id": deployment_id,
        "resource_kind": "droplet_hours",
        "source": "agent",
        "event_id": "event-1",
        "quantity": Decimal("0.125"),
        "occurred_at": NOON,
        "day": date(2026, 4, 10),
        "recorded_at": given.clock(),
        "resource_id": resource_id,
        "level_stream": None,
    }


async def test_sending_again_keeps_nothing(given: Given) -> None:
    deployment_id = await given.deployment(await given.tenant())
    events = [event(deployment_id, number) for number in range(3)]
    assert (await record_usage(given.meter(), events=events)).accepted == 3
    before = await given.contents()
    given.clock.advance(hours=1)
    assert await record_usage(given.meter(), events=events) == RecordingOutcome(0, 3, ())
    assert await given.contents() == before


async def test_the_same_number_otherwise_written_is_the_same_event(given: Given) -> None:
    deployment_id = await given.deployment(await given.tenant())
    first = event(deployment_id, quantity=Decimal("1.50"))
    again = event(deployment_id, quantity=Decimal("1.5"), occurred_at=NOON.astimezone(timezone(timedelta(hours=10))))
    await record_usage(given.meter(), events=[first])
    assert await record_usage(given.meter(), events=[again]) == RecordingOutcome(0, 1, ())


async def test_the_id_is_the_sources_own_and_the_tenants_own(given: Given) -> None:
    ours = await given.deployment(await given.tenant("acme"))
    theirs = await given.deployment(await given.tenant("globex"))
    events = [event(ours, source="a"), event(ours, source="b", quantity=Decimal(2)), event(theirs, source="a")]
    assert await record_usage(given.meter(), events=events) == RecordingOutcome(3, 0, ())


@pytest.mark.parametrize(
    "other",
    [
        {"quantity": Decimal(2)},
        {"occurred_at": NOON + timedelta(microseconds=1)},
        {"resource_kind": "egress_gb"},
    ],
    ids=lambda other: next(iter(other)),
)
@pytest.mark.parametrize("in_one_batch", [True, False])
async def test_an_id_is_not_reused_for_other_content(given: Given, other: dict[str, Any], in_one_batch: bool) -> None:
    deployment_id = await given.deployment(await given.tenant())
    first, second, third = event(deployment_id), event(deployment_id, **other), event(deployment_id, 2)
    if in_one_batch:
        recorded = await record_usage(given.meter(), events=[first, second, third])
        assert recorded.accepted == 2
    else:
        await record_usage(given.meter(), events=[first])
        recorded = await record_usage(given.meter(), events=[first, second, third])
        assert (recorded.accepted, recorded.duplicates) == (1, 1)
    assert recorded.rejected == (
        RejectedEvent(1, UsageFault.ID_REUSED, "a different event was already recorded with this id"),
    )
    kept = await given.row("SELECT resource_kind, quantity, occurred_at FROM usage_records WHERE event_id = 'event-1'")
    assert kept == {"resource_kind": "droplet_hours", "quantity": Decimal(1), "occurred_at": NOON}


async def test_an_event_repeated_in_one_batch_is_recorded_once(given: Given) -> None:
    deployment_id = await given.deployment(await given.tenant())
    assert await record_usage(given.meter(), events=[event(deployment_id)] * 3) == RecordingOutcome(1, 2, ())
    assert await given.row("SELECT total, peak FROM usage_daily_totals") == {"total": Decimal(1), "peak": Decimal(1)}


NOW = datetime(2026, 5, 1, 3, tzinfo=UTC)  # the test clock's


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ({"id": ""}, UsageFault.INVALID_ID),
        ({"id": "x" * 201}, UsageFault.INVALID_ID),
        ({"id": "a\0b"}, UsageFault.INVALID_ID),
        ({"id": "é\0"}, UsageFault.INVALID_ID),
        ({"id": "\ud800"}, UsageFault.INVALID_ID),
        ({"source": ""}, UsageFault.INVALID_SOURCE),
        ({"source": "\0"}, UsageFault.INVALID_SOURCE),
        ({"deployment_id": UUID(int=1)}, UsageFault.UNKNOWN_DEPLOYMENT),
        ({"resource_kind": "gold_bars"}, UsageFault.UNKNOWN_RESOURCE_KIND),
        ({"resource_kind": ""}, UsageFault.UNKNOWN_RESOURCE_KIND),
        ({"resource_kind": "nul\0"}, UsageFault.UNKNOWN_RESOURCE_KIND),
        ({"resource_kind": "\ud800"}, UsageFault.UNKNOWN_RESOURCE_KIND),
        ({"resource_id": UUID(int=1)}, UsageFault.UNKNOWN_RESOURCE),
        ({"quantity": Decimal("NaN")}, UsageFault.QUANTITY_NOT_FINITE),
        ({"quantity": Decimal("sNaN")}, UsageFault.QUANTITY_NOT_FINITE),
        ({"quantity": Decimal("Infinity")}, UsageFault.QUANTITY_NOT_FINITE),
        ({"quantity": Decimal("-Infinity")}, UsageFault.QUANTITY_NOT_FINITE),
        ({"quantity": Decimal("-0.000001")}, UsageFault.NEGATIVE_QUANTITY),
        ({"quantity": Decimal("1E+15")}, UsageFault.QUANTITY_OUT_OF_RANGE),
        ({"quantity": Decimal("1E+999999")}, UsageFault.QUANTITY_OUT_OF_RANGE),
        ({"quantity": Decimal("1E-13")}, UsageFault.QUANTITY_OUT_OF_RANGE),
        ({"quantity": Decimal("1." + "0" * 40 + "1")}, UsageFault.QUANTITY_OUT_OF_RANGE),
        ({"occurred_at": NOW + timedelta(minutes=5, microseconds=1)}, UsageFault.IN_THE_FUTURE),
        ({"occurred_at": datetime.max.replace(tzinfo=UTC)}, UsageFault.IN_THE_FUTURE),
        ({"occurred_at": datetime.min.replace(tzinfo=UTC)}, UsageFault.INVALID_INSTANT),
        ({"occurred_at": NOON.replace(tzinfo=None)}, UsageFault.INVALID_INSTANT),
    ],
)
async def test_a_bad_event_is_rejected_and_the_good_ones_are_recorded(
    given: Given, content: dict[str, Any], code: UsageFault
) -> None:
    deployment_id = await given.deployment(await given.tenant())
    events = [event(deployment_id, 1), event(deployment_id, 2, **content), event(deployment_id, 3)]
    recorded = await record_usage(given.meter(), events=events)
    assert (recorded.accepted, recorded.duplicates) == (2, 0)
    assert [(rejection.index, rejection.code) for rejection in recorded.rejected] == [(1, code)]
    assert await given.rows("SELECT event_id FROM usage_records ORDER BY event_id") == [
        {"event_id": "event-1"},
        {"event_id": "event-3"},
    ]


@pytest.mark.parametrize(
    "content",
    [
        {"occurred_at": NOW + timedelta(minutes=5)},
        {"quantity": Decimal(0)},
        {"quantity": Decimal("-0")},
        {"quantity": Decimal("999999999999999.999999999999")},
        {"id": "ключ 🔑"},
        {"id": "x" * 200},
    ],
)
async def test_extreme_values_are_accepted(given: Given, content: dict[str, Any]) -> None:
    deployment_id = await given.deployment(await given.tenant())
    assert await record_usage(given.meter(), events=[event(deployment_id, **content)]) == RecordingOutcome(1, 0, ())


async def test_a_resource_of_another_deployment_is_unknown(given: Given) -> None:
    tenant_id = await given.tenant()
    deployment_id, other_id = await given.deployment(tenant_id, "one"), await given.deployment(tenant_id, "two")
    resource_id = await register_resource(
        given.platform,
        deployment_id=other_id,
        provider="digitalocean",
        external_id="1",
        resource_kind="droplet_hours",
        name="web-1",
    )
    recorded = await record_usage(given.meter(), events=[event(deployment_id, resource_id=resource_id)])
    assert [rejection.code for rejection in recorded.rejected] == [UsageFault.UNKNOWN_RESOURCE]


async def test_a_tenants_meter_knows_its_own_deployments_only(given: Given) -> None:
    ours, theirs = await given.tenant("acme"), await given.tenant("globex")
    foreign, unknown = await given.deployment(theirs), new_id()
    own = await given.deployment(ours)
    events = [event(own, 1), event(foreign, 2), event(unknown, 3)]
    recorded = await record_usage(given.meter(ours), events=events)
    assert recorded.accepted == 1
    assert recorded.rejected == tuple(
        RejectedEvent(index, UsageFault.UNKNOWN_DEPLOYMENT, f"deployment '{key}' does not exist")
        for index, key in [(1, foreign), (2, unknown)]
    )


async def test_an_empty_batch_is_nothing(given: Given) -> None:
    assert await record_usage(given.meter(), events=[]) == RecordingOutcome(0, 0, ())


async def test_a_batch_has_at_most_a_thousand_events(given: Given) -> None:
    deployment_id = await given.deployment(await given.tenant())
    events = [event(deployment_id, number) for number in range(1001)]
    assert (await record_usage(given.meter(), events=events[:1000])).accepted == 1000
    with pytest.raises(Refusal) as refused:
        await record_usage(given.meter(), events=events)
    assert (refused.value.code, refused.value.path) == (ProblemCode.VALIDATION_FAILED, ("events",))


async def test_usage_of_a_cancelled_deployment_is_kept(given: Given) -> None:
    deployment_id = await given.deployment(await given.tenant(), state=DeploymentState.CANCELLED)
    assert await record_usage(given.meter(), events=[event(deployment_id)]) == RecordingOutcome(1, 0, ())


async def test_the_same_events_at_once_are_kept_once(given: Given) -> None:
    deployment_id = await given.deployment(await given.tenant())
    events = [event(deployment_id, number) for number in range(200)]
    answers = await asyncio.gather(
        *(record_usage(given.meter(), events=batch) for batch in (events, events[::-1], events[50:], events[:150]))
    )
    assert sum(answer.accepted for answer in answers) == 200
    assert sum(answer.duplicates for answer in answers) == 500
    assert await given.row("SELECT count(*), sum(total) FROM usage_records, usage_daily_totals") == {
        "count": 200,
        "sum": Decimal(200 * 200),
    }
