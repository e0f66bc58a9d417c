"""Executes a request with an idempotency key once: the first outcome is stored in its transaction, and returned again.

Only decisions (a result or a refusal) are stored. A failure rolls its transaction back together with the key, so that
the same request can be sent again.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Generic, TypeVar, cast

import asyncpg
import msgspec

from app.billing import DeploymentState
from app.database import PLATFORM, UnitOfWork
from app.operations.calls import audit
from app.operations.calls.call import Call
from app.operations.calls.context import Context
from app.operations.calls.refusal import InvalidTransitionRefusal, ProblemCode, Refusal
from app.tables.ids import new_id

T = TypeVar("T")
Work = Callable[[UnitOfWork], Awaitable[T]]

RETENTION = timedelta(hours=24)
RIVAL_WAIT_MILLISECONDS = 2_000
"""How long a request waits for another request with the same key that is in progress."""

# The row lock represents the key: a second request waits here until the first commits, and then finds its outcome.
_CLAIM = """
INSERT INTO idempotency_keys AS kept (id, tenant_id, subject, key, fingerprint, outcomes, created_at)
VALUES ($1, $2, $3, $4, $5, '{}', $6)
ON CONFLICT (tenant_id, subject, key) DO UPDATE SET
    fingerprint = CASE WHEN kept.created_at > $7 THEN kept.fingerprint ELSE EXCLUDED.fingerprint END,
    outcomes = CASE WHEN kept.created_at > $7 THEN kept.outcomes ELSE '{}' END,
    created_at = CASE WHEN kept.created_at > $7 THEN kept.created_at ELSE EXCLUDED.created_at END
RETURNING id, fingerprint, outcomes ->> $8 AS outcome
"""
_STORE = """
UPDATE idempotency_keys SET outcomes = outcomes || jsonb_build_object($2::text, $3::jsonb)
WHERE tenant_id IS NOT DISTINCT FROM $4 AND id = $1
"""
_PURGE = "DELETE FROM idempotency_keys WHERE created_at <= $1"


class _StoredRefusal(msgspec.Struct):
    code: ProblemCode
    message: str
    path: list[str]
    transition: tuple[DeploymentState, DeploymentState, list[DeploymentState]] | None = None


class _StoredOutcome(msgspec.Struct, omit_defaults=True):
    value: msgspec.Raw = msgspec.Raw(b"null")
    refusal: _StoredRefusal | None = None


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """What a committed transaction has decided: a result or a refusal."""

    value: T | None = None
    refusal: Refusal | None = None

    def get(self) -> T:
        """Returns the result of a transaction; if it was refused, raises the Refusal."""
        if self.refusal is not None:
            raise self.refusal
        return cast("T", self.value)


def once(
    context: Context,
    call: Call,
    work: Work[T],
    result: type[T],
    refusal_of: Callable[[asyncpg.UniqueViolationError], Refusal],
) -> Work[Outcome[T]]:
    """Returns work that runs at most once for each idempotency key: if the key has a stored outcome, it returns that
    instead. `result` is the type of the outcome's value.

    Raises IDEMPOTENCY_CONFLICT if another request has used the key, and CONFLICT while the first request with the key
    is still in progress.
    """
    call.transactions += 1
    place = f"{call.place}:{call.transactions}"

    async def decided(unit: UnitOfWork) -> Outcome[T]:
        row = await _claim(unit, context, call, place)
        if row["fingerprint"] != call.metadata.fingerprint:
            raise Refusal(
                ProblemCode.IDEMPOTENCY_CONFLICT, "this Idempotency-Key was used for another request; use a new key"
            )
        if row["outcome"] is not None:
            await audit.enter(unit, context, call, audit.REPLAYED)
            return _restored(row["outcome"], result)
        try:
            async with unit.attempt():
                outcome = Outcome(await work(unit))
        except Refusal as refusal:
            outcome = Outcome(refusal=refusal)
        except asyncpg.UniqueViolationError as error:
            outcome = Outcome(refusal=refusal_of(error))
        await unit.connection.execute(_STORE, row["id"], place, _text(outcome), unit.scope.tenant_id)
        if outcome.refusal is None:
            await audit.enter(unit, context, call, audit.DONE)
        return outcome

    return decided


async def _claim(unit: UnitOfWork, context: Context, call: Call, place: str) -> Any:
    now = context.clock()
    await unit.connection.execute(f"SET LOCAL lock_timeout = {RIVAL_WAIT_MILLISECONDS}")
    try:
        row = await unit.connection.fetchrow(
            _CLAIM,
            new_id(),
            unit.scope.tenant_id,
            context.principal.subject,
            call.metadata.idempotency_key,
            call.metadata.fingerprint,
            now,
            now - RETENTION,
            place,
        )
    except asyncpg.LockNotAvailableError as error:
        raise Refusal(
            ProblemCode.CONFLICT, "a request with this Idempotency-Key is still in progress; repeat it later"
        ) from error
    await unit.connection.execute(f"SET LOCAL lock_timeout = {context.settings.lock_timeout * 1000}")
    return row


def _text(outcome: Outcome[Any]) -> str:
    refusal = outcome.refusal
    if refusal is None:
        stored = _StoredOutcome(value=msgspec.Raw(msgspec.json.encode(outcome.value)))
    else:
        transition = None
        if isinstance(refusal, InvalidTransitionRefusal):
            transition = refusal.from_state, refusal.to_state, list(refusal.allowed)
        stored = _StoredOutcome(refusal=_StoredRefusal(refusal.code, refusal.message, list(refusal.path), transition))
    return msgspec.json.encode(stored).decode()


def _restored(text: str, result: type[T]) -> Outcome[T]:
    """Decodes an outcome that `_text` encoded. `result` is the type of its value."""
    stored = msgspec.json.decode(text, type=_StoredOutcome)
    if stored.refusal is None:
        return Outcome(msgspec.json.decode(stored.value, type=result))
    if stored.refusal.transition is not None:
        from_state, to_state, allowed = stored.refusal.transition
        return Outcome(refusal=InvalidTransitionRefusal(from_state, to_state, tuple(allowed)))
    return Outcome(refusal=Refusal(stored.refusal.code, stored.refusal.message, stored.refusal.path))


async def purge(context: Context) -> int:
    """Deletes the idempotency keys that are older than a day; returns how many."""
    async with context.database.unit_of_work(PLATFORM) as unit:
        answer: str = await unit.connection.execute(_PURGE, context.clock() - RETENTION)
    return int(answer.rsplit(" ", 1)[-1])
