"""Changes to plans: create one, draft a version of it, publish the draft."""

from decimal import Decimal
from typing import Annotated
from uuid import UUID

import strawberry

from app.billing import PriceModel, Proration, Tier
from app.operations import catalog
from app.reads import ref
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


@strawberry.input(description="The prices of the quantities in (the previous tier's bound, this one's].")
class PriceTierInput:
    """A tier of a drafted resource."""

    up_to: Decimal | None = optional(description="The last quantity of the tier; the last tier has no bound.")
    unit_price_cents: Decimal = strawberry.field(description="The price of one unit or package.")
    flat_price_cents: Cents = strawberry.field(
        default=Cents(0), description="Charged once when the tier is entered; for GRADUATED and VOLUME."
    )

    def terms(self) -> Tier:
        """The tier as the rules know it."""
        return Tier(self.up_to, self.unit_price_cents, self.flat_price_cents)


@strawberry.input(description="What the version includes of a resource kind, and charges beyond that.")
class PlanResourceInput:
    """A resource of a drafted version."""

    resource_kind: str = strawberry.field(description="The resource kind's code.")
    included_quantity: Decimal = strawberry.field(description="The allowance of a whole month.")
    price_model: PriceModel = strawberry.field(default=PriceModel.PER_UNIT, description="How what is over is priced.")
    package_size: Decimal | None = optional(description="Units of a package; for PACKAGE, and required there.")
    tiers: list[PriceTierInput] = strawberry.field(
        description="The prices, from the lowest quantity up; a single one for PER_UNIT and PACKAGE."
    )

    def draft(self) -> catalog.ResourceDraft:
        """The resource as the operation takes it."""
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


@strawberry.input(description="The draft to publish.")
class PublishPlanVersionInput:
    """Input of `publishPlanVersion`."""

    plan_version_id: UUID = strawberry.field(description="The drafted version.")


@strawberry.input(description="The version to retire.")
class RetirePlanVersionInput:
    """Input of `retirePlanVersion`."""

    plan_version_id: UUID = strawberry.field(description="The published version.")


@strawberry.input(description="The plan to archive.")
class ArchivePlanInput:
    """Input of `archivePlan`."""

    plan_code: str = strawberry.field(description="The code of the plan.")


@strawberry.type(description="The plan was created.")
class PlanCreated:
    """Payload of `createPlan`."""

    plan: Plan = strawberry.field(description="The new plan.")


@strawberry.type(description="The version was drafted.")
class PlanVersionDrafted:
    """Payload of `draftPlanVersion`."""

    plan_version: PlanVersion = strawberry.field(description="The new draft.")


@strawberry.type(description="The version was published.")
class PlanVersionPublished:
    """Payload of `publishPlanVersion`."""

    plan_version: PlanVersion = strawberry.field(description="The version, now for sale.")


@strawberry.type(description="The version was retired.")
class PlanVersionRetired:
    """Payload of `retirePlanVersion`."""

    plan_version: PlanVersion = strawberry.field(description="The version, no longer for sale.")


@strawberry.type(description="The plan was archived.")
class PlanArchived:
    """Payload of `archivePlan`."""

    plan: Plan = strawberry.field(description="The plan, no longer for sale.")


CreatePlanResult = Annotated[PlanCreated | Refused, result_of("createPlan")]
DraftPlanVersionResult = Annotated[PlanVersionDrafted | Refused, result_of("draftPlanVersion")]
PublishPlanVersionResult = Annotated[PlanVersionPublished | Refused, result_of("publishPlanVersion")]
RetirePlanVersionResult = Annotated[PlanVersionRetired | Refused, result_of("retirePlanVersion")]
ArchivePlanResult = Annotated[PlanArchived | Refused, result_of("archivePlan")]


@strawberry.type
class PlanMutations:
    """Changes to plans."""

    @strawberry.mutation(description="Create a plan without versions. The platform's admin only.")
    async def create_plan(self, info: Info, given: Input[CreatePlanInput]) -> CreatePlanResult:
        plan_id = await catalog.create_plan(
            info.context.operations, code=given.code, name=given.name, description=given.description
        )
        return PlanCreated(plan=ref(Plan, plan_id))

    @strawberry.mutation(description="Draft the next version of a plan. The platform's admin only.")
    async def draft_plan_version(self, info: Info, given: Input[DraftPlanVersionInput]) -> DraftPlanVersionResult:
        version_id = await catalog.draft_plan_version(
            info.context.operations,
            plan_code=given.plan_code,
            base_price_cents=given.base_price_cents,
            currency=given.currency,
            proration=given.proration,
            resources=[resource.draft() for resource in given.resources],
        )
        return PlanVersionDrafted(plan_version=ref(PlanVersion, version_id))

    @strawberry.mutation(
        description="Publish a draft: it is for sale from now on and never changes again. The platform's admin only."
    )
    async def publish_plan_version(self, info: Info, given: Input[PublishPlanVersionInput]) -> PublishPlanVersionResult:
        version_id = await catalog.publish_plan_version(info.context.operations, plan_version_id=given.plan_version_id)
        return PlanVersionPublished(plan_version=ref(PlanVersion, version_id))

    @strawberry.mutation(
        description="Retire a published version: nobody can subscribe or change to it any more, and subscriptions that "
        "have it keep it. The platform's admin only."
    )
    async def retire_plan_version(self, info: Info, given: Input[RetirePlanVersionInput]) -> RetirePlanVersionResult:
        version_id = await catalog.retire_plan_version(info.context.operations, plan_version_id=given.plan_version_id)
        return PlanVersionRetired(plan_version=ref(PlanVersion, version_id))

    @strawberry.mutation(
        description="Archive a plan: nobody can subscribe or change to any version of it any more, and subscriptions "
        "that have one keep it. The platform's admin only."
    )
    async def archive_plan(self, info: Info, given: Input[ArchivePlanInput]) -> ArchivePlanResult:
        plan_id = await catalog.archive_plan(info.context.operations, plan_code=given.plan_code)
        return PlanArchived(plan=ref(Plan, plan_id))
