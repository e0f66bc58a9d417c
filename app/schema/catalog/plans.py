"""Plans, their versions and what those include."""

from datetime import datetime
from decimal import Decimal

import strawberry

from app.billing import PriceModel, Proration
from app.reads import column, desc, many, one, read_type, root_many, root_one
from app.schema.catalog.resource_kinds import ResourceKind
from app.schema.nodes import Node
from app.schema.scalars import Cents
from app.tables.catalog import PlanPriceTiers, PlanResources, Plans, PlanVersions, PlanVersionStatus


@read_type(PlanPriceTiers, description="The prices of the quantities in (the previous tier's bound, this one's].")
class PriceTier:
    """A row of `plan_price_tiers`."""

    up_to: Decimal | None = column(
        PlanPriceTiers.up_to, description="The last quantity of the tier; null: no bound. Fractions belong to it too."
    )
    unit_price_cents: Decimal = column(PlanPriceTiers.unit_price_cents, description="The price of one unit or package.")
    flat_price_cents: Cents = column(
        PlanPriceTiers.flat_price_cents, description="Charged once when the tier is entered."
    )


@read_type(PlanResources, description="What a plan version includes of a resource kind, and charges beyond that.")
class PlanResource:
    """A row of `plan_resources`."""

    resource_kind: ResourceKind = one(PlanResources.resource_kind, description="What is included.")
    included_quantity: Decimal = column(PlanResources.included_quantity, description="The allowance of a whole month.")
    price_model: PriceModel = column(PlanResources.price_model, description="How what is over is priced.")
    package_size: Decimal | None = column(
        PlanResources.package_size, description="Units of a package; null but for PACKAGE."
    )
    tiers: list[PriceTier] = many(
        PlanPriceTiers.plan_resource_id,
        order=(PlanPriceTiers.position,),
        description="The prices, from the lowest quantity up.",
    )


@read_type(
    PlanVersions,
    platform_rows=((PlanVersions.status, PlanVersionStatus.DRAFT.value),),
    description="The terms of a plan; once published they never change. Drafts are shown to platform admins only.",
)
class PlanVersion(Node):
    """A row of `plan_versions`."""

    plan: "Plan" = one(PlanVersions.plan_id, description="The plan.")
    version: int = column(PlanVersions.version, description="Counts from 1 within the plan.")
    status: PlanVersionStatus = column(PlanVersions.status, description="Whether it is for sale.")
    currency: str = column(PlanVersions.currency, description="ISO 4217; only tenants of this currency can subscribe.")
    base_price_cents: Cents = column(PlanVersions.base_price_cents, description="The base price of a whole month.")
    proration: Proration = column(PlanVersions.proration, description="What a part of a month costs.")
    resources: list[PlanResource] = many(
        PlanResources.plan_version_id,
        order=(PlanResources.resource_kind,),
        description="What is included, by resource kind.",
    )
    published_at: datetime | None = column(
        PlanVersions.published_at, description="When it was published; null for a draft."
    )


@read_type(Plans, description="Something to subscribe to, in versions.")
class Plan(Node):
    """A row of `plans`."""

    code: str = column(Plans.code, description="Its unique name.")
    name: str = column(Plans.name, description="Its name for people.")
    description: str | None = column(Plans.description, description="What it is for.")
    archived_at: datetime | None = column(
        Plans.archived_at,
        description="When it was taken off sale with all its versions; null while it can be subscribed to.",
    )
    versions: list[PlanVersion] = many(
        PlanVersions.plan_id,
        order=(PlanVersions.version,),
        description="All versions, the first one first; drafts are shown to platform admins only.",
    )
    current_version: PlanVersion | None = one(
        PlanVersions.plan_id,
        where=((PlanVersions.status, PlanVersionStatus.PUBLISHED.value),),
        order=(desc(PlanVersions.version),),
        description="The highest published version: what who names no version subscribes to.",
    )


@strawberry.type
class PlanQueries:
    """Plans at the root."""

    plan: Plan | None = root_one(by=Plans.code, description="The plan with this code; null when there is none.")
    plans: list[Plan] = root_many(order=(Plans.code,), description="All plans, by code.")
