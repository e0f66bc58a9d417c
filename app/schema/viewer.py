"""The viewer: the caller as the token identifies it."""

import strawberry

from app.operations.calls.principal import Role
from app.reads import reference
from app.schema.context import Info
from app.schema.tenants import Tenant


@strawberry.type(description="The signed-in caller, as its token says.")
class Viewer:
    """The viewer; resolvers return operations.principal.Principal."""

    subject: str = strawberry.field(description="The subject of the caller's token, which events name as their actor.")
    roles: list[Role] = strawberry.field(description="The roles of the caller, which decide what it may do.")
    tenant: Tenant | None = strawberry.field(
        description="The tenant of the caller; null for platform admins and for meters without a tenant."
    )


@strawberry.type
class ViewerQueries:
    """Root queries for the viewer."""

    @strawberry.field(description="The signed-in caller.")
    def viewer(self, info: Info) -> Viewer:
        principal = info.context.viewer
        return Viewer(
            subject=principal.subject,
            roles=sorted(principal.roles),
            tenant=None if principal.tenant_id is None else reference(Tenant, principal.tenant_id),
        )
