"""Deployments through the API."""

import pytest

from app.billing import DeploymentState
from tests.schema.api import Api, refused

PILOT = {"slug": "pilot", "displayName": "Pilot", "region": "syd1"}


async def test_a_tenants_admin_creates_a_deployment_of_its_own(api: Api) -> None:
    acme = await api.given.tenant("acme")
    answer = await api.mutate(
        "createDeployment",
        PILOT | {"templateCode": "wiki", "llmMode": "BYOK"},
        """... on DeploymentCreated { deployment {
            slug displayName region state llmMode billingActionSuspended templateCode templateVersion createdAt
            tenant { code } subscription { id } events { nodes { fromState toState actor withheld } totalCount } } }""",
        caller=api.given.admin(acme),
    )
    assert answer == {
        "__typename": "DeploymentCreated",
        "deployment": {
            "slug": "pilot",
            "displayName": "Pilot",
            "region": "syd1",
            "state": "ACTIVE",
            "llmMode": "BYOK",
            "billingActionSuspended": False,
            "templateCode": "wiki",
            "templateVersion": None,
            "createdAt": "2026-05-01T03:00:00+00:00",
            "tenant": {"code": "acme"},
            "subscription": None,
            "events": {
                "nodes": [
                    {"fromState": None, "toState": "ACTIVE", "actor": "tenant_admin@example.com", "withheld": False}
                ],
                "totalCount": 1,
            },
        },
    }


async def test_the_platform_says_whose_a_deployment_is(api: Api) -> None:
    acme = await api.given.tenant("acme")
    assert await api.mutate("createDeployment", PILOT) == refused("VALIDATION_FAILED", "tenantId")
    answer = await api.mutate("createDeployment", PILOT | {"tenantId": str(acme)})
    assert answer["__typename"] == "DeploymentCreated"


async def test_a_slug_is_given_once_in_a_tenant(api: Api) -> None:
    acme, rival = await api.given.tenant("acme"), await api.given.tenant("rival")
    await api.given.deployment(acme, "pilot")
    assert await api.mutate("createDeployment", PILOT, caller=api.given.admin(acme)) == refused("SLUG_TAKEN", "slug")
    answer = await api.mutate("createDeployment", PILOT, caller=api.given.admin(rival))
    assert answer["__typename"] == "DeploymentCreated"


async def test_an_update_changes_what_it_gives_and_leaves_the_rest(api: Api) -> None:
    acme = await api.given.tenant("acme")
    deployment = str(await api.given.deployment(acme, "pilot"))
    selection = "... on DeploymentUpdated { deployment { displayName llmMode billingActionSuspended } }"
    updated = await api.mutate(
        "updateDeployment", {"deploymentId": deployment, "llmMode": "MANAGED", "displayName": None}, selection
    )
    assert updated["deployment"] == {"displayName": "Pilot", "llmMode": "MANAGED", "billingActionSuspended": False}
    updated = await api.mutate(
        "updateDeployment", {"deploymentId": deployment, "billingActionSuspended": True}, selection
    )
    assert updated["deployment"] == {"displayName": "Pilot", "llmMode": "MANAGED", "billingActionSuspended": True}


async def test_the_override_is_the_platforms(api: Api) -> None:
    acme = await api.given.tenant("acme")
    asked = {"deploymentId": str(await api.given.deployment(acme)), "billingActionSuspended": False}
    answer = await api.mutate("updateDeployment", asked, caller=api.given.admin(acme))
    assert answer == refused("PERMISSION_DENIED", "billingActionSuspended")


async def test_a_transition_answers_with_the_deployment_and_its_event(api: Api) -> None:
    acme = await api.given.tenant("acme")
    deployment = str(await api.given.deployment(acme))
    answer = await api.mutate(
        "transitionDeployment",
        {"deploymentId": deployment, "to": "PAUSED", "reason": "a rest"},
        """... on DeploymentTransitioned { deployment { state allowedTransitions }
            event { fromState toState actor reason occurredAt deployment { id } } }""",
        caller=api.given.admin(acme),
    )
    assert answer == {
        "__typename": "DeploymentTransitioned",
        "deployment": {"state": "PAUSED", "allowedTransitions": ["ACTIVE", "CANCELLED"]},
        "event": {
            "fromState": "ACTIVE",
            "toState": "PAUSED",
            "actor": "tenant_admin@example.com",
            "reason": "a rest",
            "occurredAt": "2026-05-01T03:00:00+00:00",
            "deployment": {"id": deployment},
        },
    }
    assert len(api.statements) == 2  # one for each of the payload's objects


async def test_an_invalid_transition_says_what_is_allowed(api: Api) -> None:
    acme = await api.given.tenant("acme")
    deployment = str(await api.given.deployment(acme, state=DeploymentState.PAUSED))
    asked = {"deploymentId": deployment, "to": "ARCHIVED"}
    answer = await api.mutate("transitionDeployment", asked, "... on InvalidTransition { fromState toState allowed }")
    assert answer == {
        "__typename": "InvalidTransition",
        "code": "INVALID_TRANSITION",
        "path": ["to"],
        "fromState": "PAUSED",
        "toState": "ARCHIVED",
        "allowed": ["ACTIVE", "SUSPENDED", "CANCELLED"],
    }


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        ("platform", ["PAST_DUE", "PAUSED", "SUSPENDED", "CANCELLED"]),
        ("admin", ["PAUSED", "CANCELLED"]),
        ("viewer", []),
    ],
)
async def test_allowed_transitions_are_the_viewers_own(api: Api, role: str, allowed: list[str]) -> None:
    acme = await api.given.tenant("acme")
    await api.given.deployment(acme)
    caller = api.given.platform if role == "platform" else getattr(api.given, role)(acme)
    data = await api.data("{ deployments { nodes { allowedTransitions } } }", caller=caller)
    assert data["deployments"]["nodes"] == [{"allowedTransitions": allowed}]


