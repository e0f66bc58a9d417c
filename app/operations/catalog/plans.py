"""Plans, and the publishing of their versions."""

from uuid import UUID

from app.database import UnitOfWork
from app.database.locks import lock_row
from app.operations import validation
from app.operations.access import Action, authorise, not_found
from app.operations.context import Context
from app.operations.refusal import ProblemCode, Refusal
from app.operations.transaction import transact
from app.tables.catalog import Plans, PlanVersions, PlanVersionStatus
from app.tables.ids import new_id


async def create_plan(context: Context, *, code: str, name: str, description: str | None = None) -> UUID:
    """A new plan, without a version yet. Raises CONFLICT where the code is taken."""
    authorise(context, Action.MANAGE_CATALOG)
    validation.refuse(
        [
            *validation.code("code", code),
            *validation.name("name", name),
            *validation.free_text("description", description),
        ]
    )

    async def work(_unit: UnitOfWork) -> UUID:
        plan = Plans(id=new_id(), code=code, name=name, description=description, created_at=context.clock())
        await Plans.insert(plan)
        return plan.id

    return await transact(context, work)


async def find_plan(code: str) -> UUID:
    """The plan's id. Raises NOT_FOUND."""
    row = await Plans.select(Plans.id).where(Plans.code == code).first() if validation.is_code(code) else None
    if row is None:
        raise not_found("plan", code, ("planCode",))
    plan_id: UUID = row["id"]
    return plan_id


async def publish_plan_version(context: Context, *, plan_version_id: UUID) -> UUID:
    """Freezes a draft and puts it on offer. Raises CONFLICT where it is no draft any more."""
    authorise(context, Action.MANAGE_CATALOG)

    async def work(_unit: UnitOfWork) -> UUID:
        version = await lock_row(PlanVersions, plan_version_id, PlanVersions.status)
        if version is None:
            raise not_found("plan version", plan_version_id, ("planVersionId",))
        if version["status"] != PlanVersionStatus.DRAFT:
            raise Refusal(
                ProblemCode.CONFLICT, f"the plan version is {version['status'].lower()} already", ("planVersionId",)
            )
        await PlanVersions.update(
            {PlanVersions.status: PlanVersionStatus.PUBLISHED, PlanVersions.published_at: context.clock()}
        ).where(PlanVersions.id == plan_version_id)
        return plan_version_id

    return await transact(context, work)
