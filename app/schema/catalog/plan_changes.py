"""Mutations for plans: create a plan, draft a version of it, publish the draft."""

from decimal import Decimal
from typing import Annotated
from uuid import UUID

import strawberry

from app.billing import PriceModel, Proration, Tier
from app.operations import catalog
from app.reads import reference
from app.schema.arguments import Input, optional
from app.schema.catalog.plans import Plan, PlanVersion
from app.schema.context import Info
from app.schema.problems import Refused, result_of
from app.schema.scalars import Cents


@strawberry.input(description="A plan to create. Deployments can subscribe once the plan has a published version.")
class CreatePlanInput:
    """Input of `createPlan`."""

    code: str = strawberry.field(
        description="The unique code of the plan: lower-case letters, digits, hyphens and underscores."
    )
    name: str = strawberry.field(description="The display name of the plan.")
    description: str | None = optional(description="A description of the plan.")


@strawberry.input(
    description="A price tier: the prices of the quantities above the previous tier's bound, up to and including "
    "its own. Prices are in the currency's minor unit."
)
class PriceTierInput:
    """A price tier of one resource kind in a drafted plan version."""

    up_to: Decimal | None = optional(
        description="The upper bound of the tier, inclusive. Leave it out for the last tier."
    )
    unit_price_cents: Decimal = strawberry.field(
        description="The price of one unit, or of one package for PACKAGE, as a decimal."
    )
    flat_price_cents: Cents = strawberry.field(
        default=Cents(0),
        description="The price that is charged once if the quantity reaches the tier; for GRADUATED and VOLUME only.",
    )

    def terms(self) -> Tier:
        """Converts the input to the billing rules' Tier."""
        return Tier(self.up_to, self.unit_price_cents, self.flat_price_cents)


@strawberry.input(description="What a plan version includes of one resource kind, and the price of usage over that.")
class PlanResourceInput:
    """A resource kind that a drafted plan version includes."""

    resource_kind: str = strawberry.field(description="The code of the resource kind.")
    included_quantity: Decimal = strawberry.field(
        description="The quantity included in a whole month, in the resource kind's unit."
    )
    price_model: PriceModel = strawberry.field(
        default=PriceModel.PER_UNIT, description="How usage over the included quantity is priced."
    )
    package_size: Decimal | None = optional(
        description="The number of units in a package, for the price model PACKAGE only, where it is required."
    )
    tiers: list[PriceTierInput] = strawberry.field(
        description="The price tiers, the lowest quantity first; exactly one for PER_UNIT and PACKAGE."
    )

    def draft(self) -> catalog.ResourceDraft:
        """Converts the input to the type that the operation receives."""
        return catalog.ResourceDraft(
            resource_kind=self.resource_kind,
            included_quantity=self.included_quantity,
            price_model=self.price_model,
            package_size=self.package_size,
            tiers=tuple(tier.terms() for tier in self.tiers),
        )


@strawberry.input(description="The terms of a new plan version.")
class DraftPlanVersionInput:
    """Input of `draftPlanVersion`."""

    plan_code: str = strawberry.field(description="The code of the plan.")
    base_price_cents: Cents = strawberry.field(
        description="The base price of a whole month without tax, in the currency's minor unit."
    )
    currency: str = strawberry.field(default="AUD", description="The ISO 4217 code of the currency of the prices.")
    proration: Proration = strawberry.field(
        default=Proration.NONE, description="How the base price of a partly billable month is calculated."
    )
    resources: list[PlanResourceInput] = strawberry.field(
        default_factory=list,
        description="The included resource kinds with their prices; each resource kind at most once.",
    )


@strawberry.input(description="A draft of a plan version to publish.")
class PublishPlanVersionInput:
    """Input of `publishPlanVersion`."""

    plan_version_id: UUID = strawberry.field(description="The id of the drafted version.")


@strawberry.input(description="A published plan version to retire.")
class RetirePlanVersionInput:
    """Input of `retirePlanVersion`."""

    plan_version_id: UUID = strawberry.field(description="The id of the published version.")


