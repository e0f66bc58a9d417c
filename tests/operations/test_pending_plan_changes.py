"""A tenant's own plan change under proration NONE: today for a higher base price, else on the first of next month."""

import asyncio
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from app.billing import DeploymentState, Proration, RatedMonth
from app.operations.calls.access import Action
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.catalog import archive_plan
from app.operations.deployments import transition_deployment
from app.operations.quotes import months_to_date
from app.operations.subscriptions import apply_pending_plan_changes, change_plan_version
from tests.operations.given import Given

SUBSCRIPTION = """
SELECT p.code AS plan, q.code AS pending, s.pending_from FROM subscriptions s
JOIN plan_versions v ON v.id = s.plan_version_id JOIN plans p ON p.id = v.plan_id
LEFT JOIN plan_versions w ON w.id = s.pending_plan_version_id LEFT JOIN plans q ON q.id = w.plan_id
"""
HISTORY = """
SELECT h.effective_on, p.code FROM subscription_plan_versions h
JOIN plan_versions v ON v.id = h.plan_version_id JOIN plans p ON p.id = v.plan_id ORDER BY h.effective_on
"""
JANUARY, FEBRUARY = date(2026, 1, 1), date(2026, 2, 1)


async def start(given: Given, on: str = "large", starts_on: date = JANUARY) -> tuple[UUID, UUID]:
    """Tenant and deployment, on the plan `large` (20000c, NONE) since 1 January; it is 31 January, 23:50.

    There are also `small` (500c, NONE), `same` (20000c, NONE), `daily` (500c, DAILY) and `daily-large` (30000c).
    """
    given.clock.set(2026, 1, 31, 23, 50)
    prices = {"large": 20000, "small": 500, "same": 20000, "larger": 20001}
    for code, price in prices.items():
        await given.plan(code, base_price_cents=price)
    for code, price in {"daily": 500, "daily-large": 30000, "daily-small": 1}.items():
        await given.plan(code, base_price_cents=price, proration=Proration.DAILY)
    tenant_id = await given.tenant()
    deployment_id = await given.deployment(tenant_id)
    await given.subscription(deployment_id, on, starts_on=starts_on)
    return tenant_id, deployment_id


async def subscription(given: Given) -> tuple[str, str | None, date | None]:
    row = await given.row(SUBSCRIPTION)
    return row["plan"], row["pending"], row["pending_from"]


async def history(given: Given) -> list[tuple[date, str]]:
    return [(row["effective_on"], row["code"]) for row in await given.rows(HISTORY)]


async def cents_to_date(given: Given, deployment_id: UUID) -> int:
    month = (await months_to_date(given.platform, [deployment_id]))[deployment_id]
    assert isinstance(month, RatedMonth)
    return month.subtotal_cents


@pytest.mark.parametrize(
    ("before", "after", "is_pending"),
    [
        ("large", "small", True),
        ("large", "same", True),
        ("large", "larger", False),
        ("large", "daily", True),
        ("large", "daily-large", False),
        ("daily", "daily-small", False),
        ("daily", "daily-large", False),
        ("daily-large", "small", True),
        ("daily", "large", False),
    ],
)
async def test_a_tenants_own_change(given: Given, before: str, after: str, is_pending: bool) -> None:
    tenant_id, deployment_id = await start(given, before)
    await change_plan_version(given.admin(tenant_id), deployment_id=deployment_id, plan_code=after)
    if is_pending:
        assert await subscription(given) == (before, after, FEBRUARY)
        assert await history(given) == [(JANUARY, before), (FEBRUARY, after)]
    else:
        assert await subscription(given) == (after, None, None)
        assert await history(given) == [(JANUARY, before), (date(2026, 1, 31), after)]


async def test_down_before_midnight_and_up_after_it_costs_both_months_in_full(given: Given) -> None:
    """N1: the month that ends keeps its base price, and so does the one that begins."""
    tenant_id, deployment_id = await start(given)
    await change_plan_version(given.admin(tenant_id), deployment_id=deployment_id, plan_code="small")
    given.clock.set(2026, 2, 1, 0, 5)
    await change_plan_version(given.admin(tenant_id), deployment_id=deployment_id, plan_code="large")
    assert await subscription(given) == ("large", None, None)
    assert await history(given) == [(JANUARY, "large")]


