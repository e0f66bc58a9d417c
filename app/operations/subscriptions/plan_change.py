"""Moving a subscription to another plan, or to another version of its plan."""

from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from app.billing import Fault, day_of
from app.database import UnitOfWork
from app.operations import validation
from app.operations.access import Action, authorise
from app.operations.catalog.offers import plan_on_offer
from app.operations.context import Context
from app.operations.locking import now_of
from app.operations.subscriptions.days import billed_from, change_from
from app.operations.subscriptions.standing import currency_of, lock_standing
from app.operations.transaction import transact
from app.tables.ids import new_id
from app.tables.subscriptions import SubscriptionPlanVersions as History
from app.tables.subscriptions import Subscriptions

_DAY = ("effectiveOn",)


class _Change(NamedTuple):
    """A version is in force from this day on, until the next change's."""

    first_day: date
    plan_version_id: UUID


async def change_plan_version(
    context: Context,
    *,
    deployment_id: UUID,
    plan_code: str,
    plan_version: int | None = None,
    effective_on: date | None = None,
) -> UUID:
    """Puts a published version in force from today on, the latest if none is named; gives the subscription's id.

    An earlier day is the platform admin's to give; changes made for later days than that are then undone. Asking for
    what is in force already changes nothing. Raises NOT_SUBSCRIBED, PLAN_NOT_PUBLISHED; CONFLICT for a month that is
    invoiced.
    """
    authorise(context, Action.CHANGE_PLAN_VERSION)

    async def work(unit: UnitOfWork) -> UUID:
        subscription = await lock_standing(context, deployment_id)
        now = await now_of(context, unit, deployment_id)
        first_day = _first_day(context, subscription, effective_on, day_of(now, context.settings.billing_time_zone))
        plan = await plan_on_offer(plan_code, plan_version)
        plan.require_currency(await currency_of(subscription["tenant_id"]))
        history = await _history(subscription["id"])
        earlier = [change for change in history if change.first_day < first_day]
        goes_on = bool(earlier) and earlier[-1].plan_version_id == plan.plan_version_id
        wanted = earlier if goes_on else [*earlier, _Change(first_day, plan.plan_version_id)]
        if wanted != history:
            await change_from(context, unit, subscription["tenant_id"], first_day, _DAY)
            await _rewrite(subscription, first_day, wanted, now)
        return UUID(str(subscription["id"]))

    return await transact(context, work)


def _first_day(context: Context, subscription: dict[str, Any], asked: date | None, today: date) -> date:
    started_on: date = subscription["started_on"]
    first_day = billed_from(context, asked, max(today, started_on), _DAY)
    if first_day < started_on:
        validation.refuse([Fault(_DAY, f"must not be before the subscription's start, {started_on}")])
    if first_day > max(today, started_on):
        validation.refuse([Fault(_DAY, "must not be in the future")])
    return first_day


async def _history(subscription_id: UUID) -> list[_Change]:
    rows = (
        await History.select(History.effective_on, History.plan_version_id)
        .where(History.subscription_id == subscription_id)
        .order_by(History.effective_on)
    )
    return [_Change(row["effective_on"], row["plan_version_id"]) for row in rows]


async def _rewrite(subscription: dict[str, Any], first_day: date, wanted: list[_Change], now: datetime) -> None:
    """Makes the history what is wanted; it differs from the first day on."""
    subscription_id = subscription["id"]
    await History.delete().where((History.subscription_id == subscription_id) & (History.effective_on >= first_day))
    in_force = wanted[-1]
    if in_force.first_day == first_day:
        await History.insert(
            History(
                id=new_id(),
                tenant_id=subscription["tenant_id"],
                subscription_id=subscription_id,
                plan_version_id=in_force.plan_version_id,
                effective_on=first_day,
                created_at=now,
            )
        )
    await Subscriptions.update({Subscriptions.plan_version_id: in_force.plan_version_id}).where(
        Subscriptions.id == subscription_id
    )
