"""Whose rows a piece of work may see and change."""

from dataclasses import dataclass
from functools import cached_property
from uuid import UUID


@dataclass(frozen=True)
class Scope:
    """One tenant, or the platform (`tenant_id` None: every tenant). Row-level security holds the database to it."""

    tenant_id: UUID | None

    @classmethod
    def tenant(cls, tenant_id: UUID) -> "Scope":
        return cls(tenant_id)

    @cached_property
    def setting(self) -> str:
        """The text of PostgreSQL's setting `app.tenant_id`: the tenant's id; the platform has no use for it."""
        return "" if self.tenant_id is None else str(self.tenant_id)

    @property
    def is_platform(self) -> bool:
        return self.tenant_id is None


PLATFORM = Scope(None)
