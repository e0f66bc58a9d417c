"""References to types by name, because the modules refer to each other in cycles."""

from typing import TYPE_CHECKING, Annotated, TypeAlias

import strawberry

if TYPE_CHECKING:
    from app.schema.charges import Charge
    from app.schema.credit_notes.types import AbsorbedCorrection, CreditNote
    from app.schema.deployments.types import Deployment
    from app.schema.dunning.types import DunningHold, DunningStep
    from app.schema.invoices.invoice_lines import InvoiceLine
    from app.schema.invoices.types import Invoice
    from app.schema.payments.types import InvoiceApplication, Payment, Recovery, Refund, WriteOff
    from app.schema.subscriptions import PlanSubscription, SubscriptionAddon
    from app.schema.tenants import Tenant

LazyTenant: TypeAlias = Annotated["Tenant", strawberry.lazy("app.schema.tenants")]
LazyDeployment: TypeAlias = Annotated["Deployment", strawberry.lazy("app.schema.deployments.types")]
LazySubscription: TypeAlias = Annotated["PlanSubscription", strawberry.lazy("app.schema.subscriptions")]
LazySubscriptionAddon: TypeAlias = Annotated["SubscriptionAddon", strawberry.lazy("app.schema.subscriptions")]
LazyDunningHold: TypeAlias = Annotated["DunningHold", strawberry.lazy("app.schema.dunning.types")]
LazyDunningStep: TypeAlias = Annotated["DunningStep", strawberry.lazy("app.schema.dunning.types")]
LazyInvoice: TypeAlias = Annotated["Invoice", strawberry.lazy("app.schema.invoices.types")]
LazyCharge: TypeAlias = Annotated["Charge", strawberry.lazy("app.schema.charges")]
LazyCreditNote: TypeAlias = Annotated["CreditNote", strawberry.lazy("app.schema.credit_notes.types")]
LazyAbsorbedCorrection: TypeAlias = Annotated["AbsorbedCorrection", strawberry.lazy("app.schema.credit_notes.types")]
LazyInvoiceLine: TypeAlias = Annotated["InvoiceLine", strawberry.lazy("app.schema.invoices.invoice_lines")]
LazyPayment: TypeAlias = Annotated["Payment", strawberry.lazy("app.schema.payments.types")]
LazyInvoiceApplication: TypeAlias = Annotated["InvoiceApplication", strawberry.lazy("app.schema.payments.types")]
LazyRefund: TypeAlias = Annotated["Refund", strawberry.lazy("app.schema.payments.types")]
LazyWriteOff: TypeAlias = Annotated["WriteOff", strawberry.lazy("app.schema.payments.types")]
LazyRecovery: TypeAlias = Annotated["Recovery", strawberry.lazy("app.schema.payments.types")]
