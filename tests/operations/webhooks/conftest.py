"""Endpoints, and a worker's delivery run by the test."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from app.operations.webhooks import Delivery, WebhookSender, create_webhook_endpoint
from app.tables.ids import new_id
from tests.operations.given import Given


class Webhooks:
    """What the tests of webhooks do: each delivery is run until nothing is due at the test's clock."""

    def __init__(self, given: Given, sender: WebhookSender) -> None:
        self.given = given
        self.delivery = Delivery(given.platform, sender)
        self.secrets: dict[UUID, str] = {}

    async def endpoint(self, url: str, *types: str, tenant_id: UUID | None = None) -> UUID:
        endpoint_id, secret = await create_webhook_endpoint(
            self.given.platform, url=url, event_types=types, tenant_id=tenant_id
        )
        assert secret is not None
        self.secrets[endpoint_id] = secret
        return endpoint_id

    async def deliver(self, seconds: float = 0) -> int:
        """Delivers what is due so many seconds later."""
        self.given.clock.advance(seconds=seconds)
        return await self.delivery.run()

    async def deliveries(self) -> list[dict[str, Any]]:
        return await self.given.rows("SELECT * FROM webhook_deliveries ORDER BY position, endpoint_id")

    async def state(self) -> tuple[str, int, int | None]:
        """Of the only delivery: its status, attempts, and the status of the answer."""
        (one,) = await self.deliveries()
        return one["status"], one["attempts"], one["response_status"]

    async def pause(self) -> float:
        """For how many seconds the only queue waits."""
        row = await self.given.row("SELECT next_attempt_at FROM delivery_queues")
        return float((row["next_attempt_at"] - self.given.clock()).total_seconds())


@pytest.fixture
async def webhooks(given: Given) -> AsyncIterator[Webhooks]:
    async with WebhookSender(allow_loopback=True) as sender:
        yield Webhooks(given, sender)


@pytest.fixture
def unknown() -> UUID:
    return new_id()
