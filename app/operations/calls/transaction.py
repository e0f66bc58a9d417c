"""An operation's one transaction, and what a taken name is called."""

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

T = TypeVar("T")

# The database alone says that something is taken: to look first would lose a race.
TAKEN: Mapping[str, tuple[ProblemCode, str, tuple[str, ...]]] = MappingProxyType(
    {
        "tenants_code_key": (ProblemCode.CONFLICT, "another tenant has this code", ("code",)),
        "plans_code_key": (ProblemCode.CONFLICT, "another plan has this code", ("code",)),
        "addons_code_key": (ProblemCode.CONFLICT, "another add-on has this code", ("code",)),
        "resource_kinds_pkey": (ProblemCode.CONFLICT, "this resource kind is defined already", ("code",)),
        "cloud_deployments_tenant_id_slug_key": (
            ProblemCode.SLUG_TAKEN,
            "another deployment of the tenant has this slug",
            ("slug",),
        ),
        "cloud_resources_not_destroyed_key": (
            ProblemCode.CONFLICT,
            "a resource with this id of the provider is registered and has not ended; end or move it",
            ("externalId",),
        ),
        "cloud_invoices_not_withdrawn_key": (
            ProblemCode.CONFLICT,
            "this bill of the provider is imported already; withdraw it first to import it again",
            ("externalId",),
        ),
        "payments_tenant_id_method_reference_key": (
            ProblemCode.CONFLICT,
            "a payment of the tenant with this method and reference is recorded",
            ("reference",),
        ),
        "subscriptions_deployment_id_key": (
            ProblemCode.ALREADY_SUBSCRIBED,
            "the deployment has a subscription; change its plan instead",
            ("deploymentId",),
        ),
    }
)


async def transact(context: Context, work: Callable[[UnitOfWork], Awaitable[T]], scope: Scope | None = None) -> T:
    """Runs the work in one transaction over the rows the caller may see, again when PostgreSQL gave it up.

    `work` must be repeatable: what it does besides the database belongs into `unit.after_commit`. A unique value
    that is taken is raised as its Refusal. The transaction of a call holds its entry in the audit log as well,
    and its outcome if it was sent under an idempotency key.
    """
    scope, call = scope or context.principal.scope, context.call
    try:
        if call is None:
            return await context.database.run_in_transaction(scope, work)
        if call.metadata.idempotency_key is None:
            return await context.database.run_in_transaction(scope, _audited(context, call, work))
        outcome = await context.database.run_in_transaction(scope, once(context, call, work, _taken))
    except asyncpg.UniqueViolationError as error:
        raise _taken(error) from error
    return outcome.get()


def _audited(context: Context, call: Call, work: Callable[[UnitOfWork], Awaitable[T]]) -> Work[T]:
    async def audited(unit: UnitOfWork) -> T:
        result = await work(unit)
        await enter(unit, context, call, DONE)
        return result

    return audited


def _taken(error: asyncpg.UniqueViolationError) -> Refusal:
    """What a taken name is called. Raises the error itself if none of ours was."""
    if error.constraint_name not in TAKEN:
        raise error
    return Refusal(*TAKEN[error.constraint_name])