async def test_a_resource_is_registered_for_a_deployment_or_for_none(api: Api) -> None:
    deployment = str(await api.given.deployment(await api.given.tenant("acme")))
    droplet = {"provider": "digitalocean", "externalId": "42", "resourceKind": "droplet_hours", "name": "web-1"}
    selection = "... on ResourceRegistered { resource { externalId createdAt destroyedAt deployment { slug } } }"
    answer = await api.mutate("registerResource", droplet | {"deploymentId": deployment}, selection)
    assert answer["resource"] == {
        "externalId": "42",
        "createdAt": "2026-05-01T03:00:00+00:00",
        "destroyedAt": None,
        "deployment": {"slug": "pilot"},
    }
    assert await api.mutate("registerResource", droplet) == refused("CONFLICT", "externalId")
    spare = droplet | {"externalId": "43", "createdAt": "2026-04-01T10:00:00+10:00"}
    answer = await api.mutate("registerResource", spare, selection)
    assert (answer["resource"]["deployment"], answer["resource"]["createdAt"]) == (None, "2026-04-01T00:00:00+00:00")
    odd = droplet | {"externalId": "44", "resourceKind": "moon_dust"}
    assert await api.mutate("registerResource", odd) == refused("NOT_FOUND", "resourceKind")


async def test_a_resource_is_moved_and_ended(api: Api) -> None:
    acme, rival = await api.given.tenant("acme"), await api.given.tenant("rival")
    here, there = str(await api.given.deployment(acme, "here")), str(await api.given.deployment(rival, "there"))
    droplet = {"provider": "digitalocean", "externalId": "42", "resourceKind": "droplet_hours", "name": "web-1"}
    registered = await api.mutate(
        "registerResource",
        droplet | {"deploymentId": here, "createdAt": "2026-04-01T00:00:00Z"},
        "... on ResourceRegistered { resource { id } }",
    )
    asked = {"resourceId": registered["resource"]["id"], "deploymentId": there, "movedAt": "2026-04-10T12:00:00Z"}
    shown = "{ id externalId createdAt destroyedAt deployment { slug tenant { code } } }"
    selection = f"... on ResourceMoved {{ previous {shown} resource {shown} }}"
    moved = await api.mutate("moveResource", asked, selection)
    began = moved["resource"].pop("id")
    assert moved == {
        "__typename": "ResourceMoved",
        "previous": {
            "id": asked["resourceId"],
            "externalId": "42",
            "createdAt": "2026-04-01T00:00:00+00:00",
            "destroyedAt": "2026-04-10T12:00:00+00:00",
            "deployment": {"slug": "here", "tenant": {"code": "acme"}},
        },
        "resource": {
            "externalId": "42",
            "createdAt": "2026-04-10T12:00:00+00:00",
            "destroyedAt": None,
            "deployment": {"slug": "there", "tenant": {"code": "rival"}},
        },
    }
    assert await api.mutate("moveResource", asked | {"deploymentId": here}) == refused(
        "VALIDATION_FAILED", "deploymentId"
    )
    ended = await api.mutate("endResource", {"resourceId": began}, f"... on ResourceEnded {{ resource {shown} }}")
    assert ended["resource"]["destroyedAt"] == "2026-05-01T03:00:00+00:00"
    again = {"resourceId": began, "endedAt": "2026-05-01T02:00:00Z"}
    assert await api.mutate("endResource", again) == refused("CONFLICT", "endedAt")
    early = droplet | {"createdAt": "2026-05-01T02:59:59Z"}
    assert await api.mutate("registerResource", early) == refused("VALIDATION_FAILED", "createdAt")


async def test_deployments_are_found_by_what_is_asked_for(api: Api) -> None:
    acme, rival = await api.given.tenant("acme"), await api.given.tenant("rival")
    await api.given.deployment(acme, "alpha")
    await api.given.deployment(acme, "beta", state=DeploymentState.PAUSED)
    await api.given.deployment(rival, "gamma")
    text = "query ($filter: DeploymentFilter) { deployments(filter: $filter) { nodes { slug } totalCount } }"
    for condition, slugs in (
        (None, ["alpha", "beta", "gamma"]),
        ({}, ["alpha", "beta", "gamma"]),
        ({"tenantId": str(acme)}, ["alpha", "beta"]),
        ({"state": ["PAUSED", "SUSPENDED"]}, ["beta"]),
        ({"state": []}, []),
        ({"region": "syd1", "slug": "gamma"}, ["gamma"]),
        ({"search": "LPH"}, ["alpha"]),
        ({"search": "%"}, []),
    ):
        found = (await api.data(text, {"filter": condition}))["deployments"]
        assert found == {"nodes": [{"slug": slug} for slug in slugs], "totalCount": len(slugs)}, condition
