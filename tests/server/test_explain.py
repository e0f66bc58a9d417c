"""X-Explain over HTTP: the compiled SQL for platform admins in development, and for no one else."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import httpx
import pytest

from app.database import Database
from app.operations.calls.principal import Role
from app.settings import Environment, Settings
from tests.clock import Clock
from tests.database.owners import served_by
from tests.server.answers import code
from tests.server.served_api import ServedApi, serve_api
from tests.tables.platform_rows import key

TENANT = UUID(key(1))
QUERY = '{ one: tenant(code: "acme") { name } plans { code } }'
ONE = (
    'SELECT (SELECT row_to_json(o$) FROM (SELECT t1$."name" AS "name" FROM "tenants" t1$ '
    'WHERE t1$."code" = $1::text) o$)'
)
PLANS = (
    'SELECT (SELECT coalesce(json_agg(o$), \'[]\') FROM (SELECT t1$."code" AS "code" FROM "plans" t1$ '
    'ORDER BY t1$."code", t1$."id") o$)'
)
CREATE = 'mutation { createTenant(input: {code: "acme", name: "Acme"}) { ... on TenantCreated { tenant { name } } } }'


@pytest.fixture
async def api(settings: Settings, database: Database, clock: Clock) -> AsyncIterator[ServedApi]:
    async with serve_api(settings, clock) as served:
        yield served


async def sent(client: httpx.AsyncClient, value: str | None, query: str = QUERY) -> httpx.Response:
    headers = {"accept": "application/graphql-response+json"} | ({} if value is None else {"x-explain": value})
    return await client.post("/graphql", json={"query": query}, headers=headers)


def explained(response: httpx.Response) -> list[dict[str, Any]]:
    statements: list[dict[str, Any]] = response.json()["extensions"]["explain"]
    return statements


async def test_the_statements_of_a_query(api: ServedApi) -> None:
    async with api.client() as admin:
        response = await sent(admin, "1")
        body = response.json()
        assert body["data"] == {"one": None, "plans": []}
        assert list(body["extensions"]) == ["explain", "cost"]
        assert explained(response) == [
            {"statement": ONE, "parameters": ["acme"]},
            {"statement": PLANS, "parameters": []},
        ]
        got = await admin.get("/graphql", params={"query": QUERY}, headers={"x-explain": "1"})
        assert explained(got) == explained(response)


async def test_the_plans_too(api: ServedApi) -> None:
    async with api.client() as admin:
        one, plans = explained(await sent(admin, "analyze"))
    assert (one["statement"], plans["statement"]) == (ONE, PLANS)
    for plan in (one["plan"], plans["plan"]):
        assert re.match(r"Result .*\(actual ", plan)
        assert re.fullmatch(r"Execution Time: [0-9.]+ ms", plan.splitlines()[-1])


async def test_what_is_read_after_a_mutation(api: ServedApi) -> None:
    async with api.client() as admin:
        response = await sent(admin, "1", CREATE)
    assert response.json()["data"] == {"createTenant": {"tenant": {"name": "Acme"}}}
    (statement,) = explained(response)
    assert statement["statement"].startswith("SELECT (SELECT coalesce(json_object_agg(")


async def test_a_refused_document_has_no_statements(api: ServedApi) -> None:
    async with api.client() as admin:
        response = await sent(admin, "1", "{ nothing }")
    assert (response.status_code, code(response), explained(response)) == (400, "GRAPHQL_VALIDATION_FAILED", [])


@pytest.mark.parametrize("value", ["", "0", "true", "2", "ANALYZE", "analyze; x", "\xff"])
async def test_another_value_is_refused(api: ServedApi, value: str) -> None:
    async with api.client() as admin:
        response = await admin.post(
            "/graphql", json={"query": QUERY}, headers=[(b"x-explain", value.encode("latin-1"))]
        )
    (error,) = response.json()["errors"]
    assert (response.status_code, error["extensions"]["code"]) == (400, "BAD_REQUEST")
    assert error["message"] == "X-Explain is 1, for the statements, or analyze, for their plans too."


@pytest.mark.parametrize("value", ["1", "analyze", "nonsense"])
async def test_for_others_it_is_an_unknown_header(api: ServedApi, value: str) -> None:
    for role, tenant in ((Role.TENANT_ADMIN, TENANT), (Role.TENANT_VIEWER, TENANT), (Role.METER, None)):
        async with api.client(role, tenant) as other:
            responses = [await sent(other, header) for header in (None, value)]
        plain, with_header = ((answer.status_code, answer.content) for answer in responses)
        assert _timeless(with_header) == _timeless(plain)


async def test_in_production_it_is_an_unknown_header(settings: Settings, clock: Clock) -> None:
    async with served_by(settings) as production:
        own = replace(production, environment=Environment.PRODUCTION)
        async with serve_api(own, clock) as served, served.client() as admin:
            plain, *others = [await sent(admin, header) for header in (None, "1", "analyze", "nonsense")]
    assert [_timeless((other.status_code, other.content)) for other in others] == [
        _timeless((plain.status_code, plain.content))
    ] * 3


def _timeless(response: tuple[int, bytes]) -> tuple[int, bytes]:
    """The response without what depends on the time of the request."""
    status, body = response
    return status, re.sub(rb'"(resetAt|requestId)":"[^"]*"|"remaining":\d+', b"", body)
