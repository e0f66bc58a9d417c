"""The worker delivers events: it is woken by the transaction that wrote them, and for retries."""

import saq

from app.jobs.webhooks import deliver_events_again
from app.operations.cron_runs import last_cron_run
from app.operations.webhooks import Delivery, WebhookSender, create_webhook_endpoint
from app.worker import working
from tests.operations.given import Given
from tests.operations.webhooks.receiver import receiving
from tests.queues import either_queue

pytestmark = either_queue


async def test_an_event_reaches_its_receiver_by_itself(given: Given) -> None:
    async with receiving() as receiver, working(given.platform, catching_up=False):
        await create_webhook_endpoint(given.platform, url=receiver.url)
        await given.tenant("first")
        await receiver.got(1)
        tenant_id = await given.tenant("second")
        requests = await receiver.got(2)
        assert [request.event["data"]["code"] for request in requests] == ["first", "second"]
    assert requests[1].event["aggregateId"] == str(tenant_id)


async def test_the_job_of_every_minute_records_that_it_ran(given: Given) -> None:
    assert await last_cron_run(given.platform) is None
    async with WebhookSender(allow_loopback=True) as sender:
        job = saq.Job(function="deliver_events_again")
        delivery = Delivery(given.platform, sender)
        await deliver_events_again({"job": job, "operations": given.platform, "delivery": delivery})
    assert await last_cron_run(given.platform) == given.clock()
