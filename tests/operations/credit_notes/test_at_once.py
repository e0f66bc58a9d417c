"""Credit notes of one invoice at once: of what is left of a line, each cent is credited once."""

import asyncio
from uuid import UUID

import pytest

from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.data_integrity import check
from app.operations.invoices import void_invoice
from tests.operations.given import Given
from tests.operations.months import MAY, roll_up
from tests.operations.receivables import balance, check_ledger, credit, credit_balance, figure_1, issued, pay
from tests.operations.rollups.falls import absorbed, all_holds, fell


@pytest.fixture
async def invoice(given: Given) -> UUID:
    await figure_1(given)
    _, invoice_id = await issued(given)
    return invoice_id


async def notes(given: Given) -> list[tuple[str, int]]:
    rows = await given.rows("SELECT number, net_cents FROM credit_notes ORDER BY number")
    return [(row["number"], row["net_cents"]) for row in rows]


async def test_of_two_notes_over_all_of_a_line_one_is_issued(given: Given, invoice: UUID) -> None:
    outcomes = await asyncio.gather(*(credit(given, invoice, (3, 672)) for _ in range(2)), return_exceptions=True)
    (refusal,) = [outcome for outcome in outcomes if isinstance(outcome, Refusal)]
    assert (refusal.code, refusal.path) == (ProblemCode.CREDIT_EXCEEDS_LINE, ("lines", "0", "netCents"))
    assert refusal.message == "of line 3 at most 0 cents without tax can be credited"
    assert await notes(given) == [("CRN-2026-000001", 672)]
    assert await balance(given, invoice) == ("ISSUED", 6325, None)
    await check_ledger(given)


async def test_notes_that_fit_together_are_all_issued_and_numbered_without_a_gap(given: Given, invoice: UUID) -> None:
    await asyncio.gather(*(credit(given, invoice, (3, 84)) for _ in range(8)))
    assert await notes(given) == [(f"CRN-2026-{number:06}", 84) for number in range(1, 9)]
    row = await given.row("SELECT sum(tax_cents)::int AS tax FROM credit_notes")
    assert row["tax"] == 67
    assert await balance(given, invoice) == ("ISSUED", 6325, None)
    await check_ledger(given)
    assert await check(given.platform) == []


async def test_an_invoice_is_credited_or_voided_but_not_both(given: Given, invoice: UUID) -> None:
    outcomes = await asyncio.gather(
        credit(given, invoice, (3, 672)),
        void_invoice(given.platform, invoice_id=invoice),
        return_exceptions=True,
    )
    (refusal,) = [outcome for outcome in outcomes if isinstance(outcome, Refusal)]
    status, cents, _ = await balance(given, invoice)
    noted = await notes(given)
    if isinstance(outcomes[0], Refusal):
        assert (refusal.code, status, cents, noted) == (ProblemCode.INVOICE_NOT_ISSUED, "VOID", 0, [])
    else:
        assert (refusal.code, status, cents) == (ProblemCode.CONFLICT, "ISSUED", 6325)
        assert noted == [("CRN-2026-000001", 672)]
    await check_ledger(given)


@pytest.mark.parametrize("_attempt", range(3))
async def test_a_correction_and_a_note_at_once_credit_each_cent_once(given: Given, _attempt: int) -> None:
    """The overage of 672 falls to 0 while 600 of it are credited and the invoice is paid."""
    given.clock.set(2026, 5, 2)
    await figure_1(given)
    tenant_id, invoice_id = await issued(given)
    await fell(given, 672)
    given.clock.set(2026, 6, 2)
    noted, _, paid = await asyncio.gather(
        credit(given, invoice_id, (3, 600)), roll_up(given, MAY), pay(given, tenant_id, 7064), return_exceptions=True
    )
    assert isinstance(paid, UUID)
    if isinstance(noted, Refusal):
        assert noted.code is ProblemCode.CREDIT_EXCEEDS_LINE
        assert await notes(given) == [("CRN-2026-000001", 672)]
        assert await absorbed(given) == []
    else:
        assert await notes(given) == [("CRN-2026-000001", 600), ("CRN-2026-000002", 72)]
        assert await absorbed(given) == [600]
    assert await balance(given, invoice_id) in {("PAID", 0, "PAYMENT"), ("PAID", 0, "CREDIT_NOTE")}
    assert await credit_balance(given, tenant_id) == 739
    await all_holds(given)
