"""Subscribing a deployment to a plan."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from app.billing import DeploymentState
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.catalog import AddonSelection, archive_plan, publish_plan_version, retire_plan_version, update_addon
from app.operations.subscriptions import subscribe
from app.tables.ids import new_id
from tests.operations.given import Given

TODAY = date(2026, 5, 1)  # the test clock's


def selected(*codes: str) -> list[AddonSelection]:
    return [AddonSelection(code) for code in codes]


async def test_a_subscription_starts_today_on_the_latest_published_version(given: Given) -> None:
    tenant_id = await given.tenant()
    await given.plan()
    second = await given.plan_version()
    await given.plan_version(publish=False)
    deployment_id = await given.deployment(tenant_id)
    subscription_id = await subscribe(given.admin(tenant_id), deployment_id=deployment_id, plan_code="studio")
    assert await given.row("SELECT * FROM subscriptions") == {
        "id": subscription_id,
        "tenant_id": tenant_id,
        "deployment_id": deployment_id,
        "plan_version_id": second,
        "status": "ACTIVE",
        "started_on": TODAY,
        "ended_on": None,
        "trial_ends_at": None,
        "created_at": given.clock(),
        "pending_plan_version_id": None,
        "pending_from": None,
    }
    assert await given.row(
        "SELECT subscription_id, tenant_id, plan_version_id, effective_on FROM subscription_plan_versions"
    ) == {
        "subscription_id": subscription_id,
        "tenant_id": tenant_id,
        "plan_version_id": second,
        "effective_on": TODAY,
    }
    assert await given.row("SELECT subscription_id, first_on, last_on FROM subscription_active_spans") == {
        "subscription_id": subscription_id,
        "first_on": TODAY,
        "last_on": None,
    }


async def test_a_version_may_be_named(given: Given) -> None:
    first = await given.plan()
    await given.plan_version()
    deployment_id = await given.deployment(await given.tenant())
    await subscribe(given.platform, deployment_id=deployment_id, plan_code="studio", plan_version=1)
    assert await given.row("SELECT plan_version_id FROM subscriptions") == {"plan_version_id": first}


@pytest.mark.parametrize("starts_on", [date(2026, 4, 1), TODAY, date(2026, 5, 20)])
async def test_the_operator_may_give_another_day(given: Given, starts_on: date) -> None:
    await given.plan()
    await given.addon("one")
    await given.addon("two")
    deployment_id = await given.deployment(await given.tenant())
    await given.subscription(deployment_id, addons=["two", "one"], starts_on=starts_on)
    days = await given.row(
        "SELECT started_on, first_on, effective_on FROM subscriptions s JOIN subscription_active_spans a"
        " ON a.subscription_id = s.id JOIN subscription_plan_versions v ON v.subscription_id = s.id"
    )
    assert set(days.values()) == {starts_on}
    attached_at = given.clock() if starts_on == TODAY else datetime.combine(starts_on, datetime.min.time(), UTC)
    addons = await given.rows("SELECT code, attached_on, attached_at FROM subscription_addons ORDER BY attached_at, id")
    assert addons == [{"code": code, "attached_on": starts_on, "attached_at": attached_at} for code in ("two", "one")]


async def test_days_are_those_of_the_billing_zone(given: Given) -> None:
    settings = replace(given.settings, billing_time_zone=ZoneInfo("Australia/Sydney"))
    sydney = Given(given.database, given.clock, settings, given.queue)
    given.clock.set(2026, 4, 30, 20)  # 1 May, 06:00 in Sydney
    await sydney.plan()
    await sydney.addon()
    tenant_id = await sydney.tenant()
    today, earlier = await sydney.deployment(tenant_id, "today"), await sydney.deployment(tenant_id, "earlier")
    await sydney.subscription(today, addons=["storage_50gb"])
    await sydney.subscription(earlier, addons=["storage_50gb"], starts_on=date(2026, 4, 20))
    rows = await given.rows(
        "SELECT started_on, attached_on, attached_at FROM subscriptions s"
        " JOIN subscription_addons a ON a.subscription_id = s.id ORDER BY started_on DESC"
    )
    assert [tuple(row.values()) for row in rows] == [
        (date(2026, 5, 1), date(2026, 5, 1), given.clock()),
        (date(2026, 4, 20), date(2026, 4, 20), datetime(2026, 4, 19, 14, tzinfo=UTC)),
    ]


async def test_a_trial_is_kept(given: Given) -> None:
    await given.plan()
    ends_at = datetime(2026, 5, 15, 12, tzinfo=UTC)
    await given.subscription(await given.deployment(await given.tenant()), trial_ends_at=ends_at)
    assert await given.row("SELECT trial_ends_at, status FROM subscriptions") == {
        "trial_ends_at": ends_at,
        "status": "ACTIVE",
    }


@pytest.mark.parametrize("state", [DeploymentState.PAUSED, DeploymentState.SUSPENDED])
async def test_of_a_paused_deployment_it_starts_paused(given: Given, state: DeploymentState) -> None:
    await given.plan()
    deployment_id = await given.deployment(await given.tenant(), state=state)
    await given.subscription(deployment_id)
    assert await given.row("SELECT status FROM subscriptions") == {"status": "PAUSED"}
    assert await given.rows("SELECT id FROM subscription_active_spans") == []


@pytest.mark.parametrize("state", [DeploymentState.CANCELLED, DeploymentState.ARCHIVED])
async def test_a_cancelled_deployment_is_not_subscribed(given: Given, state: DeploymentState) -> None:
    await given.plan()
    deployment_id = await given.deployment(await given.tenant(), state=state)
    await refused(given, ProblemCode.CONFLICT, "deploymentId", deployment_id=deployment_id, plan_code="studio")


async def refused(given: Given, code: ProblemCode, path: str, **asked: Any) -> None:
    """Subscribing as asked is refused like this, and nothing is written."""
    before = await given.contents()
    with pytest.raises(Refusal) as refusal:
        await subscribe(given.platform, **asked)
    assert (refusal.value.code, ".".join(refusal.value.path)) == (code, path)
    assert await given.contents() == before


async def test_a_deployment_has_one_subscription(given: Given) -> None:
    await given.plan()
    deployment_id = await given.deployment(await given.tenant())
    await given.subscription(deployment_id)
    await refused(
        given, ProblemCode.ALREADY_SUBSCRIBED, "deploymentId", deployment_id=deployment_id, plan_code="studio"
    )


async def test_of_many_at_once_one_subscribes(given: Given) -> None:
    await given.plan()
    await given.addon()
    deployment_id = await given.deployment(await given.tenant())
    answers = await asyncio.gather(
        *(given.subscription(deployment_id, addons=["storage_50gb"]) for _ in range(8)), return_exceptions=True
    )
    assert sum(isinstance(answer, UUID) for answer in answers) == 1
    refusals = [answer.code for answer in answers if isinstance(answer, Refusal)]
    assert refusals == [ProblemCode.ALREADY_SUBSCRIBED] * 7
    tables = ("subscriptions", "subscription_plan_versions", "subscription_active_spans", "subscription_addons")
    assert [await given.row(f"SELECT count(*) FROM {table}") for table in tables] == [{"count": 1}] * 4


@pytest.mark.parametrize(
    ("asked", "code", "path"),
    [
        ({"plan_code": "nothing"}, ProblemCode.NOT_FOUND, "planCode"),
        ({"plan_code": "\0"}, ProblemCode.NOT_FOUND, "planCode"),
        ({"plan_code": "unpublished"}, ProblemCode.PLAN_NOT_PUBLISHED, "planCode"),
        ({"plan_code": "unpublished", "plan_version": 1}, ProblemCode.PLAN_NOT_PUBLISHED, "planVersion"),
        ({"plan_version": 2}, ProblemCode.NOT_FOUND, "planVersion"),
        ({"plan_version": -1}, ProblemCode.NOT_FOUND, "planVersion"),
        ({"plan_code": "dollars"}, ProblemCode.CURRENCY_MISMATCH, "planCode"),
        ({"addons": selected("in_dollars")}, ProblemCode.CURRENCY_MISMATCH, "addons.0.code"),
        ({"addons": selected("storage_50gb", "storage_50gb")}, ProblemCode.ALREADY_ATTACHED, "addons.1.code"),
        ({"starts_on": date(2026, 1, 31)}, ProblemCode.CONFIRMATION_REQUIRED, "startsOn"),
        ({"addons": selected("storage_50gb", "nothing")}, ProblemCode.NOT_FOUND, "addons.1.code"),
        ({"addons": selected("retired")}, ProblemCode.ADDON_INACTIVE, "addons.0.code"),
        ({"addons": selected("storage_50gb") * 101}, ProblemCode.VALIDATION_FAILED, "addons"),
        ({"starts_on": date(1999, 12, 31)}, ProblemCode.VALIDATION_FAILED, "startsOn"),
        ({"starts_on": date.max}, ProblemCode.VALIDATION_FAILED, "startsOn"),
        ({"trial_ends_at": datetime.max.replace(tzinfo=UTC)}, ProblemCode.VALIDATION_FAILED, "trialEndsAt"),
        ({"deployment_id": new_id()}, ProblemCode.NOT_FOUND, "deploymentId"),
    ],
)
async def test_what_is_not_on_offer_is_refused(
    given: Given, asked: dict[str, Any], code: ProblemCode, path: str
) -> None:
    await given.plan("studio")
    await given.plan("unpublished", publish=False)
    await given.plan("dollars", currency="USD")
    await given.addon("storage_50gb")
    await given.addon("in_dollars", currency="USD")
    await given.addon("retired")
    await update_addon(given.platform, code="retired", active=False)
    deployment_id = await given.deployment(await given.tenant())
    await refused(given, code, path, **{"deployment_id": deployment_id, "plan_code": "studio"} | asked)


async def test_a_retired_version_is_not_on_offer(given: Given) -> None:
    first = await given.plan()
    second = await given.plan_version()
    deployment_id = await given.deployment(await given.tenant())
    await retire_plan_version(given.platform, plan_version_id=second)
    asked = {"deployment_id": deployment_id, "plan_code": "studio", "plan_version": 2}
    await refused(given, ProblemCode.PLAN_NOT_PUBLISHED, "planVersion", **asked)
    await given.subscription(deployment_id)
    assert await given.row("SELECT plan_version_id FROM subscriptions") == {"plan_version_id": first}


async def test_an_archived_plan_is_not_on_offer(given: Given) -> None:
    first = await given.plan()
    tenant_id = await given.tenant()
    subscribed = await given.deployment(tenant_id, "subscribed")
    await given.subscription(subscribed)
    await archive_plan(given.platform, plan_code="studio")
    deployment_id = await given.deployment(tenant_id)
    for version in ({}, {"plan_version": 1}):
        asked = {"deployment_id": deployment_id, "plan_code": "studio", **version}
        await refused(given, ProblemCode.PLAN_NOT_PUBLISHED, "planCode", **asked)
    assert await given.row("SELECT plan_version_id FROM subscriptions") == {"plan_version_id": first}


async def test_an_addon_may_be_selected_more_than_once_as_an_additional_one(given: Given) -> None:
    await given.plan()
    await given.addon("storage_50gb")
    deployment_id = await given.deployment(await given.tenant())
    twice = [AddonSelection("storage_50gb", additional=True), AddonSelection("storage_50gb", additional=True)]
    await subscribe(given.platform, deployment_id=deployment_id, plan_code="studio", addons=twice)
    assert await given.row("SELECT count(*) FROM subscription_addons") == {"count": 2}


@pytest.mark.parametrize(
    ("today", "starts_on", "asks"),
    [
        ((2026, 5, 1), date(2026, 2, 1), False),
        ((2026, 5, 1), date(2026, 1, 31), True),
        ((2026, 5, 31), date(2026, 2, 28), False),
        ((2026, 5, 31), date(2026, 2, 27), True),
        ((2026, 2, 15), date(2025, 11, 15), False),
        ((2026, 2, 15), date(2025, 11, 14), True),
        ((2026, 3, 31), date(2025, 12, 31), False),
        ((2026, 5, 1), date(2002, 4, 1), True),
        ((2026, 5, 1), date(2027, 4, 1), False),
    ],
)
async def test_a_start_of_more_than_three_months_ago_is_confirmed(
    given: Given, today: tuple[int, ...], starts_on: date, asks: bool
) -> None:
    given.clock.set(*today)
    await given.plan()
    asked = {
        "deployment_id": await given.deployment(await given.tenant()),
        "plan_code": "studio",
        "starts_on": starts_on,
    }
    if asks:
        await refused(given, ProblemCode.CONFIRMATION_REQUIRED, "startsOn", **asked)
    await subscribe(given.platform, confirm_backdating=asks, **asked)  # type: ignore[arg-type]  # values of three types
    assert await given.row("SELECT started_on FROM subscriptions") == {"started_on": starts_on}


async def test_a_draft_can_be_subscribed_to_once_it_is_published(given: Given) -> None:
    version_id = await given.plan(publish=False)
    deployment_id = await given.deployment(await given.tenant())
    await refused(given, ProblemCode.PLAN_NOT_PUBLISHED, "planCode", deployment_id=deployment_id, plan_code="studio")
    await publish_plan_version(given.platform, plan_version_id=version_id)
    await given.subscription(deployment_id)
    assert await given.row("SELECT plan_version_id FROM subscriptions") == {"plan_version_id": version_id}
