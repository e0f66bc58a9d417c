"""The audit log, and the keys by which a change is executed only once."""

from piccolo.columns import JSONB, UUID, Array, Text
from piccolo.constraints import Check
from piccolo.table import Table

from app.tables.columns import instant, integer, primary_key, text


class AuditLog(Table, tablename="audit_log"):
    """An audit entry: a mutation, a block of POST /usage or a refused sign-in. tenant_id is not a foreign key, because
    the tenant that a token claims may not exist.
    """

    id = primary_key()
    tenant_id = UUID(default=None, null=True)
    occurred_at = instant()
    subject = text(null=True)
    roles = Array(base_column=Text(), default=None)
    action = text()
    input = text(null=True)
    outcome = text()
    occurrences = integer()
    address = text()
    request_id = text()
    result = text(null=True)

    audit_log_occurrences_check = Check("occurrences > 0")


class IdempotencyKeys(Table, tablename="idempotency_keys"):
    """An idempotency key of a caller, the request that it was used for, and the outcome of each of the request's
    mutations.
    """

    id = primary_key()
    tenant_id = UUID(default=None, null=True)
    subject = text()
    key = text()
    fingerprint = text()
    outcomes = JSONB(default=None)
    created_at = instant()

    idempotency_keys_key_check = Check("length(key) BETWEEN 1 AND 255")
