"""Endpoints: who may manage which, what is refused, and redelivery."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import pytest

from app.operations.calls.context import Context
from app.operations.calls.principal import Role
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.tenants import update_tenant
from app.operations.webhooks import (
    create_webhook_endpoint,
    delete_webhook_endpoint,
    redeliver,
    rotate_webhook_secret,
    send_test_event,
    update_webhook_endpoint,
)
from tests.operations.given import Given
from tests.operations.webhooks.conftest import Webhooks
from tests.operations.webhooks.receiver import Answer, receiving

URL = "http://127.0.0.1:9/hook"

MANAGED: dict[str, Callable[[Context, UUID], Awaitable[object]]] = {
    "update": lambda context, key: update_webhook_endpoint(context, endpoint_id=key, enabled=True),
    "delete": lambda context, key: delete_webhook_endpoint(context, endpoint_id=key),
    "rotate": lambda context, key: rotate_webhook_secret(context, endpoint_id=key),
    "test": lambda context, key: send_test_event(context, endpoint_id=key),
    "redeliver": lambda context, key: redeliver(context, endpoint_id=key, delivery_ids=[]),
}


@pytest.mark.parametrize("what", MANAGED)
async def test_another_tenants_and_the_platforms_endpoints_are_unknown(
    given: Given, webhooks: Webhooks, what: str
) -> None:
    ours, theirs = await given.tenant("ours"), await given.tenant("theirs")
    own, _ = await create_webhook_endpoint(given.admin(ours), url=URL)
    for other in (await webhooks.endpoint(URL, tenant_id=theirs), await webhooks.endpoint(URL)):
        with pytest.raises(Refusal) as refused:
            await MANAGED[what](given.admin(ours), other)
        assert (refused.value.code, refused.value.path) == (ProblemCode.NOT_FOUND, ("endpointId",))
    await MANAGED[what](given.admin(ours), own)


@pytest.mark.parametrize("role", [Role.TENANT_VIEWER, Role.METER])
async def test_only_admins_manage_endpoints(given: Given, webhooks: Webhooks, role: Role) -> None:
    tenant_id = await given.tenant()
    endpoint_id = await webhooks.endpoint(URL, tenant_id=tenant_id)
    caller = given.caller(role, tenant_id=tenant_id)
    works = [manage(caller, endpoint_id) for manage in MANAGED.values()]
    for work in (*works, create_webhook_endpoint(caller, url=URL)):
        with pytest.raises(Refusal) as refused:
            await work
        assert refused.value.code is ProblemCode.PERMISSION_DENIED


async def test_an_endpoint_is_the_callers_tenants(given: Given, unknown: UUID) -> None:
    ours, theirs = await given.tenant("ours"), await given.tenant("theirs")
    endpoint_id, _ = await create_webhook_endpoint(given.admin(ours), url=URL)
    assert (await given.row("SELECT id, tenant_id FROM webhook_endpoints")) == {"id": endpoint_id, "tenant_id": ours}
    for caller, named in ((given.admin(ours), theirs), (given.platform, unknown)):
        with pytest.raises(Refusal) as refused:
            await create_webhook_endpoint(caller, url=URL, tenant_id=named)
        assert (refused.value.code, refused.value.path) == (ProblemCode.NOT_FOUND, ("tenantId",))


async def test_a_tenants_endpoint_gets_its_own_events_only(given: Given, webhooks: Webhooks) -> None:
    ours, theirs = await given.tenant("ours"), await given.tenant("theirs")
    await webhooks.deliver()
    async with receiving() as receiver:
        await create_webhook_endpoint(given.admin(ours), url=receiver.url)
        for tenant_id in (ours, theirs):
            await update_tenant(given.platform, tenant_id=tenant_id, name="Changed")
        await webhooks.deliver()
    assert [request.event["tenantId"] for request in receiver.requests] == [str(ours)]
    rows = await given.rows("SELECT tenant_id FROM webhook_deliveries")
    assert [row["tenant_id"] for row in rows] == [ours]


@pytest.mark.parametrize(
    ("url", "types", "path"),
    [
        ("http://example.com/", ["invoice.issued"], ("url",)),
        ("https://user:secret@example.com/", ["invoice.issued"], ("url",)),
        (URL, ["invoice.issued", "invoice.forgotten"], ("eventTypes", "1")),
        ("https://10.0.0.1/", ["invoice.issued"], ("url",)),
        ("https://169.254.169.254/latest/meta-data", ["invoice.issued"], ("url",)),
        ("https://[fe80::1]/", ["invoice.issued"], ("url",)),
        ("https://0.0.0.0/", ["invoice.issued"], ("url",)),
    ],
)
async def test_bad_input(given: Given, webhooks: Webhooks, url: str, types: list[str], path: tuple[str, ...]) -> None:
    endpoint_id = await webhooks.endpoint(URL)
    for work in (
        create_webhook_endpoint(given.platform, url=url, event_types=types),
        update_webhook_endpoint(given.platform, endpoint_id=endpoint_id, url=url, event_types=types),
    ):
        with pytest.raises(Refusal) as refused:
            await work
        assert (refused.value.code, refused.value.path) == (ProblemCode.VALIDATION_FAILED, path)


async def test_what_failed_is_delivered_again_by_id_and_by_time(given: Given, webhooks: Webhooks) -> None:
    tenant_id = await given.tenant()
    await webhooks.deliver()
    async with receiving(lambda _request: Answer(410)) as receiver:
        endpoint_id = await webhooks.endpoint(receiver.url)
        await update_tenant(given.platform, tenant_id=tenant_id, name="One")
        await update_tenant(given.platform, tenant_id=tenant_id, name="Two")
        await webhooks.deliver()
        failed = [one for one in await webhooks.deliveries() if one["status"] == "FAILED"]
        assert len(failed) == 2
        with pytest.raises(Refusal) as refused:
            await redeliver(given.platform, endpoint_id=endpoint_id, delivery_ids=[failed[0]["id"]])
        assert refused.value.code is ProblemCode.CONFLICT
        await update_webhook_endpoint(given.platform, endpoint_id=endpoint_id, enabled=True, event_types=[])
        receiver.behaviour = lambda _request: Answer()
        assert await redeliver(given.platform, endpoint_id=endpoint_id, delivery_ids=[failed[1]["id"]]) == 1
        await webhooks.deliver()
        since = given.clock() - timedelta(hours=1)
        until = given.clock() + timedelta(hours=1)
        assert await redeliver(given.platform, endpoint_id=endpoint_id, since=since, until=until) == 4
        await webhooks.deliver()
        told = [(one.event["type"], one.message_id) for one in receiver.requests]
    rows = await given.rows("SELECT id, type FROM events WHERE aggregate_id = $1 ORDER BY sequence", tenant_id)
    created, one, two = (str(row["id"]) for row in rows)
    assert told[0:2] == [("tenant.updated", one), ("tenant.updated", two)]
    assert [message for kind, message in told[2:] if kind.startswith("tenant")] == [created, one, two]
    assert {one["status"] for one in await webhooks.deliveries()} == {"DELIVERED"}


async def test_what_redeliver_refuses(given: Given, webhooks: Webhooks, unknown: UUID) -> None:
    endpoint_id = await webhooks.endpoint(URL)
    now = given.clock()
    for arguments, code in (
        ({}, ProblemCode.VALIDATION_FAILED),
        ({"since": now}, ProblemCode.VALIDATION_FAILED),
        ({"since": now, "until": now, "delivery_ids": []}, ProblemCode.VALIDATION_FAILED),
        ({"delivery_ids": [unknown]}, ProblemCode.NOT_FOUND),
    ):
        with pytest.raises(Refusal) as refused:
            await redeliver(given.platform, endpoint_id=endpoint_id, **arguments)
        assert refused.value.code is code


async def test_a_deleted_endpoint_leaves_nothing_and_its_attempts_are_forgotten(
    given: Given, webhooks: Webhooks
) -> None:
    async with receiving(lambda _request: Answer(500)) as receiver:
        endpoint_id = await webhooks.endpoint(receiver.url)
        await given.tenant()
        await webhooks.deliver()
        await delete_webhook_endpoint(given.platform, endpoint_id=endpoint_id)
        await webhooks.deliver(10)
        assert len(receiver.requests) == 1
    for table in ("webhook_endpoints", "webhook_deliveries", "delivery_queues"):
        assert await given.rows(f"SELECT FROM {table}") == [], table


async def test_a_disabled_endpoint_gets_nothing_until_it_is_enabled(given: Given, webhooks: Webhooks) -> None:
    async with receiving() as receiver:
        endpoint_id = await webhooks.endpoint(receiver.url, "tenant.created")
        await update_webhook_endpoint(given.platform, endpoint_id=endpoint_id, enabled=False, description="off")
        await given.tenant("first")
        await webhooks.deliver()
        with pytest.raises(Refusal):
            await send_test_event(given.platform, endpoint_id=endpoint_id)
        row = await given.row("SELECT description, disabled_reason FROM webhook_endpoints")
        assert row == {"description": "off", "disabled_reason": "disabled by platform_admin@example.com"}
        await update_webhook_endpoint(given.platform, endpoint_id=endpoint_id, enabled=True, description=None)
        await given.tenant("second")
        await webhooks.deliver()
    assert [request.event["data"]["code"] for request in receiver.requests] == ["second"]
