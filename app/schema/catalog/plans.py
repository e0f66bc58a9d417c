"""Plans, their versions, and the resources of each version."""

from datetime import datetime
from decimal import Decimal

import strawberry

from app.billing import PriceModel, Proration
from app.reads import column, desc, many, one, read_type, root_many, root_one
from app.schema.catalog.resource_kinds import ResourceKind
from app.schema.nodes import Node
from app.schema.scalars import Cents
from app.tables.catalog import PlanPriceTiers, PlanResources, Plans, PlanVersions, PlanVersionStatus


@read_type(
    PlanPriceTiers,
    description="A price tier: the prices of the quantities above the previous tier's bound, up to and including "
    "its own. Prices are in the currency's minor unit.",
)
class PriceTier:
    """A row of `plan_price_tiers`."""

    up_to: Decimal | None = column(
        PlanPriceTiers.up_to, description="The upper bound of the tier, inclusive; null if the tier has no bound."
    )
    unit_price_cents: Decimal = column(
        PlanPriceTiers.unit_price_cents,
        description="The price of one unit, or of one package for PACKAGE, as a decimal.",
    )
    flat_price_cents: Cents = column(
        PlanPriceTiers.flat_price_cents, description="The price that is charged once if the quantity reaches the tier."
    )


@read_type(
    PlanResources, description="What a plan version includes of one resource kind, and the price of usage over that."
)
class PlanResource:
    """A row of `plan_resources`."""

    resource_kind: ResourceKind = one(PlanResources.resource_kind, description="The resource kind.")
    included_quantity: Decimal = column(
        PlanResources.included_quantity,
        description="The quantity included in a whole month, in the resource kind's unit.",
    )
    price_model: PriceModel = column(
        PlanResources.price_model, description="How usage over the included quantity is priced."
    )
    package_size: Decimal | None = column(
        PlanResources.package_size,
        description="The number of units in a package; null for other price models than PACKAGE.",
    )
    tiers: list[PriceTier] = many(
        PlanPriceTiers.plan_resource_id,
        order=(PlanPriceTiers.position,),
        description="The price tiers, the lowest quantity first.",
    )


@read_type(
    PlanVersions,
    platform_rows=((PlanVersions.status, PlanVersionStatus.DRAFT.value),),
    description="The terms of a plan, which no longer change once published. Only platform admins see drafts. "
    "Amounts are in the minor unit of `currency`.",
)
class PlanVersion(Node):
    """A row of `plan_versions`."""

    plan: "Plan" = one(PlanVersions.plan_id, description="The plan that the version belongs to.")
    version: int = column(
        PlanVersions.version, description="The number of the version within its plan, counted from 1."
    )
    status: PlanVersionStatus = column(PlanVersions.status, description="The status of the version.")
    currency: str = column(
        PlanVersions.currency,
        description="The ISO 4217 code of the currency of the prices. Only deployments of tenants with this currency "
        "can subscribe.",
    )
    base_price_cents: Cents = column(
        PlanVersions.base_price_cents, description="The base price of a whole month without tax."
    )
    proration: Proration = column(
        PlanVersions.proration, description="How the base price of a partly billable month is calculated."
    )
    resources: list[PlanResource] = many(
        PlanResources.plan_version_id,
        order=(PlanResources.resource_kind,),
        description="The included resource kinds with their prices.",
    )
    published_at: datetime | None = column(
        PlanVersions.published_at, description="The time at which the version was published; null for a draft."
    )


@read_type(Plans, description="A plan that deployments subscribe to. Its terms are in its versions.")
class Plan(Node):
    """A row of `plans`."""

    code: str = column(Plans.code, description="The unique code of the plan.")
    name: str = column(Plans.name, description="The display name of the plan.")
    description: str | None = column(Plans.description, description="A description of the plan; null if there is none.")
    archived_at: datetime | None = column(
        Plans.archived_at,
        description="The time at which the plan was archived, so that none of its versions can be subscribed to; null "
        "if it is not archived.",
    )
    versions: list[PlanVersion] = many(
        PlanVersions.plan_id,
        order=(PlanVersions.version,),
        description="All versions, the lowest number first. Only platform admins see drafts.",
    )
    current_version: PlanVersion | None = one(
        PlanVersions.plan_id,
        where=((PlanVersions.status, PlanVersionStatus.PUBLISHED.value),),
        order=(desc(PlanVersions.version),),
        description="The highest published version, used when a subscription names no version; null if none is "
        "published.",
    )


@strawberry.type
class PlanQueries:
    """Root queries for plans."""

    plan: Plan | None = root_one(by=Plans.code, description="The plan with this code; null if there is none.")
    plans: list[Plan] = root_many(order=(Plans.code,), description="All plans, sorted by code.")
