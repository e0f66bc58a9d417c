"""The audit log: an entry for every call and every refused sign-in, with actor, action, time, address and outcome."""

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from hashlib import sha256

from app.database import PLATFORM, Database, UnitOfWork
from app.database.errors import CommitUnknown
from app.operations.calls.call import Call
from app.operations.calls.context import Context
from app.operations.calls.refusal import Refusal
from app.tables.audit import AuditLog
from app.tables.ids import new_id

DONE = "DONE"
REPLAYED = "REPLAYED"
FAILED = "FAILED"
UNKNOWN = "UNKNOWN"
"""Outcomes that are not a ProblemCode. UNKNOWN: the answer to COMMIT was lost; check whether the change was made."""

SIGN_IN = "signIn"
UNAUTHENTICATED = "UNAUTHENTICATED"

MAX_INPUT_LENGTH = 4_000
"""In characters. Longer input (usage batches, bills) is represented by its SHA-256."""

# Plain SQL, because it is part of every mutation and Piccolo takes twice as long for the same row.
_INSERT = """
INSERT INTO audit_log
    (id, tenant_id, occurred_at, subject, roles, action, input, outcome, occurrences, address, request_id, result)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9, $10, $11)
"""

logger = logging.getLogger(__name__)


@asynccontextmanager
async def auditing(context: Context, call: Call) -> AsyncIterator[Context]:
    """Yields the context in which to run the call. If the call succeeds, its own transaction writes the audit entry;
    the entries of other outcomes are written here.
    """
    try:
        yield replace(context, call=call)
    except Refusal as refusal:
        await _enter_alone(context, call, refusal.code)
        raise
    except CommitUnknown:
        await _enter_alone(context, call, UNKNOWN)
        raise
    except Exception:
        await _enter_alone(context, call, FAILED)
        raise


async def enter(unit: UnitOfWork, context: Context, call: Call, outcome: str) -> None:
    """Writes an audit entry in the change's own transaction, so that both are committed or neither."""
    await _insert(unit, context, call, outcome)


async def _enter_alone(context: Context, call: Call, outcome: str) -> None:
    """Writes an audit entry in a transaction of its own. If that fails, it is only logged: the caller must still get
    the call's own answer.
    """
    call.result = None  # its result was rolled back
    try:
        async with context.database.unit_of_work(PLATFORM) as unit:
            await _insert(unit, context, call, outcome)
    except Exception:
        logger.exception("An audit entry could not be written: %s %s", call.mutation, outcome)


async def _insert(unit: UnitOfWork, context: Context, call: Call, outcome: str) -> None:
    principal = context.principal
    await unit.connection.execute(
        _INSERT,
        new_id(),
        principal.tenant_id,
        context.clock(),
        principal.subject,
        sorted(principal.roles),
        call.mutation,
        _kept(call.input),
        outcome,
        call.metadata.address,
        call.metadata.request_id,
        call.result,
    )


def _kept(text: str | None) -> str | None:
    if text is None or len(text) <= MAX_INPUT_LENGTH:
        return text
    return f"sha256:{sha256(text.encode()).hexdigest()}"


async def enter_refused_sign_ins(database: Database, refused: Mapping[tuple[str, str], int], now: datetime) -> None:
    """Writes the sign-ins refused since the last call: how many for each address and reason."""
    entries = [
        AuditLog(
            id=new_id(),
            tenant_id=None,
            occurred_at=now,
            subject=None,
            roles=[],
            action=SIGN_IN,
            input=reason,
            outcome=UNAUTHENTICATED,
            occurrences=occurrences,
            address=address,
            request_id="",
        )
        for (address, reason), occurrences in refused.items()
    ]
    async with database.unit_of_work(PLATFORM):
        await AuditLog.insert(*entries)
