"""What each type of event says: the one declaration of its data, from which docs/events.md is generated.

Amounts are integers, in the minor unit of the currency. Days are in the billing time zone. A field may be added to a
version of a type; whatever else changes needs a new version.
"""

from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from app.billing import DeploymentState, StepKind, SubscriptionStatus
from app.tables.billing_months import ChangeReason
from app.tables.credit_notes import CreditReason
from app.tables.deployments import EventCause
from app.tables.events import EventType
from app.tables.invoices import InvoiceStatus
from app.tables.ledger import SettledBy
from app.tables.payments import PaymentMethod
from app.tables.rollups import RollupStatus

VERSION = 1

Cents = Annotated[int, Meta(description="An amount in the minor unit of the currency.")]
Currency = Annotated[str, Meta(description="An ISO 4217 code.")]


class EventData(msgspec.Struct, kw_only=True, rename="camel"):
    """The data of an event."""


class TenantData(EventData):
    """The tenant as it is after the event. `closedAt`: null while it is not closed."""

    tenant_id: UUID
    code: str
    name: str
    country: str
    currency: Currency
    tax_exempt: bool
    closed_at: datetime | None


class DeploymentData(EventData):
    """A change of a deployment's state. `fromState`: null when it is created. `eventId`: the DeploymentEvent."""

    deployment_id: UUID
    tenant_id: UUID
    slug: str
    event_id: UUID
    from_state: DeploymentState | None
    to_state: DeploymentState
    cause: EventCause
    reason: str | None


class SubscriptionData(EventData):
    """The subscription as it is after the event. `effectiveOn`: the first day on which the change counts, for a
    detached add-on its last day. `addonCode`: of an add-on that was attached or detached, otherwise null.
    """

    subscription_id: UUID
    deployment_id: UUID
    tenant_id: UUID
    change: ChangeReason
    effective_on: date
    plan_code: str
    plan_version: int
    status: SubscriptionStatus
    addon_code: str | None


class InvoiceData(EventData):
    """The invoice as it is after the event. `periodEnd` is the day after its last. `number`, `issuedOn`, `dueOn` and
    `balanceCents` are null before it is issued. `settledBy`: what paid it, null while it is not paid.
    """

    invoice_id: UUID
    tenant_id: UUID
    number: str | None
    status: InvoiceStatus
    period_start: date
    period_end: date
    revision: int
    currency: Currency
    subtotal_cents: Cents
    tax_cents: Cents
    total_cents: Cents
    balance_cents: Cents | None
    issued_on: date | None
    due_on: date | None
    settled_by: SettledBy | None


class CreditNoteData(EventData):
    """A credit note. Its total lowers what is written off, then the invoice's balance; the rest is the tenant's credit:
    `writtenOffCents`, `receivableCents` and `creditCents` add up to `totalCents`.
    """

    credit_note_id: UUID
    tenant_id: UUID
    number: str
    invoice_id: UUID
    invoice_number: str
    reason: CreditReason
    currency: Currency
    net_cents: Cents
    tax_cents: Cents
    total_cents: Cents
    written_off_cents: Cents
    receivable_cents: Cents
    credit_cents: Cents
    issued_on: date


class PaidInvoice(EventData):
    """What a payment paid of an invoice."""

    invoice_id: UUID
    amount_cents: Cents


class PaymentData(EventData):
    """A payment. `invoices` and `creditCents` (the tenant's credit) add up to `amountCents`."""

    payment_id: UUID
    tenant_id: UUID
    amount_cents: Cents
    currency: Currency
    received_on: date
    method: PaymentMethod
    reference: str
    invoices: tuple[PaidInvoice, ...]
    credit_cents: Cents


class PaymentReversedData(EventData):
    """A payment that bounced. `invoices`: those that it had paid, and how much."""

    payment_id: UUID
    tenant_id: UUID
    amount_cents: Cents
    currency: Currency
    reference: str
    reason: str
    invoices: tuple[PaidInvoice, ...]


class DunningStepData(EventData):
    """A step of dunning that an overdue invoice has reached. `days`: the step's days after the due date."""

    step_id: UUID
    tenant_id: UUID
    invoice_id: UUID
    kind: StepKind
    days: int
    taken_on: date


class MonthCorrectedData(EventData):
    """An earlier month whose amount was rated again. `differenceCents`: by how much its net amount rose, below 0 if it
    fell. `creditedCents`: what credit notes took off invoices for it, with what other notes had covered before.
    """

    tenant_id: UUID
    month: date
    run_id: UUID
    currency: Currency
    difference_cents: Cents
    credited_cents: Cents


class RollupData(EventData):
    """A rollup that has ended. `totalCents`: of its invoices, whatever their currencies."""

    run_id: UUID
    period_start: date
    status: RollupStatus
    dry_run: bool
    invoices_created: int
    invoices_replaced: int
    invoices_skipped: int
    invoices_failed: int
    total_cents: int


class EndpointData(EventData):
    """A webhook endpoint. `reason`: why it was disabled; null for a test event, which is sent to that endpoint only."""

    endpoint_id: UUID
    tenant_id: UUID | None
    url: str
    reason: str | None


DATA_OF: Mapping[EventType, type[EventData]] = MappingProxyType(
    {
        EventType.TENANT_CREATED: TenantData,
        EventType.TENANT_UPDATED: TenantData,
        EventType.DEPLOYMENT_TRANSITIONED: DeploymentData,
        EventType.SUBSCRIPTION_CHANGED: SubscriptionData,
        EventType.INVOICE_DRAFTED: InvoiceData,
        EventType.INVOICE_ISSUED: InvoiceData,
        EventType.INVOICE_PAID: InvoiceData,
        EventType.INVOICE_REOPENED: InvoiceData,
        EventType.INVOICE_VOIDED: InvoiceData,
        EventType.CREDIT_NOTE_ISSUED: CreditNoteData,
        EventType.PAYMENT_RECORDED: PaymentData,
        EventType.PAYMENT_REVERSED: PaymentReversedData,
        EventType.DUNNING_STEP: DunningStepData,
        EventType.MONTH_CORRECTED: MonthCorrectedData,
        EventType.ROLLUP_FINISHED: RollupData,
        EventType.WEBHOOK_ENDPOINT_DISABLED: EndpointData,
        EventType.WEBHOOK_ENDPOINT_TEST: EndpointData,
    }
)