@strawberry.input(description="The plan to archive.")
class ArchivePlanInput:
    """Input of `archivePlan`."""

    plan_code: str = strawberry.field(description="The code of the plan.")


@strawberry.type(description="The result of creating a plan.")
class PlanCreated:
    """Payload of `createPlan`."""

    plan: Plan = strawberry.field(description="The new plan.")


@strawberry.type(description="The result of drafting a plan version.")
class PlanVersionDrafted:
    """Payload of `draftPlanVersion`."""

    plan_version: PlanVersion = strawberry.field(description="The new draft.")


@strawberry.type(description="The result of publishing a plan version.")
class PlanVersionPublished:
    """Payload of `publishPlanVersion`."""

    plan_version: PlanVersion = strawberry.field(
        description="The published version, which can be subscribed to from now on."
    )


@strawberry.type(description="The result of retiring a plan version.")
class PlanVersionRetired:
    """Payload of `retirePlanVersion`."""

    plan_version: PlanVersion = strawberry.field(
        description="The retired version, which can no longer be subscribed to."
    )


@strawberry.type(description="The result of archiving a plan.")
class PlanArchived:
    """Payload of `archivePlan`."""

    plan: Plan = strawberry.field(description="The archived plan.")


CreatePlanResult = Annotated[PlanCreated | Refused, result_of("createPlan")]
DraftPlanVersionResult = Annotated[PlanVersionDrafted | Refused, result_of("draftPlanVersion")]
PublishPlanVersionResult = Annotated[PlanVersionPublished | Refused, result_of("publishPlanVersion")]
RetirePlanVersionResult = Annotated[PlanVersionRetired | Refused, result_of("retirePlanVersion")]
ArchivePlanResult = Annotated[PlanArchived | Refused, result_of("archivePlan")]


@strawberry.type
class PlanMutations:
    """Mutations for plans."""

    @strawberry.mutation(description="Create a plan without versions. Platform admins only.")
    async def create_plan(self, info: Info, input_: Input[CreatePlanInput]) -> CreatePlanResult:
        plan_id = await catalog.create_plan(
            info.context.operations, code=input_.code, name=input_.name, description=input_.description
        )
        return PlanCreated(plan=reference(Plan, plan_id))

    @strawberry.mutation(description="Draft the next version of a plan. Platform admins only.")
    async def draft_plan_version(self, info: Info, input_: Input[DraftPlanVersionInput]) -> DraftPlanVersionResult:
        version_id = await catalog.draft_plan_version(
            info.context.operations,
            plan_code=input_.plan_code,
            base_price_cents=input_.base_price_cents,
            currency=input_.currency,
            proration=input_.proration,
            resources=[resource.draft() for resource in input_.resources],
        )
        return PlanVersionDrafted(plan_version=reference(PlanVersion, version_id))

    @strawberry.mutation(
        description="Publish a draft of a plan version: it can be subscribed to from now on, and its terms no longer "
        "change. Platform admins only."
    )
    async def publish_plan_version(
        self, info: Info, input_: Input[PublishPlanVersionInput]
    ) -> PublishPlanVersionResult:
        version_id = await catalog.publish_plan_version(info.context.operations, plan_version_id=input_.plan_version_id)
        return PlanVersionPublished(plan_version=reference(PlanVersion, version_id))

    @strawberry.mutation(
        description="Retire a published plan version: it can no longer be subscribed to; existing subscriptions keep "
        "it. Platform admins only."
    )
    async def retire_plan_version(self, info: Info, input_: Input[RetirePlanVersionInput]) -> RetirePlanVersionResult:
        version_id = await catalog.retire_plan_version(info.context.operations, plan_version_id=input_.plan_version_id)
        return PlanVersionRetired(plan_version=reference(PlanVersion, version_id))

    @strawberry.mutation(
        description="Archive a plan: none of its versions can be subscribed to any more; existing subscriptions keep "
        "theirs. Platform admins only."
    )
    async def archive_plan(self, info: Info, input_: Input[ArchivePlanInput]) -> ArchivePlanResult:
        plan_id = await catalog.archive_plan(info.context.operations, plan_code=input_.plan_code)
        return PlanArchived(plan=reference(Plan, plan_id))
