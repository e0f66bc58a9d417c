"""What was asked of the API: who changed what, and the keys under which a change is done once."""

from piccolo.columns import JSONB, UUID, Array, Text
from piccolo.constraints import Check
from piccolo.table import Table

from app.tables.columns import instant, integer, primary_key, text


class AuditLog(Table, tablename="audit_log"):
    """A mutation, a block of POST /usage or a refused sign-in. The tenant is no reference: what a token claims
    need not exist.
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
    """A caller's key, the one request that it may be used for, and what became of each of the request's mutations."""

    id = primary_key()
    tenant_id = UUID(default=None, null=True)
    subject = text()
    key = text()
    fingerprint = text()
    outcomes = JSONB(default=None)
    created_at = instant()

    idempotency_keys_key_check = Check("length(key) BETWEEN 1 AND 255")
