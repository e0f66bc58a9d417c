"""Attaches and detaches add-ons. A subscription keeps the price and quantity of the time of attaching."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from app.billing import InputFault, day_of
from app.database import UnitOfWork
from app.operations.billing_months import Change, record_changes
from app.operations.calls import validation
from app.operations.calls.access import Action, authorise, not_found
from app.operations.calls.context import Context
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.calls.transaction import transact
from app.operations.catalog.offers import AddonOffer, addon_on_offer, already_attached
from app.operations.deployment_lock import now_of
from app.operations.events import SubscriptionChange, record_subscriptions
from app.operations.subscriptions.current import currency_of, lock_current_subscription, lock_subscription
from app.operations.subscriptions.start_dates import billed_from
from app.tables.billing_months import ChangeReason
from app.tables.ids import new_id
from app.tables.subscriptions import SubscriptionAddons

_LAST_DAY = ("lastDay",)

_DEPLOYMENT_OF = """
SELECT s.deployment_id
FROM subscription_addons a JOIN subscriptions s ON s.tenant_id = a.tenant_id AND s.id = a.subscription_id
WHERE a.id = $1 AND ($2::uuid IS NULL OR a.tenant_id = $2)
"""


async def attach_addon(context: Context, *, deployment_id: UUID, addon_code: str, additional: bool = False) -> UUID:
    """Attaches the add-on from today on; returns the id of the attached add-on.

    additional: attach and bill it once more if it is already attached. Raises NOT_SUBSCRIBED, ADDON_INACTIVE,
    CURRENCY_MISMATCH, ALREADY_ATTACHED.
    """
    authorise(context, Action.ATTACH_ADDON)

    async def work(unit: UnitOfWork) -> UUID:
        subscription = await lock_current_subscription(context, deployment_id)
        tenant_id = subscription["tenant_id"]
        addon = await addon_on_offer(addon_code, await currency_of(tenant_id), ("addonCode",))
        now = await now_of(context, unit, deployment_id)
        today = day_of(now, context.settings.billing_time_zone)
        if not additional and await _is_attached(subscription["id"], addon.addon_id, today):
            raise already_attached(addon_code, ("addonCode",))
        await record_changes(context, unit, [Change(tenant_id, deployment_id, today)], ChangeReason.ADDON_ATTACHED)
        changed = SubscriptionChange(
            tenant_id, subscription["id"], ChangeReason.ADDON_ATTACHED, today, addon_code=addon_code
        )
        await record_subscriptions(unit, [changed], now)
        return await insert_snapshot(tenant_id, subscription["id"], addon, now, today)

    return await transact(context, work, UUID)


async def _is_attached(subscription_id: UUID, addon_id: UUID, first_day: date) -> bool:
    """Whether the add-on is attached to the subscription on that day or later. The subscription must be locked."""
    goes_on = SubscriptionAddons.detached_on.is_null() | (SubscriptionAddons.detached_on >= first_day)
    return bool(
        await SubscriptionAddons.exists().where(
            (SubscriptionAddons.subscription_id == subscription_id)
            & (SubscriptionAddons.addon_id == addon_id)
            & goes_on
        )
    )


async def insert_snapshot(
    tenant_id: UUID, subscription_id: UUID, addon: AddonOffer, attached_at: datetime, attached_on: date
) -> UUID:
    snapshot_id = new_id()
    await SubscriptionAddons.insert(
        SubscriptionAddons(
            id=snapshot_id,
            tenant_id=tenant_id,
            subscription_id=subscription_id,
            addon_id=addon.addon_id,
            code=addon.code,
            price_cents=addon.price_cents,
            resource_kind=addon.resource_kind,
            quantity=addon.quantity,
            attached_at=attached_at,
            attached_on=attached_on,
            detached_on=None,
        )
    )
    return snapshot_id


async def detach_addon(context: Context, *, subscription_addon_id: UUID, last_day: date | None = None) -> UUID:
    """Detaches the add-on; its last day, which is billable, is today. Returns the id of the attached add-on.

    Only a platform admin may choose another day, which must not be in the future nor before the add-on was attached. An
    add-on whose first day is in the future is detached on that day. The subscription may be cancelled. Raises
    NOT_FOUND; CONFLICT if it was already detached on another day.
    """
    authorise(context, Action.DETACH_ADDON)
    validation.refuse(validation.day("last_day", last_day))

    async def work(unit: UnitOfWork) -> UUID:
        attached, deployment_id = await _lock_attached(context, unit, subscription_addon_id)
        now = await now_of(context, unit, deployment_id)
        today = max(day_of(now, context.settings.billing_time_zone), attached["attached_on"])
        day = billed_from(context, last_day, today, _LAST_DAY)
        if attached["detached_on"] == day:
            return subscription_addon_id
        if attached["detached_on"] is not None:
            message = f"the add-on is already detached; its last day is {attached['detached_on']}"
            raise Refusal(ProblemCode.CONFLICT, message, _LAST_DAY)
        validation.refuse(_day_faults(day, attached["attached_on"], today))
        # With proration NONE a month is billed as a whole, so a change of the last day affects its whole month.
        change = Change(attached["tenant_id"], deployment_id, day)
        await record_changes(context, unit, [change], ChangeReason.ADDON_DETACHED)
        await SubscriptionAddons.update({SubscriptionAddons.detached_on: day}).where(
            (SubscriptionAddons.tenant_id == attached["tenant_id"]) & (SubscriptionAddons.id == subscription_addon_id)
        )
        tenant_id, subscription_id = attached["tenant_id"], attached["subscription_id"]
        changed = SubscriptionChange(
            tenant_id, subscription_id, ChangeReason.ADDON_DETACHED, day, addon_code=attached["code"]
        )
        await record_subscriptions(unit, [changed], now)
        return subscription_addon_id

    return await transact(context, work, UUID)


def _day_faults(day: date, attached_on: date, latest: date) -> list[InputFault]:
    if day < attached_on:
        return [InputFault(_LAST_DAY, f"must not be before the add-on was attached, on {attached_on}")]
    return [InputFault(_LAST_DAY, "must not be in the future")] if day > latest else []


async def _lock_attached(
    context: Context, unit: UnitOfWork, subscription_addon_id: UUID
) -> tuple[dict[str, Any], UUID]:
    """Returns the attached add-on and its deployment's id. The deployment and its subscription are locked, as for every
    change.
    """
    principal = context.principal
    of_tenant = None if principal.is_platform_admin else principal.tenant_id
    deployment_id: UUID | None = await unit.connection.fetchval(_DEPLOYMENT_OF, subscription_addon_id, of_tenant)
    if deployment_id is None:
        raise not_found("attached add-on", subscription_addon_id, ("subscriptionAddonId",))
    await lock_subscription(context, deployment_id)
    rows = await SubscriptionAddons.select().where(SubscriptionAddons.id == subscription_addon_id)
    return rows[0], deployment_id
