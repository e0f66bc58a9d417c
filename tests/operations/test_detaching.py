"""Attaching an add-on once, and detaching it: its last day is billed."""

import asyncio
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from app.billing import DeploymentState
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.deployments import transition_deployment
from app.operations.subscriptions import attach_addon, detach_addon
from app.tables.ids import new_id
from tests.operations.given import Given

DAYS = "SELECT attached_on, detached_on FROM subscription_addons ORDER BY id"


def april(day: int) -> date:
    return date(2026, 4, day)


async def start(given: Given) -> tuple[UUID, UUID, UUID]:
    """Tenant, deployment subscribed since 1 April, and its add-on, attached on 5 April; it is 20 April."""
    await given.plan()
    await given.addon()
    given.clock.set(2026, 4, 1)
    tenant_id = await given.tenant()
    deployment_id = await given.deployment(tenant_id)
    await given.subscription(deployment_id)
    given.clock.set(2026, 4, 5, 12)
    attached = await attach_addon(given.admin(tenant_id), deployment_id=deployment_id, addon_code="storage_50gb")
    given.clock.set(2026, 4, 20, 12)
    return tenant_id, deployment_id, attached


async def days(given: Given) -> list[tuple[date, date | None]]:
    return [(row["attached_on"], row["detached_on"]) for row in await given.rows(DAYS)]


async def refused(given: Given, context: Any, attached: UUID, last_day: date | None) -> tuple[ProblemCode, str]:
    """The refusal of a detachment, which writes nothing."""
    before = await given.contents()
    with pytest.raises(Refusal) as refusal:
        await detach_addon(context, subscription_addon_id=attached, last_day=last_day)
    assert await given.contents() == before
    return refusal.value.code, ".".join(refusal.value.path)


async def test_today_is_the_last_day(given: Given) -> None:
    tenant_id, _, attached = await start(given)
    assert await detach_addon(given.admin(tenant_id), subscription_addon_id=attached) == attached
    assert await days(given) == [(april(5), april(20))]


@pytest.mark.parametrize("last_day", [5, 19, 20])
async def test_a_platform_admin_chooses_the_day(given: Given, last_day: int) -> None:
    tenant_id, _, attached = await start(given)
    if last_day != 20:
        answer = await refused(given, given.admin(tenant_id), attached, april(last_day))
        assert answer == (ProblemCode.PERMISSION_DENIED, "lastDay")
    await detach_addon(given.platform, subscription_addon_id=attached, last_day=april(last_day))
    assert await days(given) == [(april(5), april(last_day))]


@pytest.mark.parametrize("last_day", [april(4), april(21), date.max, date.min])
async def test_the_last_day_is_not_in_the_future_nor_before_the_first(given: Given, last_day: date) -> None:
    _, _, attached = await start(given)
    answer = await refused(given, given.platform, attached, last_day)
    assert answer == (ProblemCode.VALIDATION_FAILED, "lastDay")


async def test_detaching_again_answers_the_same_for_the_same_day_only(given: Given) -> None:
    tenant_id, _, attached = await start(given)
    await detach_addon(given.platform, subscription_addon_id=attached, last_day=april(18))
    before = await given.contents()
    await detach_addon(given.platform, subscription_addon_id=attached, last_day=april(18))
    assert await given.contents() == before
    assert await refused(given, given.platform, attached, april(17)) == (ProblemCode.CONFLICT, "lastDay")
    assert await refused(given, given.admin(tenant_id), attached, None) == (ProblemCode.CONFLICT, "lastDay")


async def test_of_many_at_once_all_answer_the_same(given: Given) -> None:
    _, _, attached = await start(given)
    answers = await asyncio.gather(*(detach_addon(given.platform, subscription_addon_id=attached) for _ in range(4)))
    assert answers == [attached] * 4
    assert await days(given) == [(april(5), april(20))]


async def test_an_addon_whose_first_day_is_to_come_is_detached_on_that_day(given: Given) -> None:
    given.clock.set(2026, 4, 20)
    await given.plan()
    await given.addon()
    tenant_id = await given.tenant()
    await given.subscription(await given.deployment(tenant_id), addons=["storage_50gb"], starts_on=april(25))
    row = await given.row("SELECT id FROM subscription_addons")
    await detach_addon(given.admin(tenant_id), subscription_addon_id=row["id"])
    assert await days(given) == [(april(25), april(25))]


async def test_of_a_cancelled_subscription_an_addon_may_be_detached_for_an_earlier_day(given: Given) -> None:
    _, deployment_id, attached = await start(given)
    await transition_deployment(given.platform, deployment_id=deployment_id, to=DeploymentState.CANCELLED)
    await detach_addon(given.platform, subscription_addon_id=attached, last_day=april(10))
    assert await days(given) == [(april(5), april(10))]


async def test_an_unknown_addon_and_another_tenants_are_not_found(given: Given) -> None:
    _, _, attached = await start(given)
    other = given.admin(await given.tenant("other"))
    for unknown in (attached, new_id()):
        assert await refused(given, other, unknown, None) == (ProblemCode.NOT_FOUND, "subscriptionAddonId")


@pytest.mark.parametrize(
    ("last_day", "again_on", "is_attached"),
    [(None, 20, True), (20, 20, True), (19, 20, False), (20, 21, False)],
)
async def test_an_addon_is_attached_once_at_a_time(
    given: Given, last_day: int | None, again_on: int, is_attached: bool
) -> None:
    """An add-on counts as attached until the end of its last day; on the next day it may be attached again."""
    tenant_id, deployment_id, attached = await start(given)
    if last_day is not None:
        await detach_addon(given.platform, subscription_addon_id=attached, last_day=april(last_day))
    given.clock.set(2026, 4, again_on, 13)
    arguments: dict[str, Any] = {"deployment_id": deployment_id, "addon_code": "storage_50gb"}
    if is_attached:
        before = await given.contents()
        with pytest.raises(Refusal) as refusal:
            await attach_addon(given.admin(tenant_id), **arguments)
        assert (refusal.value.code, refusal.value.path) == (ProblemCode.ALREADY_ATTACHED, ("addonCode",))
        assert await given.contents() == before
    await attach_addon(given.admin(tenant_id), additional=is_attached, **arguments)
    assert [first for first, _ in await days(given)] == [april(5), april(again_on)]


async def test_an_addon_from_a_day_to_come_is_attached_already(given: Given) -> None:
    given.clock.set(2026, 4, 20)
    await given.plan()
    await given.addon()
    deployment_id = await given.deployment(await given.tenant())
    await given.subscription(deployment_id, addons=["storage_50gb"], starts_on=april(25))
    with pytest.raises(Refusal) as refusal:
        await attach_addon(given.platform, deployment_id=deployment_id, addon_code="storage_50gb")
    assert refusal.value.code is ProblemCode.ALREADY_ATTACHED


async def test_of_two_at_once_one_attaches(given: Given) -> None:
    await given.plan()
    await given.addon()
    deployment_id = await given.deployment(await given.tenant())
    await given.subscription(deployment_id)
    answers = await asyncio.gather(
        *(attach_addon(given.platform, deployment_id=deployment_id, addon_code="storage_50gb") for _ in range(4)),
        return_exceptions=True,
    )
    refusals = [answer.code for answer in answers if isinstance(answer, Refusal)]
    assert refusals == [ProblemCode.ALREADY_ATTACHED] * 3
    assert len(await days(given)) == 1
