"""What an evaluation does to a tenant: each rule of dunning beside figure 7."""

from datetime import date

import pytest

from app.billing import DeploymentState, Step, StepKind
from app.database import PLATFORM
from app.operations.deployments import transition_deployment, update_deployment
from app.operations.dunning import set_dunning_policy
from app.operations.invoices import void_invoice
from app.operations.payments import reverse_payment, write_off_invoice
from app.tables.ids import new_id
from tests.operations.dunning.overdue import TOTAL_CENTS, dun, dun_daily, evaluate, issued, moves, owing, state, steps
from tests.operations.given import Given
from tests.operations.months import MAY
from tests.operations.receivables import credit, pay

State = DeploymentState
TO_PAST_DUE = ("ACTIVE", "PAST_DUE", "PAST_DUE")
TO_SUSPENDED = ("PAST_DUE", "SUSPENDED", "SUSPEND")
PAST_DUE_DAY, SUSPENSION_DAY = date(2026, 5, 22), date(2026, 6, 14)


async def test_missed_steps_happen_on_the_day_dunning_runs_again(given: Given) -> None:
    _, deployment_id, invoice_id = await owing(given)
    await dun(given, date(2026, 5, 16))
    await dun(given, date(2026, 6, 20))
    assert await steps(given, invoice_id) == [
        ("NOTICE", "2026-05-16"),
        ("PAST_DUE", "2026-06-20"),
        ("FINAL_NOTICE", "2026-06-20"),
        ("SUSPEND", "2026-06-20"),
    ]
    assert await moves(given, deployment_id) == [TO_PAST_DUE, TO_SUSPENDED]


async def test_an_evaluation_repeated_changes_nothing(given: Given) -> None:
    tenant_id, _, _ = await owing(given)
    await dun(given, SUSPENSION_DAY)
    before = await given.contents()
    assert await evaluate(given, tenant_id) == (0, 0, 0)
    assert await given.contents() == before


async def test_an_unknown_tenant_is_not_evaluated(given: Given) -> None:
    assert await evaluate(given, new_id()) == (0, 0, 0)


async def test_new_and_resumed_deployments_are_moved_with_the_next_run(given: Given) -> None:
    tenant_id, _, _ = await owing(given)
    paused = await given.deployment(tenant_id, "paused", state=State.PAUSED)
    await dun(given, SUSPENSION_DAY)
    assert await state(given, paused) is State.PAUSED
    given.clock.set(2026, 6, 14, 12)
    new = await given.deployment(tenant_id, "new")
    await transition_deployment(given.admin(tenant_id), deployment_id=paused, to=State.ACTIVE)
    await dun(given, date(2026, 6, 15))
    assert await moves(given, new) == [("ACTIVE", "SUSPENDED", "SUSPEND")]
    assert await moves(given, paused) == [("ACTIVE", "SUSPENDED", "SUSPEND")]


@pytest.mark.parametrize("kept", [State.TRIAL, State.PAUSED])
async def test_a_deployment_in_trial_or_paused_gets_notices_only(given: Given, kept: State) -> None:
    _, deployment_id, invoice_id = await owing(given)
    async with given.database.unit_of_work(PLATFORM) as unit:
        await unit.connection.execute("UPDATE cloud_deployments SET state = $1", kept)
    await dun_daily(given, date(2026, 5, 16), SUSPENSION_DAY)
    assert len(await steps(given, invoice_id)) == 4
    assert await moves(given, deployment_id) == []
    assert await state(given, deployment_id) is kept


async def test_an_operators_transition_stands_until_the_next_step(given: Given) -> None:
    _, deployment_id, _ = await owing(given)
    await dun(given, PAST_DUE_DAY)
    given.clock.set(2026, 5, 22, 11)
    await transition_deployment(given.platform, deployment_id=deployment_id, to=State.ACTIVE)
    await dun_daily(given, date(2026, 5, 23), date(2026, 6, 13))
    assert await state(given, deployment_id) is State.ACTIVE
    await dun(given, SUSPENSION_DAY)
    assert await moves(given, deployment_id) == [TO_PAST_DUE, ("ACTIVE", "SUSPENDED", "SUSPEND")]


