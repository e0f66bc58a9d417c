"""Tenants: who is billed."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import strawberry

from app.operations import tenants
from app.reads import (
    Connection,
    column,
    connection,
    contains,
    desc,
    equals,
    many,
    one,
    read_type,
    reference,
    root_connection,
    root_one,
)
from app.schema.arguments import Input, clearable, optional
from app.schema.context import Info, reads_tenants
from app.schema.deployments.filters import DEPLOYMENT_FILTERS, DeploymentFilter
from app.schema.invoices.filters import INVOICE_FILTERS, InvoiceFilter
from app.schema.lazy import LazyCharge, LazyDeployment, LazyDunningHold, LazyInvoice
from app.schema.nodes import Node
from app.schema.problems import Refused, result_of
from app.tables.deployments import CloudDeployments
from app.tables.dunning import DunningHolds
from app.tables.invoices import Charges, TenantInvoices
from app.tables.tenants import Tenants, TenantTaxExemptions


@read_type(
    TenantTaxExemptions,
    description="An entry of a tenant's tax exemption history. It applies from its first day until the next entry.",
)
class TaxExemption(Node):
    """A row of `tenant_tax_exemptions`."""

    first_day: date = column(
        TenantTaxExemptions.first_day,
        description="The first day of the entry. The entry that applies on the last day of a month decides for the "
        "whole month.",
    )
    tax_exempt: bool = column(
        TenantTaxExemptions.tax_exempt, description="True if the tenant is exempt from tax, false if an exemption ends."
    )
    reason: str | None = column(
        TenantTaxExemptions.reason, description="The reason for the exemption or its end; null if none was given."
    )


@read_type(Tenants, tenant=Tenants.id, description="A customer that owns deployments and gets one invoice a month.")
class Tenant(Node):
    """A row of `tenants`."""

    code: str = column(Tenants.code, description="The unique code of the tenant, for command lines and imports.")
    name: str = column(Tenants.name, description="The name of the tenant on invoices.")
    country: str = column(
        Tenants.country, description="The ISO 3166-1 alpha-2 code of the tenant's country, which decides the taxes."
    )
    currency: str = column(Tenants.currency, description="The ISO 4217 code of the currency of the tenant's invoices.")
    email: str | None = column(
        Tenants.email, description="The email address to which invoices are sent; null if there is none."
    )
    billing_address: str | None = column(
        Tenants.billing_address, description="The postal address on invoices; null if there is none."
    )
    abn: str | None = column(
        Tenants.abn, description="The Australian Business Number, 11 digits without spaces; null if there is none."
    )
    buyer_reference: str | None = column(
        Tenants.buyer_reference,
        description="The reference that the tenant wants on its invoices, such as a purchase order number; null if "
        "there is none.",
    )
    tax_exempt: bool = column(Tenants.tax_exempt, description="True if the tenant is currently charged no tax.")
    tax_exemptions: list[TaxExemption] = many(
        TenantTaxExemptions.tenant_id,
        order=(TenantTaxExemptions.first_day,),
        description="The tenant's tax exemption history, the earliest entry first. Before the first entry the tenant "
        "is not exempt.",
    )
    created_at: datetime = column(Tenants.created_at, description="The time at which the tenant was created.")
    closed_at: datetime | None = column(
        Tenants.closed_at,
        description="The time at which the tenant was closed; null if it is not closed and can be billed.",
    )
    dunning_hold: LazyDunningHold | None = one(
        DunningHolds.tenant_id,
        where=[(DunningHolds.ended_at, None)],
        description="The hold of the tenant's dunning that lasts; null if there is none. Only platform admins see it.",
    )
    deployments: Connection[LazyDeployment] = connection(
        CloudDeployments.tenant_id,
        order=(CloudDeployments.slug,),
        filters=DEPLOYMENT_FILTERS,
        filter_input=DeploymentFilter,
        description="The tenant's deployments, sorted by slug.",
    )
    invoices: Connection[LazyInvoice] = connection(
        TenantInvoices.tenant_id,
        order=(desc(TenantInvoices.period_start), desc(TenantInvoices.id)),
        filters=INVOICE_FILTERS,
        filter_input=InvoiceFilter,
        description="The tenant's invoices, the latest period first.",
    )
    charges: Connection[LazyCharge] = connection(
        Charges.tenant_id,
        order=(desc(Charges.charged_on), desc(Charges.id)),
        description="The tenant's one-off charges and credits, the latest day first.",
    )


@strawberry.input(description="Selects tenants that meet every given condition.")
class TenantFilter:
    """The filter of `tenants`."""

    code: str | None = optional(description="Only the tenant with exactly this code.")
    search: str | None = optional(
        description="Only tenants whose code or name contains this text, in upper or lower case."
    )


TENANT_FILTERS = {"code": equals(Tenants.code), "search": contains(Tenants.code, Tenants.name)}


@strawberry.type
class TenantQueries:
    """Tenants at the root."""

    tenant: Tenant | None = root_one(
        by={"id": Tenants.id, "code": Tenants.code},
        allow=reads_tenants,
        description="The tenant with this id or code (provide exactly one); null if there is none that the caller may "
        "see.",
    )
    tenants: Connection[Tenant] = root_connection(
        order=(Tenants.code,),
        filters=TENANT_FILTERS,
        filter_input=TenantFilter,
        allow=reads_tenants,
        description="The tenants that the caller may see, sorted by code.",
    )


@strawberry.input(description="A tenant to create.")
class CreateTenantInput:
    """Input of `createTenant`."""

    code: str = strawberry.field(
        description="The unique code of the tenant: lower-case letters, digits, hyphens and underscores."
    )
    name: str = strawberry.field(description="The name of the tenant on invoices.")
    country: str = strawberry.field(
        default="AU", description="The ISO 3166-1 alpha-2 code of the tenant's country, which decides the taxes."
    )
    currency: str = strawberry.field(
        default="AUD", description="The ISO 4217 code of the currency of the tenant's invoices."
    )
    tax_exempt: bool = strawberry.field(default=False, description="True if the tenant is charged no tax.")


@strawberry.input(
    description="Changes to a tenant; fields that are left out do not change. Null removes the address, email, "
    "ABN or buyer reference."
)
class UpdateTenantInput:
    """Input of `updateTenant`."""

    tenant_id: UUID = strawberry.field(description="The id of the tenant.")
    name: str | None = optional(description="The new name of the tenant on invoices.")
    email: str | None = clearable(description="The email address to which invoices are sent.")
    billing_address: str | None = clearable(description="The postal address on invoices.")
    abn: str | None = clearable(
        description="The Australian Business Number: 11 digits with valid check digits; spaces are allowed."
    )
    buyer_reference: str | None = clearable(
        description="The reference that the tenant wants on its invoices, such as a purchase order number."
    )
    tax_exempt: bool | None = optional(description="True if the tenant is charged no tax from `taxExemptFrom` on.")
    tax_exempt_reason: str | None = optional(description="The reason for the tax exemption or for its end.")
    tax_exempt_from: date | None = optional(
        description="The first day on which `taxExempt` applies, not in the future. Default: today. The last day of a "
        "month decides for the whole month."
    )


@strawberry.input(description="The tenant to close.")
class CloseTenantInput:
    """Input of `closeTenant`."""

    tenant_id: UUID = strawberry.field(description="The id of the tenant.")


@strawberry.type(description="The result of creating a tenant.")
class TenantCreated:
    """Payload of `createTenant`."""

    tenant: Tenant = strawberry.field(description="The new tenant.")


@strawberry.type(description="The result of changing a tenant.")
class TenantUpdated:
    """Payload of `updateTenant`."""

    tenant: Tenant = strawberry.field(description="The tenant after the change.")


@strawberry.type(description="The result of closing a tenant.")
class TenantClosed:
    """Payload of `closeTenant`."""

    tenant: Tenant = strawberry.field(description="The closed tenant.")


CreateTenantResult = Annotated[TenantCreated | Refused, result_of("createTenant")]
UpdateTenantResult = Annotated[TenantUpdated | Refused, result_of("updateTenant")]
CloseTenantResult = Annotated[TenantClosed | Refused, result_of("closeTenant")]


@strawberry.type
class TenantMutations:
    """Changes to tenants."""

    @strawberry.mutation(description="Create a tenant. Platform admins only.")
    async def create_tenant(self, info: Info, given: Input[CreateTenantInput]) -> CreateTenantResult:
        tenant_id = await tenants.create_tenant(
            info.context.operations,
            code=given.code,
            name=given.name,
            country=given.country,
            currency=given.currency,
            tax_exempt=given.tax_exempt,
        )
        return TenantCreated(tenant=reference(Tenant, tenant_id))

    @strawberry.mutation(description="Change a tenant. Platform admins only.")
    async def update_tenant(self, info: Info, given: Input[UpdateTenantInput]) -> UpdateTenantResult:
        tenant_id = await tenants.update_tenant(
            info.context.operations,
            tenant_id=given.tenant_id,
            name=given.name,
            email=given.email,
            billing_address=given.billing_address,
            abn=given.abn,
            buyer_reference=given.buyer_reference,
            tax_exempt=given.tax_exempt,
            tax_exempt_reason=given.tax_exempt_reason,
            tax_exempt_from=given.tax_exempt_from,
        )
        return TenantUpdated(tenant=reference(Tenant, tenant_id))

    @strawberry.mutation(
        description="Close a tenant. All its deployments must be cancelled or archived, all its months billed and all "
        "its invoices paid. A closed tenant can have no new deployment, subscription or charge. Platform "
        "admins only."
    )
    async def close_tenant(self, info: Info, given: Input[CloseTenantInput]) -> CloseTenantResult:
        tenant_id = await tenants.close_tenant(info.context.operations, tenant_id=given.tenant_id)
        return TenantClosed(tenant=reference(Tenant, tenant_id))
