"""The number of statements for reading rating inputs does not depend on the number of subscriptions."""

from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from app.billing import (
    DailyQuantity,
    LevelStream,
    LevelUsage,
    MaxUsage,
    PeakStream,
    Period,
    SubscriptionInputs,
    SumUsage,
)
from app.database import PLATFORM
from app.lru_cache import LRUCache
from app.operations import plan_terms
from app.operations.rating_inputs import billable_deployments, billable_portions, gather, tenant_headers
from tests.operations.given import Given
from tests.operations.months import APRIL, meter, subscribed

PERIOD = Period(APRIL, ZoneInfo("UTC"))


async def gathered(given: Given, *tenant_ids: UUID) -> tuple[list[SubscriptionInputs], int]:
    """The inputs, and how many statements they took."""
    statements: list[Any] = []
    async with given.database.unit_of_work(PLATFORM) as unit:
        with unit.connection.query_logger(statements.append):
            await tenant_headers(unit, tenant_ids, PERIOD)
            inputs = list(await gather(unit, PERIOD, await billable_deployments(unit, PERIOD, tenant_ids)))
    return inputs, len(statements)


async def test_one_subscription_takes_as_many_statements_as_twelve(given: Given) -> None:
    await given.plan()
    tenants = []
    for code in ("a", "b", "c"):
        tenant_id, _ = await subscribed(given, code)
        tenants.append(tenant_id)
        for slug in ("x", "y", "z"):
            deployment_id = await given.deployment(tenant_id, slug)
            await given.subscription(deployment_id, starts_on=APRIL)
            await meter(given, deployment_id, "1")
    await gathered(given, *tenants)  # reads the plan's terms

    one, few = await gathered(given, tenants[0])
    twelve, many = await gathered(given, *tenants)

    assert (len(one), len(twelve)) == (4, 12)
    assert few == many == 9


@pytest.mark.parametrize("size", [1, 2, 3, 100])
async def test_portions_are_the_billable_deployments_in_their_order_with_other_reads_in_between(
    given: Given, size: int
) -> None:
    await given.plan()
    tenants = [(await subscribed(given, code, slug="z"))[0] for code in ("a", "b")]
    await given.subscription(await given.deployment(tenants[1], "a"), starts_on=APRIL)
    for _ in range(2):  # the connection's second transaction as well
        async with given.database.unit_of_work(PLATFORM) as unit:
            portions = [
                (portion, list(await gather(unit, PERIOD, portion)))
                async for portion in billable_portions(unit, PERIOD, tenants, size)
            ]
            whole = await billable_deployments(unit, PERIOD, tenants)
        assert [(one.tenant_id, one.slug) for one in whole] == [
            (tenants[0], "z"),
            (tenants[1], "a"),
            (tenants[1], "z"),
        ]
        assert [one for portion, _ in portions for one in portion] == whole
        assert [inputs.slug for _, gathered in portions for inputs in gathered] == ["z", "a", "z"]
        assert {len(portion) for portion, _ in portions[:-1]} <= {size}


async def test_terms_of_a_plan_version_are_read_once(given: Given, monkeypatch: pytest.MonkeyPatch) -> None:
    await given.plan()
    tenant_id, _ = await subscribed(given)
    first, reading = await gathered(given, tenant_id)
    again, remembering = await gathered(given, tenant_id)
    assert first == again
    assert reading - remembering == 3
    monkeypatch.setattr(plan_terms, "_published", LRUCache(0))
    await gathered(given, tenant_id)
    assert await gathered(given, tenant_id) == (first, reading)


async def test_levels_of_the_month_stand_among_the_other_kinds_of_their_deployment(given: Given) -> None:
    await given.plan()
    tenant_id, first = await subscribed(given, slug="a")
    second = await given.deployment(tenant_id, "b")
    await given.subscription(second, starts_on=APRIL)
    for deployment_id, level in ((first, "3"), (second, "7")):
        for kind in ("storage_gb", "storage_gb_hours"):
            await meter(given, deployment_id, level, 2026, 3, 31, 12, kind=kind, count=24)  # until noon of 1 April
    await meter(given, second, "9", 2026, 4, 1, 12, kind="storage_gb_hours")
    await meter(given, second, "1", kind="egress_gb")
    await meter(given, second, "2", kind="llm_input_tokens")

    inputs, _ = await gathered(given, tenant_id)

    kinds = [[usage.resource_kind for usage in one.usage] for one in inputs]
    assert kinds == [
        ["storage_gb", "storage_gb_hours"],
        ["egress_gb", "llm_input_tokens", "storage_gb", "storage_gb_hours"],
    ]
    ours, theirs = inputs[0].usage[-1], inputs[1].usage[-1]
    assert isinstance(ours, LevelUsage)
    assert isinstance(theirs, LevelUsage)
    (ours_only,), (theirs_only,) = ours.streams, theirs.streams
    assert (ours_only.carried_level, theirs_only.carried_level) == (Decimal(3), Decimal(7))
    assert [(day.date, day.last_level) for day in ours_only.days] == [(APRIL, Decimal(3))]
    assert [(day.date, day.last_level) for day in theirs_only.days] == [(APRIL, Decimal(9))]
    assert ours_only.days[0].first_at == PERIOD.starts_at


async def test_usage_of_each_aggregation_is_of_the_month_and_levels_are_carried_into_it(given: Given) -> None:
    await given.plan()
    tenant_id, deployment_id = await subscribed(given)
    await meter(given, deployment_id, "100", 2026, 2, 3, kind="storage_gb_hours")
    await meter(given, deployment_id, "8", 2026, 3, 31, 23, kind="storage_gb")
    await meter(given, deployment_id, "2", 2026, 3, 31, 22, count=5)  # two in March, three in April
    await meter(given, deployment_id, "5", 2026, 4, 30, 23, kind="storage_gb", count=2)  # and one in May
    ((inputs,), _) = await gathered(given, tenant_id)
    hours, gigabytes, levels = inputs.usage
    assert isinstance(hours, SumUsage)
    assert hours.days == (DailyQuantity(APRIL, Decimal(6)),)
    assert isinstance(gigabytes, MaxUsage)
    assert gigabytes.streams == (PeakStream(None, (DailyQuantity(PERIOD.last_day, Decimal(5)),)),)
    assert isinstance(levels, LevelUsage)
    assert levels.streams == (LevelStream(None, (), Decimal(100)),)
