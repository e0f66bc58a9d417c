"""Business events, and the last sequence of each aggregate."""

from piccolo.constraints import Check, Unique

from app.tables.migrations.initial.declaration import bigint, integer, reference, table, text, timestamptz, uuid
from app.tables.migrations.initial.tenants import TENANTS

EVENTS = table(
    "events",
    id=uuid(primary_key=True),
    tenant_id=reference(TENANTS, null=True),
    type=text(),
    aggregate_type=text(),
    aggregate_id=uuid(),
    sequence=bigint(),
    occurred_at=timestamptz(),
    version=integer(),
    data=text(),
    position=bigint(null=True),
    events_aggregate_id_sequence_key=Unique(["aggregate_id", "sequence"]),
    events_type_check=Check(
        "type IN ('tenant.created', 'tenant.updated', 'deployment.transitioned', 'subscription.changed',"
        " 'invoice.drafted', 'invoice.issued', 'invoice.paid', 'invoice.reopened', 'invoice.voided',"
        " 'credit_note.issued', 'payment.recorded', 'payment.reversed', 'dunning.step', 'month.corrected',"
        " 'rollup.finished', 'webhook_endpoint.disabled', 'webhook_endpoint.test')"
    ),
    events_aggregate_type_check=Check("aggregate_type IN ('TENANT', 'DEPLOYMENT', 'ROLLUP_RUN', 'WEBHOOK_ENDPOINT')"),
    events_tenant_id_check=Check(
        "(tenant_id IS NULL) = (aggregate_type = 'ROLLUP_RUN') OR aggregate_type = 'WEBHOOK_ENDPOINT'"
    ),
    events_sequence_check=Check("sequence >= 1"),
)

EVENT_SEQUENCES = table(
    "event_sequences",
    id=uuid(primary_key=True),
    tenant_id=reference(TENANTS, null=True),
    last_sequence=bigint(),
    event_sequences_last_sequence_check=Check("last_sequence >= 1"),
)

TABLES = (EVENTS, EVENT_SEQUENCES)
