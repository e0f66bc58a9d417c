"""Holds take a tenant out of dunning, disputes an invoice."""

from datetime import date

import pytest

from app.billing import DeploymentState
from app.operations.calls.refusal import Refusal
from app.operations.dunning import dispute_invoice, hold_dunning, release_dunning, resolve_dispute
from app.tables.ids import new_id
from tests.operations.dunning.overdue import TOTAL_CENTS, dun, dun_daily, evaluate, issued, moves, owing, state, steps
from tests.operations.given import Given
from tests.operations.months import MAY
from tests.operations.receivables import drafted, figure_1, pay

State = DeploymentState


async def test_under_a_hold_nothing_gets_worse_and_missed_steps_happen_after_it(given: Given) -> None:
    tenant_id, deployment_id, invoice_id = await owing(given)
    await dun(given, date(2026, 5, 22))
    await hold_dunning(given.platform, tenant_id=tenant_id, until=date(2026, 6, 20), reason="promised to pay")
    await dun_daily(given, date(2026, 5, 23), date(2026, 6, 20))
    assert await steps(given, invoice_id) == [("NOTICE", "2026-05-22"), ("PAST_DUE", "2026-05-22")]
    assert await state(given, deployment_id) is State.PAST_DUE
    given.clock.set(2026, 6, 21, 8)
    assert await evaluate(given, tenant_id) == (0, 0, 0)
    await dun(given, date(2026, 6, 21))
    assert (await steps(given, invoice_id))[2:] == [("FINAL_NOTICE", "2026-06-21"), ("SUSPEND", "2026-06-21")]
    assert await state(given, deployment_id) is State.SUSPENDED
    assert await given.row("SELECT ended_by FROM dunning_holds") == {"ended_by": "system:dunning"}


async def test_under_a_hold_a_payment_recovers(given: Given) -> None:
    tenant_id, deployment_id, _ = await owing(given)
    await dun(given, date(2026, 6, 14))
    await hold_dunning(given.platform, tenant_id=tenant_id, until=date(2026, 7, 1), reason="promised to pay")
    await pay(given, tenant_id, TOTAL_CENTS)
    assert await evaluate(given, tenant_id) == (0, 1, 0)
    assert await state(given, deployment_id) is State.ACTIVE


async def test_a_released_hold_ends_at_once(given: Given) -> None:
    tenant_id, deployment_id, _ = await owing(given)
    await hold_dunning(given.platform, tenant_id=tenant_id, until=date(2026, 7, 1), reason="promised to pay")
    await dun(given, date(2026, 5, 22))
    assert await state(given, deployment_id) is State.ACTIVE
    await release_dunning(given.platform, tenant_id=tenant_id)
    assert await evaluate(given, tenant_id) == (2, 1, 0)
    assert await state(given, deployment_id) is State.PAST_DUE
    with pytest.raises(Refusal, match="dunning of the tenant is not on hold"):
        await release_dunning(given.platform, tenant_id=tenant_id)


async def test_a_second_hold_takes_the_place_of_the_first(given: Given) -> None:
    tenant_id, _, invoice_id = await owing(given)
    for until in (date(2026, 7, 1), date(2026, 5, 20)):
        await hold_dunning(given.platform, tenant_id=tenant_id, until=until, reason="promised to pay")
    rows = await given.rows("SELECT until FROM dunning_holds WHERE ended_at IS NULL")
    assert [str(row["until"]) for row in rows] == ["2026-05-20"]
    await dun_daily(given, date(2026, 5, 16), date(2026, 5, 21))
    assert await steps(given, invoice_id) == [("NOTICE", "2026-05-21")]


async def test_a_hold_of_a_tenant_that_owes_nothing_ends_with_the_run_after_its_last_day(given: Given) -> None:
    tenant_id = await given.tenant()
    await hold_dunning(given.platform, tenant_id=tenant_id, until=date(2026, 5, 1), reason="promised to pay")
    await dun(given, date(2026, 5, 1))
    assert await given.row("SELECT ended_at FROM dunning_holds") == {"ended_at": None}
    await dun(given, date(2026, 5, 2))
    assert await given.row("SELECT ended_at FROM dunning_holds") == {"ended_at": given.clock()}


