"""A job is a span that links to the span that enqueued it; the deliveries of its events are its children."""

import pytest

from app.operations.rollups import roll_up_period
from app.operations.webhooks import create_webhook_endpoint
from app.tracing import sending_traces, span
from app.worker import working
from tests.jobs.test_registration import finished
from tests.operations.given import Given
from tests.operations.months import APRIL, subscribed
from tests.operations.webhooks.receiver import Answer, receiving
from tests.otlp_receiver import FAILED, otlp_receiver
from tests.queues import either_queue


@either_queue
async def test_a_job_links_to_what_enqueued_it(given: Given) -> None:
    await given.plan()
    await subscribed(given)
    with otlp_receiver() as traces:
        async with sending_traces(traces.url, "tests"), working(given.platform, catching_up=False):
            with span("asking", "INTERNAL", {}):
                run_id = await roll_up_period(given.platform, period_start=APRIL)
            await finished(given)
    asking, job = traces.named("asking"), traces.named("roll_up_chunk")
    assert (job.kind, job.parent, job.links) == ("CONSUMER", "", [asking.span_id])
    assert job.attributes == {"arcadia.run_id": str(run_id)}
    assert job.trace_id != asking.trace_id


@pytest.mark.parametrize(("answered", "status"), [(204, (0, "")), (500, (FAILED, ""))])
async def test_a_delivery_is_a_span_of_its_job_and_sends_no_trace(
    given: Given, answered: int, status: tuple[int, str]
) -> None:
    with otlp_receiver() as traces:
        async with receiving() as receiver:
            receiver.behaviour = lambda _request: Answer(answered)
            await create_webhook_endpoint(given.platform, url=receiver.url + "?token=a-secret")
            async with sending_traces(traces.url, "tests"), working(given.platform, catching_up=False):
                with span("asking", "INTERNAL", {}):
                    tenant_id = await given.tenant()
                (request,) = await receiver.got(1)
    delivery, asking = traces.named("webhook delivery"), traces.named("asking")
    (job,) = [one for one in traces.spans if one.span_id == delivery.parent]
    assert (job.name, job.links) == ("deliver_events", [asking.span_id])
    assert (delivery.kind, delivery.status) == ("CLIENT", status)
    assert delivery.attributes == {
        "arcadia.event_id": request.message_id,
        "arcadia.tenant_id": str(tenant_id),
        "http.response.status_code": answered,
    }
    assert "traceparent" not in request.headers
    assert "a-secret" not in str(traces.spans)
