"""The API's enums are those of the billing rules, tables and operations; this module adds their descriptions."""

from enum import StrEnum

import strawberry

from app.billing import (
    Aggregation,
    DeploymentState,
    LineKind,
    PriceModel,
    Proration,
    SubscriptionStatus,
)
from app.operations.calls.principal import Role
from app.operations.calls.refusal import ProblemCode
from app.operations.costs import BillField, MarginDimension
from app.tables.billing_months import BillingMonthState
from app.tables.catalog import PlanVersionStatus
from app.tables.costs import CloudInvoiceMatch, UnallocatedReason
from app.tables.deployments import EventCause, LlmMode
from app.tables.invoices import InvoiceStatus
from app.tables.rollups import RollupStatus, RollupWarningCode, TenantOutcome, UnpricedReason


def describe(enum: type[StrEnum], description: str, /, *, name: str | None = None, **values: str) -> None:
    """Makes the enum a GraphQL enum. Raises TypeError unless exactly its members are described."""
    if values.keys() != enum.__members__.keys():
        raise TypeError(
            f"{enum.__name__}: {values.keys() ^ enum.__members__.keys()} must be both members and described"
        )
    strawberry.enum(enum, name=name, description=description)
    for value in enum.__strawberry_definition__.values:  # type: ignore[attr-defined]  # set by the line above
        value.description = values[value.name]


