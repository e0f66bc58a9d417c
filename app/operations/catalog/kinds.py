"""Resource kinds: what can be metered, its unit, and how it is aggregated over a month."""

from collections.abc import Iterable, Mapping

from piccolo.columns.combination import WhereRaw

from app.billing import Aggregation, InputFault
from app.database import UnitOfWork
from app.operations.calls import validation
from app.operations.calls.access import Action, authorise, not_found
from app.operations.calls.context import Context
from app.operations.calls.transaction import transact
from app.tables.catalog import ResourceKinds


async def define_resource_kind(
    context: Context, *, code: str, unit: str, aggregation: Aggregation, description: str = ""
) -> str:
    """Defines a resource kind. It cannot be changed later, because recorded usage depends on it. Raises CONFLICT if the
    code is taken.
    """
    authorise(context, Action.MANAGE_CATALOG)
    validation.refuse(kind_faults(code=code, unit=unit, description=description))

    async def work(_unit: UnitOfWork) -> str:
        await ResourceKinds.insert(
            ResourceKinds(
                code=code,
                unit=unit,
                aggregation=aggregation,
                description=description,
                created_at=context.clock(),
            )
        )
        return code

    return await transact(context, work, str)


def kind_faults(*, code: str, unit: str, description: str) -> list[InputFault]:
    """Returns the validation errors of a resource kind."""
    return [
        *validation.resource_kind_code("code", code),
        *validation.name("unit", unit),
        *validation.free_text("description", description),
    ]


async def known_kinds(codes: Iterable[str]) -> Mapping[str, tuple[str, Aggregation]]:
    """Returns the unit and aggregation of each resource kind by its code. Codes that are not defined are omitted."""
    valid_codes = [code for code in set(codes) if validation.is_resource_kind(code)]
    rows = await ResourceKinds.select(ResourceKinds.code, ResourceKinds.unit, ResourceKinds.aggregation).where(
        WhereRaw("code = ANY({})", valid_codes)
    )
    return {row["code"]: (row["unit"], Aggregation(row["aggregation"])) for row in rows}


async def require_kind(code: str, path: tuple[str, ...] = ("resourceKind",)) -> None:
    """Raises NOT_FOUND unless the resource kind is defined."""
    if code not in await known_kinds([code]):
        raise not_found("resource kind", code, path)
