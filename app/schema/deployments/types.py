"""Deployments, their recorded life and the resources they run on."""

from datetime import date, datetime
from typing import Annotated

import strawberry

from app.billing import DeploymentState, allowed_transitions
from app.operations import quotes, usage
from app.operations.access import transition_actor
from app.reads import Connection, FinishInfo, Rows, column, connection, desc, finished, one, read_type
from app.schema.context import RequestContext
from app.schema.invoices.filters import INVOICE_LINE_FILTERS, InvoiceLineFilter
from app.schema.lazy import LazyDeployment, LazyInvoiceLine, LazySubscription, LazyTenant
from app.schema.nodes import Node
from app.schema.problems import refusals_as_errors
from app.schema.quotes import Quote, as_answer
from app.schema.usage import ResourceUsage
from app.tables.deployments import CloudDeploymentEvents, CloudDeployments, CloudResources, LlmMode
from app.tables.invoices import TenantInvoiceLines
from app.tables.subscriptions import Subscriptions


@read_type(
    CloudDeploymentEvents, description="One transition of a deployment, or its creation. Never changed or removed."
)
class DeploymentEvent(Node):
    """A row of `cloud_deployment_events`."""

    deployment: LazyDeployment = one(CloudDeploymentEvents.deployment_id, description="The deployment.")
    from_state: DeploymentState | None = column(
        CloudDeploymentEvents.from_state, description="The state before; null for the creation."
    )
    to_state: DeploymentState = column(CloudDeploymentEvents.to_state, description="The state after.")
    actor: str = column(CloudDeploymentEvents.actor, description="Who asked for it: a token's subject, or the system.")
    reason: str | None = column(CloudDeploymentEvents.reason, description="Why, in the actor's words.")
    withheld: bool = column(
        CloudDeploymentEvents.withheld,
        description="Whether it was only recorded: the operator's override stood against the system's wish.",
    )
    occurred_at: datetime = column(CloudDeploymentEvents.occurred_at, description="When.")


@read_type(CloudResources, description="Something the provider runs for us, such as a droplet.")
class CloudResource(Node):
    """A row of `cloud_resources`."""

    provider: str = column(CloudResources.provider, description="The provider's name, such as digitalocean.")
    external_id: str = column(
        CloudResources.external_id,
        description="The provider's id for it; of those that have not ended unique per provider.",
    )
    resource_kind: str = column(CloudResources.resource_kind, description="The code of the kind it is metered as.")
    name: str = column(CloudResources.name, description="The name that the provider's bills call it by.")
    created_at: datetime = column(CloudResources.created_at, description="Since when it runs.")
    destroyed_at: datetime | None = column(
        CloudResources.destroyed_at, description="When it ended; null while it runs."
    )
    deployment: LazyDeployment | None = one(
        CloudResources.deployment_id, description="What it runs for; null when it belongs to no deployment."
    )


Answer = FinishInfo[RequestContext]


def _allowed_transitions(rows: Rows, info: Answer) -> list[list[DeploymentState]]:
    actor = transition_actor(info.request.viewer)
    if actor is None:
        return [[] for _ in rows]
    return [list(allowed_transitions(DeploymentState(row["state"]), actor)) for row in rows]


async def _usage(
    rows: Rows,
    info: Answer,
    period_start: Annotated[
        date | None, strawberry.argument(description="The month's first day; default: the current one's.")
    ] = None,
) -> list[list[ResourceUsage]]:
    with refusals_as_errors():
        months = await usage.monthly_usage(
            info.request.operations, [row["id"] for row in rows], period_start=period_start
        )
    return [[ResourceUsage.of(kind) for kind in months[row["id"]]] for row in rows]


async def _month_to_date(rows: Rows, info: Answer) -> list[Quote | None]:
    quoted = await quotes.months_to_date(info.request.operations, [row["id"] for row in rows])
    return [as_answer(quoted[row["id"]]) for row in rows]


async def _forecast(rows: Rows, info: Answer) -> list[Quote | None]:
    quoted = await quotes.forecasts(info.request.operations, [row["id"] for row in rows])
    return [as_answer(quoted[row["id"]]) for row in rows]


@read_type(
    CloudDeployments, description="A tenant's instance of an application: what is subscribed, metered and billed."
)
class Deployment(Node):
    """A row of `cloud_deployments`."""

    slug: str = column(CloudDeployments.slug, description="A DNS label, unique within the tenant.")
    display_name: str = column(CloudDeployments.display_name, description="Its name for people.")
    region: str = column(CloudDeployments.region, description="The provider's region it runs in.")
    state: DeploymentState = column(CloudDeployments.state, description="Where it is in its life.")
    llm_mode: LlmMode = column(CloudDeployments.llm_mode, description="How it reaches language models.")
    billing_action_suspended: bool = column(
        CloudDeployments.billing_action_suspended,
        description="Whether the operator withholds the system's own transitions.",
    )
    template_code: str | None = column(CloudDeployments.template_code, description="The template it was made from.")
    template_version: str | None = column(CloudDeployments.template_version, description="That template's version.")
    created_at: datetime = column(CloudDeployments.created_at, description="When it was created.")
    updated_at: datetime = column(CloudDeployments.updated_at, description="When it last changed.")
    tenant: LazyTenant = one(CloudDeployments.tenant_id, description="Whose it is.")
    subscription: LazySubscription | None = one(
        Subscriptions.deployment_id, description="What it is billed by; null before the first `subscribe`."
    )
    events: Connection[DeploymentEvent] = connection(
        CloudDeploymentEvents.deployment_id,
        order=(desc(CloudDeploymentEvents.occurred_at), desc(CloudDeploymentEvents.id)),
        description="Its recorded life, the latest event first.",
    )
    resources: Connection[CloudResource] = connection(
        CloudResources.deployment_id,
        order=(CloudResources.id,),
        description="What it runs on, in the order of registration.",
    )
    invoice_lines: Connection[LazyInvoiceLine] = connection(
        TenantInvoiceLines.deployment_id,
        order=(desc(TenantInvoiceLines.period_start), TenantInvoiceLines.id),
        filters=INVOICE_LINE_FILTERS,
        filter_input=InvoiceLineFilter,
        description="What was charged for it, the latest period first.",
    )

    allowed_transitions = finished(
        needs=(CloudDeployments.state,), description="The states you may ask for from here."
    )(_allowed_transitions)
    usage = finished(
        needs=(CloudDeployments.id,), description="A month's usage beside what is included, by resource kind."
    )(_usage)
    month_to_date = finished(
        needs=(CloudDeployments.id,),
        description="What this month would be invoiced if it ended now; null without a subscription.",
    )(_month_to_date)
    forecast = finished(
        needs=(CloudDeployments.id,),
        description="What this month would be invoiced if usage went on as it has; null without a subscription.",
    )(_forecast)
