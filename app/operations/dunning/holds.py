"""Holds: a tenant taken out of dunning for some days. No step happens and no state gets worse while one lasts."""

from datetime import date
from uuid import UUID

from app.billing import InputFault
from app.database import UnitOfWork
from app.operations.calls import validation
from app.operations.calls.access import Action, authorise, not_found
from app.operations.calls.context import Context
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.calls.transaction import transact
from app.operations.dunning_wake_up import wake_dunning
from app.operations.ledger import lock_tenant
from app.tables.dunning import DunningHolds
from app.tables.ids import new_id

_END = """
UPDATE dunning_holds SET ended_at = $2, ended_by = $3 WHERE tenant_id = $1 AND ended_at IS NULL RETURNING id
"""


async def hold_dunning(context: Context, *, tenant_id: UUID, until: date, reason: str) -> UUID:
    """Puts dunning of the tenant on hold up to and including a day, in place of a hold that lasts, and returns the
    hold's id. The steps that were missed happen when it ends.

    Raises NOT_FOUND; VALIDATION_FAILED for a day that is over and for a blank reason.
    """
    authorise(context, Action.MANAGE_DUNNING)
    today = context.today()
    faults = [*validation.day("until", until), *validation.name("reason", reason, validation.MAX_TEXT_LENGTH)]
    if until < today:
        faults.append(InputFault(("until",), f"must not be in the past; today is {today}"))
    validation.refuse(faults)

    async def work(unit: UnitOfWork) -> UUID:
        if await lock_tenant(unit, tenant_id) is None:
            raise not_found("tenant", tenant_id, ("tenantId",))
        await end_hold(unit, context, tenant_id)
        hold = DunningHolds(
            id=new_id(),
            tenant_id=tenant_id,
            until=until,
            reason=reason,
            held_at=context.clock(),
            held_by=context.principal.subject,
            ended_at=None,
            ended_by=None,
        )
        await DunningHolds.insert(hold)
        hold_id: UUID = hold.id
        return hold_id

    return await transact(context, work, UUID)


async def release_dunning(context: Context, *, tenant_id: UUID) -> UUID:
    """Ends the tenant's hold, and returns the tenant's id. Raises NOT_FOUND, CONFLICT where there is no hold."""
    authorise(context, Action.MANAGE_DUNNING)

    async def work(unit: UnitOfWork) -> UUID:
        if await lock_tenant(unit, tenant_id) is None:
            raise not_found("tenant", tenant_id, ("tenantId",))
        if not await end_hold(unit, context, tenant_id):
            raise Refusal(ProblemCode.CONFLICT, "dunning of the tenant is not on hold", ("tenantId",))
        wake_dunning(unit, context, tenant_id)
        return tenant_id

    return await transact(context, work, UUID)


async def end_hold(unit: UnitOfWork, context: Context, tenant_id: UUID) -> bool:
    """Ends the hold of the tenant, which is locked; returns whether there was one."""
    ended = await unit.connection.fetchval(_END, tenant_id, context.clock(), context.principal.subject)
    return ended is not None
