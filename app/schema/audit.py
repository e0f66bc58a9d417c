"""The audit log, for the platform's admins."""

from datetime import datetime

import strawberry

from app.reads import (
    Connection,
    FinishInfo,
    Rows,
    at_least,
    before,
    column,
    desc,
    equals,
    finished,
    read_type,
    root_connection,
)
from app.schema.arguments import optional
from app.schema.codes import ErrorCode, reason_of
from app.schema.context import RequestContext, is_platform_admin
from app.schema.nodes import Node
from app.tables.audit import AuditLog


def _reasons(rows: Rows, _info: FinishInfo[RequestContext]) -> list[ErrorCode | None]:
    return [reason_of(row["outcome"]) for row in rows]


@read_type(AuditLog, platform=True, description="A change that was asked for, or a sign-in that was refused.")
class AuditEntry(Node):
    """A row of `audit_log`."""

    occurred_at: datetime = column(AuditLog.occurred_at, description="When it was done or refused.")
    subject: str | None = column(AuditLog.subject, description="The token's subject; null where nobody signed in.")
    roles: list[str] = column(AuditLog.roles, description="The roles that the token gave.")
    action: str = column(AuditLog.action, description="The mutation's name, POST /usage, or signIn.")
    input: str | None = column(
        AuditLog.input,
        description="What was asked for, as JSON; of more than 4,000 characters their SHA-256. For signIn, the reason. "
        "For POST /usage a block of the body's lines, unpacked: the first's number, how many, and their SHA-256.",
    )
    outcome: str = column(
        AuditLog.outcome,
        description="DONE, REPLAYED (under its Idempotency-Key), a ProblemCode, UNAUTHENTICATED, FAILED, or UNKNOWN: "
        "the connection was lost while saving. `reason` is an enum.",
    )
    reason = finished(needs=(AuditLog.outcome,), description="Why it was refused or failed; null where it was done.")(
        _reasons
    )

    occurrences: int = column(AuditLog.occurrences, description="How often: refused sign-ins are entered together.")
    address: str = column(AuditLog.address, description="The network address it came from.")
    request_id: str = column(AuditLog.request_id, description="The request's id, which the log has too.")
    result: str | None = column(
        AuditLog.result,
        description="Of recordUsage and POST /usage that are DONE, how many events were accepted, were duplicates, "
        "and were rejected for each reason, as JSON; null otherwise.",
    )


@strawberry.input(description="Which entries of the audit log; all that is given must hold.")
class AuditLogFilter:
    """Filter of `auditLog`."""

    subject: str | None = optional(description="Only this subject's.")
    action: str | None = optional(description="Only this mutation, POST /usage, or signIn.")
    outcome: str | None = optional(description="Only with this outcome.")
    since: datetime | None = optional(description="Not before this instant.")
    until: datetime | None = optional(description="Before this instant.")


AUDIT_LOG_FILTERS = {
    "subject": equals(AuditLog.subject),
    "action": equals(AuditLog.action),
    "outcome": equals(AuditLog.outcome),
    "since": at_least(AuditLog.occurred_at),
    "until": before(AuditLog.occurred_at),
}


@strawberry.type
class AuditQueries:
    """The audit log at the root."""

    audit_log: Connection[AuditEntry] = root_connection(
        order=(desc(AuditLog.occurred_at), desc(AuditLog.id)),
        filters=AUDIT_LOG_FILTERS,
        filter_input=AuditLogFilter,
        allow=is_platform_admin,
        description="Who changed what, the latest first. The platform's admin only.",
    )
