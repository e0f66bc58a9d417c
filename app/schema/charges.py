"""One-off charges."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import strawberry

from app.operations import charges
from app.reads import column, one, read_type, reference, related
from app.schema.arguments import Input, optional
from app.schema.context import Info
from app.schema.lazy_types import LazyDeployment, LazyTenant
from app.schema.nodes import Node
from app.schema.problems import Refused, result_of
from app.schema.scalars import Cents
from app.tables.invoices import Charges
from app.tables.tenants import Tenants


@read_type(
    Charges,
    description="A one-off charge, or a credit if the amount is negative, that is billed on an invoice. It is "
    "never changed or removed.",
)
class Charge(Node):
    """A row of `charges`."""

    tenant: LazyTenant = one(Charges.tenant_id, description="The charged tenant.")
    deployment: LazyDeployment | None = one(
        Charges.deployment_id,
        description="The deployment that is charged; null if the charge is for the tenant as a whole.",
    )
    description: str = column(Charges.description, description="The text of the invoice line, saying what is charged.")
    net_cents: Cents = column(
        Charges.net_cents, description="The amount without tax, in the minor unit of `currency`; negative for a credit."
    )
    on: date = column(Charges.charged_on, description="The day of the charge, which decides the billing month.")
    created_at: datetime = column(Charges.created_at, description="The time at which the charge was added.")
    currency: str = related(
        Charges.tenant_id, Tenants.currency, description="The ISO 4217 code of the currency of the amount."
    )


@strawberry.input(description="A one-off charge or credit to add to a tenant's invoice.")
class AddChargeInput:
    """Input of `addCharge`."""

    tenant_id: UUID = strawberry.field(description="The id of the tenant to charge.")
    deployment_id: UUID | None = optional(
        description="The id of the tenant's deployment that is charged. Leave it out to charge the tenant as a whole."
    )
    description: str = strawberry.field(description="The text of the invoice line, saying what is charged.")
    net_cents: Cents = strawberry.field(
        description="The amount without tax, in the minor unit of the tenant's currency. Negative for a credit; not 0."
    )
    on: date = strawberry.field(description="The day of the charge, which decides the billing month.")


@strawberry.type(description="The result of adding a charge.")
class ChargeAdded:
    """Payload of `addCharge`."""

    charge: Charge = strawberry.field(description="The new charge.")


AddChargeResult = Annotated[ChargeAdded | Refused, result_of("addCharge")]


@strawberry.type
class ChargeMutations:
    """Mutations for one-off charges."""

    @strawberry.mutation(
        description="Add a one-off charge or credit to a tenant's month. If the month is already invoiced, a later "
        "invoice has it as a correction. Credits are deducted only as far as the invoice's total stays at "
        "or above 0. Platform admins only."
    )
    async def add_charge(self, info: Info, input_: Input[AddChargeInput]) -> AddChargeResult:
        charge_id = await charges.add_charge(
            info.context.operations,
            tenant_id=input_.tenant_id,
            deployment_id=input_.deployment_id,
            description=input_.description,
            net_cents=input_.net_cents,
            on=input_.on,
        )
        return ChargeAdded(charge=reference(Charge, charge_id))
