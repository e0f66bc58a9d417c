"""Who asks: what a verified token says about its bearer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from uuid import UUID

from app.database.scope import PLATFORM, Scope

NO_TENANT = UUID(int=0)
"""Names no tenant: UUIDv7 keys are never nil. The scope of someone who may see the catalog only."""


class Role(StrEnum):
    """What a principal may do. Tokens carry the names in lower case."""

    PLATFORM_ADMIN = "PLATFORM_ADMIN"
    TENANT_ADMIN = "TENANT_ADMIN"
    TENANT_VIEWER = "TENANT_VIEWER"
    METER = "METER"


TENANT_ROLES = frozenset({Role.TENANT_ADMIN, Role.TENANT_VIEWER})


@dataclass(frozen=True)
class Principal:
    """A signed-in subject. `tenant_id` comes from the token's claim and from nowhere else."""

    subject: str
    roles: frozenset[Role]
    tenant_id: UUID | None = None

    def __post_init__(self) -> None:
        if not self.roles:
            raise ValueError("a principal must have at least one role")
        if self.tenant_id is None and self.roles & TENANT_ROLES:
            raise ValueError("a principal with a tenant's role must have a tenant")

    @property
    def is_platform_admin(self) -> bool:
        return Role.PLATFORM_ADMIN in self.roles

    @cached_property
    def scope(self) -> Scope:
        """The rows it may see. A token's principal is kept, and its scope with it."""
        if self.is_platform_admin:
            return PLATFORM
        return Scope.tenant(self.tenant_id or NO_TENANT)

    @property
    def metering_scope(self) -> Scope:
        """The deployments it may record usage for: a meter without a tenant serves all, and reads none."""
        if Role.METER in self.roles and self.tenant_id is None:
            return PLATFORM
        return self.scope