async def test_what_an_operator_suspended_stays(given: Given) -> None:
    tenant_id, deployment_id, _ = await owing(given)
    await dun(given, PAST_DUE_DAY)
    await transition_deployment(given.platform, deployment_id=deployment_id, to=State.SUSPENDED)
    await dun(given, SUSPENSION_DAY)
    await pay(given, tenant_id, TOTAL_CENTS)
    assert await evaluate(given, tenant_id) == (0, 0, 0)
    assert await state(given, deployment_id) is State.SUSPENDED


async def test_when_the_oldest_invoice_is_paid_the_next_oldest_decides(given: Given) -> None:
    tenant_id, deployment_id, april = await owing(given)
    given.clock.set(2026, 6, 1, 9)
    may = await issued(given, tenant_id, MAY)  # due on 15 June, PAST_DUE on 22 June
    await dun_daily(given, date(2026, 6, 14), date(2026, 6, 22))
    assert await steps(given, may) == [("NOTICE", "2026-06-16"), ("PAST_DUE", "2026-06-22")]
    await pay(given, tenant_id, TOTAL_CENTS)
    assert await evaluate(given, tenant_id) == (0, 2, 0)
    assert await moves(given, deployment_id) == [
        TO_PAST_DUE,
        TO_SUSPENDED,
        ("SUSPENDED", "ACTIVE", None),
        TO_PAST_DUE,
    ]
    rows = await given.rows(
        "SELECT dunning_invoice_id AS id FROM cloud_deployment_events WHERE dunning_step = 'PAST_DUE' ORDER BY id"
    )
    assert {row["id"] for row in rows} == {april, may}
    await pay(given, tenant_id, TOTAL_CENTS, "bank-2")
    assert await evaluate(given, tenant_id) == (0, 1, 0)
    assert await state(given, deployment_id) is State.ACTIVE


async def test_a_bounced_payment_brings_the_state_back_and_no_step_again(given: Given) -> None:
    tenant_id, deployment_id, invoice_id = await owing(given)
    await dun(given, SUSPENSION_DAY)
    payment_id = await pay(given, tenant_id, TOTAL_CENTS)
    await evaluate(given, tenant_id)
    assert await state(given, deployment_id) is State.ACTIVE
    await reverse_payment(given.platform, payment_id=payment_id, reason="dishonoured")
    assert await evaluate(given, tenant_id) == (0, 1, 0)
    assert await state(given, deployment_id) is State.SUSPENDED
    assert len(await steps(given, invoice_id)) == 4


@pytest.mark.parametrize("how", ["credit note", "write-off", "void"])
async def test_whatever_settles_the_invoice_recovers_the_deployment(given: Given, how: str) -> None:
    tenant_id, deployment_id, invoice_id = await owing(given)
    await dun(given, PAST_DUE_DAY)
    if how == "credit note":
        await credit(given, invoice_id)
    elif how == "write-off":
        await write_off_invoice(given.platform, invoice_id=invoice_id, reason="insolvent")
    else:
        await void_invoice(given.platform, invoice_id=invoice_id)
    assert await evaluate(given, tenant_id) == (0, 1, 0)
    assert await state(given, deployment_id) is State.ACTIVE


async def test_under_the_override_a_step_is_withheld_once_and_lifting_it_applies_the_state(given: Given) -> None:
    tenant_id, deployment_id, _ = await owing(given)
    await update_deployment(given.platform, deployment_id=deployment_id, billing_action_suspended=True)
    await dun_daily(given, date(2026, 5, 16), date(2026, 6, 18))
    assert await moves(given, deployment_id) == []
    withheld = [TO_PAST_DUE, ("ACTIVE", "SUSPENDED", "SUSPEND")]
    assert await moves(given, deployment_id, withheld=True) == withheld
    await update_deployment(given.platform, deployment_id=deployment_id, billing_action_suspended=False)
    assert await evaluate(given, tenant_id) == (0, 1, 0)
    assert await moves(given, deployment_id) == [("ACTIVE", "SUSPENDED", "SUSPEND")]
    assert await moves(given, deployment_id, withheld=True) == withheld


