"""Dunning at the root."""

from typing import Annotated
from uuid import UUID

import strawberry

from app.billing import StepKind
from app.reads import Connection, among, desc, equals, root_connection
from app.schema.arguments import optional
from app.schema.context import Info, is_platform_admin, reads_tenants
from app.schema.dunning.types import DunningPolicyOfTenant, DunningRun, DunningStep, policy_of
from app.tables.dunning import DunningRuns, DunningSteps


@strawberry.input(description="Selects steps of dunning that meet every given condition.")
class DunningStepFilter:
    """The filter of `dunningSteps`."""

    tenant_id: UUID | None = optional(description="Only steps of this tenant's invoices.")
    kind: list[StepKind] | None = optional(description="Only steps of one of these kinds.")


_STEP_FILTERS = {"tenant_id": equals(DunningSteps.tenant_id), "kind": among(DunningSteps.kind)}


@strawberry.type
class DunningQueries:
    """Dunning at the root."""

    @strawberry.field(
        description="The dunning policy that applies to a tenant: its own, or the platform's default. Platform admins "
        "only."
    )
    async def dunning_policy(
        self,
        info: Info,
        tenant_id: Annotated[
            UUID | None,
            strawberry.argument(description="The id of the tenant. Default: the platform's default policy."),
        ] = strawberry.UNSET,
    ) -> DunningPolicyOfTenant:
        return await policy_of(info, None if tenant_id is strawberry.UNSET else tenant_id)

    dunning_steps: Connection[DunningStep] = root_connection(
        order=(desc(DunningSteps.taken_at), desc(DunningSteps.id)),
        filters=_STEP_FILTERS,
        filter_input=DunningStepFilter,
        allow=reads_tenants,
        description="The steps of dunning that the caller may see, the latest first. With the kind PROPOSE_WRITE_OFF "
        "they are the proposals to write off an invoice.",
    )
    dunning_runs: Connection[DunningRun] = root_connection(
        order=(desc(DunningRuns.day),),
        allow=is_platform_admin,
        description="All dunning runs, the latest first. Platform admins only.",
    )
