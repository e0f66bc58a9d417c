"""The audit log and the idempotency keys of API calls."""

from piccolo.columns import Text
from piccolo.constraints import Check

from app.tables.migrations.initial.declaration import array, integer, jsonb, table, text, timestamptz, uuid

AUDIT_LOG = table(
    "audit_log",
    id=uuid(primary_key=True),
    tenant_id=uuid(null=True),
    occurred_at=timestamptz(),
    subject=text(null=True),
    roles=array(Text),
    action=text(),
    input=text(null=True),
    outcome=text(),
    occurrences=integer(),
    address=text(),
    request_id=text(),
    result=text(null=True),
    audit_log_occurrences_check=Check("occurrences > 0"),
)

IDEMPOTENCY_KEYS = table(
    "idempotency_keys",
    id=uuid(primary_key=True),
    tenant_id=uuid(null=True),
    subject=text(),
    key=text(),
    fingerprint=text(),
    outcomes=jsonb(),
    created_at=timestamptz(),
    idempotency_keys_key_check=Check("length(key) BETWEEN 1 AND 255"),
)

TABLES = (AUDIT_LOG, IDEMPOTENCY_KEYS)
