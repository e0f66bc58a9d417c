"""A subscription follows its deployment: active, paused or cancelled as the deployment's state says."""

from datetime import date
from uuid import UUID

from app.billing import DeploymentState, SubscriptionStatus, subscription_status
from app.tables.ids import new_id
from app.tables.subscriptions import SubscriptionActiveSpans as Spans
from app.tables.subscriptions import Subscriptions


async def follow_deployment(deployment_id: UUID, state: DeploymentState, today: date) -> None:
    """Moves the subscription, if there is one. Both the day it stops and the day it goes on are active days."""
    subscription = (
        await Subscriptions.select(
            Subscriptions.id, Subscriptions.tenant_id, Subscriptions.status, Subscriptions.started_on
        )
        .where(Subscriptions.deployment_id == deployment_id)
        .first()
        .lock_rows("NO KEY UPDATE")
    )
    status = subscription_status(state)
    if subscription is None or subscription["status"] == status:
        return
    first_day = max(today, subscription["started_on"])
    if status is SubscriptionStatus.ACTIVE:
        await open_span(subscription["tenant_id"], subscription["id"], first_day)
    elif subscription["status"] == SubscriptionStatus.ACTIVE:
        await _close_span(subscription["id"], today)
    await Subscriptions.update(
        {
            Subscriptions.status: status,
            Subscriptions.ended_on: first_day if status is SubscriptionStatus.CANCELLED else None,
        }
    ).where(Subscriptions.id == subscription["id"])


async def open_span(tenant_id: UUID, subscription_id: UUID, first_day: date) -> None:
    """Active from this day on; a span that was closed on the same day goes on instead."""
    reopened = (
        await Spans.update({Spans.last_on: None})
        .where((Spans.subscription_id == subscription_id) & (Spans.last_on == first_day))
        .returning(Spans.id)
    )
    if not reopened:
        await Spans.insert(
            Spans(id=new_id(), tenant_id=tenant_id, subscription_id=subscription_id, first_on=first_day, last_on=None)
        )


async def _close_span(subscription_id: UUID, today: date) -> None:
    """Active until today; not at all, where it was to begin on a later day."""
    is_open = (Spans.subscription_id == subscription_id) & Spans.last_on.is_null()
    await Spans.delete().where(is_open & (Spans.first_on > today))
    await Spans.update({Spans.last_on: today}).where(is_open)
