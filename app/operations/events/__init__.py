"""Business events: written by the transaction that causes them, then published in an order that can be followed."""

from app.operations.events.event_data import (
    CreditNoteData,
    DeploymentData,
    DunningStepData,
    EndpointData,
    MonthCorrectedData,
    PaidInvoice,
    PaymentData,
    PaymentReversedData,
    RollupData,
)
from app.operations.events.event_reading import MAX_LIMIT, Envelope, envelope, read_events
from app.operations.events.event_recording import Aggregate, has_events, record_event, record_tenant_event
from app.operations.events.publishing import publish_events
from app.operations.events.stored_state import (
    SubscriptionChange,
    record_invoices,
    record_subscriptions,
    record_tenant,
)

__all__ = [
    "MAX_LIMIT",
    "Aggregate",
    "CreditNoteData",
    "DeploymentData",
    "DunningStepData",
    "EndpointData",
    "Envelope",
    "MonthCorrectedData",
    "PaidInvoice",
    "PaymentData",
    "PaymentReversedData",
    "RollupData",
    "SubscriptionChange",
    "envelope",
    "has_events",
    "publish_events",
    "read_events",
    "record_event",
    "record_invoices",
    "record_subscriptions",
    "record_tenant",
    "record_tenant_event",
]
