"""Mutations for deployments and their resources."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from app.billing import DeploymentState
from app.operations import deployments
from app.reads import reference
from app.schema.arguments import Input, optional
from app.schema.context import Info
from app.schema.deployments.types import CloudResource, Deployment, DeploymentEvent
from app.schema.problems import InvalidTransition, Refused, result_of
from app.tables.deployments import LlmMode


@strawberry.input(description="A deployment to create.")
class CreateDeploymentInput:
    """Input of `createDeployment`."""

    tenant_id: UUID | None = optional(
        description="The id of the owning tenant. Required for a platform admin; a tenant admin's own tenant is the "
        "default."
    )
    slug: str = strawberry.field(
        description="The deployment's name in addresses: a DNS label, unique within the tenant."
    )
    display_name: str = strawberry.field(description="The display name of the deployment.")
    region: str = strawberry.field(description="The provider's region in which the deployment runs.")
    llm_mode: LlmMode = strawberry.field(
        default=LlmMode.DISABLED, description="How the deployment accesses language models."
    )
    template_code: str | None = optional(
        description="The code of the template from which the deployment is created, if any."
    )
    template_version: str | None = optional(description="The version of the template, if any.")


@strawberry.input(description="Changes to a deployment; fields that are left out or null do not change.")
class UpdateDeploymentInput:
    """Input of `updateDeployment`."""

    deployment_id: UUID = strawberry.field(description="The id of the deployment.")
    display_name: str | None = optional(description="The new display name of the deployment.")
    llm_mode: LlmMode | None = optional(description="How the deployment accesses language models from now on.")
    billing_action_suspended: bool | None = optional(
        description="True to only record, and not carry out, transitions by the system itself. Only a platform admin "
        "may set it."
    )


@strawberry.input(description="A transition of a deployment to another state.")
class TransitionDeploymentInput:
    """Input of `transitionDeployment`."""

    deployment_id: UUID = strawberry.field(description="The id of the deployment.")
    to: DeploymentState = strawberry.field(description="The new state.")
    reason: str | None = optional(description="The reason for the transition, which is stored with its event.")


@strawberry.input(description="A provider's resource to register.")
class RegisterResourceInput:
    """Input of `registerResource`."""

    deployment_id: UUID | None = optional(
        description="The id of the deployment that the resource belongs to. Leave it out if it belongs to none."
    )
    provider: str = strawberry.field(description="The name of the provider, such as digitalocean.")
    external_id: str = strawberry.field(
        description="The provider's id of the resource, unique per provider among resources that have not ended."
    )
    resource_kind: str = strawberry.field(description="The code of the resource kind that the resource is metered as.")
    name: str = strawberry.field(description="The name of the resource on the provider's bills.")
    created_at: datetime | None = optional(
        description="The time from which the resource runs, not before the end of an earlier resource with the same "
        "external id. Default: now."
    )


@strawberry.input(description="A registered resource to end.")
class EndResourceInput:
    """Input of `endResource`."""

    resource_id: UUID = strawberry.field(description="The id of the resource.")
    ended_at: datetime | None = optional(
        description="The time at which the resource ended; not in the future. Default: now."
    )


@strawberry.input(description="The move of a registered resource to another deployment.")
class MoveResourceInput:
    """Input of `moveResource`."""

    resource_id: UUID = strawberry.field(description="The id of the resource.")
    deployment_id: UUID = strawberry.field(
        description="The id of the deployment that the resource moves to, of any tenant."
    )
    moved_at: datetime | None = optional(
        description="The time from which the resource belongs to the new deployment; not in the future. Default: now."
    )


@strawberry.type(description="The result of creating a deployment, which is in the state ACTIVE.")
class DeploymentCreated:
    """Payload of `createDeployment`."""

    deployment: Deployment = strawberry.field(description="The new deployment.")


@strawberry.type(description="The result of changing a deployment.")
class DeploymentUpdated:
    """Payload of `updateDeployment`."""

    deployment: Deployment = strawberry.field(description="The deployment after the change.")


@strawberry.type(description="The result of moving a deployment, and its subscription, to another state.")
class DeploymentTransitioned:
    """Payload of `transitionDeployment`."""

    deployment: Deployment = strawberry.field(description="The deployment after the transition.")
    event: DeploymentEvent = strawberry.field(description="The record of the transition.")


@strawberry.type(description="The result of registering a resource.")
class ResourceRegistered:
    """Payload of `registerResource`."""

    resource: CloudResource = strawberry.field(description="The new resource.")


@strawberry.type(description="The result of ending a resource.")
class ResourceEnded:
    """Payload of `endResource`."""

    resource: CloudResource = strawberry.field(description="The resource, with the time of its end.")


@strawberry.type(
    description="The result of moving a resource: its entry in the old deployment has ended and a new one in the "
    "new deployment has begun."
)
class ResourceMoved:
    """Payload of `moveResource`."""

    previous: CloudResource = strawberry.field(
        description="The resource's entry in the old deployment, with the time of its end."
    )
    resource: CloudResource = strawberry.field(
        description="The resource's entry in the new deployment, which has an id of its own."
    )


CreateDeploymentResult = Annotated[DeploymentCreated | Refused, result_of("createDeployment")]
UpdateDeploymentResult = Annotated[DeploymentUpdated | Refused, result_of("updateDeployment")]
TransitionDeploymentResult = Annotated[
    DeploymentTransitioned | InvalidTransition | Refused, result_of("transitionDeployment")
]
RegisterResourceResult = Annotated[ResourceRegistered | Refused, result_of("registerResource")]
EndResourceResult = Annotated[ResourceEnded | Refused, result_of("endResource")]
MoveResourceResult = Annotated[ResourceMoved | Refused, result_of("moveResource")]


@strawberry.type
class DeploymentMutations:
    """Mutations for deployments."""

    @strawberry.mutation(description="Create a deployment in the state ACTIVE. Tenant admins and platform admins.")
    async def create_deployment(self, info: Info, input_: Input[CreateDeploymentInput]) -> CreateDeploymentResult:
        deployment_id = await deployments.create_deployment(
            info.context.operations,
            tenant_id=input_.tenant_id,
            slug=input_.slug,
            display_name=input_.display_name,
            region=input_.region,
            llm_mode=input_.llm_mode,
            template_code=input_.template_code,
            template_version=input_.template_version,
        )
        return DeploymentCreated(deployment=reference(Deployment, deployment_id))

    @strawberry.mutation(description="Change a deployment. Tenant admins and platform admins.")
    async def update_deployment(self, info: Info, input_: Input[UpdateDeploymentInput]) -> UpdateDeploymentResult:
        deployment_id = await deployments.update_deployment(
            info.context.operations,
            deployment_id=input_.deployment_id,
            display_name=input_.display_name,
            llm_mode=input_.llm_mode,
            billing_action_suspended=input_.billing_action_suspended,
        )
        return DeploymentUpdated(deployment=reference(Deployment, deployment_id))

    @strawberry.mutation(
        description="Move a deployment to another state. Which transitions are allowed depends on the current state "
        "and the caller's role."
    )
    async def transition_deployment(
        self, info: Info, input_: Input[TransitionDeploymentInput]
    ) -> TransitionDeploymentResult:
        recorded = await deployments.transition_deployment(
            info.context.operations, deployment_id=input_.deployment_id, to=input_.to, reason=input_.reason
        )
        return DeploymentTransitioned(
            deployment=reference(Deployment, recorded.deployment_id),
            event=reference(DeploymentEvent, recorded.event_id),
        )

    @strawberry.mutation(
        description="Register a resource that the cloud provider runs, so that the provider's bills can be allocated "
        "to a deployment. Platform admins only."
    )
    async def register_resource(self, info: Info, input_: Input[RegisterResourceInput]) -> RegisterResourceResult:
        resource_id = await deployments.register_resource(
            info.context.operations,
            deployment_id=input_.deployment_id,
            provider=input_.provider,
            external_id=input_.external_id,
            resource_kind=input_.resource_kind,
            name=input_.name,
            created_at=input_.created_at,
        )
        return ResourceRegistered(resource=reference(CloudResource, resource_id))

    @strawberry.mutation(
        description="End a registered resource: its level is 0 from then on, and later events of it do not count. "
        "Platform admins only."
    )
    async def end_resource(self, info: Info, input_: Input[EndResourceInput]) -> EndResourceResult:
        resource_id = await deployments.end_resource(
            info.context.operations, resource_id=input_.resource_id, ended_at=input_.ended_at
        )
        return ResourceEnded(resource=reference(CloudResource, resource_id))

    @strawberry.mutation(
        description="Move a registered resource to another deployment: its entry in the old deployment ends and a new "
        "one in the new deployment begins. Platform admins only."
    )
    async def move_resource(self, info: Info, input_: Input[MoveResourceInput]) -> MoveResourceResult:
        resource_id = await deployments.move_resource(
            info.context.operations,
            resource_id=input_.resource_id,
            deployment_id=input_.deployment_id,
            moved_at=input_.moved_at,
        )
        return ResourceMoved(
            previous=reference(CloudResource, input_.resource_id), resource=reference(CloudResource, resource_id)
        )
