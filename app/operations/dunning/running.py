"""The daily run: it evaluates each tenant with an overdue invoice, with a deployment that dunning moved, or with a hold
whose last day is over, and reads no other.
"""

import logging
from datetime import date
from typing import NamedTuple
from uuid import UUID

from app.database import DatabaseUnavailable, UnitOfWork
from app.operations.calls.access import Action, authorise
from app.operations.calls.context import Context
from app.operations.calls.refusal import Refusal
from app.operations.calls.transaction import transact
from app.operations.dunning.evaluating import (
    DunningResult,
    as_dunning,
    current_dunning_day,
    enter_evaluation,
)
from app.tables.ids import new_id

INTERNAL_ERROR = "INTERNAL_ERROR"

_START = """
INSERT INTO dunning_runs (id, day, started_at, tenants_evaluated, tenants_failed, steps_taken, transitions_applied,
    transitions_withheld)
VALUES ($1, $2, $3, 0, 0, 0, 0, 0) ON CONFLICT (day) DO NOTHING
"""
_RUN = "SELECT id, last_tenant_id, finished_at IS NOT NULL AS finished FROM dunning_runs WHERE day = $1"
# Each part is read by a partial index that holds nothing else.
TENANTS_TO_EVALUATE = """
SELECT tenant_id FROM (
    SELECT tenant_id FROM invoice_balances WHERE balance_cents > 0 AND disputed_at IS NULL AND due_on < $1
    UNION
    SELECT tenant_id FROM cloud_deployments WHERE dunned_at IS NOT NULL
    UNION
    SELECT tenant_id FROM dunning_holds WHERE ended_at IS NULL AND until < $1
) AS concerned WHERE tenant_id > coalesce($2::uuid, '00000000-0000-0000-0000-000000000000') ORDER BY tenant_id
"""
# A tenant counts once, also where two workers carry out the run: ids rise, and each tenant is locked meanwhile.
_COUNT = """
UPDATE dunning_runs SET
    tenants_evaluated = tenants_evaluated + CASE WHEN last_tenant_id >= $2 THEN 0 ELSE 1 END,
    steps_taken = steps_taken + $3, transitions_applied = transitions_applied + $4,
    transitions_withheld = transitions_withheld + $5, last_tenant_id = greatest(last_tenant_id, $2)
WHERE id = $1
"""
_COUNT_FAILED = """
UPDATE dunning_runs
SET tenants_evaluated = tenants_evaluated + 1, tenants_failed = tenants_failed + 1, last_tenant_id = $2
WHERE id = $1 AND (last_tenant_id IS NULL OR last_tenant_id < $2) RETURNING id
"""
_FAIL = """
INSERT INTO dunning_failures (id, run_id, tenant_id, code, message, failed_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (run_id, tenant_id) DO NOTHING
"""
_FINISH = "UPDATE dunning_runs SET finished_at = $2 WHERE id = $1 AND finished_at IS NULL"

logger = logging.getLogger(__name__)


class _Run(NamedTuple):
    id: UUID
    last_tenant_id: UUID | None
    finished: bool


async def run_dunning(context: Context) -> int:
    """Carries out the run of the current day of dunning and returns the number of tenants that it evaluated here.

    It is done once a day: called again it continues a run that was interrupted, and does nothing after one that has
    finished. A tenant that fails is recorded and stops no other. Raises DatabaseUnavailable.
    """
    authorise(context, Action.ACT_AS_SYSTEM)
    system = as_dunning(context)
    day = current_dunning_day(context)
    run = await _start(system, day)
    if run.finished:
        return 0
    tenant_ids = await _tenants_to_evaluate(system, day, run.last_tenant_id)
    for tenant_id in tenant_ids:
        await _evaluate(system, run.id, tenant_id)
    await transact(system, lambda unit: unit.connection.execute(_FINISH, run.id, system.clock()))
    return len(tenant_ids)


async def _start(context: Context, day: date) -> _Run:
    async def work(unit: UnitOfWork) -> _Run:
        found = await unit.connection.fetchrow(_RUN, day)
        if found is None:
            await unit.connection.execute(_START, new_id(), day, context.clock())
            found = await unit.connection.fetchrow(_RUN, day)
        return _Run(*found)

    return await transact(context, work)


async def _tenants_to_evaluate(context: Context, day: date, after: UUID | None) -> list[UUID]:
    async def work(unit: UnitOfWork) -> list[UUID]:
        return [row["tenant_id"] for row in await unit.connection.fetch(TENANTS_TO_EVALUATE, day, after)]

    return await transact(context, work)


async def _evaluate(context: Context, run_id: UUID, tenant_id: UUID) -> None:
    async def work(unit: UnitOfWork) -> DunningResult:
        result = await enter_evaluation(unit, context, tenant_id)
        counts = result.steps_taken, result.transitions_applied, result.transitions_withheld
        await unit.connection.execute(_COUNT, run_id, tenant_id, *counts)
        return result

    try:
        await transact(context, work)
    except DatabaseUnavailable:
        raise  # no tenant's fault: the job comes again
    except Exception as error:  # noqa: BLE001 - the tenant's edge: whatever it is, the others go on
        await _record_failure(context, run_id, tenant_id, error)


async def _record_failure(context: Context, run_id: UUID, tenant_id: UUID, error: Exception) -> None:
    logger.error("Dunning run %s cannot evaluate tenant %s.", run_id, tenant_id, exc_info=error)
    code, message = INTERNAL_ERROR, f"{type(error).__name__}: {error}"
    if isinstance(error, Refusal):
        code, message = error.code, error.message

    async def work(unit: UnitOfWork) -> None:
        if await unit.connection.fetchval(_COUNT_FAILED, run_id, tenant_id) is not None:
            await unit.connection.execute(_FAIL, new_id(), run_id, tenant_id, code, message, context.clock())

    await transact(context, work)
