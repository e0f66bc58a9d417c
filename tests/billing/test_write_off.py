"""Write-offs: a balance's tax and bad debt, and what comes back of each. Figure 5 of receivables.md."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.billing import WriteOffShares, WrittenOffAmount, WrittenOffTax

GST = "tax:GST:0.1"
FIGURE_5 = WriteOffShares((WrittenOffTax(GST, 575),), 6325)


def amount(bad_debt: int, tax: int) -> WrittenOffAmount:
    return WrittenOffAmount(bad_debt, (WrittenOffTax(GST, tax),))


def test_receivables_figure_5_write_off_and_recovery() -> None:
    assert FIGURE_5.divide(2325) == amount(2114, 211)
    assert FIGURE_5.divide(1325) == amount(1205, 120)
    assert FIGURE_5.returned(2325, 1000) == amount(909, 91)


def test_two_taxes_are_rounded_cumulatively() -> None:
    # 100 of 1000: the first tax 5.5 -> 6, both 11 -> 5 for the second, which by itself would be 5.5 -> 6.
    shares = WriteOffShares((WrittenOffTax("a", 55), WrittenOffTax("b", 55)), 1000)
    assert shares.divide(100) == WrittenOffAmount(89, (WrittenOffTax("a", 6), WrittenOffTax("b", 5)))


def test_a_balance_above_what_is_left_of_the_invoice_has_the_tax_of_what_is_left() -> None:
    # 7064 are owed of an invoice of which 6325 are left, tax 575: 739 have no tax, and come back last.
    shares = WriteOffShares((WrittenOffTax(GST, 575),), 6325, 739)
    assert shares.divide(7064) == amount(6489, 575)
    assert shares.returned(7064, 6325) == amount(5750, 575)
    assert shares.returned(739, 739) == amount(739, 0)


def test_a_balance_of_an_invoice_of_which_nothing_is_left_has_no_tax() -> None:
    assert WriteOffShares((WrittenOffTax(GST, 0),), 0, 7064).divide(7064) == amount(7064, 0)


def test_no_more_comes_back_than_is_written_off() -> None:
    with pytest.raises(ValueError, match="1001 cents cannot come back of 1000"):
        FIGURE_5.returned(1000, 1001)


@given(st.lists(st.integers(0, 500), min_size=1, max_size=3), st.integers(0, 5_000), st.data())
def test_what_comes_back_in_parts_adds_up_to_what_was_written_off(
    taxes: list[int], net: int, data: st.DataObject
) -> None:
    total = net + sum(taxes)
    if total == 0:
        return
    shares = WriteOffShares(tuple(WrittenOffTax(str(index), cents) for index, cents in enumerate(taxes)), total)
    rest = balance = data.draw(st.integers(1, total))
    back = WrittenOffAmount(0, tuple(WrittenOffTax(str(index), 0) for index in range(len(taxes))))
    while rest:
        part = data.draw(st.integers(1, rest))
        returned = shares.returned(rest, part)
        assert returned.total_cents == part
        back = WrittenOffAmount(
            back.bad_debt_cents + returned.bad_debt_cents,
            tuple(
                WrittenOffTax(key, cents + more)
                for (key, cents), (_, more) in zip(back.taxes, returned.taxes, strict=True)
            ),
        )
        rest -= part
    assert back == shares.divide(balance)
