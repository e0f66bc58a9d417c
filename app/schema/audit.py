"""The audit log, for platform admins."""

from datetime import datetime

import strawberry

from app.reads import (
    Connection,
    PythonFieldInfo,
    Rows,
    at_least,
    before,
    column,
    desc,
    equals,
    python_field,
    read_type,
    root_connection,
)
from app.schema.arguments import optional
from app.schema.codes import ErrorCode, reason_of
from app.schema.context import RequestContext, is_platform_admin
from app.schema.nodes import Node
from app.tables.audit import AuditLog


def _reasons(rows: Rows, _info: PythonFieldInfo[RequestContext]) -> list[ErrorCode | None]:
    return [reason_of(row["outcome"]) for row in rows]


@read_type(
    AuditLog,
    platform=True,
    description="An entry of the audit log: a requested change and its outcome, or refused sign-ins.",
)
class AuditEntry(Node):
    """A row of `audit_log`."""

    occurred_at: datetime = column(
        AuditLog.occurred_at, description="The time at which the request was completed or refused."
    )
    subject: str | None = column(
        AuditLog.subject, description="The subject of the caller's token; null if nobody was signed in."
    )
    roles: list[str] = column(
        AuditLog.roles, description="The roles in the caller's token; empty if nobody was signed in."
    )
    action: str = column(
        AuditLog.action, description="The name of the mutation, or the entry point (such as POST /usage), or signIn."
    )
    input: str | None = column(
        AuditLog.input,
        description="The input of the request as JSON; its SHA-256 instead if it has more than 4,000 characters. For "
        "signIn, the reason of the refusal. For POST /usage, the number of the block's first line, the "
        "number of lines and the SHA-256 of the unpacked lines. Null if nothing was recorded.",
    )
    outcome: str = column(
        AuditLog.outcome,
        description="The outcome: DONE, REPLAYED (the stored outcome of an earlier request with the same "
        "Idempotency-Key was returned), a ProblemCode, UNAUTHENTICATED, FAILED, or UNKNOWN (the "
        "connection was lost while saving). `reason` has the error code as an enum.",
    )
    reason = python_field(
        needs=(AuditLog.outcome,), description="The code of the refusal or failure; null if the request succeeded."
    )(_reasons)

    occurrences: int = column(
        AuditLog.occurrences,
        description="The number of requests that this entry stands for. More than 1 only for refused sign-ins, which "
        "are counted together.",
    )
    address: str = column(AuditLog.address, description="The network address of the client.")
    request_id: str = column(AuditLog.request_id, description="The id of the request, which the log also has.")
    result: str | None = column(
        AuditLog.result,
        description="For a successful recordUsage or POST /usage, the numbers of accepted, duplicate and rejected "
        "events (by reason) as JSON; null otherwise.",
    )


@strawberry.input(description="Selects entries of the audit log that meet every given condition.")
class AuditLogFilter:
    """Filter of `auditLog`."""

    subject: str | None = optional(description="Only entries of this token subject.")
    action: str | None = optional(
        description="Only entries with this action: the name of a mutation, POST /usage, signIn or another recorded "
        "action."
    )
    outcome: str | None = optional(description="Only entries with this outcome.")
    since: datetime | None = optional(description="Only entries at or after this time.")
    until: datetime | None = optional(description="Only entries before this time.")


AUDIT_LOG_FILTERS = {
    "subject": equals(AuditLog.subject),
    "action": equals(AuditLog.action),
    "outcome": equals(AuditLog.outcome),
    "since": at_least(AuditLog.occurred_at),
    "until": before(AuditLog.occurred_at),
}


@strawberry.type
class AuditQueries:
    """Root queries for the audit log."""

    audit_log: Connection[AuditEntry] = root_connection(
        order=(desc(AuditLog.occurred_at), desc(AuditLog.id)),
        filters=AUDIT_LOG_FILTERS,
        filter_input=AuditLogFilter,
        allow=is_platform_admin,
        description="The audit log of requested changes and refused sign-ins, the latest entry first. Platform admins "
        "only.",
    )
