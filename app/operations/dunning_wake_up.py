"""Wakes dunning for one tenant, after whatever changed what the tenant owes or how its deployments may be moved."""

from uuid import UUID

from app.database import UnitOfWork
from app.operations.calls.context import Context
from app.tables.ids import new_id

EVALUATE_JOB = "evaluate_dunning"


def wake_dunning(unit: UnitOfWork, context: Context, tenant_id: UUID) -> None:
    """Enqueues the tenant's evaluation once the unit of work is committed. The daily run makes up for one that is lost.

    Each wake-up has a key of its own: one that meets an evaluation under way must not be taken for it.
    """

    async def enqueue() -> None:
        await context.queue.enqueue(EVALUATE_JOB, f"{tenant_id}:{new_id()}", tenant_id=str(tenant_id))

    unit.after_commit(enqueue)
