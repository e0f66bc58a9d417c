"""Webhook endpoints and deliveries through the API."""

from typing import Any

from app.operations.webhooks import Delivery, WebhookSender
from tests.operations.webhooks.receiver import Answer, receiving
from tests.schema.api import Api, refused

CREATE = """mutation ($input: CreateWebhookEndpointInput!) { createWebhookEndpoint(input: $input) { __typename
    ... on WebhookEndpointCreated { secret endpoint { id url eventTypes description tenant { code } createdBy
        failingSince disabledAt } }
    ... on Problem { code path } } }"""
UPDATE = """mutation ($input: UpdateWebhookEndpointInput!) { updateWebhookEndpoint(input: $input) { __typename
    ... on WebhookEndpointUpdated { endpoint { url description eventTypes disabledReason } }
    ... on Problem { code path } } }"""
ROTATE = """mutation ($id: ID!) { rotateWebhookSecret(input: {endpointId: $id}) {
    ... on WebhookSecretRotated { secret endpoint { previousSecretUntil } } } }"""
TEST = "mutation ($id: ID!) { sendTestEvent(input: {endpointId: $id}) { ... on TestEventSent { endpoint { id } } } }"
DELETE = """mutation ($id: ID!) { deleteWebhookEndpoint(input: {endpointId: $id}) { __typename
    ... on WebhookEndpointDeleted { endpointId } ... on Problem { code path } } }"""
REDELIVER = """mutation ($input: RedeliverInput!) { redeliver(input: $input) { __typename
    ... on Redelivered { deliveries endpoint { id } } ... on Problem { code path } } }"""
ENDPOINTS = "{ webhookEndpoints { nodes { id } } }"
DELIVERIES = """query ($filter: WebhookDeliveryFilter) { deliveries(filter: $filter) { nodes { id status attempts
    responseStatus responseBody error endpoint { url } event { type } } } }"""
URL = "http://127.0.0.1:9/hook"


async def create(api: Api, caller: Any = None, **fields: Any) -> dict[str, Any]:
    data = await api.data(CREATE, {"input": {"url": URL, **fields}}, caller=caller)
    created: dict[str, Any] = data["createWebhookEndpoint"]
    return created


async def test_an_endpoint_is_created_changed_rotated_and_deleted(api: Api) -> None:
    tenant_id = await api.given.tenant()
    admin = api.given.admin(tenant_id)
    created = await create(api, admin, eventTypes=["invoice.paid", "invoice.issued"], description="books")
    secret, endpoint = created["secret"], created["endpoint"]
    assert secret.startswith("whsec_")
    assert endpoint | {"id": ""} == {
        "id": "",
        "url": URL,
        "eventTypes": ["invoice.issued", "invoice.paid"],
        "description": "books",
        "tenant": {"code": "acme"},
        "createdBy": "tenant_admin@example.com",
        "failingSince": None,
        "disabledAt": None,
    }
    changes = {"endpointId": endpoint["id"], "eventTypes": [], "description": None, "enabled": False}
    updated = await api.data(UPDATE, {"input": changes}, caller=admin)
    assert updated["updateWebhookEndpoint"]["endpoint"] == {
        "url": URL,
        "description": None,
        "eventTypes": [],
        "disabledReason": "disabled by tenant_admin@example.com",
    }
    rotated = (await api.data(ROTATE, {"id": endpoint["id"]}, caller=admin))["rotateWebhookSecret"]
    assert rotated["secret"] not in {secret, None}
    assert rotated["endpoint"]["previousSecretUntil"] is not None
    deleted = await api.data(DELETE, {"id": endpoint["id"]}, caller=admin)
    assert deleted["deleteWebhookEndpoint"]["endpointId"] == endpoint["id"]
    assert (await api.data(ENDPOINTS, caller=admin))["webhookEndpoints"]["nodes"] == []


async def test_bad_input_is_refused_with_its_path(api: Api) -> None:
    assert await create(api, eventTypes=["invoice.gone"]) == refused("VALIDATION_FAILED", "eventTypes", "0")
    assert await create(api, url="http://10.0.0.1/") == refused("VALIDATION_FAILED", "url")
    assert await create(api, url="https://user:secret@127.0.0.1/") == refused("VALIDATION_FAILED", "url")


async def test_each_tenant_sees_its_own_endpoints_and_deliveries(api: Api) -> None:
    ours, theirs = await api.given.tenant("ours"), await api.given.tenant("theirs")
    async with receiving() as receiver, WebhookSender(allow_loopback=True) as sender:
        own = await create(api, api.given.admin(ours), url=receiver.url)
        other = await create(api, api.given.admin(theirs), url=receiver.url)
        for_all = await create(api, url=receiver.url)
        await api.given.deployment(ours)
        await api.given.deployment(theirs)
        await Delivery(api.given.platform, sender).run()
    for caller, created in ((api.given.admin(ours), own), (api.given.admin(theirs), other)):
        endpoints = (await api.data(ENDPOINTS, caller=caller))["webhookEndpoints"]["nodes"]
        assert endpoints == [{"id": created["endpoint"]["id"]}]
        nodes = (await api.data(DELIVERIES, caller=caller))["deliveries"]["nodes"]
        assert sorted(node["event"]["type"] for node in nodes) == ["deployment.transitioned", "tenant.created"]
        filtered = await api.data(DELIVERIES, {"filter": {"endpointId": for_all["endpoint"]["id"]}}, caller=caller)
        assert filtered["deliveries"]["nodes"] == []
    for caller in (api.given.viewer(ours), api.given.meter(ours)):
        body = await api.body(ENDPOINTS, caller=caller)
        assert (body.get("data") or {"webhookEndpoints": {"nodes": []}})["webhookEndpoints"]["nodes"] == []


async def test_a_failed_delivery_is_listed_and_delivered_again(api: Api) -> None:
    async with (
        receiving(lambda _request: Answer(500, body=b"broken")) as receiver,
        WebhookSender(allow_loopback=True) as sender,
    ):
        created = await create(api, url=receiver.url)
        endpoint_id = created["endpoint"]["id"]
        await api.data(TEST, {"id": endpoint_id})
        await Delivery(api.given.platform, sender).run()
        listed = await api.data(DELIVERIES, {"filter": {"endpointId": endpoint_id, "status": ["PENDING"]}})
        (delivery,) = listed["deliveries"]["nodes"]
        assert delivery | {"id": ""} == {
            "id": "",
            "status": "PENDING",
            "attempts": 1,
            "responseStatus": 500,
            "responseBody": "broken",
            "error": "the receiver answered 500",
            "endpoint": {"url": receiver.url},
            "event": {"type": "webhook_endpoint.test"},
        }
        await api.given.rows("UPDATE webhook_deliveries SET status = 'FAILED'")
        again = {"endpointId": endpoint_id, "deliveryIds": [delivery["id"]]}
        answer = (await api.data(REDELIVER, {"input": again}))["redeliver"]
        assert (answer["deliveries"], answer["endpoint"]["id"]) == (1, endpoint_id)
        nothing = (await api.data(REDELIVER, {"input": {"endpointId": endpoint_id}}))["redeliver"]
        assert nothing == refused("VALIDATION_FAILED")
