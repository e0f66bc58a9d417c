"""Creating, changing and closing tenants."""

from datetime import date
from typing import Annotated
from uuid import UUID

import strawberry

from app.operations import tenants
from app.reads import reference
from app.schema.arguments import Input, clearable, optional
from app.schema.context import Info
from app.schema.problems import Refused, result_of
from app.schema.tenants import Tenant


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
    description="Changes to a tenant; fields that are left out do not change. Null removes the legal name, "
    "address, email, ABN or buyer reference."
)
class UpdateTenantInput:
    """Input of `updateTenant`."""

    tenant_id: UUID = strawberry.field(description="The id of the tenant.")
    name: str | None = optional(description="The new name of the tenant on invoices.")
    legal_name: str | None = clearable(description="The tenant's registered name, for tax invoices.")
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
    async def create_tenant(self, info: Info, input_: Input[CreateTenantInput]) -> CreateTenantResult:
        tenant_id = await tenants.create_tenant(
            info.context.operations,
            code=input_.code,
            name=input_.name,
            country=input_.country,
            currency=input_.currency,
            tax_exempt=input_.tax_exempt,
        )
        return TenantCreated(tenant=reference(Tenant, tenant_id))

    @strawberry.mutation(description="Change a tenant. Platform admins only.")
    async def update_tenant(self, info: Info, input_: Input[UpdateTenantInput]) -> UpdateTenantResult:
        tenant_id = await tenants.update_tenant(
            info.context.operations,
            tenant_id=input_.tenant_id,
            name=input_.name,
            legal_name=input_.legal_name,
            email=input_.email,
            billing_address=input_.billing_address,
            abn=input_.abn,
            buyer_reference=input_.buyer_reference,
            tax_exempt=input_.tax_exempt,
            tax_exempt_reason=input_.tax_exempt_reason,
            tax_exempt_from=input_.tax_exempt_from,
        )
        return TenantUpdated(tenant=reference(Tenant, tenant_id))

    @strawberry.mutation(
        description="Close a tenant. All its deployments must be cancelled or archived, all its months billed and all "
        "its invoices paid. A closed tenant can have no new deployment, subscription or charge. Platform "
        "admins only."
    )
    async def close_tenant(self, info: Info, input_: Input[CloseTenantInput]) -> CloseTenantResult:
        tenant_id = await tenants.close_tenant(info.context.operations, tenant_id=input_.tenant_id)
        return TenantClosed(tenant=reference(Tenant, tenant_id))
