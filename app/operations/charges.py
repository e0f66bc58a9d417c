"""One-off charges, and credits if the amount is negative: each is a line of the invoice for the month of its day."""

from collections.abc import Iterator
from datetime import date
from uuid import UUID

from app.billing import InputFault, cents_fault
from app.database import UnitOfWork
from app.operations.billing_months import Change, record_changes
from app.operations.calls import validation
from app.operations.calls.access import Action, authorise, not_found
from app.operations.calls.context import Context
from app.operations.calls.transaction import transact
from app.operations.open_tenant import lock_open_tenant
from app.tables.billing_months import ChangeReason
from app.tables.deployments import CloudDeployments
from app.tables.ids import new_id
from app.tables.invoices import Charges


async def add_charge(
    context: Context, *, tenant_id: UUID, deployment_id: UUID | None = None, description: str, net_cents: int, on: date
) -> UUID:
    """Adds a charge (net of tax) of one of the tenant's deployments or of the tenant itself. Returns its id.

    If its month was already rated, the next rollup corrects the month. Raises NOT_FOUND, TENANT_CLOSED,
    VALIDATION_FAILED.
    """
    authorise(context, Action.ADD_CHARGE)
    faults = [*validation.name("description", description), *_amount_faults(net_cents), *validation.day("on", on)]
    validation.refuse(faults)

    async def work(unit: UnitOfWork) -> UUID:
        await lock_open_tenant(unit, tenant_id)
        if deployment_id is not None:
            await _require_deployment(tenant_id, deployment_id)
        charge = Charges(
            id=new_id(),
            tenant_id=tenant_id,
            deployment_id=deployment_id,
            description=description,
            net_cents=net_cents,
            charged_on=on,
            created_by=context.principal.subject,
            created_at=context.clock(),
        )
        await Charges.insert(charge)
        await record_changes(context, unit, [Change(tenant_id, deployment_id, on, on)], ChangeReason.CHARGE_ADDED)
        return charge.id

    return await transact(context, work, UUID)


def _amount_faults(net_cents: int) -> Iterator[InputFault]:
    if net_cents == 0:
        yield InputFault(("net_cents",), "must not be 0")
    elif message := cents_fault(abs(net_cents)):
        yield InputFault(("net_cents",), message.replace("must be", "must be, without its sign,"))


async def _require_deployment(tenant_id: UUID, deployment_id: UUID) -> None:
    of_tenant = (CloudDeployments.tenant_id == tenant_id) & (CloudDeployments.id == deployment_id)
    if not await CloudDeployments.exists().where(of_tenant):
        raise not_found("deployment of this tenant", deployment_id, ("deploymentId",))
