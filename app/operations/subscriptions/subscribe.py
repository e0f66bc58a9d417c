"""Subscribes a deployment to a plan."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from app.billing import DeploymentState, SubscriptionStatus, day_of, subscription_status
from app.billing.period import day_start
from app.database import UnitOfWork
from app.operations.billing_months import Change, record_changes
from app.operations.calls import validation
from app.operations.calls.access import Action, authorise
from app.operations.calls.context import Context
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.calls.transaction import transact
from app.operations.catalog.offers import AddonOffer, AddonSelection, PlanOffer, addons_on_offer, plan_on_offer
from app.operations.deployment_lock import lock_deployment, now_of
from app.operations.events import SubscriptionChange, record_subscriptions
from app.operations.open_tenant import lock_open_tenant
from app.operations.subscriptions.attached_addons import insert_snapshot
from app.operations.subscriptions.follow_deployment import open_span
from app.operations.subscriptions.start_dates import billed_from, require_confirmation
from app.tables.billing_months import ChangeReason
from app.tables.deployments import CloudDeployments
from app.tables.ids import new_id
from app.tables.subscriptions import SubscriptionPlanVersions, Subscriptions

MAX_ADDONS = 100

_STARTS_ON = ("startsOn",)


@dataclass(frozen=True, slots=True)
class _NewSubscription:
    """The checked values of a new subscription, ready to be written."""

    tenant_id: UUID
    deployment_id: UUID
    status: SubscriptionStatus
    plan: PlanOffer
    addons: Sequence[AddonOffer]
    first_day: date
    attached_at: datetime
    trial_ends_at: datetime | None


async def subscribe(
    context: Context,
    *,
    deployment_id: UUID,
    plan_code: str,
    plan_version: int | None = None,
    addons: Sequence[AddonSelection] = (),
    starts_on: date | None = None,
    trial_ends_at: datetime | None = None,
    confirm_backdating: bool = False,
) -> UUID:
    """Subscribes from today on, to the latest published version by default, with the add-ons at their current terms.

    Only a platform admin may choose another day or give a trial; the add-ons then count from that day too. A day more
    than three months ago must be confirmed. If the deployment is paused or suspended, the subscription starts paused.
    Raises ALREADY_SUBSCRIBED, PLAN_NOT_PUBLISHED, ADDON_INACTIVE, ALREADY_ATTACHED, CURRENCY_MISMATCH,
    CONFIRMATION_REQUIRED, TENANT_CLOSED; CONFLICT for a cancelled deployment.
    """
    _require_valid(context, starts_on, trial_ends_at, addons)

    async def work(unit: UnitOfWork) -> UUID:
        deployment = await lock_deployment(
            context.principal, deployment_id, CloudDeployments.tenant_id, CloudDeployments.state
        )
        tenant_id: UUID = deployment["tenant_id"]
        currency = await lock_open_tenant(unit, tenant_id, ("deploymentId",))
        now, zone = await now_of(context, unit, deployment_id), context.settings.billing_time_zone
        today = day_of(now, zone)
        first_day = billed_from(context, starts_on, today, _STARTS_ON)
        if not confirm_backdating:
            require_confirmation(first_day, today, _STARTS_ON)
        plan = await plan_on_offer(context.principal, plan_code, plan_version)
        plan.require_currency(currency)
        order = _NewSubscription(
            tenant_id=tenant_id,
            deployment_id=deployment_id,
            status=_starting_status(DeploymentState(deployment["state"])),
            plan=plan,
            addons=await addons_on_offer(addons, currency),
            first_day=first_day,
            attached_at=now if first_day == today else day_start(first_day, zone),
            trial_ends_at=trial_ends_at,
        )
        subscription_id = await _write(order, now)
        await record_changes(context, unit, [Change(tenant_id, deployment_id, first_day)], ChangeReason.SUBSCRIBED)
        changed = SubscriptionChange(tenant_id, subscription_id, ChangeReason.SUBSCRIBED, first_day)
        await record_subscriptions(unit, [changed], now)
        return subscription_id

    return await transact(context, work, UUID)


def _require_valid(
    context: Context, starts_on: date | None, trial_ends_at: datetime | None, addons: Sequence[AddonSelection]
) -> None:
    authorise(context, Action.SUBSCRIBE)
    if trial_ends_at is not None:
        authorise(context, Action.CHOOSE_BILLING_DAYS, ("trialEndsAt",))
    faults = [*validation.day("starts_on", starts_on), *validation.instant("trial_ends_at", trial_ends_at)]
    validation.refuse([*faults, *validation.at_most("addons", addons, MAX_ADDONS)])


def _starting_status(state: DeploymentState) -> SubscriptionStatus:
    status = subscription_status(state)
    if status is SubscriptionStatus.CANCELLED:
        raise Refusal(ProblemCode.CONFLICT, f"the deployment is {state.lower()}", ("deploymentId",))
    return status


async def _write(order: _NewSubscription, now: datetime) -> UUID:
    subscription_id = new_id()
    await Subscriptions.insert(
        Subscriptions(
            id=subscription_id,
            tenant_id=order.tenant_id,
            deployment_id=order.deployment_id,
            plan_version_id=order.plan.plan_version_id,
            status=order.status,
            started_on=order.first_day,
            ended_on=None,
            trial_ends_at=order.trial_ends_at,
            created_at=now,
            pending_plan_version_id=None,
            pending_from=None,
        )
    )
    await SubscriptionPlanVersions.insert(
        SubscriptionPlanVersions(
            id=new_id(),
            tenant_id=order.tenant_id,
            subscription_id=subscription_id,
            plan_version_id=order.plan.plan_version_id,
            effective_on=order.first_day,
            created_at=now,
        )
    )
    if order.status is SubscriptionStatus.ACTIVE:
        await open_span(order.tenant_id, subscription_id, order.first_day)
    for addon in order.addons:
        await insert_snapshot(order.tenant_id, subscription_id, addon, order.attached_at, order.first_day)
    return subscription_id
