"""What resolvers and reads know about the caller of one operation."""

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
    """`info.context`: an operation's context, in the form that app/reads requires.

    `viewer` is the caller, and the argument of a root field's `allow=`. `scope` is the rows that may be read: a meter
    records usage and may read only the catalog. `charge` pays for the operation, if there is a rate limit.
    `read_after`: the WAL position that a replica must have reached.
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
        """Returns the current day in the billing time zone."""
        return self.operations.today()


Info = strawberry.Info[RequestContext, None]


def reads_tenants(viewer: Principal) -> bool:
    """Whether the viewer may read rows of tenants: all of them or its own tenant's only, which its scope decides."""
    return viewer.is_platform_admin or not viewer.roles.isdisjoint(TENANT_ROLES)


def is_platform_admin(viewer: Principal) -> bool:
    """Whether the viewer may read rows that are visible to the platform only."""
    return viewer.is_platform_admin
