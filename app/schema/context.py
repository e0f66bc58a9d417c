"""What resolvers and reads know of the caller of one operation."""

from dataclasses import dataclass, field
from datetime import date

import strawberry

from app.database.scope import Scope
from app.operations.calls.call import RequestMetadata
from app.operations.calls.context import Context
from app.operations.calls.principal import NO_TENANT, TENANT_ROLES, Principal
from app.operations.rate_limits import OperationCharge


@dataclass(slots=True)
class RequestContext:
    """`info.context`: what an operation is given, seen the way app/reads asks for it.

    `viewer` asks; `allow=` of a root field is called with it. `scope` is whose rows may be read: a meter records usage
    and reads nothing but the catalog. `charge` is what the operation is paid with, where it is. `read_after`: the
    position in PostgreSQL's log that a replica must have come to.
    """

    operations: Context
    metadata: RequestMetadata = field(default_factory=RequestMetadata)
    done_mutations: list[str] = field(default_factory=list)
    """The mutations of this operation that are committed."""
    charge: OperationCharge | None = None
    read_after: int | None = None
    viewer: Principal = field(init=False)
    scope: Scope = field(init=False)

    def __post_init__(self) -> None:
        self.viewer = self.operations.principal
        self.scope = self.viewer.scope if reads_tenants(self.viewer) else Scope.tenant(NO_TENANT)

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
