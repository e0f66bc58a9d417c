"""Creates tenants, and finds a tenant's id by its code."""

from uuid import UUID

from app.database import UnitOfWork
from app.database.billing_time_zone import lock_billing_time_zone
from app.operations.calls import validation
from app.operations.calls.access import Action, authorise, not_found
from app.operations.calls.context import Context
from app.operations.calls.transaction import transact
from app.operations.events import record_tenant
from app.tables.events import EventType
from app.tables.ids import new_id
from app.tables.tenants import Tenants, TenantTaxExemptions


async def create_tenant(
    context: Context, *, code: str, name: str, country: str = "AU", currency: str = "AUD", tax_exempt: bool = False
) -> UUID:
    """Creates a tenant; returns its id. Raises CONFLICT if the code is taken."""
    authorise(context, Action.CREATE_TENANT)
    validation.refuse(
        [
            *validation.code("code", code),
            *validation.name("name", name),
            *validation.country("country", country),
            *validation.currency("currency", currency),
        ]
    )

    async def work(unit: UnitOfWork) -> UUID:
        await lock_billing_time_zone(unit, context.settings)
        tenant = Tenants(
            id=new_id(),
            code=code,
            name=name,
            country=country,
            currency=currency,
            tax_exempt=tax_exempt,
            created_at=context.clock(),
            email=None,
            billing_address=None,
            abn=None,
            buyer_reference=None,
            legal_name=None,
            closed_at=None,
        )
        await Tenants.insert(tenant)
        if tax_exempt:
            await TenantTaxExemptions.insert(
                TenantTaxExemptions(
                    id=new_id(),
                    tenant_id=tenant.id,
                    first_day=validation.FIRST_DAY,
                    tax_exempt=True,
                    reason=None,
                    created_at=tenant.created_at,
                )
            )
        await record_tenant(unit, EventType.TENANT_CREATED, tenant.id, tenant.created_at)
        return tenant.id

    return await transact(context, work, UUID)


async def tenant_id_of(context: Context, *, code: str) -> UUID:
    """Returns the id of the tenant with this code. Raises NOT_FOUND."""

    async def work(_unit: UnitOfWork) -> UUID | None:
        row = await Tenants.select(Tenants.id).where(Tenants.code == code).first()
        return row["id"] if row else None

    tenant_id = await transact(context, work)
    if tenant_id is None:
        raise not_found("tenant", code, ("code",))
    return tenant_id
