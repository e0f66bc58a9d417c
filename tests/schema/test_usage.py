"""Metering through the API, and a month's usage."""

from datetime import date
from typing import Any

from tests.schema.api import Api, refused
from tests.schema.example_data import create_example_data

SELECTION = "... on UsageRecorded { accepted duplicates rejected { index code message } }"


def event(deployment: object, **changes: Any) -> dict[str, Any]:
    return {
        "id": "1",
        "deploymentId": str(deployment),
        "resourceKind": "droplet_hours",
        "quantity": "1.5",
        "occurredAt": "2026-05-01T02:00:00Z",
    } | changes


async def test_a_meter_records_events_and_each_is_answered_by_itself(api: Api) -> None:
    deployment = await api.given.deployment(await api.given.tenant("acme"))
    events = [
        event(deployment),
        event(deployment),
        event(deployment, id="2", quantity="NaN"),
        event(deployment, id="3", quantity="-1"),
        event(deployment, id="4", resourceKind="moon_dust"),
        event("019d4500-0000-7000-8000-000000000009", id="5"),
        event(deployment, id="6", occurredAt="2026-05-01T03:05:01Z"),
        event(deployment, id="1", quantity="2"),
        event(deployment, id="1", source="agent", quantity="2", resourceId=None),
    ]
    answer = await api.mutate("recordUsage", {"events": events}, SELECTION, caller=api.given.meter())
    assert (answer["accepted"], answer["duplicates"]) == (2, 1)
    assert [(rejection["index"], rejection["code"]) for rejection in answer["rejected"]] == [
        (2, "QUANTITY_NOT_FINITE"),
        (3, "NEGATIVE_QUANTITY"),
        (4, "UNKNOWN_RESOURCE_KIND"),
        (5, "UNKNOWN_DEPLOYMENT"),
        (6, "IN_THE_FUTURE"),
        (7, "ID_REUSED"),
    ]
    assert all(rejection["message"] for rejection in answer["rejected"])


async def test_more_than_a_thousand_events_are_refused_whole(api: Api) -> None:
    deployment = await api.given.deployment(await api.given.tenant("acme"))
    events = [event(deployment, id=str(number)) for number in range(1001)]
    assert await api.mutate("recordUsage", {"events": events}, SELECTION) == refused("VALIDATION_FAILED", "events")
    assert await api.given.rows("SELECT id FROM usage_records") == []


async def test_usage_is_shown_by_month_beside_what_is_included(api: Api) -> None:
    story = await create_example_data(api.given)
    text = """query ($id: ID!, $month: Date) { deployment(id: $id) {
        now: usage { resourceKind { code unit } quantity includedQuantity overageQuantity }
        then: usage(periodStart: $month) { resourceKind { code } quantity includedQuantity overageQuantity } } }"""
    data = await api.data(
        text, {"id": str(story.deployment), "month": "2026-04-01"}, caller=api.given.viewer(story.acme)
    )
    assert data["deployment"] == {
        "now": [
            {
                "resourceKind": {"code": "droplet_hours", "unit": "hour"},
                "quantity": "1",
                "includedQuantity": "1488",
                "overageQuantity": "0",
            },
        ],
        "then": [
            {
                "resourceKind": {"code": "droplet_hours"},
                "quantity": "2160",
                "includedQuantity": "1488",
                "overageQuantity": "672",
            },
            {
                "resourceKind": {"code": "egress_gb"},
                "quantity": "7",
                "includedQuantity": "0",
                "overageQuantity": "0",
            },
        ],
    }


async def test_a_month_that_is_none_is_refused_where_it_was_asked_for(api: Api) -> None:
    deployment = await api.given.deployment(await api.given.tenant("acme"))
    text = "query ($id: ID!, $month: Date) { deployment(id: $id) { usage(periodStart: $month) { quantity } } }"
    error = await api.error(text, {"id": str(deployment), "month": str(date(2026, 4, 2))})
    assert error["path"] == ["deployment", "usage"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "problem": "VALIDATION_FAILED", "path": ["periodStart"]}
