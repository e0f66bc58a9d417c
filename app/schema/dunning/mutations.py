"""Changes to dunning: policies, holds and disputes."""

from datetime import date
from typing import Annotated
from uuid import UUID

import strawberry

from app.billing import Step, StepKind
from app.operations import dunning
from app.reads import reference
from app.schema.arguments import Input, optional
from app.schema.context import Info
from app.schema.dunning.types import DunningHold, DunningPolicyOfTenant, policy_of
from app.schema.invoices.types import Invoice
from app.schema.problems import Refused, result_of
from app.schema.scalars import Cents
from app.schema.tenants import Tenant


@strawberry.input(description="A step of a dunning policy.")
class DunningPolicyStepInput:
    """app.billing.Step."""

    kind: StepKind = strawberry.field(description="The kind of step. Each kind is a step at most once.")
    days: int = strawberry.field(
        description="The number of days after an invoice's due date: 1 to 3650, more than the step before."
    )


@strawberry.input(description="A dunning policy to set.")
class SetDunningPolicyInput:
    """Input of `setDunningPolicy`."""

    tenant_id: UUID | None = optional(
        description="The id of the tenant to set an own policy for. Default: the platform's default policy is set."
    )
    steps: list[DunningPolicyStepInput] | None = optional(
        description="The steps, in the order of their days; SUSPEND needs PAST_DUE before it. An empty list takes no "
        "steps. Leave it out to remove the policy, so that the default applies again."
    )
    minimum_cents: Cents = strawberry.field(
        default=Cents(0),
        description="The minimum, in the minor unit of the tenant's currency: a tenant whose overdue total less its "
        "credit balance is below it counts as not overdue.",
    )


@strawberry.input(description="A hold of a tenant's dunning.")
class HoldDunningInput:
    """Input of `holdDunning`."""

    tenant_id: UUID = strawberry.field(description="The id of the tenant.")
    until: date = strawberry.field(description="The last day of the hold, today or later.")
    reason: str = strawberry.field(description="The reason for the hold, such as a promise to pay.")


@strawberry.input(description="The tenant whose hold of dunning is to end.")
class ReleaseDunningInput:
    """Input of `releaseDunning`."""

    tenant_id: UUID = strawberry.field(description="The id of the tenant.")


@strawberry.input(description="An invoice that the tenant disputes.")
class DisputeInvoiceInput:
    """Input of `disputeInvoice`."""

    invoice_id: UUID = strawberry.field(description="The id of the invoice, which must be issued and not paid.")
    reason: str = strawberry.field(description="The reason for the dispute, in words.")


@strawberry.input(description="A disputed invoice whose dispute is to end.")
class ResolveDisputeInput:
    """Input of `resolveDispute`."""

    invoice_id: UUID = strawberry.field(description="The id of the invoice.")


@strawberry.type(description="The result of setting or removing a dunning policy.")
class DunningPolicySet:
    """Payload of `setDunningPolicy`."""

    tenant_id: strawberry.Private[UUID | None]

    @strawberry.field(description="The policy that now applies to the tenant, or the platform's default.")
    async def policy(self, info: Info) -> DunningPolicyOfTenant:
        return await policy_of(info, self.tenant_id)


@strawberry.type(description="The result of putting a tenant's dunning on hold.")
class DunningHeld:
    """Payload of `holdDunning`."""

    hold: DunningHold = strawberry.field(description="The hold.")


@strawberry.type(description="The result of ending a hold. The steps that are due happen within moments.")
class DunningReleased:
    """Payload of `releaseDunning`."""

    tenant: Tenant = strawberry.field(description="The tenant.")


@strawberry.type(
    description="The result of disputing an invoice. Deployments that dunning moved for it return to ACTIVE within "
    "moments."
)
class InvoiceDisputed:
    """Payload of `disputeInvoice`."""

    invoice: Invoice = strawberry.field(description="The disputed invoice.")


@strawberry.type(description="The result of ending a dispute. The steps that are due happen within moments.")
class DisputeResolved:
    """Payload of `resolveDispute`."""

    invoice: Invoice = strawberry.field(description="The invoice, which is not disputed any more.")


SetDunningPolicyResult = Annotated[DunningPolicySet | Refused, result_of("setDunningPolicy")]
HoldDunningResult = Annotated[DunningHeld | Refused, result_of("holdDunning")]
ReleaseDunningResult = Annotated[DunningReleased | Refused, result_of("releaseDunning")]
DisputeInvoiceResult = Annotated[InvoiceDisputed | Refused, result_of("disputeInvoice")]
ResolveDisputeResult = Annotated[DisputeResolved | Refused, result_of("resolveDispute")]


@strawberry.type
class DunningMutations:
    """Changes to dunning."""

    @strawberry.mutation(
        description="Set or remove the dunning policy of a tenant, or the platform's default. It applies from the "
        "next evaluation on. Platform admins only."
    )
    async def set_dunning_policy(self, info: Info, input_: Input[SetDunningPolicyInput]) -> SetDunningPolicyResult:
        steps = None if input_.steps is None else [Step(step.kind, step.days) for step in input_.steps]
        tenant_id = await dunning.set_dunning_policy(
            info.context.operations, tenant_id=input_.tenant_id, steps=steps, minimum_cents=input_.minimum_cents
        )
        return DunningPolicySet(tenant_id=tenant_id)

    @strawberry.mutation(
        description="Put a tenant's dunning on hold. An earlier hold that lasts is replaced. Platform admins only."
    )
    async def hold_dunning(self, info: Info, input_: Input[HoldDunningInput]) -> HoldDunningResult:
        hold_id = await dunning.hold_dunning(
            info.context.operations, tenant_id=input_.tenant_id, until=input_.until, reason=input_.reason
        )
        return DunningHeld(hold=reference(DunningHold, hold_id))

    @strawberry.mutation(description="End the hold of a tenant's dunning now. Platform admins only.")
    async def release_dunning(self, info: Info, input_: Input[ReleaseDunningInput]) -> ReleaseDunningResult:
        tenant_id = await dunning.release_dunning(info.context.operations, tenant_id=input_.tenant_id)
        return DunningReleased(tenant=reference(Tenant, tenant_id))

    @strawberry.mutation(
        description="Record that the tenant disputes an invoice: it counts as not overdue until the dispute is "
        "resolved. Platform admins only."
    )
    async def dispute_invoice(self, info: Info, input_: Input[DisputeInvoiceInput]) -> DisputeInvoiceResult:
        invoice_id = await dunning.dispute_invoice(
            info.context.operations, invoice_id=input_.invoice_id, reason=input_.reason
        )
        return InvoiceDisputed(invoice=reference(Invoice, invoice_id))

    @strawberry.mutation(description="End the dispute of an invoice: it counts as overdue again. Platform admins only.")
    async def resolve_dispute(self, info: Info, input_: Input[ResolveDisputeInput]) -> ResolveDisputeResult:
        invoice_id = await dunning.resolve_dispute(info.context.operations, invoice_id=input_.invoice_id)
        return DisputeResolved(invoice=reference(Invoice, invoice_id))
