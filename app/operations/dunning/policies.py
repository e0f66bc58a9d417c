"""Dunning policies: the platform's default, and those of tenants."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType, NoneType
from typing import NamedTuple
from uuid import UUID

from app.billing import DEFAULT_POLICY, DunningPolicy, InputFault, Step, StepKind, policy_faults
from app.database import UnitOfWork
from app.operations.calls import validation
from app.operations.calls.access import Action, authorise, not_found
from app.operations.calls.context import Context
from app.operations.calls.transaction import transact
from app.operations.ledger import lock_tenant
from app.tables.ids import new_id

_COLUMNS: Mapping[StepKind, str] = MappingProxyType(
    {
        StepKind.NOTICE: "notice_days",
        StepKind.PAST_DUE: "past_due_days",
        StepKind.FINAL_NOTICE: "final_notice_days",
        StepKind.SUSPEND: "suspend_days",
        StepKind.PROPOSE_WRITE_OFF: "propose_write_off_days",
    }
)
_POLICY = """
SELECT tenant_id, notice_days, past_due_days, final_notice_days, suspend_days, propose_write_off_days, minimum_cents
FROM dunning_policies WHERE tenant_id = $1 OR tenant_id IS NULL ORDER BY tenant_id NULLS LAST LIMIT 1
"""
_SET = """
INSERT INTO dunning_policies AS p (id, tenant_id, minimum_cents, set_at, set_by,
    notice_days, past_due_days, final_notice_days, suspend_days, propose_write_off_days)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (tenant_id) DO UPDATE SET
    minimum_cents = excluded.minimum_cents, set_at = excluded.set_at, set_by = excluded.set_by,
    notice_days = excluded.notice_days, past_due_days = excluded.past_due_days,
    final_notice_days = excluded.final_notice_days, suspend_days = excluded.suspend_days,
    propose_write_off_days = excluded.propose_write_off_days
"""
_REMOVE = "DELETE FROM dunning_policies WHERE tenant_id IS NOT DISTINCT FROM $1"
_TENANT = "SELECT FROM tenants WHERE id = $1"


class PolicyInForce(NamedTuple):
    """A policy, and the tenant whose own it is; None: the platform's default."""

    policy: DunningPolicy
    tenant_id: UUID | None


async def set_dunning_policy(
    context: Context, *, tenant_id: UUID | None = None, steps: Sequence[Step] | None, minimum_cents: int = 0
) -> UUID | None:
    """Sets the policy of a tenant, or without one the platform's default, and returns the tenant's id. It counts from
    the tenant's next evaluation on.

    steps: None removes the policy: the platform's default applies to the tenant again, and to all that of the rules.

    Raises NOT_FOUND; VALIDATION_FAILED for steps that do not increase, a kind named twice, SUSPEND before PAST_DUE.
    """
    authorise(context, Action.MANAGE_DUNNING)
    policy = DunningPolicy(tuple(steps or ()), minimum_cents)
    faults = [*policy_faults(policy), *validation.cents("minimum_cents", minimum_cents)]
    if steps is None and minimum_cents:
        faults.append(InputFault(("minimum_cents",), "must be 0 where no steps are given, which removes the policy"))
    validation.refuse(faults)

    async def work(unit: UnitOfWork) -> None:
        if tenant_id is not None and await lock_tenant(unit, tenant_id) is None:
            raise not_found("tenant", tenant_id, ("tenantId",))
        if steps is None:
            await unit.connection.execute(_REMOVE, tenant_id)
            return
        days = dict(policy.steps)
        set_by, now = context.principal.subject, context.clock()
        columns = [days.get(kind) for kind in _COLUMNS]
        await unit.connection.execute(_SET, new_id(), tenant_id, minimum_cents, now, set_by, *columns)

    await transact(context, work, NoneType)
    return tenant_id


async def dunning_policy(context: Context, *, tenant_id: UUID | None = None) -> PolicyInForce:
    """The policy that applies to a tenant, or without one the platform's default. Raises NOT_FOUND."""
    authorise(context, Action.MANAGE_DUNNING)

    async def work(unit: UnitOfWork) -> PolicyInForce:
        if tenant_id is not None and await unit.connection.fetchrow(_TENANT, tenant_id) is None:
            raise not_found("tenant", tenant_id, ("tenantId",))
        return await read_policy(unit, tenant_id)

    return await transact(context, work)


async def read_policy(unit: UnitOfWork, tenant_id: UUID | None) -> PolicyInForce:
    """The tenant's own policy, else the platform's default, else that of the rules."""
    row = await unit.connection.fetchrow(_POLICY, tenant_id)
    if row is None:
        return PolicyInForce(DEFAULT_POLICY, None)
    steps = [Step(kind, row[column]) for kind, column in _COLUMNS.items() if row[column] is not None]
    steps.sort(key=lambda step: step.days)
    return PolicyInForce(DunningPolicy(tuple(steps), row["minimum_cents"]), row["tenant_id"])
