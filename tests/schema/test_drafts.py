"""Draft plan versions are visible to the platform only: for tenants and meters they do not exist."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from app.operations.calls.context import Context
from tests.schema.api import Api, refused

PLANS = "{ plans { code versions { version status basePriceCents resources { tiers { unitPriceCents } } } } }"
BY_ID = "query ($id: ID!) { node(id: $id) { id } nodes(ids: [$id]) { id ... on PlanVersion { basePriceCents } } }"
CALLERS: dict[str, Callable[[Api], Awaitable[Context]]] = {}


def caller(make: Callable[[Api], Awaitable[Context]]) -> Callable[[Api], Awaitable[Context]]:
    CALLERS[make.__name__] = make
    return make


@caller
async def admin(api: Api) -> Context:
    return api.given.admin(await api.given.tenant("acme"))


@caller
async def viewer(api: Api) -> Context:
    return api.given.viewer(await api.given.tenant("acme"))


@caller
async def meter(api: Api) -> Context:
    return api.given.meter()


@pytest.fixture
async def draft(api: Api) -> str:
    """The second version of plan `studio`, a draft; the first is published."""
    await api.given.plan("studio")
    return str(await api.given.plan_version("studio", base_price_cents=123_456, publish=False))


@pytest.mark.parametrize("role", CALLERS)
async def test_a_draft_is_absent_from_every_answer(api: Api, draft: str, role: str) -> None:
    by = await CALLERS[role](api)
    (plan,) = (await api.data(PLANS, caller=by))["plans"]
    assert [(version["version"], version["status"]) for version in plan["versions"]] == [(1, "PUBLISHED")]
    assert await api.data(BY_ID, {"id": draft}, caller=by) == {"node": None, "nodes": [None]}


async def test_the_platform_admin_sees_drafts(api: Api, draft: str) -> None:
    (plan,) = (await api.data(PLANS))["plans"]
    assert [(version["version"], version["basePriceCents"]) for version in plan["versions"]][1] == (2, 123_456)
    assert (await api.data(BY_ID, {"id": draft}))["node"] == {"id": draft}


@pytest.mark.parametrize(
    "version",
    [2, 3],
    ids=["draft", "none"],
)
@pytest.mark.usefixtures("draft")
async def test_errors_are_the_same_for_a_draft_and_a_missing_version(api: Api, version: int) -> None:
    by = await admin(api)
    assert by.principal.tenant_id is not None
    deployment = str(await api.given.deployment(by.principal.tenant_id))
    asked: dict[str, Any] = {"planCode": "studio", "planVersion": version}
    quote = "query ($input: QuoteInput!) { quote(input: $input) { totalCents } }"
    error = await api.error(quote, {"input": asked}, caller=by)
    assert f"'studio version {version}'" in error["message"]
    assert error["extensions"]["problem"] == "NOT_FOUND"
    given = asked | {"deploymentId": deployment}
    assert await api.mutate("subscribe", given, caller=by) == refused("NOT_FOUND", "planVersion")
    await api.mutate("subscribe", {"deploymentId": deployment, "planCode": "studio"}, caller=by)
    assert await api.mutate("changePlanVersion", given, caller=by) == refused("NOT_FOUND", "planVersion")
    named = await api.mutate("subscribe", given)
    assert named == refused("PLAN_NOT_PUBLISHED" if version == 2 else "NOT_FOUND", "planVersion")
