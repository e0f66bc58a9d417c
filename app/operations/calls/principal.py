"""The signed-in identity, from the claims of a verified token."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from uuid import UUID

from app.database.scope import PLATFORM, Scope

NO_TENANT = UUID(int=0)
"""The tenant id of a scope that can read only the catalog. No tenant has it, because UUIDv7 ids are never nil."""


class Role(StrEnum):
    """A role of a principal. Tokens contain the names in lower case."""

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
        """The rows that the principal may read. A token's principal is cached, and its scope with it."""
        if self.is_platform_admin:
            return PLATFORM
        return Scope.tenant(self.tenant_id or NO_TENANT)

    @property
    def metering_scope(self) -> Scope:
        """The deployments that the principal may record usage for: all of them for a meter without a tenant, which may
        read none.
        """
        if Role.METER in self.roles and self.tenant_id is None:
            return PLATFORM
        return self.scope
