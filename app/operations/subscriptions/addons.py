"""Add-ons of a subscription, at the price and quantity they had when they were attached."""

from datetime import date, datetime
from uuid import UUID

from app.billing import day_of
from app.database import UnitOfWork
from app.operations.access import Action, authorise
from app.operations.catalog.offers import AddonOffer, addon_on_offer
from app.operations.context import Context
from app.operations.locking import now_of
from app.operations.subscriptions.standing import lock_standing
from app.operations.transaction import transact
from app.tables.ids import new_id
from app.tables.subscriptions import SubscriptionAddons


async def attach_addon(context: Context, *, deployment_id: UUID, addon_code: str) -> UUID:
    """Attaches from today on; the same one may be attached again, and then counts again.

    Raises NOT_SUBSCRIBED, ADDON_INACTIVE.
    """
    authorise(context, Action.ATTACH_ADDON)

    async def work(unit: UnitOfWork) -> UUID:
        subscription = await lock_standing(context, deployment_id)
        addon = await addon_on_offer(addon_code, ("addonCode",))
        now = await now_of(context, unit, deployment_id)
        today = day_of(now, context.settings.billing_time_zone)
        return await insert_snapshot(subscription["tenant_id"], subscription["id"], addon, now, today)

    return await transact(context, work)


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
        )
    )
    return snapshot_id
