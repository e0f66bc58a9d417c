"""The enums of the API are those of the rules, the tables and the operations; here they get their descriptions."""

from enum import StrEnum

import strawberry

from app.billing import Aggregation, DeploymentState, LineKind, PriceModel, Proration, SubscriptionStatus
from app.operations.costs import BillField, MarginDimension
from app.operations.principal import Role
from app.operations.refusal import ProblemCode
from app.tables.billing_months import BillingMonthState
from app.tables.catalog import PlanVersionStatus
from app.tables.costs import CloudInvoiceMatch, UnallocatedReason
from app.tables.deployments import LlmMode
from app.tables.invoices import InvoiceStatus
from app.tables.rollups import RollupOutcome, RollupStatus, RollupWarningCode, UnpricedReason


def describe(enum: type[StrEnum], description: str, /, *, name: str | None = None, **values: str) -> None:
    """Make the enum a GraphQL enum. Raises where the described values are not exactly its members."""
    if values.keys() != enum.__members__.keys():
        raise TypeError(f"{enum.__name__}: {values.keys() ^ enum.__members__.keys()} described or a member, not both")
    strawberry.enum(enum, name=name, description=description)
    for value in enum.__strawberry_definition__.values:  # type: ignore[attr-defined]  # set by the line above
        value.description = values[value.name]


describe(
    Role,
    "What a signed-in subject may do.",
    PLATFORM_ADMIN="Sees and does everything.",
    TENANT_ADMIN="Reads its own tenant and manages its deployments and subscriptions.",
    TENANT_VIEWER="Reads its own tenant.",
    METER="Records usage, and nothing else.",
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
    LlmMode,
    "How a deployment reaches language models.",
    DISABLED="Not at all.",
    BYOK="With keys that the tenant brings.",
    MANAGED="Through the platform, metered by token.",
)
describe(
    SubscriptionStatus,
    "Whether a subscription is billed; it follows the state of its deployment.",
    ACTIVE="Billed: the deployment is in trial, active or past due.",
    PAUSED="Not billed for now: the deployment is paused or suspended.",
    CANCELLED="Ended on the day its deployment was cancelled.",
)
describe(
    PlanVersionStatus,
    "Where a plan version is in its life.",
    DRAFT="Not for sale yet.",
    PUBLISHED="For sale; its terms never change again.",
    RETIRED="No longer for sale; existing subscribers keep it.",
)
describe(
    Proration,
    "What a part of a month costs.",
    NONE="As much as a whole one, as soon as one of its days is billable.",
    DAILY="The share of its days that are billable.",
)
describe(
    PriceModel,
    "How the quantity over the allowance is priced.",
    PER_UNIT="Every unit at one price.",
    GRADUATED="Each slice of the quantity at the price of its own tier.",
    VOLUME="The whole quantity at the price of the tier that holds it.",
    PACKAGE="By whole packages, the last one rounded up.",
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
    "Where an invoice is in its life.",
    DRAFT="May still be rated anew.",
    ISSUED="Numbered, due, and never changed again.",
    PAID="Paid in full.",
    VOID="Withdrawn; a later revision may stand in its place.",
)
describe(
    LineKind,
    "What a line charges for.",
    PLAN_BASE="The plan's base price.",
    ADDON="An attached add-on.",
    OVERAGE="Usage of one kind beyond what is included.",
    ADJUSTMENT="A one-off charge, or a credit where the amount is below 0.",
    TAX="A tax on all other lines of the invoice.",
)
describe(
    BillingMonthState,
    "The billing state of a tenant's month.",
    OPEN="The month is not rated yet, or its invoice was voided.",
    DRAFT="The month is rated and its invoice is a draft.",
    ISSUED="The month is rated and its invoice is issued or paid.",
    ZERO="The month is rated and closed with a zero amount, without an invoice.",
    WAIVED="The month is permanently not billed.",
    FAILED="The last attempt to rate the month failed.",
)
describe(
    UnpricedReason,
    "Why no plan prices some usage.",
    NOT_PRICED="The plan in force does not know the kind.",
    NOT_SUBSCRIBED="The deployment has no subscription in the month.",
)
describe(
    RollupWarningCode,
    "What an operator should look at of a tenant that a run billed.",
    NO_TAX_RATE="The tenant's country has no tax rate, so its invoice has no tax.",
    CORRECTION_FAILED="An earlier month could not be rated again; it stays due.",
)
describe(
    RollupStatus,
    "How far a rollup run has come.",
    QUEUED="Waits for a worker.",
    RUNNING="Some of its tenants are done.",
    SUCCEEDED="Every tenant is done.",
    PARTIAL="Finished, but some tenants failed.",
    FAILED="Finished, and every tenant that was due failed.",
)
describe(
    RollupOutcome,
    "What a rollup run made of one tenant.",
    name="RollupOutcomeKind",
    CREATED="A new draft invoice.",
    REPLACED="An existing invoice, rated anew.",
    SKIPPED="Nothing: the tenant has an invoice for the period.",
    SETTLED="Nothing to bill: every line would be 0. A later change to the month makes it due again.",
    PREVIEWED="Rated by a dry run; nothing was written.",
    FAILED="A failure, which the run records with its reason.",
)
describe(
    MarginDimension,
    "By what revenue and cost are grouped.",
    TENANT="By tenant.",
    DEPLOYMENT="By deployment.",
    RESOURCE_KIND="By kind of resource.",
    LINE_KIND="By kind of invoice line; cost has none.",
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
    "Why a bill's row is no deployment's cost.",
    UNKNOWN_NAME="No registered resource has a name or id that the row names.",
    NOT_ALIVE="Resources have the name, and all ended before the time charged for.",
    SEVERAL_DEPLOYMENTS="Resources of several deployments had the name at that time.",
    NO_DEPLOYMENT="The resource belongs to no deployment.",
)
describe(
    ProblemCode,
    "Why a mutation was refused.",
    NOT_FOUND="What the input names does not exist, or is not the caller's to see.",
    PERMISSION_DENIED="The caller's roles do not allow it.",
    VALIDATION_FAILED="A value breaks a rule; `path` says which.",
    INVALID_TRANSITION="The deployment cannot go to that state from here, or not at this caller's word.",
    SLUG_TAKEN="The tenant has a deployment with this slug.",
    ALREADY_SUBSCRIBED="The deployment has a subscription.",
    NOT_SUBSCRIBED="The deployment has no subscription that could be changed.",
    PLAN_NOT_PUBLISHED="The plan version is a draft or retired, or the plan has none published.",
    ADDON_INACTIVE="The add-on is not for sale.",
    INVOICE_NOT_DRAFT="The invoice has left DRAFT.",
    INVOICE_PAID="The invoice is paid.",
    IDEMPOTENCY_CONFLICT="The same key came before with other content.",
    PERIOD_NOT_ENDED="The period is still running.",
    CONFLICT="The state of things does not allow it now.",
    DRAFT_STALE="The draft's month changed after it was rated.",
    AMOUNT_TOO_LARGE="An amount does not fit 64 bits; the message names the line.",
    CURRENCY_MISMATCH="Amounts that must be in one currency are not.",
    ALREADY_ATTACHED="The add-on is attached already; ask for it as additional.",
    CONFIRMATION_REQUIRED="The start lies more than three months back and must be confirmed.",
    TENANT_CLOSED="The tenant is closed.",
)
