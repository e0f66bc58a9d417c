"""All writers at once on one tenant, by clocks on both sides of a month's end: no deadlock, and no cent is lost."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from uuid import UUID

import pytest

from app.billing import DeploymentState
from app.operations.billing_months import unbilled_months, waive_month
from app.operations.calls.context import Context
from app.operations.calls.refusal import Refusal
from app.operations.charges import add_charge
from app.operations.data_integrity import check
from app.operations.deployments import transition_deployment
from app.operations.invoices import issue_invoice, verify_invoice, void_invoice
from app.operations.rollups import catch_up, roll_up_period, roll_up_run
from app.operations.subscriptions import attach_addon, change_plan_version, detach_addon, subscribe
from app.operations.tenants import update_tenant
from app.operations.usage import MeteredEvent, correct_usage, record_usage
from tests.operations.given import Given
from tests.operations.month_queries import billed_of_month
from tests.operations.months import APRIL, JUNE, MAY, counts, invoices, issue_last, meter, roll_up, subscribed, unbilled

SECONDS = 5
KINDS = ("droplet_hours", "storage_gb", "storage_gb_hours")
DEADLOCKS = """
SELECT deadlocks FROM pg_stat_database WHERE datname = current_database() AND pg_stat_clear_snapshot() IS NOT NULL
"""


@dataclass
class Crowd:
    """Callers whose clocks have two minutes of May left, and those whose clocks are in June already."""

    given: Given
    tenant_id: UUID
    deployments: list[UUID]
    random: random.Random
    behind: Context
    ahead: Context
    numbers: "count[int]" = field(default_factory=count)
    done: dict[str, int] = field(default_factory=dict)

    @property
    def deployment(self) -> UUID:
        return self.random.choice(self.deployments)

    @property
    def month(self) -> date:
        return self.random.choice((APRIL, MAY))

    async def meter(self) -> None:
        number = next(self.numbers)
        events = [
            MeteredEvent(
                id=f"{number}/{at}",
                deployment_id=self.deployment,
                resource_kind=self.random.choice(KINDS),
                quantity=Decimal(self.random.randrange(50)),
                occurred_at=datetime(2026, 4, 1, tzinfo=UTC) + timedelta(hours=self.random.randrange(24 * 61 - 1)),
            )
            for at in range(self.random.randrange(1, 6))
        ]
        await record_usage(self.behind, events=events)

    async def correct(self) -> None:
        for event in await self.given.rows("SELECT source, event_id FROM usage_records ORDER BY random() LIMIT 1"):
            quantity = Decimal(self.random.randrange(50))
            await correct_usage(self.behind, tenant_id=self.tenant_id, quantity=quantity, reason="x", **event)

    async def charge(self) -> None:
        await add_charge(
            self.behind,
            tenant_id=self.tenant_id,
            deployment_id=self.random.choice([None, self.deployment]),
            description="x",
            net_cents=self.random.choice([300, -200]),
            on=self.month,
        )

    async def transition(self) -> None:
        for state in (DeploymentState.PAUSED, DeploymentState.ACTIVE):
            await transition_deployment(self.behind, deployment_id=self.deployments[0], to=state)

    async def subscribe(self) -> None:
        if len(self.deployments) < 8:
            slug = f"new-{next(self.numbers)}"
            deployment_id = await self.given.deployment(self.tenant_id, slug)
            await subscribe(self.behind, deployment_id=deployment_id, plan_code="studio", starts_on=self.month)
            self.deployments.append(deployment_id)

    async def attach(self) -> None:
        await attach_addon(self.behind, deployment_id=self.deployment, addon_code="extra", additional=True)

    async def detach(self) -> None:
        for row in await self.given.rows("SELECT id FROM subscription_addons ORDER BY random() LIMIT 1"):
            await detach_addon(self.behind, subscription_addon_id=row["id"])

    async def change_plan(self) -> None:
        code = self.random.choice(["studio", "plus"])
        await change_plan_version(self.behind, deployment_id=self.deployment, plan_code=code, effective_on=self.month)

    async def exempt(self) -> None:
        exempt = self.random.random() < 0.5
        await update_tenant(
            self.behind,
            tenant_id=self.tenant_id,
            tax_exempt=exempt,
            tax_exempt_reason="x" if exempt else None,
            tax_exempt_from=self.month,
        )

    async def roll_up(self) -> None:
        force = self.random.random() < 0.5
        run_id = await roll_up_period(self.ahead, period_start=self.month, force=force)
        await roll_up_run(self.ahead, run_id=run_id)

    async def preview(self) -> None:
        run_id = await roll_up_period(self.ahead, period_start=self.month, dry_run=True, force=True)
        await roll_up_run(self.ahead, run_id=run_id)

    async def catch_up(self) -> None:
        await catch_up(replace(self.ahead, clock=lambda: datetime(2026, 6, 1, 4, tzinfo=UTC)))

    async def issue(self) -> None:
        for row in await self.given.rows("SELECT id FROM tenant_invoices WHERE status = 'DRAFT'"):
            await issue_invoice(self.ahead, invoice_id=row["id"], issue_stale=True)

    async def void(self) -> None:
        for row in await self.given.rows("SELECT id FROM tenant_invoices WHERE status <> 'VOID' LIMIT 1"):
            await void_invoice(self.ahead, invoice_id=row["id"])

    async def waive(self) -> None:
        if self.random.random() < 0.02:
            await waive_month(self.ahead, tenant_id=self.tenant_id, period_start=APRIL, reason="x")

    async def read(self) -> None:
        await unbilled_months(self.ahead, first=10)
        for row in await self.given.rows("SELECT id FROM tenant_invoices ORDER BY random() LIMIT 1"):
            verified = await verify_invoice(self.ahead, invoice_id=row["id"])
            assert verified.matches, verified

    async def keep_at(self, act: Callable[[], Awaitable[None]], until: float) -> None:
        """Repeats an operation until this time of the event loop, ignoring refusals."""
        name = act.__name__
        while asyncio.get_running_loop().time() < until:
            try:
                await act()
            except Refusal:
                pass
            else:
                self.done[name] = self.done.get(name, 0) + 1
            await asyncio.sleep(0)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("seed", [1, 2])
async def test_nobody_deadlocks_and_every_cent_is_billed_once(given: Given, seed: int) -> None:
    crowd = await gathered(given, seed)
    before = await given.row(DEADLOCKS)
    until = asyncio.get_running_loop().time() + SECONDS
    acts = [
        *(crowd.meter, crowd.meter, crowd.correct, crowd.charge, crowd.transition, crowd.subscribe, crowd.attach),
        *(crowd.detach, crowd.change_plan, crowd.exempt, crowd.roll_up, crowd.roll_up, crowd.preview),
        *(crowd.catch_up, crowd.issue, crowd.void, crowd.waive, crowd.read),
    ]
    await asyncio.gather(*(crowd.keep_at(act, until) for act in acts))
    assert {act.__name__ for act in acts} - {"waive"} <= crowd.done.keys()
    assert await check(given.platform) == []

    for now in ((2026, 7, 2), (2026, 8, 2), (2026, 9, 2)):
        given.clock.set(*now)
        for _ in range(3):
            await catch_up(given.platform)
            for run in await given.rows("SELECT id FROM rollup_runs WHERE finished_at IS NULL ORDER BY id"):
                await roll_up_run(given.platform, run_id=run["id"])
    left = [reason for _, _, reason in await unbilled(given)]
    assert all("credit" in reason for reason in left), left
    assert await check(given.platform) == []
    assert await given.row(DEADLOCKS) == before


async def gathered(given: Given, seed: int) -> Crowd:
    given.clock.set(2026, 4, 1)
    await given.plan(resources=None)
    await given.plan("plus", base_price_cents=9000)
    await given.addon("extra", price_cents=100)
    tenant_id, first = await subscribed(given)
    deployments = [first]
    for slug in ("second", "third"):
        deployments.append(await given.deployment(tenant_id, slug))
        await given.subscription(deployments[-1], starts_on=APRIL)
    given.clock.set(2026, 5, 2)
    await meter(given, first, "2000")
    await roll_up(given)
    await issue_last(given)
    given.clock.set(2026, 5, 31, 23, 58)
    ahead = replace(given.platform, clock=lambda: datetime(2026, 6, 1, 0, 1, tzinfo=UTC))
    return Crowd(given, tenant_id, deployments, random.Random(seed), given.platform, ahead)  # noqa: S311 - of a seed


async def test_two_months_of_one_tenant_rolled_up_at_once(given: Given) -> None:
    """Each of the two corrects earlier months, and neither bills what the other does."""
    given.clock.set(2026, 5, 2)
    await given.plan()
    tenant_id, deployment_id = await subscribed(given)
    await roll_up(given)
    await issue_last(given)
    for round_number in range(4):
        await meter(given, deployment_id, "1500" if not round_number else "10", 2026, 4, 2 + round_number)
        given.clock.set(2026, 7, 2)
        may, june = await asyncio.gather(
            roll_up(given, MAY, force=True), roll_up(given, JUNE, force=True, tenant_ids=[tenant_id])
        )
        assert (counts(may)["status"], counts(june)["status"]) == ("SUCCEEDED", "SUCCEEDED")
        assert await billed_of_month(given, APRIL) == 5012 + 10 * round_number
        assert await check(given.platform) == []
    assert [await billed_of_month(given, month) for month in (MAY, JUNE)] == [5000, 5000]
    assert len([one for one in await invoices(given, MAY) if one["status"] != "VOID"]) == 1
    assert await unbilled(given) == []


async def test_one_attaches_across_midnight_while_the_month_is_rolled_up(given: Given) -> None:
    """A1: at 30 April 23:59:59 by one clock, while another's rollup begins at 1 May 00:00:01."""
    given.clock.set(2026, 4, 1)
    await given.plan()
    await given.addon()
    deployments = [(await subscribed(given, f"t{number}"))[1] for number in range(6)]
    given.clock.set(2026, 4, 30, 23, 59, 59)
    ahead = replace(given.platform, clock=lambda: datetime(2026, 5, 1, 0, 0, 1, tzinfo=UTC))

    async def rate() -> None:
        run_id = await roll_up_period(ahead, period_start=APRIL)
        await roll_up_run(ahead, run_id=run_id)

    async def attach(deployment_id: UUID) -> None:
        await attach_addon(given.platform, deployment_id=deployment_id, addon_code="storage_50gb")

    await asyncio.gather(rate(), *(attach(deployment_id) for deployment_id in deployments))
    given.clock.set(2026, 5, 1, 4)
    await catch_up(given.platform)
    for run in await given.rows("SELECT id FROM rollup_runs WHERE finished_at IS NULL"):
        await roll_up_run(given.platform, run_id=run["id"])
    assert [one["subtotal_cents"] for one in await invoices(given)] == [5750] * 6
    assert await unbilled(given) == []
    assert await check(given.platform) == []
