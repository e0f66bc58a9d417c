"""Who asks."""

import strawberry

from app.operations.principal import Role
from app.reads import reference
from app.schema.context import Info
from app.schema.tenants import Tenant


@strawberry.type(description="Who the token says you are.")
class Viewer:
    """operations.principal.Principal."""

    subject: str = strawberry.field(description="The token's subject; events name it as their actor.")
    roles: list[Role] = strawberry.field(description="What you may do.")
    tenant: Tenant | None = strawberry.field(description="Your tenant; null for the platform's own people and meters.")


@strawberry.type
class ViewerQueries:
    """The viewer at the root."""

    @strawberry.field(description="Who you are.")
    def viewer(self, info: Info) -> Viewer:
        principal = info.context.viewer
        return Viewer(
            subject=principal.subject,
            roles=sorted(principal.roles),
            tenant=None if principal.tenant_id is None else reference(Tenant, principal.tenant_id),
        )
