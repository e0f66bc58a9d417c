"""Subscriptions: each deployment's plan version, active days and add-ons, with their history."""

from piccolo.constraints import Check, Unique
from piccolo.table import Table

from app.billing import SubscriptionStatus
from app.tables.catalog import Addons, PlanVersions, ResourceKinds
from app.tables.columns import calendar_day, cents, decimal, instant, member_of, primary_key, reference, text
from app.tables.deployments import CloudDeployments
from app.tables.tenants import Tenants


class Subscriptions(Table, tablename="subscriptions"):
    """Subscriptions, one per deployment. plan_version_id is the version in force, ended_on the day of the cancellation.

    pending_plan_version_id takes effect on pending_from, a future day.
    """

    id = primary_key()
    tenant_id = reference(Tenants)
    deployment_id = reference(CloudDeployments)
    plan_version_id = reference(PlanVersions)
    status = text()
    started_on = calendar_day()
    ended_on = calendar_day(null=True)
    trial_ends_at = instant(null=True)
    created_at = instant()
    pending_plan_version_id = reference(PlanVersions, null=True)
    pending_from = calendar_day(null=True)

    subscriptions_deployment_id_key = Unique([deployment_id])
    subscriptions_status_check = member_of("status", SubscriptionStatus)
    subscriptions_ended_on_check = Check("ended_on >= started_on")
    subscriptions_cancelled_check = Check("(status = 'CANCELLED') = (ended_on IS NOT NULL)")
    subscriptions_pending_check = Check("(pending_plan_version_id IS NULL) = (pending_from IS NULL)")


class SubscriptionPlanVersions(Table, tablename="subscription_plan_versions"):
    """The history of a subscription's plan versions: each row's version is in force from its day until the next row's
    day.
    """

    id = primary_key()
    tenant_id = reference(Tenants)
    subscription_id = reference(Subscriptions)
    plan_version_id = reference(PlanVersions)
    effective_on = calendar_day()
    created_at = instant()

    subscription_plan_versions_subscription_id_effective_on_key = Unique([subscription_id, effective_on])


class SubscriptionActiveSpans(Table, tablename="subscription_active_spans"):
    """Days on which the subscription was active, both ends included; last_on null while it still is."""

    id = primary_key()
    tenant_id = reference(Tenants)
    subscription_id = reference(Subscriptions)
    first_on = calendar_day()
    last_on = calendar_day(null=True)

    subscription_active_spans_last_on_check = Check("last_on >= first_on")


class SubscriptionAddons(Table, tablename="subscription_addons"):
    """An attached add-on: price, kind and quantity as they were when it was attached; detached_on is its last day."""

    id = primary_key()
    tenant_id = reference(Tenants)
    subscription_id = reference(Subscriptions)
    addon_id = reference(Addons)
    code = text()
    price_cents = cents()
    resource_kind = reference(ResourceKinds, null=True)
    quantity = decimal()
    attached_at = instant()
    attached_on = calendar_day()
    detached_on = calendar_day(null=True)

    subscription_addons_price_cents_check = Check("price_cents >= 0")
    subscription_addons_quantity_check = Check("quantity >= 0")
    subscription_addons_detached_on_check = Check("detached_on >= attached_on")
