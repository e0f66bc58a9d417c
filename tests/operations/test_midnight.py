"""Pauses and cancellations at the first instant of a day: the day does not count as active."""

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from app.billing import DeploymentState
from app.operations.data_integrity import check
from app.operations.deployments import transition_deployment
from tests.operations.given import Given

PAUSED, ACTIVE, CANCELLED = DeploymentState.PAUSED, DeploymentState.ACTIVE, DeploymentState.CANCELLED
SPANS = "SELECT first_on, last_on FROM subscription_active_spans ORDER BY first_on"

Moves = list[tuple[datetime, DeploymentState]]


def at(day: int, *time: int) -> datetime:
    return datetime(2026, 4, day, *time, tzinfo=UTC)  # type: ignore[misc, arg-type]  # the zone is by name


async def spans(given: Given) -> list[tuple[int, int | None]]:
    return [(row["first_on"].day, row["last_on"] and row["last_on"].day) for row in await given.rows(SPANS)]


@pytest.mark.parametrize(
    ("moves", "expected"),
    [
        ([(at(10), PAUSED)], [(1, 9)]),
        ([(at(9, 23, 59, 59, 999_999), PAUSED)], [(1, 9)]),
        ([(at(10, 0, 0, 0, 1), PAUSED)], [(1, 10)]),
        ([(at(10), CANCELLED)], [(1, 9)]),
        ([(at(10), PAUSED), (at(10, 12), ACTIVE)], [(1, 9), (10, None)]),
        ([(at(10), PAUSED), (at(10), ACTIVE)], [(1, 9), (10, None)]),
        ([(at(10), PAUSED), (at(11), ACTIVE)], [(1, 9), (11, None)]),
        ([(at(9, 12), PAUSED), (at(10), ACTIVE)], [(1, 9), (10, None)]),
        ([(at(9, 12), PAUSED), (at(9, 13), ACTIVE), (at(10), PAUSED)], [(1, 9)]),
        ([(at(9, 12), PAUSED), (at(10), ACTIVE), (at(10), PAUSED)], [(1, 9)]),  # for no time at all
        ([(at(10), PAUSED), (at(12), CANCELLED)], [(1, 9)]),
        ([(at(10), PAUSED), (at(10, 12), ACTIVE), (at(10, 13), PAUSED)], [(1, 9), (10, 10)]),
        (
            [(at(10), PAUSED), (at(10, 12), ACTIVE), (at(10, 13), PAUSED), (at(11), ACTIVE)],
            [(1, 9), (10, 10), (11, None)],
        ),
        ([(at(10), PAUSED), (at(10, 12), ACTIVE), (at(11), PAUSED)], [(1, 9), (10, 10)]),
    ],
)
async def test_the_days_of_a_subscription_since_the_first(
    given: Given, moves: Moves, expected: list[tuple[int, int | None]]
) -> None:
    await given.plan()
    given.clock.now = at(1)
    deployment_id = await given.deployment(await given.tenant())
    await given.subscription(deployment_id)
    for moment, to in moves:
        given.clock.now = moment
        await transition_deployment(given.platform, deployment_id=deployment_id, to=to)
    assert await spans(given) == expected
    ended_on = moves[-1][0].date() if moves[-1][1] is CANCELLED else None
    assert await given.row("SELECT ended_on FROM subscriptions") == {"ended_on": ended_on}


@pytest.mark.parametrize(
    ("starts_on", "moves", "expected"),
    [
        (10, [(at(10), PAUSED)], []),  # it began with the day, and was never active
        (10, [(at(10), CANCELLED)], []),
        (10, [(at(10), PAUSED), (at(10, 12), ACTIVE)], [(10, None)]),
        (10, [(at(10, 0, 0, 0, 1), PAUSED)], [(10, 10)]),
        (15, [(at(10), PAUSED)], []),
        (15, [(at(10), PAUSED), (at(12), ACTIVE)], [(15, None)]),
        (15, [(at(10), PAUSED), (at(12), ACTIVE), (at(15), PAUSED)], []),
        (15, [(at(15), CANCELLED)], []),
        (15, [(at(16), CANCELLED)], [(15, 15)]),
    ],
)
async def test_the_days_of_one_that_starts_later(
    given: Given, starts_on: int, moves: Moves, expected: list[tuple[int, int | None]]
) -> None:
    await given.plan()
    given.clock.now = at(9)
    deployment_id = await given.deployment(await given.tenant())
    await given.subscription(deployment_id, starts_on=date(2026, 4, starts_on))
    for moment, to in moves:
        given.clock.now = moment
        await transition_deployment(given.platform, deployment_id=deployment_id, to=to)
    assert await spans(given) == expected


@pytest.mark.parametrize(("microseconds", "expected"), [(0, []), (1, [(10, 10)])])
async def test_subscribed_at_the_first_instant_and_paused_then_or_just_after(
    given: Given, microseconds: int, expected: list[tuple[int, int | None]]
) -> None:
    await given.plan()
    given.clock.now = at(10)
    deployment_id = await given.deployment(await given.tenant())
    await given.subscription(deployment_id)
    given.clock.advance(microseconds=microseconds)
    await transition_deployment(given.platform, deployment_id=deployment_id, to=PAUSED)
    assert await spans(given) == expected


async def test_the_day_is_the_billing_zones(given: Given) -> None:
    settings = replace(given.settings, billing_time_zone=ZoneInfo("Australia/Sydney"))
    sydney = Given(given.database, given.clock, settings, given.queue)
    await sydney.plan()
    given.clock.now = at(1)
    deployment_id = await sydney.deployment(await sydney.tenant())
    await sydney.subscription(deployment_id)
    given.clock.now = at(9, 14)  # 10 April, 00:00 in Sydney
    await transition_deployment(sydney.platform, deployment_id=deployment_id, to=PAUSED)
    assert await spans(given) == [(1, 9)]


async def test_the_data_check_agrees(given: Given) -> None:
    await given.plan()
    given.clock.now = at(1)
    deployment_id = await given.deployment(await given.tenant())
    await given.subscription(deployment_id)
    for moment, to in ((at(10), PAUSED), (at(10, 12), ACTIVE), (at(12), CANCELLED)):
        given.clock.now = moment
        await transition_deployment(given.platform, deployment_id=deployment_id, to=to)
    assert await check(given.platform) == []
