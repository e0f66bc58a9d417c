"""The scope of an operation: the rows that it may read and change."""

from dataclasses import dataclass
from functools import cached_property
from uuid import UUID


@dataclass(frozen=True)
class Scope:
    """One tenant, or the platform (`tenant_id` None: every tenant). Row-level security enforces it in the database."""

    tenant_id: UUID | None

    @classmethod
    def tenant(cls, tenant_id: UUID) -> "Scope":
        return cls(tenant_id)

    @cached_property
    def setting(self) -> str:
        """The value of PostgreSQL's setting `app.tenant_id`: the tenant's id; empty for the platform, which does not
        use it.
        """
        return "" if self.tenant_id is None else str(self.tenant_id)

    @property
    def is_platform(self) -> bool:
        return self.tenant_id is None


PLATFORM = Scope(None)
