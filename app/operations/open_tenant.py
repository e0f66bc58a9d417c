"""Locks the tenant for which something is created: it must not be closed, and cannot be closed until the commit."""

from uuid import UUID

from app.database import UnitOfWork
from app.operations.calls.access import not_found
from app.operations.calls.refusal import ProblemCode, Refusal

_LOCK_SHARED = "SELECT currency, closed_at FROM tenants WHERE id = $1 FOR SHARE"


async def lock_open_tenant(unit: UnitOfWork, tenant_id: UUID, path: tuple[str, ...] = ("tenantId",)) -> str:
    """Takes a shared lock on the tenant and returns its currency. Raises NOT_FOUND, TENANT_CLOSED."""
    tenant = await unit.connection.fetchrow(_LOCK_SHARED, tenant_id)
    if tenant is None:
        raise not_found("tenant", tenant_id, path)
    if tenant["closed_at"] is not None:
        raise Refusal(ProblemCode.TENANT_CLOSED, f"the tenant was closed on {tenant['closed_at']:%Y-%m-%d}", path)
    return str(tenant["currency"])
