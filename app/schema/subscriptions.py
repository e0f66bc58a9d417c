"""Subscriptions: each binds a deployment to a plan version."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import strawberry

from app.billing import SubscriptionStatus
from app.operations import subscriptions
from app.reads import TODAY, Connection, column, computed, connection, desc, many, one, read_type, reference, related
from app.schema.arguments import Input, optional
from app.schema.catalog.addons import Addon, AddonSelectionInput
from app.schema.catalog.plans import PlanVersion
from app.schema.context import Info
from app.schema.invoices.filters import INVOICE_LINE_FILTERS, InvoiceLineFilter
from app.schema.lazy_types import LazyDeployment, LazyInvoiceLine, LazySubscription
from app.schema.nodes import Node
from app.schema.problems import Refused, result_of
from app.schema.scalars import Cents
from app.tables.catalog import Addons
from app.tables.invoices import TenantInvoiceLines
from app.tables.subscriptions import SubscriptionAddons, Subscriptions

_PERIOD = (Subscriptions.started_on, Subscriptions.ended_on, TODAY)
_LATEST_LINES_FIRST = (desc(TenantInvoiceLines.period_start), TenantInvoiceLines.id)


@read_type(
    SubscriptionAddons,
    description="An add-on attached to a subscription, with the price and quantity as of the attaching. Amounts "
    "are in the minor unit of `currency`.",
)
class SubscriptionAddon(Node):
    """A row of `subscription_addons`."""

    addon: Addon = one(SubscriptionAddons.addon_id, description="The add-on with its current terms.")
    price_cents: Cents = column(
        SubscriptionAddons.price_cents,
        description="The price of a whole month without tax, fixed when the add-on was attached.",
    )
    currency: str = related(
        SubscriptionAddons.addon_id, Addons.currency, description="The ISO 4217 code of the currency of the price."
    )
    quantity: Decimal = column(
        SubscriptionAddons.quantity,
        description="The quantity included each month, fixed when the add-on was attached; in the resource kind's "
        "unit.",
    )
    attached_at: datetime = column(
        SubscriptionAddons.attached_at, description="The time at which the add-on was attached."
    )
    detached_on: date | None = column(
        SubscriptionAddons.detached_on,
        description="The last day of the add-on, which is billed; null if it is not detached.",
    )
    subscription: LazySubscription = one(
        SubscriptionAddons.subscription_id, description="The subscription that the add-on is attached to."
    )
    invoice_lines: Connection[LazyInvoiceLine] = connection(
        TenantInvoiceLines.subscription_addon_id,
        order=_LATEST_LINES_FIRST,
        description="The invoice lines that charge for the attached add-on, the latest period first.",
    )


@read_type(
    Subscriptions,
    description="A deployment's subscription to a plan version with add-ons, billed for the days on which the "
    "deployment is billable.",
)
class PlanSubscription(Node):
    """A row of `subscriptions`."""

    status: SubscriptionStatus = column(Subscriptions.status, description="The status of the subscription.")
    started_on: date = column(Subscriptions.started_on, description="The first day of the subscription.")
    ended_on: date | None = column(
        Subscriptions.ended_on, description="The last day of the subscription; null if it has not ended."
    )
    current_period_start: date = computed(
        "subscription_period_start", *_PERIOD, description="The first day of the subscription's current billing month."
    )
    current_period_end: date = computed(
        "subscription_period_end",
        *_PERIOD,
        description="The day after the last day of the subscription's current billing month.",
    )
    trial_ends_at: datetime | None = column(
        Subscriptions.trial_ends_at,
        description="The end of the free trial; days before the day of this time are not billed. Null if there is no "
        "trial.",
    )
    deployment: LazyDeployment = one(Subscriptions.deployment_id, description="The subscribed deployment.")
    plan_version: PlanVersion = one(Subscriptions.plan_version_id, description="The current plan version.")
    pending_plan_version: PlanVersion | None = one(
        Subscriptions.pending_plan_version_id,
        description="The plan version that replaces the current one on `pendingFrom`; null if no change is pending.",
    )
    pending_from: date | None = column(
        Subscriptions.pending_from,
        description="The first day of the pending plan version; null if no change is pending.",
    )
    addons: list[SubscriptionAddon] = many(
        SubscriptionAddons.subscription_id,
        order=(SubscriptionAddons.attached_at, SubscriptionAddons.id),
        description="The add-ons, including detached ones, in the order of attaching.",
    )
    invoice_lines: Connection[LazyInvoiceLine] = connection(
        TenantInvoiceLines.subscription_id,
        order=_LATEST_LINES_FIRST,
        filters=INVOICE_LINE_FILTERS,
        filter_input=InvoiceLineFilter,
        description="The invoice lines that charge for the subscription, the latest period first.",
    )


@strawberry.input(description="A subscription to start for a deployment.")
class SubscribeInput:
    """Input of `subscribe`."""

    deployment_id: UUID = strawberry.field(
        description="The id of the deployment, which must not have a current subscription."
    )
    plan_code: str = strawberry.field(description="The code of the plan.")
    plan_version: int | None = optional(
        description="The number of a published version. Default: the highest published one."
    )
    addons: list[AddonSelectionInput] = strawberry.field(default_factory=list, description="The add-ons to attach.")
    starts_on: date | None = optional(
        description="The first day of the subscription. Default: today. Only a platform admin may choose another day."
    )
    trial_ends_at: datetime | None = optional(
        description="The end of a free trial. Only a platform admin may set it. Default: no trial."
    )
    confirm_backdating: bool = strawberry.field(
        default=False, description="Must be true if `startsOn` is more than three months before today."
    )


@strawberry.input(description="An add-on to attach to a deployment's subscription.")
class AttachAddonInput:
    """Input of `attachAddon`."""

    deployment_id: UUID = strawberry.field(description="The id of the deployment whose subscription gets the add-on.")
    addon_code: str = strawberry.field(description="The code of the add-on.")
    additional: bool = strawberry.field(
        default=False, description="True to attach and bill the add-on once more although it is already attached."
    )


@strawberry.input(description="An attached add-on to detach.")
class DetachAddonInput:
    """Input of `detachAddon`."""

    subscription_addon_id: UUID = strawberry.field(description="The id of the attached add-on (SubscriptionAddon).")
    last_day: date | None = optional(
        description="The last day of the add-on, which is still billed. Default: today. Only a platform admin may "
        "choose another day."
    )


@strawberry.input(description="A change of a deployment's subscription to another plan version.")
class ChangePlanVersionInput:
    """Input of `changePlanVersion`."""

    deployment_id: UUID = strawberry.field(description="The id of the deployment whose subscription changes.")
    plan_code: str = strawberry.field(description="The code of the new plan, which may be the current plan.")
    plan_version: int | None = optional(
        description="The number of a published version. Default: the highest published one."
    )
    effective_on: date | None = optional(
        description="The first day of the new version, at the latest the first day of the next month. Only a platform "
        "admin may set it. Default: today if the base price rises or neither version has the proration "
        "NONE, otherwise the first day of the next month."
    )


@strawberry.type(description="The result of subscribing a deployment to a plan.")
class Subscribed:
    """Payload of `subscribe`."""

    subscription: PlanSubscription = strawberry.field(description="The new subscription.")


@strawberry.type(description="The result of attaching an add-on.")
class AddonAttached:
    """Payload of `attachAddon`."""

    subscription_addon: SubscriptionAddon = strawberry.field(description="The attached add-on.")


@strawberry.type(description="The result of detaching an add-on.")
class AddonDetached:
    """Payload of `detachAddon`."""

    subscription_addon: SubscriptionAddon = strawberry.field(description="The detached add-on, with its last day.")


@strawberry.type(description="The result of changing a subscription's plan version, now or on a later day.")
class PlanVersionChanged:
    """Payload of `changePlanVersion`."""

    subscription: PlanSubscription = strawberry.field(
        description="The subscription after the change, or with the pending change."
    )


SubscribeResult = Annotated[Subscribed | Refused, result_of("subscribe")]
AttachAddonResult = Annotated[AddonAttached | Refused, result_of("attachAddon")]
DetachAddonResult = Annotated[AddonDetached | Refused, result_of("detachAddon")]
ChangePlanVersionResult = Annotated[PlanVersionChanged | Refused, result_of("changePlanVersion")]


@strawberry.type
class SubscriptionMutations:
    """Mutations for subscriptions."""

    @strawberry.mutation(
        description="Subscribe a deployment to a plan, billed by calendar month. Tenant admins and platform admins."
    )
    async def subscribe(self, info: Info, input_: Input[SubscribeInput]) -> SubscribeResult:
        subscription_id = await subscriptions.subscribe(
            info.context.operations,
            deployment_id=input_.deployment_id,
            plan_code=input_.plan_code,
            plan_version=input_.plan_version,
            addons=[addon.selection() for addon in input_.addons],
            starts_on=input_.starts_on,
            trial_ends_at=input_.trial_ends_at,
            confirm_backdating=input_.confirm_backdating,
        )
        return Subscribed(subscription=reference(PlanSubscription, subscription_id))

    @strawberry.mutation(
        description="Attach an add-on to a deployment's subscription, with the add-on's current price and quantity, "
        "which stay fixed. Tenant admins and platform admins."
    )
    async def attach_addon(self, info: Info, input_: Input[AttachAddonInput]) -> AttachAddonResult:
        attached_id = await subscriptions.attach_addon(
            info.context.operations,
            deployment_id=input_.deployment_id,
            addon_code=input_.addon_code,
            additional=input_.additional,
        )
        return AddonAttached(subscription_addon=reference(SubscriptionAddon, attached_id))

    @strawberry.mutation(
        description="Detach an add-on from its subscription; its last day is billed. Tenant admins and platform admins."
    )
    async def detach_addon(self, info: Info, input_: Input[DetachAddonInput]) -> DetachAddonResult:
        detached_id = await subscriptions.detach_addon(
            info.context.operations, subscription_addon_id=input_.subscription_addon_id, last_day=input_.last_day
        )
        return AddonDetached(subscription_addon=reference(SubscriptionAddon, detached_id))

    @strawberry.mutation(
        description="Change a subscription to another plan or plan version, today or on a later day. A pending change "
        "is replaced. Tenant admins and platform admins."
    )
    async def change_plan_version(self, info: Info, input_: Input[ChangePlanVersionInput]) -> ChangePlanVersionResult:
        subscription_id = await subscriptions.change_plan_version(
            info.context.operations,
            deployment_id=input_.deployment_id,
            plan_code=input_.plan_code,
            plan_version=input_.plan_version,
            effective_on=input_.effective_on,
        )
        return PlanVersionChanged(subscription=reference(PlanSubscription, subscription_id))
