"""Business events, written in the transactions that caused them, and the last sequence of each aggregate."""

from enum import StrEnum

from piccolo.columns import UUID, BigInt
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from app.tables.columns import instant, integer, member_of, primary_key, reference, text
from app.tables.tenants import Tenants


class EventType(StrEnum):
    """The types of events. docs/events.md has the schema of each type's data. Part of the API."""

    TENANT_CREATED = "tenant.created"
    TENANT_UPDATED = "tenant.updated"
    DEPLOYMENT_TRANSITIONED = "deployment.transitioned"
    SUBSCRIPTION_CHANGED = "subscription.changed"
    INVOICE_DRAFTED = "invoice.drafted"
    INVOICE_ISSUED = "invoice.issued"
    INVOICE_PAID = "invoice.paid"
    INVOICE_REOPENED = "invoice.reopened"
    INVOICE_VOIDED = "invoice.voided"
    CREDIT_NOTE_ISSUED = "credit_note.issued"
    PAYMENT_RECORDED = "payment.recorded"
    PAYMENT_REVERSED = "payment.reversed"
    DUNNING_STEP = "dunning.step"
    MONTH_CORRECTED = "month.corrected"
    ROLLUP_FINISHED = "rollup.finished"
    WEBHOOK_ENDPOINT_DISABLED = "webhook_endpoint.disabled"
    WEBHOOK_ENDPOINT_TEST = "webhook_endpoint.test"


class AggregateType(StrEnum):
    """What an event belongs to. The events of one aggregate have an order. Part of the API.

    TENANT: the tenant with all that it owes and has paid. DEPLOYMENT: a deployment with its subscription.
    """

    TENANT = "TENANT"
    DEPLOYMENT = "DEPLOYMENT"
    ROLLUP_RUN = "ROLLUP_RUN"
    WEBHOOK_ENDPOINT = "WEBHOOK_ENDPOINT"


class Events(Table, tablename="events"):
    """A business event. It never changes, but for its position, which is null until the event is published.

    tenant_id: null for events of the platform. sequence: 1, 2, 3 … within the aggregate. position: its place among all
    published events, given after the commit: one published later has a higher position. data: JSON, as
    docs/events.md describes for the type and version.
    """

    id = primary_key()
    tenant_id = reference(Tenants, null=True)
    type = text()
    aggregate_type = text()
    aggregate_id = UUID(default=None)
    sequence = BigInt(default=None)
    occurred_at = instant()
    version = integer()
    data = text()
    position = BigInt(default=None, null=True)

    events_aggregate_id_sequence_key = Unique([aggregate_id, sequence])
    events_type_check = member_of("type", EventType)
    events_aggregate_type_check = member_of("aggregate_type", AggregateType)
    events_tenant_id_check = Check(
        "(tenant_id IS NULL) = (aggregate_type = 'ROLLUP_RUN') OR aggregate_type = 'WEBHOOK_ENDPOINT'"
    )
    events_sequence_check = Check("sequence >= 1")


class EventSequences(Table, tablename="event_sequences"):
    """The sequence of the last event of an aggregate, whose id is the primary key. The row is locked to write one."""

    id = primary_key()
    tenant_id = reference(Tenants, null=True)
    last_sequence = BigInt(default=None)

    event_sequences_last_sequence_check = Check("last_sequence >= 1")
