"""Changing the plan: the effective date and the plan history."""

import asyncio
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from app.billing import DeploymentState
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.catalog import archive_plan
from app.operations.deployments import transition_deployment
from app.operations.subscriptions import change_plan_version
from tests.operations.given import Given

ALL = "SELECT effective_on, plan_version_id FROM subscription_plan_versions ORDER BY effective_on"


def april(day: int) -> date:
    return date(2026, 4, day)


async def start(given: Given) -> tuple[UUID, UUID, list[UUID]]:
    """Tenant, deployment subscribed to Studio v1 since 1 April, and Studio's three versions; it is 20 April."""
    given.clock.set(2026, 4, 20, 12)
    versions = [await given.plan()]
    tenant_id = await given.tenant()
    deployment_id = await given.deployment(tenant_id)
    await given.subscription(deployment_id, starts_on=april(1))
    versions += [await given.plan_version(), await given.plan_version()]
    return tenant_id, deployment_id, versions


async def history(given: Given) -> list[tuple[int, UUID]]:
    return [(row["effective_on"].day, row["plan_version_id"]) for row in await given.rows(ALL)]


async def change(given: Given, deployment_id: UUID, version: int, on: int | None = None) -> UUID:
    return await change_plan_version(
        given.platform,
        deployment_id=deployment_id,
        plan_code="studio",
        plan_version=version,
        effective_on=None if on is None else april(on),
    )


async def test_from_today_on_the_latest_version_is_in_force(given: Given) -> None:
    tenant_id, deployment_id, (first, *_) = await start(given)
    third = await given.plan_version(base_price_cents=5001)
    subscription_id = await change_plan_version(given.admin(tenant_id), deployment_id=deployment_id, plan_code="studio")
    assert await history(given) == [(1, first), (20, third)]
    assert await given.row("SELECT id, plan_version_id FROM subscriptions") == {
        "id": subscription_id,
        "plan_version_id": third,
    }


async def test_the_plan_may_be_another(given: Given) -> None:
    _, deployment_id, (first, *_) = await start(given)
    agency = await given.plan("agency")
    await change_plan_version(given.platform, deployment_id=deployment_id, plan_code="agency")
    assert await history(given) == [(1, first), (20, agency)]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([(2, 10)], [(1, 1), (10, 2)]),
        ([(2, 1)], [(1, 2)]),
        ([(2, None), (3, None)], [(1, 1), (20, 3)]),
        ([(2, None), (1, None)], [(1, 1)]),
        ([(2, 10), (3, 15)], [(1, 1), (10, 2), (15, 3)]),
        ([(2, 15), (3, 10)], [(1, 1), (10, 3)]),
        ([(2, 10), (1, 15), (2, 15)], [(1, 1), (10, 2)]),
        ([(2, 10), (1, 10)], [(1, 1)]),
        ([(2, 10), (3, 15), (1, 1)], [(1, 1)]),
        ([(1, None)], [(1, 1)]),
        ([(2, 10), (2, None)], [(1, 1), (10, 2)]),
        ([(2, 10), (2, 5)], [(1, 1), (5, 2)]),
    ],
)
async def test_the_history_says_what_was_asked_last(
    given: Given, changes: list[tuple[int, int | None]], expected: list[tuple[int, int]]
) -> None:
    _, deployment_id, versions = await start(given)
    for version, on in changes:
        await change(given, deployment_id, version, on)
    assert await history(given) == [(day, versions[version - 1]) for day, version in expected]
    in_force = versions[expected[-1][1] - 1]
    assert await given.row("SELECT plan_version_id FROM subscriptions") == {"plan_version_id": in_force}


async def test_asking_for_what_is_in_force_changes_nothing(given: Given) -> None:
    _, deployment_id, _ = await start(given)
    await change(given, deployment_id, 2, 10)
    before = await given.contents()
    for on in (None, 10, 15):
        await change(given, deployment_id, 2, on)
    assert await given.contents() == before


async def test_before_its_start_a_subscription_changes_from_its_first_day(given: Given) -> None:
    given.clock.set(2026, 4, 1)
    await given.plan()
    tenant_id = await given.tenant()
    deployment_id = await given.deployment(tenant_id)
    await given.subscription(deployment_id, starts_on=april(10))
    second = await given.plan_version()
    await change_plan_version(given.admin(tenant_id), deployment_id=deployment_id, plan_code="studio")
    assert await history(given) == [(10, second)]


@pytest.mark.parametrize(
    ("asked", "code", "path"),
    [
        ({"effective_on": date(2026, 5, 2)}, ProblemCode.VALIDATION_FAILED, "effectiveOn"),
        ({"effective_on": date(2026, 3, 31)}, ProblemCode.VALIDATION_FAILED, "effectiveOn"),
        ({"effective_on": date.max}, ProblemCode.VALIDATION_FAILED, "effectiveOn"),
        ({"effective_on": date.min}, ProblemCode.VALIDATION_FAILED, "effectiveOn"),
        ({"plan_version": 4}, ProblemCode.PLAN_NOT_PUBLISHED, "planVersion"),
        ({"plan_version": 5}, ProblemCode.NOT_FOUND, "planVersion"),
        ({"plan_code": "nothing"}, ProblemCode.NOT_FOUND, "planCode"),
        ({"plan_code": "dollars"}, ProblemCode.CURRENCY_MISMATCH, "planCode"),
        ({"plan_code": "archived"}, ProblemCode.PLAN_NOT_PUBLISHED, "planCode"),
    ],
)
async def test_what_cannot_be_is_refused(given: Given, asked: dict[str, Any], code: ProblemCode, path: str) -> None:
    _, deployment_id, _ = await start(given)
    await given.plan_version(publish=False)
    await given.plan("dollars", currency="USD")
    await given.plan("archived")
    await archive_plan(given.platform, plan_code="archived")
    before = await given.contents()
    with pytest.raises(Refusal) as refused:
        await change_plan_version(given.platform, deployment_id=deployment_id, **{"plan_code": "studio"} | asked)
    assert (refused.value.code, refused.value.path) == (code, (path,))
    assert await given.contents() == before


async def test_only_a_current_subscription_is_changed(given: Given) -> None:
    await given.plan()
    deployment_id = await given.deployment(await given.tenant())
    for subscribed in (False, True):
        if subscribed:
            await given.subscription(deployment_id)
            await transition_deployment(given.platform, deployment_id=deployment_id, to=DeploymentState.CANCELLED)
        before = await given.contents()
        with pytest.raises(Refusal) as refused:
            await change_plan_version(given.platform, deployment_id=deployment_id, plan_code="studio")
        assert (refused.value.code, refused.value.path) == (ProblemCode.NOT_SUBSCRIBED, ("deploymentId",))
        assert await given.contents() == before


async def test_a_paused_subscription_may_change(given: Given) -> None:
    _, deployment_id, (first, second, _) = await start(given)
    await transition_deployment(given.platform, deployment_id=deployment_id, to=DeploymentState.PAUSED)
    await change(given, deployment_id, 2)
    assert await history(given) == [(1, first), (20, second)]


async def test_changes_at_once_leave_one_in_force(given: Given) -> None:
    _, deployment_id, versions = await start(given)
    await asyncio.gather(*(change(given, deployment_id, version) for version in (2, 3, 2, 3)))
    (first_day, first), (last_day, last) = await history(given)
    assert (first_day, first, last_day) == (1, versions[0], 20)
    assert await given.row("SELECT plan_version_id FROM subscriptions") == {"plan_version_id": last}
