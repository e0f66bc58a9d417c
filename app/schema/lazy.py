"""Types by their names: the nouns refer to each other in circles."""

from typing import TYPE_CHECKING, Annotated, TypeAlias

import strawberry

if TYPE_CHECKING:
    from app.schema.catalog.addons import Addon
    from app.schema.catalog.plans import PlanVersion
    from app.schema.deployments.types import CloudResource, Deployment
    from app.schema.invoices.types import Invoice, InvoiceLine
    from app.schema.subscriptions import PlanSubscription, SubscriptionAddon
    from app.schema.tenants import Tenant

LazyTenant: TypeAlias = Annotated["Tenant", strawberry.lazy("app.schema.tenants")]
LazyPlanVersion: TypeAlias = Annotated["PlanVersion", strawberry.lazy("app.schema.catalog.plans")]
LazyAddon: TypeAlias = Annotated["Addon", strawberry.lazy("app.schema.catalog.addons")]
LazyDeployment: TypeAlias = Annotated["Deployment", strawberry.lazy("app.schema.deployments.types")]
LazyCloudResource: TypeAlias = Annotated["CloudResource", strawberry.lazy("app.schema.deployments.types")]
LazySubscription: TypeAlias = Annotated["PlanSubscription", strawberry.lazy("app.schema.subscriptions")]
LazySubscriptionAddon: TypeAlias = Annotated["SubscriptionAddon", strawberry.lazy("app.schema.subscriptions")]
LazyInvoice: TypeAlias = Annotated["Invoice", strawberry.lazy("app.schema.invoices.types")]
LazyInvoiceLine: TypeAlias = Annotated["InvoiceLine", strawberry.lazy("app.schema.invoices.types")]
