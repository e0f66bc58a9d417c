"""Assembles the schema."""

import strawberry
from strawberry.schema.config import StrawberryConfig

import app.schema.enums  # noqa: F401  # makes the enums of the layers below GraphQL's
from app.schema.audit import AuditQueries
from app.schema.billing_months.types import BillingMonthQueries
from app.schema.billing_months.unbilled import BillingMonthMutations, UnbilledMonthQueries
from app.schema.catalog.addons import AddonMutations, AddonQueries
from app.schema.catalog.plan_changes import PlanMutations
from app.schema.catalog.plans import PlanQueries
from app.schema.catalog.resource_kinds import ResourceKindMutations, ResourceKindQueries
from app.schema.charges import ChargeMutations
from app.schema.cloud_invoices.mutations import CloudInvoiceMutations
from app.schema.cloud_invoices.types import CloudInvoiceQueries
from app.schema.costs import CostQueries
from app.schema.credit_notes.mutations import CreditNoteMutations, CreditNotePreviewQueries
from app.schema.credit_notes.types import CreditNoteQueries
from app.schema.currencies import CurrencyQueries
from app.schema.deployments.event_stream import DeploymentSubscriptions
from app.schema.deployments.mutations import DeploymentMutations
from app.schema.deployments.queries import DeploymentQueries
from app.schema.dunning.mutations import DunningMutations
from app.schema.dunning.queries import DunningQueries
from app.schema.events.types import EventQueries
from app.schema.exports import ExportQueries
from app.schema.finance.mutations import FinanceMutations
from app.schema.finance.types import FinanceQueries
from app.schema.invoices.mutations import InvoiceMutations
from app.schema.invoices.types import InvoiceQueries
from app.schema.issue_runs.issue_progress_stream import IssueRunSubscriptions
from app.schema.issue_runs.mutations import IssueRunMutations
from app.schema.issue_runs.types import IssueRunQueries
from app.schema.ledger.trial_balance import LedgerBalanceQueries
from app.schema.ledger.types import JournalQueries
from app.schema.mutation_audit import MutationAudit
from app.schema.nodes import NodeQueries
from app.schema.payments.bank_statements import BankStatementMutations
from app.schema.payments.mutations import PaymentMutations
from app.schema.payments.tenant_statement import AgedReceivablesQueries
from app.schema.payments.types import PaymentQueries
from app.schema.problems import EXCEPTION_HANDLERS
from app.schema.quotes import QuoteQueries
from app.schema.rollups.mutations import RollupMutations
from app.schema.rollups.progress_stream import RollupSubscriptions
from app.schema.rollups.queries import RollupQueries
from app.schema.scalars import SCALARS
from app.schema.subscriptions import SubscriptionMutations
from app.schema.tax_rates import TaxRateMutations, TaxRateQueries
from app.schema.tenant_changes import TenantMutations
from app.schema.tenants import TenantQueries
from app.schema.usage import UsageMutations
from app.schema.usage_corrections import UsageCorrectionMutations, UsageCorrectionQueries
from app.schema.viewer import ViewerQueries
from app.schema.webhooks.mutations import WebhookMutations
from app.schema.webhooks.types import WebhookQueries


@strawberry.type(
    description="All queries. A query for one object returns null if the object does not exist or belongs to "
    "another tenant."
)
class Query(
    ViewerQueries,
    NodeQueries,
    TenantQueries,
    DeploymentQueries,
    PlanQueries,
    AddonQueries,
    ResourceKindQueries,
    CurrencyQueries,
    TaxRateQueries,
    QuoteQueries,
    UsageCorrectionQueries,
    InvoiceQueries,
    CreditNoteQueries,
    CreditNotePreviewQueries,
    PaymentQueries,
    AgedReceivablesQueries,
    BillingMonthQueries,
    UnbilledMonthQueries,
    RollupQueries,
    DunningQueries,
    IssueRunQueries,
    CloudInvoiceQueries,
    CostQueries,
    JournalQueries,
    LedgerBalanceQueries,
    ExportQueries,
    EventQueries,
    WebhookQueries,
    FinanceQueries,
    AuditQueries,
):
    """The root of queries."""


@strawberry.type(
    description="All mutations. Each returns its result, or a problem if it was refused and changed nothing."
)
class Mutation(
    TenantMutations,
    DeploymentMutations,
    SubscriptionMutations,
    PlanMutations,
    AddonMutations,
    ResourceKindMutations,
    TaxRateMutations,
    ChargeMutations,
    UsageMutations,
    UsageCorrectionMutations,
    RollupMutations,
    IssueRunMutations,
    InvoiceMutations,
    CreditNoteMutations,
    PaymentMutations,
    BankStatementMutations,
    BillingMonthMutations,
    DunningMutations,
    WebhookMutations,
    FinanceMutations,
    CloudInvoiceMutations,
):
    """The root of mutations."""


@strawberry.type(description="All GraphQL subscriptions, sent over a WebSocket.")
class Subscription(DeploymentSubscriptions, RollupSubscriptions, IssueRunSubscriptions):
    """The root of subscriptions."""


for mutation in Mutation.__strawberry_definition__.fields:  # type: ignore[attr-defined]  # the decorator adds it
    mutation.extensions.append(MutationAudit())

schema = strawberry.Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    config=StrawberryConfig(scalar_map=SCALARS),
    exception_handlers=EXCEPTION_HANDLERS,
)
