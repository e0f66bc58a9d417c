"""Connections to receivers: kept for the next event, and what an answer that comes twice does to them."""

import pytest

from app.operations.webhooks import WebhookSender
from tests.operations.given import Given
from tests.operations.webhooks.conftest import Webhooks
from tests.operations.webhooks.receiver import Answer, receiving
from tests.operations.webhooks.test_delivering import changes


async def test_an_answer_that_comes_twice_counts_once(given: Given, webhooks: Webhooks) -> None:
    async with receiving(lambda _request: Answer(twice=True)) as receiver:
        await webhooks.endpoint(receiver.url)
        tenant_id = await given.tenant()
        await changes(given, tenant_id, "One", "Two")
        await webhooks.deliver()
        await webhooks.deliver(10)
        assert {one["status"] for one in await webhooks.deliveries()} == {"DELIVERED"}
        assert len({one.message_id for one in receiver.requests}) == 3


async def test_a_connection_is_kept_for_the_next_event_until_it_is_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    async with receiving() as one, receiving() as other, WebhookSender(allow_loopback=True) as sender:
        for url in (one.url, one.url, other.url):
            assert (await sender.send("POST", url, {}, b"{}")).succeeded
        assert (one.connections, other.connections) == (1, 1)
        monkeypatch.setattr("app.operations.webhooks.sending._IDLE_SECONDS", 0)
        for url in (other.url, one.url):
            assert (await sender.send("POST", url, {}, b"{}")).succeeded
        assert (one.connections, other.connections) == (2, 1)


async def test_a_second_answer_is_not_that_of_the_next_event(given: Given, webhooks: Webhooks) -> None:
    async with receiving() as receiver:
        await webhooks.endpoint(receiver.url)
        receiver.behaviour = lambda _request: Answer(twice=True) if len(receiver.requests) == 1 else Answer(500)
        tenant_id = await given.tenant()
        await changes(given, tenant_id, "One")
        assert await webhooks.deliver() == 1
        assert [one["response_status"] for one in await webhooks.deliveries()] == [204, 500]