async def test_a_change_to_a_free_plan_leaves_the_month_to_date_as_it_is(given: Given) -> None:
    """SEC-A14: a tenant cannot reduce a month's charges to zero on its last day."""
    tenant_id, deployment_id = await start(given)
    await given.plan("free", base_price_cents=0)
    await change_plan_version(given.admin(tenant_id), deployment_id=deployment_id, plan_code="free")
    assert await cents_to_date(given, deployment_id) == 20000
    given.clock.set(2026, 2, 1, 0, 5)
    assert await cents_to_date(given, deployment_id) == 0


@pytest.mark.parametrize(
    ("next_one", "expected", "rows"),
    [
        ("daily", ("large", "daily", FEBRUARY), [(JANUARY, "large"), (FEBRUARY, "daily")]),
        ("large", ("large", None, None), [(JANUARY, "large")]),
        ("larger", ("larger", None, None), [(JANUARY, "large"), (date(2026, 1, 31), "larger")]),
        ("small", ("large", "small", FEBRUARY), [(JANUARY, "large"), (FEBRUARY, "small")]),
    ],
)
async def test_a_further_change_replaces_the_pending_one(
    given: Given, next_one: str, expected: tuple[Any, ...], rows: list[tuple[date, str]]
) -> None:
    tenant_id, deployment_id = await start(given)
    for plan in ("small", next_one):
        await change_plan_version(given.admin(tenant_id), deployment_id=deployment_id, plan_code=plan)
    assert await subscription(given) == expected
    assert await history(given) == rows


async def test_asking_again_for_the_pending_version_writes_nothing(given: Given) -> None:
    tenant_id, deployment_id = await start(given)
    await change_plan_version(given.admin(tenant_id), deployment_id=deployment_id, plan_code="small")
    before = await given.contents()
    await change_plan_version(given.admin(tenant_id), deployment_id=deployment_id, plan_code="small")
    assert await given.contents() == before


async def test_a_platform_admin_chooses_the_day(given: Given) -> None:
    _, deployment_id = await start(given)
    for day, expected in (
        (None, [(JANUARY, "large"), (date(2026, 1, 31), "small")]),
        (FEBRUARY, [(JANUARY, "large"), (date(2026, 1, 31), "small")]),  # in force already
        (date(2026, 1, 10), [(JANUARY, "large"), (date(2026, 1, 10), "small")]),
    ):
        await change_plan_version(given.platform, deployment_id=deployment_id, plan_code="small", effective_on=day)
        assert await history(given) == expected
    await change_plan_version(given.platform, deployment_id=deployment_id, plan_code="same", effective_on=FEBRUARY)
    assert await subscription(given) == ("small", "same", FEBRUARY)
    await change_plan_version(given.platform, deployment_id=deployment_id, plan_code="large", effective_on=JANUARY)
    assert await history(given) == [(JANUARY, "large")]
    assert await subscription(given) == ("large", None, None)


async def test_a_pending_change_of_an_earlier_day_is_replaced_too(given: Given) -> None:
    tenant_id, deployment_id = await start(given)
    given.clock.set(2026, 2, 5)
    day = date(2026, 2, 20)
    await change_plan_version(given.platform, deployment_id=deployment_id, plan_code="larger", effective_on=day)
    assert await subscription(given) == ("large", "larger", day)
    await change_plan_version(given.admin(tenant_id), deployment_id=deployment_id, plan_code="small")
    assert await history(given) == [(JANUARY, "large"), (date(2026, 3, 1), "small")]
    assert await subscription(given) == ("large", "small", date(2026, 3, 1))


