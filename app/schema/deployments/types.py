"""Deployments, their events and their resources."""

from datetime import date, datetime
from typing import Annotated

import strawberry

from app.billing import DeploymentState, StepKind, allowed_transitions
from app.operations import quotes, usage
from app.operations.calls.access import transition_actor
from app.reads import (
    Connection,
    PythonFieldInfo,
    Rows,
    column,
    connection,
    desc,
    one,
    python_field,
    read_type,
    reference,
)
from app.schema.context import RequestContext
from app.schema.invoices.filters import INVOICE_LINE_FILTERS, InvoiceLineFilter
from app.schema.invoices.types import Invoice
from app.schema.lazy_types import LazyDeployment, LazyInvoiceLine, LazySubscription, LazyTenant
from app.schema.nodes import Node
from app.schema.problems import refusals_as_errors
from app.schema.quotes import Quote, as_answer
from app.schema.usage import ResourceUsage
from app.tables.deployments import CloudDeploymentEvents, CloudDeployments, CloudResources, EventCause, LlmMode
from app.tables.invoices import TenantInvoiceLines
from app.tables.subscriptions import Subscriptions


def _dunning_invoices(rows: Rows, _info: PythonFieldInfo[RequestContext]) -> list[Invoice | None]:
    ids = [row["dunning_invoice_id"] for row in rows]
    return [None if invoice_id is None else reference(Invoice, invoice_id) for invoice_id in ids]


@read_type(
    CloudDeploymentEvents, description="The creation or one transition of a deployment. It is never changed or removed."
)
class DeploymentEvent(Node):
    """A row of `cloud_deployment_events`."""

    deployment: LazyDeployment = one(
        CloudDeploymentEvents.deployment_id, description="The deployment that the event belongs to."
    )
    from_state: DeploymentState | None = column(
        CloudDeploymentEvents.from_state, description="The state before the transition; null for the creation."
    )
    to_state: DeploymentState = column(
        CloudDeploymentEvents.to_state,
        description="The state after the event, or the requested state if `withheld` is true.",
    )
    actor: str = column(
        CloudDeploymentEvents.actor, description="The token subject that requested the change, or the system."
    )
    reason: str | None = column(
        CloudDeploymentEvents.reason, description="The reason that the actor gave; null if none was given."
    )
    withheld: bool = column(
        CloudDeploymentEvents.withheld,
        description="True if the system requested the transition but it was not carried out, because "
        "`billingActionSuspended` was set.",
    )
    occurred_at: datetime = column(CloudDeploymentEvents.occurred_at, description="The time of the event.")
    cause: EventCause = column(CloudDeploymentEvents.cause, description="Who requested the change.")
    dunning_step: StepKind | None = column(
        CloudDeploymentEvents.dunning_step,
        description="The step of dunning that requires the transition; null for other causes than DUNNING, and for a "
        "return to ACTIVE.",
    )
    dunning_invoice = python_field(
        needs=(CloudDeploymentEvents.dunning_invoice_id,),
        description="The overdue invoice that reached the step; null if `dunningStep` is.",
    )(_dunning_invoices)


@read_type(
    CloudResources,
    description="A resource that the cloud provider runs for the platform, such as a virtual machine (droplet).",
)
class CloudResource(Node):
    """A row of `cloud_resources`."""

    provider: str = column(CloudResources.provider, description="The name of the provider, such as digitalocean.")
    external_id: str = column(
        CloudResources.external_id,
        description="The provider's id of the resource, unique per provider among resources that have not ended.",
    )
    resource_kind: str = column(
        CloudResources.resource_kind, description="The code of the resource kind that the resource is metered as."
    )
    name: str = column(CloudResources.name, description="The name of the resource on the provider's bills.")
    created_at: datetime = column(CloudResources.created_at, description="The time from which the resource runs.")
    destroyed_at: datetime | None = column(
        CloudResources.destroyed_at, description="The time at which the resource ended; null while it runs."
    )
    deployment: LazyDeployment | None = one(
        CloudResources.deployment_id,
        description="The deployment that the resource belongs to; null if it belongs to none.",
    )


