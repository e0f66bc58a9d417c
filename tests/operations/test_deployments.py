"""Creating and updating deployments, and registering their resources."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from app.billing import DeploymentState
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.deployments import create_deployment, register_resource, update_deployment
from app.tables.deployments import LlmMode
from app.tables.ids import new_id
from tests.operations.given import Given


async def test_a_deployment_starts_active_with_an_event(given: Given) -> None:
    tenant_id = await given.tenant()
    deployment_id = await create_deployment(
        given.admin(tenant_id),
        slug="pilot",
        display_name="Pilot",
        region="syd1",
        llm_mode=LlmMode.BYOK,
        template_code="web",
        template_version="3",
    )
    assert await given.row("SELECT * FROM cloud_deployments") == {
        "id": deployment_id,
        "tenant_id": tenant_id,
        "slug": "pilot",
        "display_name": "Pilot",
        "region": "syd1",
        "state": "ACTIVE",
        "llm_mode": "BYOK",
        "billing_action_suspended": False,
        "template_code": "web",
        "template_version": "3",
        "created_at": given.clock(),
        "updated_at": given.clock(),
        "dunned_at": None,
    }
    event = await given.row("SELECT * FROM cloud_deployment_events")
    del event["id"]
    assert event == {
        "tenant_id": tenant_id,
        "deployment_id": deployment_id,
        "from_state": None,
        "to_state": "ACTIVE",
        "actor": "tenant_admin@example.com",
        "reason": None,
        "withheld": False,
        "occurred_at": given.clock(),
        "cause": "TENANT",
        "dunning_invoice_id": None,
        "dunning_step": None,
    }


async def test_an_admin_may_name_its_own_tenant(given: Given) -> None:
    tenant_id = await given.tenant()
    deployment_id = await create_deployment(
        given.admin(tenant_id), tenant_id=tenant_id, slug="pilot", display_name="Pilot", region="syd1"
    )
    assert await given.row("SELECT id, tenant_id FROM cloud_deployments") == {
        "id": deployment_id,
        "tenant_id": tenant_id,
    }


async def test_the_platforms_admin_must_name_a_tenant_that_exists(given: Given) -> None:
    for tenant_id, code in [(None, ProblemCode.VALIDATION_FAILED), (new_id(), ProblemCode.NOT_FOUND)]:
        with pytest.raises(Refusal) as refused:
            await create_deployment(
                given.platform, tenant_id=tenant_id, slug="pilot", display_name="Pilot", region="syd1"
            )
        assert (refused.value.code, refused.value.path) == (code, ("tenantId",))


@pytest.mark.parametrize(
    ("field", "value", "path"),
    [
        ("slug", "", "slug"),
        ("slug", "Pilot", "slug"),
        ("slug", "pi_lot", "slug"),
        ("slug", "-pilot", "slug"),
        ("slug", "pilot-", "slug"),
        ("slug", "p" * 64, "slug"),
        ("slug", "pilot\n", "slug"),
        ("slug", "pílot", "slug"),
        ("display_name", "", "displayName"),
        ("display_name", "x" * 201, "displayName"),
        ("region", "", "region"),
        ("region", "x" * 64, "region"),
        ("template_code", "\0", "templateCode"),
        ("template_version", "", "templateVersion"),
    ],
)
async def test_bad_input_is_named(given: Given, field: str, value: str, path: str) -> None:
    tenant_id = await given.tenant()
    arguments: dict[str, Any] = {"slug": "pilot", "display_name": "Pilot", "region": "syd1"} | {field: value}
    with pytest.raises(Refusal) as refused:
        await create_deployment(given.admin(tenant_id), **arguments)
    assert (refused.value.code, refused.value.path) == (ProblemCode.VALIDATION_FAILED, (path,))
    assert await given.rows("SELECT id FROM cloud_deployments") == []


@pytest.mark.parametrize("slug", ["p", "1", "a-b", "p" * 63])
async def test_a_slug_is_a_dns_label(given: Given, slug: str) -> None:
    await given.deployment(await given.tenant(), slug)
    assert await given.row("SELECT slug FROM cloud_deployments") == {"slug": slug}


async def test_a_slug_is_the_tenants_own(given: Given) -> None:
    ours, theirs = await given.tenant("ours"), await given.tenant("theirs")
    await given.deployment(ours, "pilot")
    await given.deployment(theirs, "pilot")
    before = await given.contents()
    with pytest.raises(Refusal) as refused:
        await given.deployment(ours, "pilot")
    assert (refused.value.code, refused.value.path) == (ProblemCode.SLUG_TAKEN, ("slug",))
    assert await given.contents() == before


async def test_of_many_at_once_one_gets_the_slug(given: Given) -> None:
    tenant_id = await given.tenant()
    answers = await asyncio.gather(*(given.deployment(tenant_id, "pilot") for _ in range(8)), return_exceptions=True)
    refusals = [answer for answer in answers if isinstance(answer, Refusal)]
    assert [refusal.code for refusal in refusals] == [ProblemCode.SLUG_TAKEN] * 7
    assert await given.row("SELECT count(*) FROM cloud_deployments") == {"count": 1}
    assert await given.row("SELECT count(*) FROM cloud_deployment_events") == {"count": 1}


async def test_an_update_changes_what_is_given(given: Given) -> None:
    tenant_id = await given.tenant()
    deployment_id = await given.deployment(tenant_id)
    created_at = given.clock()

    async def deployment() -> tuple[str, str, bool, datetime]:
        row = await given.row("SELECT * FROM cloud_deployments")
        return row["display_name"], row["llm_mode"], row["billing_action_suspended"], row["updated_at"]

    later = datetime(2026, 5, 2, tzinfo=UTC)
    given.clock.set(2026, 5, 2)
    assert await update_deployment(given.admin(tenant_id), deployment_id=deployment_id) == deployment_id
    assert await deployment() == ("Pilot", "DISABLED", False, created_at)
    await update_deployment(given.admin(tenant_id), deployment_id=deployment_id, display_name="Second")
    assert await deployment() == ("Second", "DISABLED", False, later)
    await update_deployment(given.admin(tenant_id), deployment_id=deployment_id, llm_mode=LlmMode.MANAGED)
    assert await deployment() == ("Second", "MANAGED", False, later)
    for suspended in (True, False):
        await update_deployment(given.platform, deployment_id=deployment_id, billing_action_suspended=suspended)
        assert await deployment() == ("Second", "MANAGED", suspended, later)
    with pytest.raises(Refusal) as refused:
        await update_deployment(given.platform, deployment_id=deployment_id, display_name=" ")
    assert (refused.value.code, refused.value.path) == (ProblemCode.VALIDATION_FAILED, ("displayName",))


async def test_a_resource_is_its_deployments_tenants(given: Given) -> None:
    tenant_id = await given.tenant()
    deployment_id = await given.deployment(tenant_id)
    created_at = datetime(2026, 4, 1, tzinfo=UTC)
    resource: dict[str, Any] = {"provider": "digitalocean", "resource_kind": "droplet_hours", "name": "web-1"}
    await register_resource(
        given.platform, deployment_id=deployment_id, external_id="1", created_at=created_at, **resource
    )
    await register_resource(given.platform, external_id="2", **resource)
    resources = await given.rows("SELECT * FROM cloud_resources ORDER BY external_id")
    assert [(row["tenant_id"], row["deployment_id"], row["created_at"], row["destroyed_at"]) for row in resources] == [
        (tenant_id, deployment_id, created_at, None),
        (None, None, given.clock(), None),
    ]


@pytest.mark.parametrize(
    ("field", "value", "code", "path"),
    [
        ("external_id", "taken", ProblemCode.CONFLICT, "externalId"),
        ("external_id", "", ProblemCode.VALIDATION_FAILED, "externalId"),
        ("provider", "", ProblemCode.VALIDATION_FAILED, "provider"),
        ("name", "", ProblemCode.VALIDATION_FAILED, "name"),
        ("resource_kind", "gold_bars", ProblemCode.NOT_FOUND, "resourceKind"),
        ("deployment_id", new_id(), ProblemCode.NOT_FOUND, "deploymentId"),
        ("created_at", datetime.min.replace(tzinfo=UTC), ProblemCode.VALIDATION_FAILED, "createdAt"),
    ],
)
async def test_a_bad_resource_is_refused(given: Given, field: str, value: object, code: ProblemCode, path: str) -> None:
    arguments: dict[str, Any] = {
        "provider": "digitalocean",
        "external_id": "taken",
        "resource_kind": "droplet_hours",
        "name": "web-1",
    }
    await register_resource(given.platform, **arguments)
    before = await given.contents()
    with pytest.raises(Refusal) as refused:
        await register_resource(given.platform, **arguments | {field: value})
    assert (refused.value.code, refused.value.path) == (code, (path,))
    assert await given.contents() == before


async def test_a_subscriber_is_notified_after_the_commit(given: Given) -> None:
    tenant_id = await given.tenant()
    async with given.database.listen("deployment_events") as payloads:
        deployment_id = await given.deployment(tenant_id, state=DeploymentState.PAUSED)
        events = await given.rows("SELECT id FROM cloud_deployment_events ORDER BY id")
        for event in events:
            async with asyncio.timeout(5):
                payload = await anext(aiter(payloads))
            assert json.loads(payload or "") == {
                "id": str(event["id"]),
                "tenant_id": str(tenant_id),
                "deployment_id": str(deployment_id),
            }
