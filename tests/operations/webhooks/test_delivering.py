"""Deliveries to a real receiver: what it gets, when an attempt is repeated, and when it ends."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from app.database import PLATFORM
from app.operations.tenants import update_tenant
from app.operations.webhooks import Delivery, WebhookSender, delivery_state, send_test_event
from app.operations.webhooks.attempt_results import RETRY_SECONDS, AttemptResult
from app.tables.ids import new_id
from tests.operations.given import Given
from tests.operations.webhooks.conftest import Webhooks
from tests.operations.webhooks.receiver import Answer, Delivered, receiving


async def changes(given: Given, tenant_id: UUID, *names: str) -> None:
    for name in names:
        await update_tenant(given.platform, tenant_id=tenant_id, name=name)


async def test_an_event_is_delivered_once_with_its_envelope(given: Given, webhooks: Webhooks) -> None:
    async with receiving() as receiver:
        endpoint_id = await webhooks.endpoint(receiver.url)
        tenant_id = await given.tenant()
        assert await webhooks.deliver() == 1
        assert await webhooks.deliver() == 0
    (request,) = receiver.requests
    (delivery,) = await webhooks.deliveries()
    assert request.path == "/hook"
    assert request.message_id == str(delivery["event_id"]) == request.event["id"]
    assert (request.event["type"], request.event["data"]["code"]) == ("tenant.created", "acme")
    assert request.headers["content-type"] == "application/json"
    assert request.headers["webhook-timestamp"] == str(int(given.clock().timestamp()))
    assert (delivery["endpoint_id"], delivery["tenant_id"]) == (endpoint_id, None)
    assert await webhooks.state() == ("DELIVERED", 1, 204)
    assert await given.rows("SELECT FROM delivery_queues") == []
    assert request.event["tenantId"] == str(tenant_id)


async def test_only_the_events_of_its_types_and_tenant_reach_an_endpoint(given: Given, webhooks: Webhooks) -> None:
    ours, theirs = await given.tenant("ours"), await given.tenant("theirs")
    async with receiving() as receiver:
        await webhooks.endpoint(receiver.url, "tenant.updated", tenant_id=ours)
        await webhooks.deliver()  # what was before the endpoint is not delivered
        for tenant_id in (theirs, ours):
            await changes(given, tenant_id, "Changed")
            await given.deployment(tenant_id)
        await webhooks.deliver()
        assert [(one.event["type"], one.event["tenantId"]) for one in receiver.requests] == [
            ("tenant.updated", str(ours))
        ]


@pytest.mark.parametrize(
    ("answer", "status", "error"),
    [
        (Answer(500, body=b"broken"), 500, "the receiver answered 500"),
        (Answer(404), 404, "the receiver answered 404"),
        (Answer(301, {"location": "/elsewhere"}), 301, "redirects are not followed"),
        (Answer(close=True), None, "RemoteProtocolError: Server disconnected without sending a response."),
    ],
    ids=["fails", "unknown", "redirects", "loses-the-answer"],
)
async def test_what_fails_is_tried_again_under_the_same_id(
    given: Given, webhooks: Webhooks, answer: Answer, status: int | None, error: str
) -> None:
    async with receiving(lambda _request: answer) as receiver:
        await webhooks.endpoint(receiver.url)
        await given.tenant()
        assert await webhooks.deliver() == 0
        (delivery,) = await webhooks.deliveries()
        assert await webhooks.state() == ("PENDING", 1, status)
        assert (delivery["error"], delivery["response_body"]) == (
            error,
            None if status is None else answer.body.decode(),
        )
        assert 4.5 <= await webhooks.pause() <= 5.5
        assert await webhooks.deliver(4) == 0
        assert len(receiver.requests) == 1
        receiver.behaviour = lambda _request: Answer()
        assert await webhooks.deliver(2) == 1
    first, second = receiver.requests
    assert (first.message_id, first.body) == (second.message_id, second.body)
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) == 6
    assert await webhooks.state() == ("DELIVERED", 2, 204)
    assert [one["error"] for one in await webhooks.deliveries()] == [None]


async def ids_of_two_attempts(given: Given, webhooks: Webhooks) -> set[str]:
    async with receiving(lambda _request: Answer(500)) as receiver:
        await webhooks.endpoint(receiver.url)
        await given.tenant()
        await webhooks.deliver()
        await webhooks.deliver(6)
        assert len(receiver.requests) == 2
        return {request.message_id for request in receiver.requests}


async def test_two_attempts_have_one_id(given: Given, webhooks: Webhooks) -> None:
    assert len(await ids_of_two_attempts(given, webhooks)) == 1


async def test_a_retry_with_a_new_id_is_noticed(
    given: Given, webhooks: Webhooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt = Delivery._attempt

    async def under_a_new_id(self: Delivery, claim: UUID, row: dict[str, Any]) -> AttemptResult:
        return await attempt(self, claim, {**row, "id": new_id()})

    monkeypatch.setattr(Delivery, "_attempt", under_a_new_id)
    assert len(await ids_of_two_attempts(given, webhooks)) == 2


async def test_the_pauses_and_the_end(given: Given, webhooks: Webhooks) -> None:
    async with receiving(lambda _request: Answer(500)) as receiver:
        await webhooks.endpoint(receiver.url)
        await given.tenant()
        await webhooks.deliver()
        for number, seconds in enumerate(RETRY_SECONDS, 1):
            assert await webhooks.state() == ("PENDING", number, 500)
            assert 0.9 * seconds <= await webhooks.pause() <= 1.1 * seconds
            await webhooks.deliver(1.1 * seconds)
        assert await webhooks.state() == ("FAILED", 10, 500)
        assert len(receiver.requests) == 10
        assert len({one.message_id for one in receiver.requests}) == 1
        assert await given.rows("SELECT FROM delivery_queues") == []


@pytest.mark.parametrize("asked", ["120", "date"])
async def test_retry_after_is_obeyed(given: Given, webhooks: Webhooks, asked: str) -> None:
    date = format(datetime.now(UTC) + timedelta(seconds=120), "%a, %d %b %Y %H:%M:%S GMT")
    answer = Answer(503, {"retry-after": date if asked == "date" else asked})
    async with receiving(lambda _request: answer) as receiver:
        await webhooks.endpoint(receiver.url)
        await given.tenant()
        await webhooks.deliver()
        assert 110 <= await webhooks.pause() <= 121


async def test_an_endpoint_that_is_gone_is_disabled_and_another_is_told(given: Given, webhooks: Webhooks) -> None:
    async with receiving(lambda _request: Answer(410)) as gone, receiving() as other:
        endpoint_id = await webhooks.endpoint(gone.url)
        await webhooks.endpoint(other.url, "webhook_endpoint.disabled")
        tenant_id = await given.tenant()
        await changes(given, tenant_id, "One", "Two")
        await webhooks.deliver()
        assert len(gone.requests) == 1
        (told,) = await other.got(1)
        assert (told.event["aggregateId"], told.event["data"]["reason"]) == (
            str(endpoint_id),
            "the receiver answered 410: it wants no more deliveries",
        )
        states = [one["status"] for one in await webhooks.deliveries() if one["endpoint_id"] == endpoint_id]
        assert states == ["FAILED"] * 3
        await changes(given, tenant_id, "Three")
        await webhooks.deliver(86_400)
        assert len(gone.requests) == 1


async def test_an_endpoint_that_fails_for_five_days_is_disabled(given: Given, webhooks: Webhooks) -> None:
    async with receiving(lambda _request: Answer(500)) as receiver:
        endpoint_id = await webhooks.endpoint(receiver.url)
        tenant_id = await given.tenant()
        await webhooks.deliver()
        for day in range(5):
            row = await given.row("SELECT disabled_at FROM webhook_endpoints WHERE id = $1", endpoint_id)
            assert row["disabled_at"] is None, day
            await changes(given, tenant_id, f"Day {day}")
            await webhooks.deliver(86_400)
        row = await given.row("SELECT disabled_at, disabled_reason FROM webhook_endpoints")
        assert row["disabled_at"] == given.clock()
        assert row["disabled_reason"].startswith("every attempt has failed since ")
        (event,) = await given.rows("SELECT aggregate_id FROM events WHERE type = 'webhook_endpoint.disabled'")
        assert event["aggregate_id"] == endpoint_id


async def test_a_success_ends_the_failing(given: Given, webhooks: Webhooks) -> None:
    async with receiving(lambda _request: Answer(500)) as receiver:
        await webhooks.endpoint(receiver.url)
        tenant_id = await given.tenant()
        await webhooks.deliver()
        receiver.behaviour = lambda _request: Answer()
        await webhooks.deliver(4 * 86_400)
        assert (await given.row("SELECT failing_since FROM webhook_endpoints"))["failing_since"] is None
        receiver.behaviour = lambda _request: Answer(500)
        await changes(given, tenant_id, "Again")
        await webhooks.deliver(2 * 86_400)
        assert (await given.row("SELECT disabled_at FROM webhook_endpoints"))["disabled_at"] is None


async def test_the_events_of_an_aggregate_come_in_order_and_wait_for_one_another(
    given: Given, webhooks: Webhooks
) -> None:
    first, second = await given.tenant("first"), await given.tenant("second")

    def refuse_first(request: Delivered) -> Answer:
        return Answer(500 if request.event["tenantId"] == str(first) else 204)

    async with receiving(refuse_first) as receiver:
        await webhooks.endpoint(receiver.url, "tenant.updated")
        await changes(given, first, "A", "B", "C")
        await changes(given, second, "X", "Y", "Z")
        await webhooks.deliver()
        names = [one.event["data"]["name"] for one in receiver.requests]
        assert [name for name in names if name in "XYZ"] == ["X", "Y", "Z"]
        assert [name for name in names if name in "ABC"] == ["A"]
        receiver.behaviour = lambda _request: Answer()
        await webhooks.deliver(6)
        names = [one.event["data"]["name"] for one in receiver.requests]
        assert [name for name in names if name in "ABC"] == ["A", "A", "B", "C"]


async def test_only_the_first_two_kilobytes_of_an_answer_are_kept(given: Given, webhooks: Webhooks) -> None:
    async with receiving(lambda _request: Answer(200, body=b"\0" + b"x" * 100_000)) as receiver:
        await webhooks.endpoint(receiver.url)
        await given.tenant()
        await webhooks.deliver()
    (delivery,) = await webhooks.deliveries()
    assert delivery["response_body"] == "\ufffd" + "x" * 2_047


async def test_a_receiver_that_hangs_is_given_up_and_delays_no_other(
    given: Given, webhooks: Webhooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.operations.webhooks.sending.TIMEOUT_SECONDS", 0.5)
    async with receiving(lambda _request: None) as dead, receiving() as alive:
        endpoint_id = await webhooks.endpoint(dead.url)
        await webhooks.endpoint(alive.url)
        for number in range(12):
            await given.tenant(f"tenant-{number}")
        assert await webhooks.deliver() == 12
        of_dead = [one for one in await webhooks.deliveries() if one["endpoint_id"] == endpoint_id]
        assert {(one["status"], one["response_status"]) for one in of_dead} == {("PENDING", None)}
        assert "no answer within 0.5 seconds" in {one["error"] for one in of_dead}


async def test_a_test_event_reaches_its_endpoint_only(given: Given, webhooks: Webhooks) -> None:
    async with receiving() as one, receiving() as other:
        endpoint_id = await webhooks.endpoint(one.url, "invoice.issued")
        await webhooks.endpoint(other.url)
        await send_test_event(given.platform, endpoint_id=endpoint_id)
        assert await webhooks.deliver() == 1
        (request,) = one.requests
        assert (request.event["type"], request.event["data"]["endpointId"]) == (
            "webhook_endpoint.test",
            str(endpoint_id),
        )
        assert other.requests == []


async def test_the_numbers_for_operators(given: Given, webhooks: Webhooks) -> None:
    async with receiving(lambda _request: Answer(500)) as receiver:
        await webhooks.endpoint(receiver.url)
        await given.tenant()
        await webhooks.deliver()
        given.clock.advance(seconds=7)
        await given.tenant("second")
        async with given.database.reading(PLATFORM) as connection:
            state = await delivery_state(connection, given.clock())
    assert state._asdict() == {
        "unpublished": 1,
        "pending": 1,
        "failed": 0,
        "endpoints_disabled": 0,
        "oldest_seconds": 7,
    }


async def test_two_workers_share_the_deliveries_and_keep_the_order(given: Given, webhooks: Webhooks) -> None:
    async with receiving() as receiver, WebhookSender(allow_loopback=True) as sender:
        await webhooks.endpoint(receiver.url, "tenant.updated")
        tenants = [await given.tenant(f"tenant-{number}") for number in range(5)]
        for tenant_id in tenants:
            await changes(given, tenant_id, *(f"Name {number}" for number in range(6)))
        counts = await asyncio.gather(webhooks.deliver(), Delivery(given.platform, sender).run())
        assert sum(counts) == len(receiver.requests) == 30
        for tenant_id in tenants:
            names = [one.event["data"]["name"] for one in receiver.requests if one.event["tenantId"] == str(tenant_id)]
            assert names == [f"Name {number}" for number in range(6)]
