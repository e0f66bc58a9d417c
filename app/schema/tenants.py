"""Tenants: who is billed."""

from datetime import datetime
from typing import Annotated

import strawberry

from app.operations import tenants
from app.reads import Connection, column, connection, desc, read_type, ref, root_connection, root_one
from app.schema.arguments import Input
from app.schema.context import Info, reads_tenants
from app.schema.deployments.filters import DEPLOYMENT_FILTERS, DeploymentFilter
from app.schema.invoices.filters import INVOICE_FILTERS, InvoiceFilter
from app.schema.lazy import LazyDeployment, LazyInvoice
from app.schema.nodes import Node
from app.schema.problems import Refused, result_of
from app.tables.deployments import CloudDeployments
from app.tables.invoices import TenantInvoices
from app.tables.tenants import Tenants


@read_type(Tenants, tenant=Tenants.id, description="A customer: it owns deployments and gets one invoice a month.")
class Tenant(Node):
    """A row of `tenants`."""

    code: str = column(Tenants.code, description="A short unique name, for command lines and imports.")
    name: str = column(Tenants.name, description="The name on invoices.")
    country: str = column(Tenants.country, description="ISO 3166-1 alpha-2; decides the taxes.")
    currency: str = column(Tenants.currency, description="ISO 4217; what the tenant is invoiced in.")
    tax_exempt: bool = column(Tenants.tax_exempt, description="Whether no tax is charged.")
    created_at: datetime = column(Tenants.created_at, description="When the tenant was created.")
    deployments: Connection[LazyDeployment] = connection(
        CloudDeployments.tenant_id,
        order=(CloudDeployments.slug,),
        filters=DEPLOYMENT_FILTERS,
        filter_input=DeploymentFilter,
        description="The tenant's deployments, by slug.",
    )
    invoices: Connection[LazyInvoice] = connection(
        TenantInvoices.tenant_id,
        order=(desc(TenantInvoices.period_start), desc(TenantInvoices.id)),
        filters=INVOICE_FILTERS,
        filter_input=InvoiceFilter,
        description="The tenant's invoices, the latest period first.",
    )


@strawberry.type
class TenantQueries:
    """Tenants at the root."""

    tenant: Tenant | None = root_one(
        by={"id": Tenants.id, "code": Tenants.code},
        allow=reads_tenants,
        description="The tenant with this id or this code (give one); null when there is none to see.",
    )
    tenants: Connection[Tenant] = root_connection(
        order=(Tenants.code,), allow=reads_tenants, description="The tenants you may see, by code."
    )


@strawberry.input(description="A tenant to create.")
class CreateTenantInput:
    """Input of `createTenant`."""

    code: str = strawberry.field(description="Unique; lower-case letters, digits, hyphens and underscores.")
    name: str = strawberry.field(description="The name on invoices.")
    country: str = strawberry.field(default="AU", description="ISO 3166-1 alpha-2.")
    currency: str = strawberry.field(default="AUD", description="ISO 4217.")
    tax_exempt: bool = strawberry.field(default=False, description="Whether no tax is charged.")


@strawberry.type(description="The tenant was created.")
class TenantCreated:
    """Payload of `createTenant`."""

    tenant: Tenant = strawberry.field(description="The new tenant.")


CreateTenantResult = Annotated[TenantCreated | Refused, result_of("createTenant")]


@strawberry.type
class TenantMutations:
    """Changes to tenants."""

    @strawberry.mutation(description="Create a tenant. The platform's admin only.")
    async def create_tenant(self, info: Info, given: Input[CreateTenantInput]) -> CreateTenantResult:
        tenant_id = await tenants.create_tenant(
            info.context.operations,
            code=given.code,
            name=given.name,
            country=given.country,
            currency=given.currency,
            tax_exempt=given.tax_exempt,
        )
        return TenantCreated(tenant=ref(Tenant, tenant_id))
