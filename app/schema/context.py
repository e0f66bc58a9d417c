"""What resolvers and reads know of the caller of one operation."""

from dataclasses import dataclass, field
from datetime import date

import strawberry

from app.database.scope import Scope
from app.operations.call import Origin
from app.operations.context import Context
from app.operations.principal import NO_TENANT, TENANT_ROLES, Principal


@dataclass(frozen=True, slots=True)
class RequestContext:
    """`info.context`: what an operation is given, seen the way app/reads asks for it."""

    operations: Context
    origin: Origin = field(default_factory=Origin)
    done: list[str] = field(default_factory=list)
    """The mutations of this operation that are committed."""

    @property
    def viewer(self) -> Principal:
        """Who asks; `allow=` of a root field is called with it."""
        return self.operations.principal

    @property
    def scope(self) -> Scope:
        """Whose rows may be read. A meter records usage and reads nothing but the catalog."""
        return self.viewer.scope if reads_tenants(self.viewer) else Scope.tenant(NO_TENANT)

    @property
    def today(self) -> date:
        """The day it is in the billing time zone."""
        return self.operations.today()


Info = strawberry.Info[RequestContext, None]


def reads_tenants(viewer: Principal) -> bool:
    """Whether the viewer may read tenants' rows at all; which ones is its scope's to say."""
    return viewer.is_platform_admin or not viewer.roles.isdisjoint(TENANT_ROLES)


def is_platform_admin(viewer: Principal) -> bool:
    """Whether the viewer may read what is the platform's alone."""
    return viewer.is_platform_admin
