"""Filters for deployments."""

from collections.abc import Mapping
from uuid import UUID

import strawberry

from app.billing import DeploymentState
from app.reads import among, contains, equals
from app.reads.filter_conditions import Condition
from app.schema.arguments import optional
from app.tables.deployments import CloudDeployments


@strawberry.input(description="Selects deployments that meet every given condition.")
class DeploymentFilter:
    """The filter of a deployment connection."""

    tenant_id: UUID | None = optional(description="Only deployments of this tenant.")
    state: list[DeploymentState] | None = optional(description="Only deployments in one of these states.")
    region: str | None = optional(description="Only deployments in this region.")
    slug: str | None = optional(description="Only deployments with exactly this slug.")
    search: str | None = optional(
        description="Only deployments whose slug or display name contains this text, in upper or lower case."
    )


DEPLOYMENT_FILTERS: Mapping[str, Condition] = {
    "tenant_id": equals(CloudDeployments.tenant_id),
    "state": among(CloudDeployments.state),
    "region": equals(CloudDeployments.region),
    "slug": equals(CloudDeployments.slug),
    "search": contains(CloudDeployments.slug, CloudDeployments.display_name),
}
