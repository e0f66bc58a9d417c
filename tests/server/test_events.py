"""GET /events over the real server."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.database import Database
from app.operations.calls.principal import Role
from app.operations.events import publish_events
from app.queue import Queue
from app.settings import Settings
from app.tables.ids import new_id
from tests.clock import Clock
from tests.operations.given import Given
from tests.server.served_api import ServedApi, ask, serve_api

PATH = "/events"


@pytest.fixture
async def served(settings: Settings, clock: Clock, database: Database) -> AsyncIterator[ServedApi]:
    async with serve_api(settings, clock) as api:
        yield api


@pytest.fixture
async def given(settings: Settings, clock: Clock, database: Database) -> AsyncIterator[Given]:
    async with Queue(settings) as queue:
        yield Given(database, clock, settings, queue)


def types(page: dict[str, Any]) -> list[str]:
    return [event["type"] for event in page["events"]]


async def test_pages_follow_one_another_by_the_last_id(served: ServedApi, given: Given) -> None:
    tenant_id = await given.tenant()
    deployment_id = await given.deployment(tenant_id)
    await publish_events(given.platform)
    async with served.client() as client:
        first = (await client.get(PATH, params={"limit": 1})).json()
        second = (await client.get(PATH, params={"after": first["next"]})).json()
        third = (await client.get(PATH, params={"after": second["next"]})).json()
    assert (types(first), types(second)) == (["tenant.created"], ["deployment.transitioned"])
    assert third == {"events": [], "next": second["next"]}
    assert first["events"][0] == {
        "id": first["next"],
        "type": "tenant.created",
        "version": 1,
        "timestamp": given.clock().isoformat(),
        "tenantId": str(tenant_id),
        "aggregateType": "TENANT",
        "aggregateId": str(tenant_id),
        "sequence": 1,
        "data": {
            "tenantId": str(tenant_id),
            "code": "acme",
            "name": "Acme",
            "country": "AU",
            "currency": "AUD",
            "taxExempt": False,
            "closedAt": None,
        },
    }
    assert second["events"][0]["aggregateId"] == str(deployment_id)


async def test_a_tenants_users_get_its_own_events_by_either_way(served: ServedApi, given: Given) -> None:
    ours, theirs = await given.tenant("ours"), await given.tenant("theirs")
    await publish_events(given.platform)
    query = "query($tenant: ID) { events(filter: {tenantId: $tenant}) { nodes { sequence tenant { code } } } }"
    async with served.client(Role.TENANT_VIEWER, ours) as client, served.client() as platform:
        page = (await client.get(PATH)).json()
        assert [event["tenantId"] for event in page["events"]] == [str(ours)]
        answer = await ask(client, query)
        assert [node["tenant"]["code"] for node in answer["data"]["events"]["nodes"]] == ["ours"]
        assert (await ask(client, query, tenant=str(theirs)))["data"]["events"]["nodes"] == []
        everything = (await platform.get(PATH)).json()
        assert [event["tenantId"] for event in everything["events"]] == [str(ours), str(theirs)]
        unknown = await client.get(PATH, params={"after": everything["next"]})
        assert (unknown.status_code, unknown.json()["errors"][0]["extensions"]["code"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("parameters", "role", "status"),
    [
        ({"limit": 0}, Role.PLATFORM_ADMIN, 400),
        ({"limit": 1001}, Role.PLATFORM_ADMIN, 400),
        ({"after": "x"}, Role.PLATFORM_ADMIN, 400),
        ({"after": str(new_id())}, Role.PLATFORM_ADMIN, 404),
        ({}, Role.METER, 403),
    ],
)
async def test_what_is_refused(served: ServedApi, parameters: dict[str, Any], role: Role, status: int) -> None:
    async with served.client(role) as client:
        assert (await client.get(PATH, params=parameters)).status_code == status


async def test_without_a_token_nothing_is_read(served: ServedApi) -> None:
    async with served.client() as client:
        client.headers.pop("authorization")
        assert (await client.get(PATH)).status_code == 401


async def test_events_by_type_and_aggregate(served: ServedApi, given: Given) -> None:
    deployment_id = await given.deployment(await given.tenant())
    query = "query($filter: EventFilter) { events(filter: $filter) { nodes { type aggregateType aggregateId } } }"
    created = {
        "type": "deployment.transitioned",
        "aggregateType": "DEPLOYMENT",
        "aggregateId": str(deployment_id),
    }
    async with served.client() as client:
        for chosen in (
            {"type": ["deployment.transitioned"]},
            {"aggregateType": ["DEPLOYMENT"]},
            {"aggregateId": str(deployment_id)},
        ):
            assert (await ask(client, query, filter=chosen))["data"]["events"]["nodes"] == [created]
        both = await ask(client, query, filter={"type": ["tenant.created", "deployment.transitioned"]})
        assert [node["type"] for node in both["data"]["events"]["nodes"]] == [
            "deployment.transitioned",
            "tenant.created",
        ]