Answer = PythonFieldInfo[RequestContext]


def _allowed_transitions(rows: Rows, info: Answer) -> list[list[DeploymentState]]:
    actor = transition_actor(info.request.viewer)
    if actor is None:
        return [[] for _ in rows]
    return [list(allowed_transitions(DeploymentState(row["state"]), actor)) for row in rows]


async def _usage(
    rows: Rows,
    info: Answer,
    period_start: Annotated[
        date | None, strawberry.argument(description="The first day of the month. Default: the current month.")
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
    CloudDeployments,
    description="A tenant's instance of an application, which is subscribed to a plan, metered and billed.",
)
class Deployment(Node):
    """A row of `cloud_deployments`."""

    slug: str = column(
        CloudDeployments.slug, description="The deployment's name in addresses: a DNS label, unique within the tenant."
    )
    display_name: str = column(CloudDeployments.display_name, description="The display name of the deployment.")
    region: str = column(CloudDeployments.region, description="The provider's region in which the deployment runs.")
    state: DeploymentState = column(CloudDeployments.state, description="The state of the deployment.")
    llm_mode: LlmMode = column(CloudDeployments.llm_mode, description="How the deployment accesses language models.")
    billing_action_suspended: bool = column(
        CloudDeployments.billing_action_suspended,
        description="True if transitions by the system itself (such as suspension for an overdue payment) are only "
        "recorded and not carried out.",
    )
    template_code: str | None = column(
        CloudDeployments.template_code,
        description="The code of the template from which the deployment was created; null if there is none.",
    )
    template_version: str | None = column(
        CloudDeployments.template_version, description="The version of the template; null if there is none."
    )
    created_at: datetime = column(
        CloudDeployments.created_at, description="The time at which the deployment was created."
    )
    updated_at: datetime = column(
        CloudDeployments.updated_at, description="The time at which the deployment last changed."
    )
    tenant: LazyTenant = one(CloudDeployments.tenant_id, description="The tenant that owns the deployment.")
    subscription: LazySubscription | None = one(
        Subscriptions.deployment_id,
        description="The deployment's current or last subscription; null if it never had one.",
    )
    events: Connection[DeploymentEvent] = connection(
        CloudDeploymentEvents.deployment_id,
        order=(desc(CloudDeploymentEvents.occurred_at), desc(CloudDeploymentEvents.id)),
        description="The deployment's creation and transitions, the latest first.",
    )
    resources: Connection[CloudResource] = connection(
        CloudResources.deployment_id,
        order=(CloudResources.id,),
        description="The provider's resources that the deployment runs on, in the order of registration.",
    )
    invoice_lines: Connection[LazyInvoiceLine] = connection(
        TenantInvoiceLines.deployment_id,
        order=(desc(TenantInvoiceLines.period_start), TenantInvoiceLines.id),
        filters=INVOICE_LINE_FILTERS,
        filter_input=InvoiceLineFilter,
        description="The invoice lines that charge for the deployment, the latest period first.",
    )

    allowed_transitions = python_field(
        needs=(CloudDeployments.state,),
        description="The states to which the caller may move the deployment from its current state.",
    )(_allowed_transitions)
    usage = python_field(
        needs=(CloudDeployments.id,), description="The usage of a month and the included quantity, by resource kind."
    )(_usage)
    month_to_date = python_field(
        needs=(CloudDeployments.id,),
        description="The amounts of the current month up to now; null without a subscription.",
    )(_month_to_date)
    forecast = python_field(
        needs=(CloudDeployments.id,),
        description="A forecast of the current month's amounts, assuming that usage continues at the same rate; null "
        "without a subscription.",
    )(_forecast)
