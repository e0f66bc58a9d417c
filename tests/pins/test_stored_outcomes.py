"""Outcomes that an earlier version stored under an Idempotency-Key can be returned: their JSON format is data."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from app.database import UnitOfWork
from app.operations.calls import idempotency
from app.operations.calls.call import Call, RequestMetadata
from app.operations.calls.refusal import InvalidTransitionRefusal, ProblemCode, Refusal
from app.operations.calls.transaction import transact
from app.tables.ids import new_id
from tests.operations.given import Given

FINGERPRINT = "0" * 64
MADE = UUID("019d4500-0000-7000-8000-000000000001")
REFUSED = '{"refusal":{"code":"CONFLICT","message":"another tenant has this code","path":["code"],"transition":null}}'
NOT_ALLOWED = (
    '{"refusal":{"code":"INVALID_TRANSITION","message":"not from here","path":["to"],'
    '"transition":["ACTIVE","ARCHIVED",["PAUSED","CANCELLED"]]}}'
)


async def replayed(given: Given, outcome: str) -> UUID:
    """Calls an operation whose first transaction has this stored outcome, and returns its result."""
    await given.rows(
        "INSERT INTO idempotency_keys (id, tenant_id, subject, key, fingerprint, outcomes, created_at)"
        " VALUES ($1, NULL, $2, 'kept', $3, jsonb_build_object('made:1', $4::text::jsonb), $5)",
        new_id(),
        given.platform.principal.subject,
        FINGERPRINT,
        outcome,
        given.clock(),
    )

    async def work(_unit: UnitOfWork) -> UUID:
        raise AssertionError("a stored outcome is repeated, not made again")

    call = Call("createTenant", "made", None, RequestMetadata(idempotency_key="kept", fingerprint=FINGERPRINT))
    return await transact(replace(given.platform, call=call), work, UUID)


async def test_a_stored_result(given: Given) -> None:
    assert await replayed(given, f'{{"value":"{MADE}"}}') == MADE
    entry = await given.row("SELECT action, outcome FROM audit_log")
    assert entry == {"action": "createTenant", "outcome": "REPLAYED"}


async def test_a_stored_refusal(given: Given) -> None:
    with pytest.raises(Refusal) as refused:
        await replayed(given, REFUSED)
    assert (refused.value.code, refused.value.path) == (ProblemCode.CONFLICT, ("code",))
    assert refused.value.message == "another tenant has this code"


async def test_a_stored_refusal_of_a_transition(given: Given) -> None:
    with pytest.raises(InvalidTransitionRefusal) as refused:
        await replayed(given, NOT_ALLOWED)
    found = refused.value
    assert (found.from_state, found.to_state, found.allowed) == ("ACTIVE", "ARCHIVED", ("PAUSED", "CANCELLED"))


@pytest.mark.parametrize(
    ("outcome", "text"),
    [
        (idempotency.Outcome(MADE), f'{{"value":"{MADE}"}}'),
        (
            idempotency.Outcome(refusal=Refusal(ProblemCode.CONFLICT, "another tenant has this code", ("code",))),
            REFUSED,
        ),
    ],
)
def test_outcomes_are_stored_in_this_form(outcome: idempotency.Outcome[Any], text: str) -> None:
    assert idempotency._text(outcome) == text
