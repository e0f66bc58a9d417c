"""Changes the plan or plan version of a subscription."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from app.billing import InputFault, Period, Proration, day_of
from app.database import UnitOfWork
from app.operations.billing_months import Change, record_changes
from app.operations.calls import validation
from app.operations.calls.access import Action, authorise
from app.operations.calls.context import Context
from app.operations.calls.transaction import transact
from app.operations.catalog.offers import PlanOffer, plan_on_offer
from app.operations.deployment_lock import now_of
from app.operations.events import SubscriptionChange, record_subscriptions
from app.operations.subscriptions.current import currency_of, lock_current_subscription
from app.operations.subscriptions.start_dates import billed_from
from app.tables.billing_months import ChangeReason
from app.tables.catalog import PlanVersions
from app.tables.ids import new_id
from app.tables.subscriptions import SubscriptionPlanVersions as History
from app.tables.subscriptions import Subscriptions

_DAY = ("effectiveOn",)


class _VersionInForce(NamedTuple):
    """A plan version in force from `first_day` on, until the next one's first day."""

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
    """Changes the subscription to a published version (default: the latest); returns the subscription's id.

    A tenant's own change takes effect today if the new base price is higher, or if neither the version in force nor the
    new one has proration NONE; otherwise on the first day of the next month, and until then it is pending. Before the
    subscription's start it takes effect on its first day. A platform admin's change takes effect today or on the given
    day, the first day of the next month at the latest.

    Changes that were to take effect later than today, or than the given day, are deleted. Requesting the version that
    is in force changes nothing else. Raises NOT_SUBSCRIBED, PLAN_NOT_PUBLISHED, CURRENCY_MISMATCH.
    """
    authorise(context, Action.CHANGE_PLAN_VERSION)
    validation.refuse(validation.day("effective_on", effective_on))

    async def work(unit: UnitOfWork) -> UUID:
        subscription = await lock_current_subscription(context, deployment_id)
        now = await now_of(context, unit, deployment_id)
        plan = await plan_on_offer(context.principal, plan_code, plan_version)
        plan.require_currency(await currency_of(subscription["tenant_id"]))
        history = await _history(subscription["id"])
        clock_day, started_on = day_of(now, context.settings.billing_time_zone), subscription["started_on"]
        today = max(clock_day, started_on)
        default = today if clock_day < started_on else await _default_day(context, history, plan, today)
        first_day = billed_from(context, effective_on, default, _DAY)
        validation.refuse(_day_faults(first_day, started_on, _next_month(context, today)))
        new_history = _history_with(history, _VersionInForce(first_day, plan.plan_version_id), today)
        if new_history != history:
            changed_from = min(first_day for first_day, _ in set(history) ^ set(new_history))
            change = Change(subscription["tenant_id"], deployment_id, changed_from)
            await record_changes(context, unit, [change], ChangeReason.PLAN_CHANGED)
            await _rewrite(subscription, history, new_history, today, now)
            key = subscription["tenant_id"], subscription["id"]
            changed = SubscriptionChange(*key, ChangeReason.PLAN_CHANGED, changed_from)
            await record_subscriptions(unit, [changed], now)
        return UUID(str(subscription["id"]))

    return await transact(context, work, UUID)


async def _default_day(context: Context, history: Sequence[_VersionInForce], plan: PlanOffer, today: date) -> date:
    """Returns the effective date of a change for which the caller gives none."""
    if context.principal.is_platform_admin:
        return today
    in_force = next(version for first_day, version in reversed(history) if first_day <= today)
    if in_force == plan.plan_version_id:
        return today
    columns = PlanVersions.proration, PlanVersions.base_price_cents
    (present,) = await PlanVersions.select(*columns).where(PlanVersions.id == in_force)
    by_the_day = Proration.NONE not in {plan.proration, Proration(present["proration"])}
    return today if by_the_day or plan.base_price_cents > present["base_price_cents"] else _next_month(context, today)


def _next_month(context: Context, today: date) -> date:
    return Period.holding(today, context.settings.billing_time_zone).end


def _day_faults(first_day: date, started_on: date, latest: date) -> list[InputFault]:
    if first_day < started_on:
        return [InputFault(_DAY, f"must not be before the subscription's start, {started_on}")]
    return (
        [InputFault(_DAY, f"must not be after {latest}, the first day of the next month")] if first_day > latest else []
    )


async def _history(subscription_id: UUID) -> list[_VersionInForce]:
    rows = (
        await History.select(History.effective_on, History.plan_version_id)
        .where(History.subscription_id == subscription_id)
        .order_by(History.effective_on)
    )
    return [_VersionInForce(row["effective_on"], row["plan_version_id"]) for row in rows]


def _history_with(history: Sequence[_VersionInForce], change: _VersionInForce, today: date) -> list[_VersionInForce]:
    """Returns the plan version history with the change added. Entries from the change's day on, and entries that are
    still in the future, are removed.
    """
    unaffected = [earlier for earlier in history if earlier.first_day < change.first_day and earlier.first_day <= today]
    goes_on = bool(unaffected) and unaffected[-1].plan_version_id == change.plan_version_id
    return unaffected if goes_on else [*unaffected, change]


async def _rewrite(
    subscription: dict[str, Any],
    history: list[_VersionInForce],
    new_history: list[_VersionInForce],
    today: date,
    now: datetime,
) -> None:
    tenant_id, subscription_id = subscription["tenant_id"], subscription["id"]
    removed = [first_day for first_day, _ in set(history) - set(new_history)]
    if removed:
        await History.delete().where(
            (History.tenant_id == tenant_id)
            & (History.subscription_id == subscription_id)
            & History.effective_on.is_in(removed)
        )
    for first_day, plan_version_id in set(new_history) - set(history):
        await History.insert(
            History(
                id=new_id(),
                tenant_id=tenant_id,
                subscription_id=subscription_id,
                plan_version_id=plan_version_id,
                effective_on=first_day,
                created_at=now,
            )
        )
    pending = new_history[-1] if new_history[-1].first_day > today else None
    in_force = new_history[-2] if pending else new_history[-1]
    await Subscriptions.update(
        {
            Subscriptions.plan_version_id: in_force.plan_version_id,
            Subscriptions.pending_plan_version_id: pending and pending.plan_version_id,
            Subscriptions.pending_from: pending and pending.first_day,
        }
    ).where((Subscriptions.tenant_id == tenant_id) & (Subscriptions.id == subscription_id))