async def test_a_hold_until_a_day_that_is_over_is_refused(given: Given) -> None:
    tenant_id = await given.tenant()
    with pytest.raises(Refusal, match="until must not be in the past; today is 2026-05-01") as refused:
        await hold_dunning(given.platform, tenant_id=tenant_id, until=date(2026, 4, 30), reason="promised to pay")
    assert (refused.value.code, refused.value.path) == ("VALIDATION_FAILED", ("until",))


async def test_a_disputed_invoice_is_out_of_dunning_and_the_next_oldest_decides(given: Given) -> None:
    tenant_id, deployment_id, april = await owing(given)
    given.clock.set(2026, 6, 1, 9)
    may = await issued(given, tenant_id, MAY)
    await dun_daily(given, date(2026, 6, 14), date(2026, 6, 22))
    await dispute_invoice(given.platform, invoice_id=april, reason="not as ordered")
    assert await evaluate(given, tenant_id) == (0, 2, 0)
    assert await state(given, deployment_id) is State.PAST_DUE
    await dispute_invoice(given.platform, invoice_id=may, reason="not as ordered")
    assert await evaluate(given, tenant_id) == (0, 1, 0)
    assert await state(given, deployment_id) is State.ACTIVE


async def test_after_a_dispute_missed_steps_happen_at_once(given: Given) -> None:
    tenant_id, deployment_id, invoice_id = await owing(given)
    await dispute_invoice(given.platform, invoice_id=invoice_id, reason="not as ordered")
    await dun_daily(given, date(2026, 5, 16), date(2026, 5, 30))
    assert await steps(given, invoice_id) == []
    await resolve_dispute(given.platform, invoice_id=invoice_id)
    assert await evaluate(given, tenant_id) == (2, 1, 0)
    assert await steps(given, invoice_id) == [("NOTICE", "2026-05-30"), ("PAST_DUE", "2026-05-30")]
    assert await moves(given, deployment_id) == [("ACTIVE", "PAST_DUE", "PAST_DUE")]


async def test_disputes_that_do_not_fit_are_refused(given: Given) -> None:
    tenant_id, _, invoice_id = await owing(given)
    found = []

    async def ask(operation: object, invoice: object, **more: str) -> None:
        with pytest.raises(Refusal) as refused:
            await operation(given.platform, invoice_id=invoice, **more)  # type: ignore[operator]  # one of two
        found.append((refused.value.code.value, refused.value.path))

    await ask(dispute_invoice, invoice_id, reason=" ")
    await ask(dispute_invoice, new_id(), reason="wrong")
    await ask(resolve_dispute, invoice_id)
    await dispute_invoice(given.platform, invoice_id=invoice_id, reason="wrong")
    await ask(dispute_invoice, invoice_id, reason="wrong")
    await resolve_dispute(given.platform, invoice_id=invoice_id)
    await pay(given, tenant_id, TOTAL_CENTS)
    await ask(dispute_invoice, invoice_id, reason="wrong")
    assert found == [
        ("VALIDATION_FAILED", ("reason",)),
        ("NOT_FOUND", ("invoiceId",)),
        ("CONFLICT", ("invoiceId",)),
        ("CONFLICT", ("invoiceId",)),
        ("INVOICE_PAID", ("invoiceId",)),
    ]


async def test_a_draft_is_not_disputed(given: Given) -> None:
    await figure_1(given)
    tenant_id, _ = await drafted(given)
    draft = await given.row("SELECT id FROM tenant_invoices WHERE tenant_id = $1", tenant_id)
    with pytest.raises(Refusal) as refused:
        await dispute_invoice(given.platform, invoice_id=draft["id"], reason="wrong")
    assert refused.value.code == "INVOICE_NOT_ISSUED"
