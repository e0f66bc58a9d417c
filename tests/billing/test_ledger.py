"""What each business event debits and credits: the table of receivables.md, row by row."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.billing import CreditedTax, LineKind, WriteOffShares, WrittenOffAmount, WrittenOffTax
from app.billing.ledger import (
    Account,
    CreditSplit,
    Posting,
    RevenuePart,
    balance_written_off,
    credit_applied,
    credit_note_issued,
    credit_refunded,
    invoice_issued,
    mirrored,
    payment_recorded,
    recovery_recorded,
)

GST = "tax:GST:0.1"
BASE, ADDON = RevenuePart(LineKind.PLAN_BASE, None), RevenuePart(LineKind.ADDON, "storage_gb")
OVERAGE = RevenuePart(LineKind.OVERAGE, "droplet_hours")
FIGURE_1 = {BASE: 5000, ADDON: 750, OVERAGE: 672}
WRITTEN_OFF = WriteOffShares((WrittenOffTax(GST, 575),), 6325)


def test_an_issued_invoice_is_owed_by_the_tenant_and_is_revenue_and_tax() -> None:
    assert invoice_issued(FIGURE_1, {GST: 642}) == (
        Posting(Account.ACCOUNTS_RECEIVABLE, 7064),
        Posting(Account.REVENUE, -750, ADDON),
        Posting(Account.REVENUE, -672, OVERAGE),
        Posting(Account.REVENUE, -5000, BASE),
        Posting(Account.TAX_PAYABLE, -642, tax=GST),
    )


def test_negative_revenue_is_a_debit() -> None:
    charge = RevenuePart(LineKind.ADJUSTMENT, None)
    assert invoice_issued({BASE: 100, charge: -40}, {}) == (
        Posting(Account.ACCOUNTS_RECEIVABLE, 60),
        Posting(Account.REVENUE, 40, charge),
        Posting(Account.REVENUE, -100, BASE),
    )


def test_an_invoice_at_zero_posts_nothing() -> None:
    assert invoice_issued({BASE: 0}, {}) == ()


def test_a_voided_invoice_is_mirrored() -> None:
    issued = invoice_issued(FIGURE_1, {GST: 642})
    both = [*issued, *mirrored(issued)]
    assert {account: sum(p.amount_cents for p in both if p.account is account) for account in Account} == dict.fromkeys(
        Account, 0
    )


def test_a_credit_note_lowers_revenue_and_tax_and_what_is_owed_first() -> None:
    assert credit_note_issued({OVERAGE: 672}, [CreditedTax(GST, 672, 67)], CreditSplit((), 700, 39)) == (
        Posting(Account.REVENUE, 672, OVERAGE),
        Posting(Account.TAX_PAYABLE, 67, tax=GST),
        Posting(Account.ACCOUNTS_RECEIVABLE, -700),
        Posting(Account.CUSTOMER_CREDIT, -39),
    )


def test_receivables_figure_5_a_credit_note_after_a_write_off_takes_back_bad_debt_and_its_tax_first() -> None:
    returned = WRITTEN_OFF.returned(2325, 739)
    # 1586 stay written off: 1586 x 575 / 6325 = 144.18 of tax; 211 - 144 = 67 come back.
    assert returned == WrittenOffAmount(672, (WrittenOffTax(GST, 67),))
    assert credit_note_issued({OVERAGE: 672}, [CreditedTax(GST, 672, 67)], CreditSplit((returned,), 0, 0)) == (
        Posting(Account.REVENUE, 672, OVERAGE),
        Posting(Account.TAX_PAYABLE, 67, tax=GST),
        Posting(Account.BAD_DEBT, -672),
        Posting(Account.TAX_PAYABLE, -67, tax=GST),
    )


def test_a_payment_pays_what_is_allocated_and_the_rest_is_credit() -> None:
    assert payment_recorded(3000, 2325) == (
        Posting(Account.CASH_CLEARING, 3000),
        Posting(Account.ACCOUNTS_RECEIVABLE, -2325),
        Posting(Account.CUSTOMER_CREDIT, -675),
    )


def test_credit_is_applied_and_refunded() -> None:
    assert credit_applied(675) == (Posting(Account.CUSTOMER_CREDIT, 675), Posting(Account.ACCOUNTS_RECEIVABLE, -675))
    assert credit_refunded(675) == (Posting(Account.CUSTOMER_CREDIT, 675), Posting(Account.CASH_CLEARING, -675))


def test_receivables_figure_5_a_write_off_and_a_recovery() -> None:
    assert balance_written_off(WRITTEN_OFF.divide(2325)) == (
        Posting(Account.BAD_DEBT, 2114),
        Posting(Account.TAX_PAYABLE, 211, tax=GST),
        Posting(Account.ACCOUNTS_RECEIVABLE, -2325),
    )
    assert recovery_recorded(WRITTEN_OFF.returned(2325, 1000)) == (
        Posting(Account.CASH_CLEARING, 1000),
        Posting(Account.BAD_DEBT, -909),
        Posting(Account.TAX_PAYABLE, -91, tax=GST),
    )


def test_postings_that_do_not_add_up_are_refused() -> None:
    with pytest.raises(ValueError, match="the postings add up to 39 cents; debits and credits must be equal"):
        credit_note_issued({OVERAGE: 672}, [CreditedTax(GST, 672, 67)], CreditSplit((), 700, 0))


@given(
    st.dictionaries(st.sampled_from([BASE, ADDON, OVERAGE]), st.integers(-1_000, 1_000)),
    st.dictionaries(st.sampled_from(["a", "b"]), st.integers(-100, 100)),
)
def test_every_entry_adds_up_and_has_no_posting_of_zero(revenue: dict[RevenuePart, int], taxes: dict[str, int]) -> None:
    postings = invoice_issued(revenue, taxes)
    assert sum(posting.amount_cents for posting in postings) == 0
    assert 0 not in [posting.amount_cents for posting in postings]
