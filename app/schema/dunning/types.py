"""Dunning: steps of invoices, holds of tenants, the policy, and the daily runs."""

from datetime import date, datetime
from uuid import UUID

import strawberry

from app.billing import StepKind
from app.operations import dunning
from app.operations.dunning import PolicyInForce
from app.reads import Connection, PythonFieldInfo, Rows, column, connection, one, python_field, read_type, reference
from app.schema.codes import ErrorCode, reason_of
from app.schema.context import Info, RequestContext
from app.schema.lazy_types import LazyInvoice, LazyTenant
from app.schema.nodes import Node
from app.schema.problems import refusals_as_errors
from app.schema.scalars import Cents
from app.schema.tenants import Tenant
from app.tables.dunning import DunningFailures, DunningHolds, DunningRuns, DunningSteps


@read_type(
    DunningSteps,
    description="A step of dunning that an overdue invoice has reached. Each kind happens at most once per invoice.",
)
class DunningStep(Node):
    """A row of `dunning_steps`."""

    invoice: LazyInvoice = one(DunningSteps.invoice_id, description="The overdue invoice.")
    kind: StepKind = column(DunningSteps.kind, description="The kind of step.")
    days: int = column(
        DunningSteps.days, description="The number of days after the due date, by the policy at that time."
    )
    taken_on: date = column(
        DunningSteps.taken_on,
        description="The day on which the step happened, later than planned if it was missed or on hold.",
    )
    taken_at: datetime = column(DunningSteps.taken_at, description="The time at which the step was recorded.")


@read_type(
    DunningHolds,
    platform=True,
    description="A hold of dunning: until it ends, no step happens to the tenant's invoices, and dunning moves its "
    "deployments only back to ACTIVE.",
)
class DunningHold(Node):
    """A row of `dunning_holds`."""

    tenant: LazyTenant = one(DunningHolds.tenant_id, description="The tenant whose dunning is on hold.")
    until: date = column(
        DunningHolds.until, description="The last day of the hold. The next day's dunning run ends it."
    )
    reason: str = column(DunningHolds.reason, description="The reason for the hold.")
    held_at: datetime = column(DunningHolds.held_at, description="The time at which the hold was set.")
    held_by: str = column(DunningHolds.held_by, description="The token subject that set the hold.")


def _codes(rows: Rows, _info: PythonFieldInfo[RequestContext]) -> list[ErrorCode | None]:
    return [reason_of(row["code"]) for row in rows]


@read_type(DunningFailures, platform=True, description="A tenant that a dunning run could not evaluate.")
class DunningFailure(Node):
    """A row of `dunning_failures`."""

    tenant: LazyTenant = one(DunningFailures.tenant_id, description="The tenant that could not be evaluated.")
    reason = python_field(needs=(DunningFailures.code,), description="The code of the failure.")(_codes)
    message: str = column(
        DunningFailures.message, description="The reason for the failure, in words for a person to read."
    )
    failed_at: datetime = column(DunningFailures.failed_at, description="The time of the failure.")


@read_type(
    DunningRuns,
    platform=True,
    description="The dunning run of one day, which evaluates every tenant with an overdue invoice, a deployment that "
    "dunning moved, or a hold that has expired.",
)
class DunningRun(Node):
    """A row of `dunning_runs`."""

    day: date = column(DunningRuns.day, description="The day of the run, in the billing time zone.")
    started_at: datetime = column(DunningRuns.started_at, description="The time at which the run started.")
    finished_at: datetime | None = column(
        DunningRuns.finished_at,
        description="The time at which the run finished; null before, and for a run that was interrupted until the "
        "next day's run replaced it.",
    )
    tenants_evaluated: int = column(
        DunningRuns.tenants_evaluated, description="The number of tenants evaluated so far, including failed ones."
    )
    tenants_failed: int = column(
        DunningRuns.tenants_failed, description="The number of tenants that could not be evaluated."
    )
    steps_taken: int = column(DunningRuns.steps_taken, description="The number of steps that happened.")
    transitions_applied: int = column(
        DunningRuns.transitions_applied, description="The number of transitions of deployments that were carried out."
    )
    transitions_withheld: int = column(
        DunningRuns.transitions_withheld,
        description="The number of transitions that were only recorded, because `billingActionSuspended` was set.",
    )
    failures: Connection[DunningFailure] = connection(
        DunningFailures.run_id,
        order=(DunningFailures.id,),
        description="The tenants that could not be evaluated, in the order of the failures. The next run evaluates "
        "them again.",
    )


@strawberry.type(description="A step of a dunning policy.")
class DunningPolicyStep:
    """app.billing.Step."""

    kind: StepKind = strawberry.field(description="The kind of step.")
    days: int = strawberry.field(description="The number of days after an invoice's due date at which it happens.")


@strawberry.type(
    name="DunningPolicy", description="What happens how many days after an invoice's due date if it is not paid."
)
class DunningPolicyOfTenant:
    """app.operations.dunning.PolicyInForce."""

    steps: list[DunningPolicyStep] = strawberry.field(description="The steps, in the order of their days.")
    minimum_cents: Cents = strawberry.field(
        description="The minimum, in the minor unit of the tenant's currency: a tenant whose overdue total less its "
        "credit balance is below it counts as not overdue."
    )
    tenant: Tenant | None = strawberry.field(
        description="The tenant whose own policy it is; null for the platform's default."
    )


async def policy_of(info: Info, tenant_id: UUID | None) -> DunningPolicyOfTenant:
    """The policy that applies to a tenant, or without one the platform's default."""
    with refusals_as_errors():
        in_force: PolicyInForce = await dunning.dunning_policy(info.context.operations, tenant_id=tenant_id)
    owner = in_force.tenant_id
    return DunningPolicyOfTenant(
        steps=[DunningPolicyStep(kind=step.kind, days=step.days) for step in in_force.policy.steps],
        minimum_cents=Cents(in_force.policy.minimum_cents),
        tenant=None if owner is None else reference(Tenant, owner),
    )
