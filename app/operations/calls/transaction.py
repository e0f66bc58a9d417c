"""Runs an operation's transaction, and turns unique violations into refusals."""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import TypeVar

import asyncpg

from app.database import UnitOfWork
from app.database.scope import Scope
from app.operations.calls.audit import DONE, enter
from app.operations.calls.call import Call
from app.operations.calls.context import Context
from app.operations.calls.idempotency import Work, once
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.dunning_wake_up import wake_dunning
from app.operations.events.wake_up import wake_delivery_of_events
from app.operations.finance.push_recording import wake_finance_push

T = TypeVar("T")

# Only the database decides that a value is taken: checking first would allow a race.
CONSTRAINT_PROBLEMS: Mapping[str, tuple[ProblemCode, str, tuple[str, ...]]] = MappingProxyType(
    {
        "tenants_code_key": (ProblemCode.CONFLICT, "another tenant has this code; choose another", ("code",)),
        "plans_code_key": (ProblemCode.CONFLICT, "another plan has this code; choose another", ("code",)),
        "addons_code_key": (ProblemCode.CONFLICT, "another add-on has this code; choose another", ("code",)),
        "resource_kinds_pkey": (ProblemCode.CONFLICT, "this resource kind already exists", ("code",)),
        "cloud_deployments_tenant_id_slug_key": (
            ProblemCode.SLUG_TAKEN,
            "another deployment of the tenant has this slug; choose another",
            ("slug",),
        ),
        "cloud_resources_not_destroyed_key": (
            ProblemCode.CONFLICT,
            "a resource with this id of the provider is registered and has not ended; end or move it",
            ("externalId",),
        ),
        "cloud_invoices_not_withdrawn_key": (
            ProblemCode.CONFLICT,
            "this bill of the provider was already imported; withdraw it before importing it again",
            ("externalId",),
        ),
        "payments_tenant_id_method_reference_key": (
            ProblemCode.CONFLICT,
            "a payment of the tenant with this method and reference is recorded",
            ("reference",),
        ),
        "subscriptions_deployment_id_key": (
            ProblemCode.ALREADY_SUBSCRIBED,
            "the deployment already has a subscription; change its plan instead",
            ("deploymentId",),
        ),
    }
)


async def transact(
    context: Context,
    work: Callable[[UnitOfWork], Awaitable[T]],
    result: type[T] | None = None,
    *,
    scope: Scope | None = None,
) -> T:
    """Runs the work in one transaction over the rows that the caller may see, and retries it if PostgreSQL aborts it.

    `work` must be repeatable: effects outside the database belong in `unit.after_commit`. A violated unique constraint
    is raised as its Refusal. The transaction also writes the call's audit entry, and its outcome if the request has an
    idempotency key: `result` is the type of a stored outcome. Raises TypeError for a call whose operation does not name
    that type. Where the work changed balances, dunning evaluates their tenants after the commit.

    With `context.unit`, the work joins that transaction, and whoever opened it must roll it back on any error.
    """
    scope, call, work = scope or context.principal.scope, context.call, _waking(context, work)
    try:
        if context.unit is not None:
            return await (work if call is None else _audited(context, call, work))(context.unit)
        if call is None:
            return await context.database.run_in_transaction(scope, work)
        if result is None:
            raise TypeError(f"{call.mutation} has a transaction without a type of result")
        if call.metadata.idempotency_key is None:
            return await context.database.run_in_transaction(scope, _audited(context, call, work))
        outcome = await context.database.run_in_transaction(
            scope, once(context, call, work, result, _constraint_problem)
        )
    except asyncpg.UniqueViolationError as error:
        raise _constraint_problem(error) from error
    return outcome.get()


def _waking(context: Context, work: Callable[[UnitOfWork], Awaitable[T]]) -> Work[T]:
    async def waking(unit: UnitOfWork) -> T:
        result = await work(unit)
        for tenant_id in sorted(unit.changed_balances):
            wake_dunning(unit, context, tenant_id)
        wake_delivery_of_events(unit, context)
        wake_finance_push(unit, context)
        return result

    return waking


def _audited(context: Context, call: Call, work: Callable[[UnitOfWork], Awaitable[T]]) -> Work[T]:
    async def audited(unit: UnitOfWork) -> T:
        result = await work(unit)
        await enter(unit, context, call, DONE)
        return result

    return audited


def _constraint_problem(error: asyncpg.UniqueViolationError) -> Refusal:
    """Returns the refusal for a unique violation. Raises the error itself if its constraint is not listed."""
    if error.constraint_name not in CONSTRAINT_PROBLEMS:
        raise error
    return Refusal(*CONSTRAINT_PROBLEMS[error.constraint_name])
