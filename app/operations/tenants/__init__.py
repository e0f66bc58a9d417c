"""Tenants: the customers that are billed."""

from app.operations.tenants.close import close_tenant
from app.operations.tenants.create import create_tenant, tenant_id_of
from app.operations.tenants.update import update_tenant

__all__ = ["close_tenant", "create_tenant", "tenant_id_of", "update_tenant"]
