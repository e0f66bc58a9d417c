"""Creates plans, and publishes, retires and archives them."""

from typing import Any
from uuid import UUID

from app.billing import InputFault
from app.database import UnitOfWork
from app.database.locks import lock_row
from app.operations.calls import validation
from app.operations.calls.access import Action, authorise, not_found
from app.operations.calls.context import Context
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.calls.transaction import transact
from app.tables.catalog import Plans, PlanVersions, PlanVersionStatus
from app.tables.ids import new_id


async def create_plan(context: Context, *, code: str, name: str, description: str | None = None) -> UUID:
    """Creates a plan without a version. Raises CONFLICT if the code is taken."""
    authorise(context, Action.MANAGE_CATALOG)
    validation.refuse(plan_faults(code=code, name=name, description=description))

    async def work(_unit: UnitOfWork) -> UUID:
        plan = Plans(id=new_id(), code=code, name=name, description=description, created_at=context.clock())
        await Plans.insert(plan)
        return plan.id

    return await transact(context, work, UUID)


def plan_faults(*, code: str, name: str, description: str | None) -> list[InputFault]:
    """Returns the validation errors of a plan without its versions."""
    return [
        *validation.code("code", code),
        *validation.name("name", name),
        *validation.free_text("description", description),
    ]


async def find_plan(code: str) -> dict[str, Any]:
    """Returns the plan's id and archived_at. Raises NOT_FOUND."""
    if validation.is_code(code):
        rows = await Plans.select(Plans.id, Plans.archived_at).where(Plans.code == code)
        if rows:
            return rows[0]
    raise not_found("plan", code, ("planCode",))


async def archive_plan(context: Context, *, plan_code: str) -> UUID:
    """Archives the plan: none of its versions can be subscribed to any more, and existing subscriptions keep theirs.
    Raises CONFLICT if it is already archived.
    """
    authorise(context, Action.MANAGE_CATALOG)

    async def work(_unit: UnitOfWork) -> UUID:
        plan_id: UUID = (await find_plan(plan_code))["id"]
        await lock_unarchived(plan_id, plan_code)
        await Plans.update({Plans.archived_at: context.clock()}).where(Plans.id == plan_id)
        return plan_id

    return await transact(context, work, UUID)


async def lock_unarchived(plan_id: UUID, plan_code: str) -> None:
    """Locks the plan before its versions are changed. Raises CONFLICT if it is archived."""
    plan = await lock_row(Plans, plan_id, Plans.archived_at)
    if plan is not None and plan["archived_at"] is not None:
        raise Refusal(ProblemCode.CONFLICT, f"plan {plan_code} is archived and cannot be changed", ("planCode",))


async def publish_plan_version(context: Context, *, plan_version_id: UUID) -> UUID:
    """Publishes a draft, which cannot change afterwards. Raises CONFLICT if it is not a draft."""
    authorise(context, Action.MANAGE_CATALOG)

    async def work(_unit: UnitOfWork) -> UUID:
        status = await _lock_version(plan_version_id)
        if status is not PlanVersionStatus.DRAFT:
            raise Refusal(ProblemCode.CONFLICT, f"the plan version is already {status.lower()}", ("planVersionId",))
        await PlanVersions.update(
            {PlanVersions.status: PlanVersionStatus.PUBLISHED, PlanVersions.published_at: context.clock()}
        ).where(PlanVersions.id == plan_version_id)
        return plan_version_id

    return await transact(context, work, UUID)


async def retire_plan_version(context: Context, *, plan_version_id: UUID) -> UUID:
    """Retires a published version: it cannot be subscribed to any more, and existing subscriptions keep it. Raises
    CONFLICT for a draft and for a retired version.
    """
    authorise(context, Action.MANAGE_CATALOG)

    async def work(_unit: UnitOfWork) -> UUID:
        status = await _lock_version(plan_version_id)
        if status is PlanVersionStatus.DRAFT:
            message = "the plan version is a draft: only a published one can be retired"
            raise Refusal(ProblemCode.CONFLICT, message, ("planVersionId",))
        if status is PlanVersionStatus.RETIRED:
            raise Refusal(ProblemCode.CONFLICT, "the plan version is already retired", ("planVersionId",))
        await PlanVersions.update({PlanVersions.status: PlanVersionStatus.RETIRED}).where(
            PlanVersions.id == plan_version_id
        )
        return plan_version_id

    return await transact(context, work, UUID)


async def _lock_version(plan_version_id: UUID) -> PlanVersionStatus:
    version = await lock_row(PlanVersions, plan_version_id, PlanVersions.status)
    if version is None:
        raise not_found("plan version", plan_version_id, ("planVersionId",))
    return PlanVersionStatus(version["status"])