describe(
    Role,
    "A role of a signed-in caller, which decides what the caller may do.",
    PLATFORM_ADMIN="May read and do everything.",
    TENANT_ADMIN="May read its own tenant's data and manage the tenant's deployments and subscriptions.",
    TENANT_VIEWER="May read its own tenant's data.",
    METER="May record and correct usage and read the catalog, and nothing else.",
)
describe(
    DeploymentState,
    "The state of a deployment.",
    TRIAL="The deployment runs in a free trial and is not billed yet.",
    ACTIVE="The deployment runs and is billed.",
    PAST_DUE="The deployment runs and is billed; a payment is overdue.",
    PAUSED="The tenant paused the deployment; it is not billed.",
    SUSPENDED="The platform suspended the deployment; it is not billed.",
    CANCELLED="The deployment has ended, and its subscription with it.",
    ARCHIVED="The deployment has ended and its state can no longer change.",
)
describe(
    EventCause,
    "Who requested what a deployment event records.",
    name="DeploymentEventCause",
    OPERATOR="A platform admin.",
    TENANT="An admin of the tenant.",
    SYSTEM="The system, for another reason than dunning.",
    DUNNING="Dunning: an invoice is overdue, or no longer.",
)
describe(
    LlmMode,
    "How a deployment accesses language models (LLMs).",
    DISABLED="Without access to language models.",
    BYOK='With the tenant\'s own API keys ("bring your own key").',
    MANAGED="Through the platform, which meters the tokens.",
)
describe(
    SubscriptionStatus,
    "The status of a subscription, which follows the state of its deployment.",
    ACTIVE="The deployment is in trial, active or past due.",
    PAUSED="The deployment is paused or suspended, so the subscription is currently not billed.",
    CANCELLED="The subscription ended when its deployment was cancelled.",
)
describe(
    PlanVersionStatus,
    "The status of a plan version.",
    DRAFT="The version cannot be subscribed to yet.",
    PUBLISHED="The version can be subscribed to, and its terms no longer change.",
    RETIRED="The version can no longer be subscribed to; existing subscriptions keep it.",
)
describe(
    Proration,
    "How the price of a partly billable month is calculated.",
    NONE="The whole price is charged as soon as one day of the month is billable.",
    DAILY="In proportion to the billable days of the month.",
)
describe(
    PriceModel,
    "How the quantity over the included quantity is priced.",
    PER_UNIT="Every unit has the same price.",
    GRADUATED="Each part of the quantity is priced by the tier in which it lies.",
    VOLUME="The whole quantity is priced by the one tier in which the quantity lies.",
    PACKAGE="The quantity is priced by whole packages; a started package counts as whole.",
)
describe(
    Aggregation,
    "How a month's usage events of one resource kind become one billed quantity.",
    SUM="The sum of the month's event quantities is billed.",
    MAX="The month's highest event quantity is billed.",
    TIME_WEIGHTED="Each event sets a level that applies until the next event; the billed quantity is the level "
    "multiplied by the hours it applied.",
)
describe(
    InvoiceStatus,
    "The status of an invoice.",
    DRAFT="The invoice is a draft and may be rated again.",
    ISSUED="The invoice has a number and a due date, and its amounts no longer change.",
    PAID="The invoice is paid in full.",
    VOID="The invoice is no longer valid. An invoice with a higher revision may replace it.",
)
describe(
    LineKind,
    "The kind of charge on an invoice or quote line.",
    PLAN_BASE="The base price of the plan.",
    ADDON="An attached add-on.",
    OVERAGE="Usage of one resource kind over the included quantity.",
    ADJUSTMENT="A one-off charge, or a credit if the amount is negative.",
    TAX="A tax on the other lines of the invoice.",
)
describe(
    BillingMonthState,
    "The billing state of a tenant's month.",
    OPEN="The month is not rated yet, or its invoice was voided.",
    DRAFT="The month is rated and its invoice is a draft.",
    ISSUED="The month is rated and its invoice is issued or paid.",
    ZERO="The month is rated and nothing is to be billed, so it is closed without an invoice.",
    WAIVED="The month is permanently not billed.",
    FAILED="The last attempt to rate the month failed.",
)
describe(
    UnpricedReason,
    "The reason why no plan has a price for some usage.",
    NOT_PRICED="The current plan version has no price for the resource kind.",
    NOT_SUBSCRIBED="The deployment has no subscription in the month.",
)
describe(
    RollupWarningCode,
    "The code of a warning about a billed tenant.",
    NO_TAX_RATE="The tenant's country has no tax rate, so the invoice has no tax.",
    CORRECTION_FAILED="An earlier month could not be rated again, so it is still to be corrected.",
)
describe(
    RollupStatus,
    "The status of a rollup run.",
    QUEUED="The run waits for a worker.",
    RUNNING="A worker has started the run.",
    SUCCEEDED="The run has finished and no tenant failed.",
    PARTIAL="The run has finished and some tenants failed.",
    FAILED="The run has finished and every tenant to be billed failed.",
)
describe(
    TenantOutcome,
    "The kind of outcome of a rollup run for one tenant.",
    name="RollupOutcomeKind",
    CREATED="A draft invoice was created.",
    REPLACED="An existing invoice was rated again.",
    SKIPPED="Nothing was done, because the tenant already has an invoice for the month, or the month is "
    "closed or waived.",
    SETTLED="The month was closed with a zero amount, without an invoice. A later change to the month reopens it.",
    PREVIEWED="The amount was calculated by a dry run; nothing was written.",
    FAILED="The tenant could not be billed; the run's `failures` have the reason.",
)
describe(
    MarginDimension,
    "A dimension by which revenue and cost are grouped.",
    TENANT="By tenant.",
    DEPLOYMENT="By deployment.",
    RESOURCE_KIND="By resource kind.",
    LINE_KIND="By kind of invoice line. This groups revenue only: cost has no line kind.",
    MONTH="By calendar month.",
)
describe(
    BillField,
    "A field that a column of a bill's CSV file can hold.",
    name="CloudInvoiceField",
    PRODUCT="The provider's name of the product. Optional.",
    GROUP_DESCRIPTION="The cluster or database that the row is grouped under. Optional.",
    DESCRIPTION="The provider's id or name of the charged resource. Required.",
    HOURS="The number of charged hours. Optional.",
    START="The start of the charged time span, such as 2026-04-01T00:00:00Z. Required.",
    END="The end of the charged time span. Required.",
    AMOUNT="The amount charged, such as $12.00 or -0.0015. Required.",
    PROJECT_NAME="The provider's name of the project. Optional.",
    CATEGORY="The provider's category of the row. Optional.",
)
describe(
    CloudInvoiceMatch,
    "How a bill's row is matched to a registered resource. The ways are tried in this order: "
    "PROVIDER_ID, NAME, SHORT_NAME, GROUP.",
    PROVIDER_ID="The row names the provider's id of the resource.",
    NAME="The row's description equals the resource's name.",
    SHORT_NAME="The part of the row's description before a bracket equals the resource's name.",
    GROUP="The cluster or database that the row is grouped under is the resource, found by its id or name.",
)
describe(
    UnallocatedReason,
    "The reason why a row of a provider's bill is not allocated to a deployment.",
    UNKNOWN_NAME="No registered resource has an id or name that the row contains.",
    NOT_ALIVE="Every resource with the name had ended before the charged time span.",
    SEVERAL_DEPLOYMENTS="Resources of several deployments had the name in the charged time span.",
    NO_DEPLOYMENT="The matched resource belongs to no deployment.",
)
describe(
    ProblemCode,
    "The code of a refused mutation.",
    NOT_FOUND="An object named by the input does not exist, or the caller may not see it.",
    PERMISSION_DENIED="The caller's roles do not allow it.",
    VALIDATION_FAILED="A value violates a rule; `path` leads to it.",
    INVALID_TRANSITION="The transition is not allowed from the deployment's current state, or not for this caller.",
    SLUG_TAKEN="The tenant already has a deployment with this slug.",
    ALREADY_SUBSCRIBED="The deployment already has a subscription.",
    NOT_SUBSCRIBED="The deployment has no subscription that can be changed.",
    PLAN_NOT_PUBLISHED="The plan version is a draft or retired, or the plan has no published version.",
    ADDON_INACTIVE="The add-on is not active, so it cannot be attached.",
    INVOICE_NOT_DRAFT="The invoice is not a draft.",
    INVOICE_PAID="The invoice is paid.",
    IDEMPOTENCY_CONFLICT="The Idempotency-Key was already used with different content.",
    PERIOD_NOT_ENDED="The month has not ended yet.",
    CONFLICT="The current state of the data does not allow the change.",
    DRAFT_STALE="The draft's month changed after it was rated.",
    AMOUNT_TOO_LARGE="An amount exceeds 64 bits; the message names the line.",
    CURRENCY_MISMATCH="Amounts that must have the same currency have different ones.",
    ALREADY_ATTACHED="The add-on is already attached. Set `additional` to attach it once more.",
    CONFIRMATION_REQUIRED="The start is more than three months ago and must be confirmed.",
    TENANT_CLOSED="The tenant is closed.",
    INVOICE_NOT_ISSUED="The invoice is a draft or void, so it cannot be credited, paid or written off.",
    CREDIT_EXCEEDS_LINE="The credit is more than what is left; the message names what is left.",
    CREDIT_TOO_SMALL="The tenant's credit balance is less than the amount.",
    SUPPLIER_INCOMPLETE="A tax invoice cannot name its supplier, because the settings do not.",
)
