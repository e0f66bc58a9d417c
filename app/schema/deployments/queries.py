"""Root queries for deployments."""

import strawberry

from app.reads import Connection, root_connection, root_one
from app.schema.context import reads_tenants
from app.schema.deployments.filters import DEPLOYMENT_FILTERS, DeploymentFilter
from app.schema.deployments.types import Deployment
from app.tables.deployments import CloudDeployments


@strawberry.type
class DeploymentQueries:
    """Root queries for deployments."""

    deployment: Deployment | None = root_one(
        by=CloudDeployments.id,
        allow=reads_tenants,
        description="The deployment with this id; null if there is none that the caller may see.",
    )
    deployments: Connection[Deployment] = root_connection(
        order=(CloudDeployments.slug,),
        filters=DEPLOYMENT_FILTERS,
        filter_input=DeploymentFilter,
        allow=reads_tenants,
        description="The deployments that the caller may see, sorted by slug.",
    )
