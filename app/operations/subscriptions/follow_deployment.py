"""Updates a subscription to its deployment's state: active, paused or cancelled."""

from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from app.billing import DeploymentState, SubscriptionStatus, day_of, last_active_day, subscription_status
from app.operations.subscriptions.pending import drop_pending_change
from app.tables.ids import new_id
from app.tables.subscriptions import SubscriptionActiveSpans as Spans
from app.tables.subscriptions import Subscriptions


async def follow_deployment(
    tenant_id: UUID, deployment_id: UUID, state: DeploymentState, now: datetime, zone: ZoneInfo
) -> UUID | None:
    """Changes the subscription's status to that of the deployment's state; returns its id if it changed.

    The day of a pause, resumption or cancellation is an active day, unless a pause or cancellation is at the day's
    first instant. The subscription's end is the day of the cancellation in either case.
    """
    subscription = (
        await Subscriptions.select(Subscriptions.id, Subscriptions.status, Subscriptions.started_on)
        .where((Subscriptions.tenant_id == tenant_id) & (Subscriptions.deployment_id == deployment_id))
        .first()
        .lock_rows("NO KEY UPDATE")
    )
    status = subscription_status(state)
    if subscription is None or subscription["status"] == status:
        return None
    first_day = max(day_of(now, zone), subscription["started_on"])
    if status is SubscriptionStatus.ACTIVE:
        await open_span(tenant_id, subscription["id"], first_day)
    elif subscription["status"] == SubscriptionStatus.ACTIVE:
        await _close_span(tenant_id, subscription["id"], last_active_day(now, zone))
    if status is SubscriptionStatus.CANCELLED:
        await drop_pending_change(tenant_id, subscription["id"], first_day)
    await Subscriptions.update(
        {
            Subscriptions.status: status,
            Subscriptions.ended_on: first_day if status is SubscriptionStatus.CANCELLED else None,
        }
    ).where((Subscriptions.tenant_id == tenant_id) & (Subscriptions.id == subscription["id"]))
    return UUID(str(subscription["id"]))


async def open_span(tenant_id: UUID, subscription_id: UUID, first_day: date) -> None:
    """Opens an active span on this day, or reopens a span that was closed on the same day."""
    reopened = (
        await Spans.update({Spans.last_on: None})
        .where(
            (Spans.tenant_id == tenant_id) & (Spans.subscription_id == subscription_id) & (Spans.last_on == first_day)
        )
        .returning(Spans.id)
    )
    if not reopened:
        await Spans.insert(
            Spans(id=new_id(), tenant_id=tenant_id, subscription_id=subscription_id, first_on=first_day, last_on=None)
        )


async def _close_span(tenant_id: UUID, subscription_id: UUID, last_day: date) -> None:
    """Closes the open active span at the end of this day, or deletes it if it begins later."""
    is_open = (Spans.tenant_id == tenant_id) & (Spans.subscription_id == subscription_id) & Spans.last_on.is_null()
    await Spans.delete().where(is_open & (Spans.first_on > last_day))
    await Spans.update({Spans.last_on: last_day}).where(is_open)
