"""The data check agrees with pending plan changes, whether they are to come, due or applied."""

from app.operations.data_integrity import check
from app.operations.subscriptions import apply_pending_plan_changes, change_plan_version
from tests.operations.given import Given


async def test_a_pending_change_breaks_nothing_before_and_after_its_day(given: Given) -> None:
    await given.plan()
    await given.plan("small", base_price_cents=1)
    tenant_id = await given.tenant()
    deployment_id = await given.deployment(tenant_id)
    await given.subscription(deployment_id)
    assert await check(given.platform) == []
    await change_plan_version(given.admin(tenant_id), deployment_id=deployment_id, plan_code="small")
    assert await check(given.platform) == []
    given.clock.set(2026, 5, 31, 23, 59)
    assert await check(given.platform) == []
    given.clock.set(2026, 6, 1)
    assert [check for check, *_ in await check(given.platform) if "follows" in check] == []
    assert await apply_pending_plan_changes(given.platform) == 1
    assert [check for check, *_ in await check(given.platform) if "follows" in check] == []
