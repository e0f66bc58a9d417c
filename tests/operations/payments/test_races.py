"""Many at once on one tenant's money: nothing is lost or counted twice, and the ledger agrees with the balances."""

import asyncio
from collections.abc import Awaitable
from uuid import UUID

import pytest

from app.operations.bank_statements import import_bank_statement
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.invoices import issue_invoice, mark_invoice_paid, void_invoice
from app.operations.payments import (
    NewRecovery,
    allocate_credit,
    record_recovery,
    refund_credit,
    reverse_payment,
    write_off_invoice,
)
from app.tables.payments import PaymentMethod
from tests.operations.given import Given
from tests.operations.months import MAY, invoices, meter, roll_up
from tests.operations.receivables import balance, check_ledger, credit, credit_balance, figure_1, issued, pay

ROUNDS = 5


async def at_once(*works: Awaitable[object]) -> list[object]:
    """What each came to: its result, or the code of its refusal."""
    ended = await asyncio.gather(*works, return_exceptions=True)
    for one in ended:
        if isinstance(one, BaseException) and not isinstance(one, Refusal):
            raise one
    return [one.code if isinstance(one, Refusal) else one for one in ended]


@pytest.fixture
async def catalog(given: Given) -> None:
    await figure_1(given)


@pytest.mark.usefixtures("catalog")
async def test_two_payments_of_one_invoice(given: Given) -> None:
    for number in range(ROUNDS):
        tenant_id, invoice_id = await issued(given, f"tenant-{number}")
        await at_once(pay(given, tenant_id, 5000, "bank-1"), pay(given, tenant_id, 5000, "bank-2"))
        assert await balance(given, invoice_id) == ("PAID", 0, "PAYMENT")
        assert await credit_balance(given, tenant_id) == 10_000 - 7064
    await check_ledger(given)


@pytest.mark.usefixtures("catalog")
async def test_the_same_payment_many_times_at_once_is_one(given: Given) -> None:
    tenant_id, invoice_id = await issued(given)
    answers = await at_once(*(pay(given, tenant_id, 5000) for _ in range(8)))
    assert len(set(answers)) == 1
    assert await balance(given, invoice_id) == ("ISSUED", 2064, None)
    await check_ledger(given)


@pytest.mark.usefixtures("catalog")
async def test_an_invoice_marked_as_paid_many_times_at_once_is_paid_once(given: Given) -> None:
    tenant_id, invoice_id = await issued(given)
    marked = [mark_invoice_paid(given.platform, invoice_id=invoice_id, reference=f"t{number}") for number in range(8)]
    answers = await at_once(*marked)
    assert sorted(map(str, answers)) == sorted([str(invoice_id), *[ProblemCode.INVOICE_PAID] * 7])
    assert await credit_balance(given, tenant_id) == 0
    await check_ledger(given)


@pytest.mark.usefixtures("catalog")
async def test_a_payment_and_a_void(given: Given) -> None:
    for number in range(ROUNDS):
        tenant_id, invoice_id = await issued(given, f"tenant-{number}")
        voided = void_invoice(given.platform, invoice_id=invoice_id)
        works = [pay(given, tenant_id, 5000), voided]
        answers = await at_once(*(works if number % 2 else works[::-1]))
        if ProblemCode.INVOICE_PAID in answers:
            assert await balance(given, invoice_id) == ("ISSUED", 2064, None)
            assert await credit_balance(given, tenant_id) == 0
        else:
            assert await balance(given, invoice_id) == ("VOID", 0, None)
            assert await credit_balance(given, tenant_id) == 5000
    await check_ledger(given)


@pytest.mark.usefixtures("catalog")
async def test_a_payment_and_a_credit_note(given: Given) -> None:
    for number in range(ROUNDS):
        tenant_id, invoice_id = await issued(given, f"tenant-{number}")
        works = [pay(given, tenant_id, 7064), credit(given, invoice_id, (3, 672))]
        await at_once(*(works if number % 2 else works[::-1]))
        status, left, settled_by = await balance(given, invoice_id)
        assert (status, left) == ("PAID", 0)
        assert settled_by == "PAYMENT"
        assert await credit_balance(given, tenant_id) == 739
    await check_ledger(given)


@pytest.mark.usefixtures("catalog")
async def test_a_payment_reversed_twice(given: Given) -> None:
    for number in range(ROUNDS):
        tenant_id, invoice_id = await issued(given, f"tenant-{number}")
        payment_id = await pay(given, tenant_id, 8000)
        reversals = [reverse_payment(given.platform, payment_id=payment_id, reason="dishonoured") for _ in range(4)]
        answers = await at_once(*reversals)
        assert sorted(map(str, answers)) == sorted([str(payment_id), *[ProblemCode.CONFLICT] * 3])
        assert await balance(given, invoice_id) == ("ISSUED", 7064, None)
        assert await credit_balance(given, tenant_id) == 0
    await check_ledger(given)