async def test_under_the_override_recovery_is_withheld_once_and_lifting_it_recovers(given: Given) -> None:
    tenant_id, deployment_id, _ = await owing(given)
    await dun(given, SUSPENSION_DAY)
    await update_deployment(given.platform, deployment_id=deployment_id, billing_action_suspended=True)
    await pay(given, tenant_id, TOTAL_CENTS)
    assert await evaluate(given, tenant_id) == (0, 0, 1)
    await dun_daily(given, date(2026, 6, 15), date(2026, 6, 18))
    assert await moves(given, deployment_id, withheld=True) == [("SUSPENDED", "ACTIVE", None)]
    await update_deployment(given.platform, deployment_id=deployment_id, billing_action_suspended=False)
    assert await evaluate(given, tenant_id) == (0, 1, 0)
    assert await state(given, deployment_id) is State.ACTIVE


@pytest.mark.parametrize(("minimum_cents", "happened"), [(5500, 4), (5501, 0)])
async def test_a_tenant_that_owes_less_than_the_minimum_is_not_dunned(
    given: Given, minimum_cents: int, happened: int
) -> None:
    _, deployment_id, invoice_id = await owing(given)
    policy = [Step(StepKind.NOTICE, 1), Step(StepKind.PAST_DUE, 7), Step(StepKind.FINAL_NOTICE, 21)]
    policy.append(Step(StepKind.SUSPEND, 30))
    await set_dunning_policy(given.platform, steps=policy, minimum_cents=minimum_cents)
    await dun(given, SUSPENSION_DAY)
    assert len(await steps(given, invoice_id)) == happened
    assert await state(given, deployment_id) is (State.SUSPENDED if happened else State.ACTIVE)


async def test_a_tenants_own_policy_comes_before_the_platforms(given: Given) -> None:
    acme, rival = await owing(given), await owing(given, "rival")
    await set_dunning_policy(given.platform, steps=[Step(StepKind.PAST_DUE, 5), Step(StepKind.NOTICE, 6)])
    await set_dunning_policy(given.platform, tenant_id=acme.tenant_id, steps=[Step(StepKind.NOTICE, 2)])
    await dun_daily(given, date(2026, 5, 16), date(2026, 5, 24))
    assert await steps(given, acme.invoice_id) == [("NOTICE", "2026-05-17")]
    assert await steps(given, rival.invoice_id) == [("PAST_DUE", "2026-05-20"), ("NOTICE", "2026-05-21")]
    assert await state(given, acme.deployment_id) is State.ACTIVE
    assert await state(given, rival.deployment_id) is State.PAST_DUE


async def test_under_a_policy_that_was_relaxed_a_deployment_recovers_and_no_step_is_repeated(given: Given) -> None:
    _, deployment_id, invoice_id = await owing(given)
    await dun(given, PAST_DUE_DAY)
    await set_dunning_policy(given.platform, steps=[Step(StepKind.NOTICE, 1), Step(StepKind.PAST_DUE, 20)])
    await dun_daily(given, date(2026, 5, 23), date(2026, 6, 5))
    assert await moves(given, deployment_id) == [TO_PAST_DUE, ("PAST_DUE", "ACTIVE", None), TO_PAST_DUE]
    assert await steps(given, invoice_id) == [("NOTICE", "2026-05-22"), ("PAST_DUE", "2026-05-22")]


async def test_a_partial_payment_below_the_minimum_recovers_the_deployment(given: Given) -> None:
    tenant_id, deployment_id, _ = await owing(given)
    await set_dunning_policy(given.platform, steps=[Step(StepKind.PAST_DUE, 7)], minimum_cents=1000)
    await dun(given, PAST_DUE_DAY)
    assert await state(given, deployment_id) is State.PAST_DUE
    await pay(given, tenant_id, 4501)
    assert await evaluate(given, tenant_id) == (0, 1, 0)
    assert await state(given, deployment_id) is State.ACTIVE
