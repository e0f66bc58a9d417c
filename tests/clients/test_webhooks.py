"""The official library for JavaScript verifies a delivery, and none whose body was altered."""

import json
from dataclasses import replace
from datetime import UTC, datetime

from app.operations.webhooks import Delivery, WebhookSender, create_webhook_endpoint
from tests.clients import node
from tests.operations.given import Given
from tests.operations.webhooks.receiver import receiving

pytestmark = node.needs_node


async def test_a_delivery_is_verified_and_an_altered_one_is_not(given: Given) -> None:
    async with receiving() as receiver, WebhookSender(allow_loopback=True) as sender:
        _, secret = await create_webhook_endpoint(given.platform, url=receiver.url)
        await given.tenant()
        await Delivery(replace(given.platform, clock=lambda: datetime.now(UTC)), sender).run()
        (request,) = receiver.requests
    delivery = {"secret": secret, "headers": dict(request.headers), "body": request.body.decode()}
    status, output = await node.run("webhooks.js", DELIVERY=json.dumps(delivery))
    assert status == 0, output
    assert json.loads(output) == {"verified": True, "altered": 0, "bytes": len(request.body)}