async def test_a_tenant_may_name_only_the_day_that_is_its_own(given: Given) -> None:
    tenant_id, deployment_id = await start(given)
    arguments: dict[str, Any] = {"deployment_id": deployment_id, "plan_code": "small"}
    for day in (date(2026, 1, 31), date(2026, 1, 1), date(2026, 3, 1)):
        with pytest.raises(Refusal, match=Action.CHOOSE_BILLING_DAYS) as refused:
            await change_plan_version(given.admin(tenant_id), effective_on=day, **arguments)
        assert (refused.value.code, refused.value.path) == (ProblemCode.PERMISSION_DENIED, ("effectiveOn",))
    await change_plan_version(given.admin(tenant_id), effective_on=FEBRUARY, **arguments)
    assert await subscription(given) == ("large", "small", FEBRUARY)


async def test_before_its_start_a_subscription_changes_from_its_first_day(given: Given) -> None:
    tenant_id, deployment_id = await start(given, starts_on=date(2026, 2, 10))
    await change_plan_version(given.admin(tenant_id), deployment_id=deployment_id, plan_code="small")
    assert await history(given) == [(date(2026, 2, 10), "small")]
    assert await subscription(given) == ("small", None, None)


async def test_on_its_first_day_a_subscription_has_its_plan(given: Given) -> None:
    tenant_id, deployment_id = await start(given, starts_on=date(2026, 1, 31))
    await change_plan_version(given.admin(tenant_id), deployment_id=deployment_id, plan_code="small")
    assert await subscription(given) == ("large", "small", FEBRUARY)


async def test_due_changes_are_applied_once_and_others_stay(given: Given) -> None:
    tenant_id, deployment_id = await start(given)
    await change_plan_version(given.admin(tenant_id), deployment_id=deployment_id, plan_code="small")
    assert await apply_pending_plan_changes(given.platform) == 0
    assert await subscription(given) == ("large", "small", FEBRUARY)
    given.clock.set(2026, 2, 1)
    applied = await asyncio.gather(*(apply_pending_plan_changes(given.platform) for _ in range(3)))
    assert sum(applied) == 1
    assert await subscription(given) == ("small", None, None)
    assert await history(given) == [(JANUARY, "large"), (FEBRUARY, "small")]
    before = await given.contents()
    assert await apply_pending_plan_changes(given.platform) == 0
    assert await given.contents() == before


async def test_a_change_that_is_due_counts_before_it_is_applied(given: Given) -> None:
    """The plan version in force is the one that the history has for the day, even if the subscription still names
    another.
    """
    tenant_id, deployment_id = await start(given)
    await change_plan_version(given.admin(tenant_id), deployment_id=deployment_id, plan_code="small")
    given.clock.set(2026, 2, 10)
    await change_plan_version(given.admin(tenant_id), deployment_id=deployment_id, plan_code="large")
    assert await history(given) == [(JANUARY, "large"), (FEBRUARY, "small"), (date(2026, 2, 10), "large")]
    assert await subscription(given) == ("large", None, None)


async def test_a_pending_version_that_is_archived_comes_into_force(given: Given) -> None:
    tenant_id, deployment_id = await start(given)
    await change_plan_version(given.admin(tenant_id), deployment_id=deployment_id, plan_code="small")
    await archive_plan(given.platform, plan_code="small")
    given.clock.set(2026, 2, 1)
    assert await apply_pending_plan_changes(given.platform) == 1
    assert await subscription(given) == ("small", None, None)


@pytest.mark.parametrize(("hour", "is_due"), [((2026, 1, 31, 23, 55), False), ((2026, 2, 1, 0, 5), True)])
async def test_a_cancellation_drops_a_change_to_come_and_not_one_that_is_due(
    given: Given, hour: tuple[int, ...], is_due: bool
) -> None:
    tenant_id, deployment_id = await start(given)
    await change_plan_version(given.admin(tenant_id), deployment_id=deployment_id, plan_code="small")
    given.clock.set(*hour)
    await transition_deployment(given.platform, deployment_id=deployment_id, to=DeploymentState.CANCELLED)
    if is_due:
        assert await subscription(given) == ("large", "small", FEBRUARY)
        assert await history(given) == [(JANUARY, "large"), (FEBRUARY, "small")]
    else:
        assert await subscription(given) == ("large", None, None)
        assert await history(given) == [(JANUARY, "large")]
