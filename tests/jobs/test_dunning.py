"""The jobs of dunning: what wakes the evaluation of a tenant, and what it then does."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date

import pytest
from saq import Job

from app.billing import DEFAULT_POLICY, DeploymentState
from app.jobs.context import JobContext
from app.jobs.dunning import run_dunning
from app.operations.deployments import update_deployment
from app.operations.dunning import (
    dispute_invoice,
    hold_dunning,
    release_dunning,
    resolve_dispute,
    set_dunning_policy,
)
from app.operations.invoices import mark_invoice_paid, void_invoice
from app.operations.payments import reverse_payment, write_off_invoice
from app.worker import working
from tests.operations.dunning.overdue import TOTAL_CENTS, Owing, dun, issued, owing, state, steps
from tests.operations.given import Given
from tests.operations.months import APRIL, MAY, correct, roll_up
from tests.operations.receivables import balance, credit, pay

State = DeploymentState
SUSPENSION_DAY = date(2026, 6, 14)

Change = Callable[[Given, Owing], Awaitable[object]]

# What brings the suspended deployment back.
SETTLING: dict[str, Change] = {
    "payment": lambda given, made: pay(given, made.tenant_id, TOTAL_CENTS),
    "marked as paid": lambda given, made: mark_invoice_paid(
        given.platform, invoice_id=made.invoice_id, reference="transfer 7"
    ),
    "credit note": lambda given, made: credit(given, made.invoice_id),
    "write-off": lambda given, made: write_off_invoice(given.platform, invoice_id=made.invoice_id, reason="insolvent"),
    "void": lambda given, made: void_invoice(given.platform, invoice_id=made.invoice_id),
    "rating again by force": lambda given, _: roll_up(given, APRIL, force=True),
    "dispute": lambda given, made: dispute_invoice(given.platform, invoice_id=made.invoice_id, reason="wrong"),
}


async def reached(given: Given, made: Owing, wanted: State) -> None:
    """Waits until the deployment is in the state."""
    async with asyncio.timeout(30):
        while await state(given, made.deployment_id) is not wanted:  # noqa: ASYNC110 - the worker tells no one
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("how", SETTLING)
async def test_what_settles_an_invoice_wakes_dunning(given: Given, how: str) -> None:
    made = await owing(given)
    await dun(given, SUSPENSION_DAY)
    await SETTLING[how](given, made)
    async with working(given.platform, catching_up=False):
        await reached(given, made, State.ACTIVE)


async def test_a_late_correction_wakes_dunning(given: Given) -> None:
    """The invoice falls from 5511, above the minimum, to 5500."""
    made = await owing(given, overage=10)
    policy = DEFAULT_POLICY.steps
    await set_dunning_policy(given.platform, tenant_id=made.tenant_id, steps=policy, minimum_cents=TOTAL_CENTS + 1)
    await dun(given, SUSPENSION_DAY)
    assert await state(given, made.deployment_id) is State.SUSPENDED
    await correct(given, made.deployment_id, "1488")
    await roll_up(given, MAY)
    async with working(given.platform, catching_up=False):
        await reached(given, made, State.ACTIVE)
    assert await balance(given, made.invoice_id) == ("ISSUED", TOTAL_CENTS, None)


async def _lose_wake_ups(given: Given) -> None:
    """Deletes the queued jobs, so that a test depends on what wakes dunning later."""
    await given.rows("DELETE FROM saq_jobs RETURNING key")


async def _bounced(given: Given, made: Owing) -> None:
    payment_id = await pay(given, made.tenant_id, TOTAL_CENTS)
    await _lose_wake_ups(given)
    await reverse_payment(given.platform, payment_id=payment_id, reason="dishonoured")


async def _resolved(given: Given, made: Owing) -> None:
    await dispute_invoice(given.platform, invoice_id=made.invoice_id, reason="wrong")
    await _lose_wake_ups(given)
    await resolve_dispute(given.platform, invoice_id=made.invoice_id)


async def _released(given: Given, made: Owing) -> None:
    await hold_dunning(given.platform, tenant_id=made.tenant_id, until=date(2026, 7, 1), reason="promised")
    await release_dunning(given.platform, tenant_id=made.tenant_id)


async def _lifted(given: Given, made: Owing) -> None:
    for suspended in (True, False):
        await update_deployment(given.platform, deployment_id=made.deployment_id, billing_action_suspended=suspended)


async def _issued_with_credit(given: Given, made: Owing) -> None:
    """Credit of 1000 takes the tenant below the minimum of 5000; the next invoice takes the credit at issue."""
    policy = DEFAULT_POLICY.steps
    await set_dunning_policy(given.platform, tenant_id=made.tenant_id, steps=policy, minimum_cents=5000)
    await pay(given, made.tenant_id, 1000, allocations=[])
    await _lose_wake_ups(given)
    await issued(given, made.tenant_id, MAY)


@pytest.mark.parametrize("change", [_bounced, _resolved, _released, _lifted, _issued_with_credit])
async def test_what_makes_an_invoice_count_again_wakes_dunning(given: Given, change: Change) -> None:
    made = await owing(given)
    given.clock.set(2026, 6, 14, 9)
    await change(given, made)
    async with working(given.platform, catching_up=False):
        await reached(given, made, State.SUSPENDED)
    assert len(await steps(given, made.invoice_id)) == 4


async def test_the_run_makes_up_for_a_wake_up_that_was_lost(given: Given) -> None:
    made = await owing(given)
    await dun(given, SUSPENSION_DAY)
    await pay(given, made.tenant_id, TOTAL_CENTS)
    await _lose_wake_ups(given)
    given.clock.set(2026, 6, 15, 9)
    job = Job("of this test")
    context: JobContext = {"operations": given.platform, "rating_lock": asyncio.Lock(), "job": job}  # type: ignore[typeddict-item]  # no worker
    assert await run_dunning(context) == {"tenants": 1}
    assert await state(given, made.deployment_id) is State.ACTIVE
    assert await run_dunning(context) == {"tenants": 0}
