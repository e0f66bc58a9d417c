"""Payments go to the oldest due invoices; money taken back unpays the latest."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from app.billing import Allocation, OpenInvoice, allocate, take_back

JULY = OpenInvoice("july", date(2026, 8, 14), "INV-2026-000003", 300)
JUNE = OpenInvoice("june", date(2026, 7, 14), "INV-2026-000002", 200)
MAY = OpenInvoice("may", date(2026, 7, 14), "INV-2026-000001", 100)


def test_the_oldest_due_invoice_is_paid_first_and_then_by_number() -> None:
    assert allocate(350, [JULY, JUNE, MAY]) == (
        Allocation("may", 100),
        Allocation("june", 200),
        Allocation("july", 50),
    )


def test_what_is_above_all_balances_is_not_allocated() -> None:
    assert allocate(1_000, [MAY]) == (Allocation("may", 100),)
    assert allocate(1_000, []) == ()
    assert allocate(0, [MAY]) == ()


def test_the_latest_credit_is_taken_back_first() -> None:
    applied = [Allocation("may", 100), Allocation("june", 200)]
    assert take_back(250, applied) == (Allocation("june", 200), Allocation("may", 50))
    assert take_back(500, applied) == (Allocation("june", 200), Allocation("may", 100))
    assert take_back(0, applied) == ()


@given(st.integers(0, 2_000), st.lists(st.integers(1, 500), max_size=6))
def test_an_allocation_uses_all_of_the_amount_or_pays_everything(cents: int, balances: list[int]) -> None:
    invoices = [OpenInvoice(n, date(2026, 1, 1), f"{n:03}", balance) for n, balance in enumerate(balances)]
    allocated = allocate(cents, invoices)
    assert sum(one.cents for one in allocated) == min(cents, sum(balances))
    assert all(0 < one.cents <= balances[one.invoice_id] for one in allocated)