@pytest.mark.usefixtures("catalog")
async def test_credit_spent_twice(given: Given) -> None:
    """A refund of all credit, another, and its application to an invoice: one of them gets it."""
    for number in range(ROUNDS):
        tenant_id, invoice_id = await issued(given, f"tenant-{number}")
        await pay(given, tenant_id, 500, allocations=[])
        day = given.clock().date()
        answers = await at_once(
            *(
                refund_credit(given.platform, tenant_id=tenant_id, amount_cents=500, paid_out_on=day, reference=name)
                for name in ("out-1", "out-2")
            ),
            allocate_credit(given.platform, tenant_id=tenant_id),
            allocate_credit(given.platform, tenant_id=tenant_id),
        )
        refunds = await given.rows("SELECT id FROM refunds WHERE tenant_id = $1", tenant_id)
        assert await credit_balance(given, tenant_id) == 0
        assert await balance(given, invoice_id) == ("ISSUED", 7064 if refunds else 6564, None)
        assert answers.count(ProblemCode.CREDIT_TOO_SMALL) == 2 - len(refunds)
    await check_ledger(given)


@pytest.mark.usefixtures("catalog")
async def test_credit_is_applied_to_one_invoice_while_its_payment_bounces(given: Given) -> None:
    """Issuing the next invoice takes the credit that a reversal takes away: in either order nothing is left over."""
    for number in range(3):
        given.clock.set(2026, 5, 1)
        tenant_id, invoice_id = await issued(given, f"tenant-{number}")
        payment_id = await pay(given, tenant_id, 7064 + 675)
        second_id = await _draft_of_may(given, tenant_id)
        await at_once(
            issue_invoice(given.platform, invoice_id=second_id),
            reverse_payment(given.platform, payment_id=payment_id, reason="dishonoured"),
        )
        assert await balance(given, invoice_id) == ("ISSUED", 7064, None)
        assert await balance(given, second_id) == ("ISSUED", 7064, None)
        assert await credit_balance(given, tenant_id) == 0
    await check_ledger(given)


async def _draft_of_may(given: Given, tenant_id: UUID) -> UUID:
    deployment = await given.row("SELECT id FROM cloud_deployments WHERE tenant_id = $1", tenant_id)
    given.clock.set(2026, 6, 1)
    await meter(given, deployment["id"], "3", 2026, 5, 1, count=720)
    await roll_up(given, MAY, tenant_ids=[tenant_id])
    drafts = [one["id"] for one in await invoices(given, MAY) if one["tenant_id"] == tenant_id]
    assert len(drafts) == 1
    draft: UUID = drafts[0]
    return draft


@pytest.mark.usefixtures("catalog")
async def test_a_payment_and_a_write_off(given: Given) -> None:
    for number in range(ROUNDS):
        tenant_id, invoice_id = await issued(given, f"tenant-{number}")
        write_off = write_off_invoice(given.platform, invoice_id=invoice_id, reason="insolvent")
        works = [pay(given, tenant_id, 7064), write_off]
        answers = await at_once(*(works if number % 2 else works[::-1]))
        by_payment = ProblemCode.INVOICE_PAID in answers
        assert await balance(given, invoice_id) == ("PAID", 0, "PAYMENT" if by_payment else "WRITE_OFF")
        assert await credit_balance(given, tenant_id) == (0 if by_payment else 7064)
    await check_ledger(given)


@pytest.mark.usefixtures("catalog")
async def test_recoveries_never_exceed_what_is_written_off(given: Given) -> None:
    _, invoice_id = await issued(given)
    await write_off_invoice(given.platform, invoice_id=invoice_id, reason="insolvent")
    day = given.clock().date()
    recoveries = [NewRecovery(invoice_id, 3000, day, PaymentMethod.CARD, f"r-{number}") for number in range(4)]
    answers = await at_once(
        *(record_recovery(given.platform, one) for one in recoveries), credit(given, invoice_id, (3, 672))
    )
    assert answers.count(ProblemCode.VALIDATION_FAILED) == 2
    row = await given.row("SELECT written_off_cents, recovered_cents FROM invoice_balances WHERE id = $1", invoice_id)
    assert row == {"written_off_cents": 7064 - 739, "recovered_cents": 6000}
    await check_ledger(given)


@pytest.mark.usefixtures("catalog")
async def test_one_bank_statement_imported_many_times_at_once_is_recorded_once(given: Given) -> None:
    invoice_ids = [(await issued(given, f"tenant-{number}"))[1] for number in range(4)]
    rows = [f"2026-05-01,70.64,INV-2026-{number:06},\n" for number in range(1, 5)]
    files = ["date,amount,description,reference\n" + "".join(one) for one in (rows, rows[::-1]) for _ in range(3)]
    imported = await asyncio.gather(*(import_bank_statement(given.platform, csv=one, currency="AUD") for one in files))
    assert sum(len(one.recorded) for one in imported) == 4
    assert sum(len(one.recorded_before) for one in imported) == 20
    for invoice_id in invoice_ids:
        assert await balance(given, invoice_id) == ("PAID", 0, "PAYMENT")
    assert await given.row("SELECT count(*) AS n FROM payments") == {"n": 4}
    await check_ledger(given)
