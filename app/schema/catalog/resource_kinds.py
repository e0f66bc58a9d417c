"""Resource kinds: what can be metered."""

from typing import Annotated

import strawberry

from app.billing import Aggregation
from app.operations import catalog
from app.reads import column, read_type, reference, root_many
from app.schema.arguments import Input
from app.schema.context import Info
from app.schema.problems import Refused, result_of
from app.tables.catalog import ResourceKinds


@read_type(ResourceKinds, description="A kind of resource that can be metered, such as hours of virtual machines.")
class ResourceKind:
    """A row of `resource_kinds`."""

    code: str = column(ResourceKinds.code, description="The unique code of the resource kind, such as droplet_hours.")
    unit: str = column(ResourceKinds.unit, description="The name of one unit, such as hour.")
    aggregation: Aggregation = column(
        ResourceKinds.aggregation, description="How a month's events become one billed quantity."
    )
    description: str = column(ResourceKinds.description, description="A description of the resource kind.")


@strawberry.type
class ResourceKindQueries:
    """Root queries for resource kinds."""

    resource_kinds: list[ResourceKind] = root_many(
        order=(ResourceKinds.code,), description="All resource kinds, sorted by code."
    )


@strawberry.input(description="A resource kind to define, so that it can be metered.")
class DefineResourceKindInput:
    """Input of `defineResourceKind`."""

    code: str = strawberry.field(
        description="The unique code of the resource kind: lower-case letters, digits and underscores."
    )
    unit: str = strawberry.field(description="The name of one unit, such as hour.")
    aggregation: Aggregation = strawberry.field(description="How a month's events become one billed quantity.")
    description: str = strawberry.field(default="", description="A description of the resource kind.")


@strawberry.type(description="The result of defining a resource kind.")
class ResourceKindDefined:
    """Payload of `defineResourceKind`."""

    resource_kind: ResourceKind = strawberry.field(description="The new resource kind.")


DefineResourceKindResult = Annotated[ResourceKindDefined | Refused, result_of("defineResourceKind")]


@strawberry.type
class ResourceKindMutations:
    """Mutations for resource kinds."""

    @strawberry.mutation(description="Define a resource kind, so that it can be metered. Platform admins only.")
    async def define_resource_kind(
        self, info: Info, input_: Input[DefineResourceKindInput]
    ) -> DefineResourceKindResult:
        code = await catalog.define_resource_kind(
            info.context.operations,
            code=input_.code,
            unit=input_.unit,
            aggregation=input_.aggregation,
            description=input_.description,
        )
        return ResourceKindDefined(resource_kind=reference(ResourceKind, code))
