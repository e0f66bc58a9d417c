"""Dunning at the root."""

from typing import Annotated
from uuid import UUID

import strawberry

from app.reads import Connection, desc, root_connection
from app.schema.context import Info, is_platform_admin
from app.schema.dunning.types import DunningPolicyOfTenant, DunningRun, policy_of
from app.tables.dunning import DunningRuns


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

    dunning_runs: Connection[DunningRun] = root_connection(
        order=(desc(DunningRuns.day),),
        allow=is_platform_admin,
        description="All dunning runs, the latest first. Platform admins only.",
    )
