"""Credit notes: the tax of a net amount is the fall of the rounded tax on what is left. Figures of receivables.md."""

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.billing import (
    CreditAmounts,
    CreditedLine,
    CreditedTax,
    CreditExceedsInvoice,
    CreditExceedsLine,
    GrossImpossible,
    RemainingInvoice,
    RemainingLine,
    RemainingTax,
)

GST = "tax:GST:0.1"
TEN_PERCENT = Decimal("0.1")


def invoice(*nets: int, tax: int) -> RemainingInvoice:
    """Lines from position 1 on, all under GST."""
    lines = tuple(RemainingLine(position, net, (GST,)) for position, net in enumerate(nets, 1))
    return RemainingInvoice(lines, (RemainingTax(GST, TEN_PERCENT, sum(nets), tax),))


FIGURE_1 = invoice(5000, 750, 672, tax=642)


def after(left: RemainingInvoice, *notes: CreditAmounts) -> RemainingInvoice:
    """What is left after the notes, by subtraction."""
    for note in notes:
        nets, taxes = dict(note.lines), {tax.key: tax for tax in note.taxes}
        nothing = CreditedTax("", 0, 0)
        left = RemainingInvoice(
            tuple(line._replace(net_cents=line.net_cents - nets.get(line.position, 0)) for line in left.lines),
            tuple(
                tax._replace(
                    net_cents=tax.net_cents - taxes.get(tax.key, nothing).net_cents,
                    tax_cents=tax.tax_cents - taxes.get(tax.key, nothing).tax_cents,
                )
                for tax in left.taxes
            ),
        )
    return left


def credited_one_by_one(left: RemainingInvoice, *requested: tuple[int, int]) -> Iterator[tuple[int, int, int, int]]:
    """Of each note its tax and total, and the net and tax that it leaves."""
    for position, net in requested:
        note = left.credit([CreditedLine(position, net)])
        left = after(left, note)
        yield note.tax_cents, note.total_cents, left.net_cents, left.tax_cents


def test_receivables_figure_1_notes_over_all_lines_add_up_to_the_invoice() -> None:
    assert list(credited_one_by_one(FIGURE_1, (3, 672), (2, 750), (1, 5000))) == [
        (67, 739, 5750, 575),
        (75, 825, 5000, 500),
        (500, 5500, 0, 0),
    ]


def test_receivables_figure_2_the_taxes_of_the_notes_add_up_to_the_tax_of_the_invoice() -> None:
    notes = list(credited_one_by_one(invoice(5005, 715, 705, tax=643), (1, 5005), (2, 715), (3, 705)))
    assert [tax for tax, *_ in notes] == [501, 71, 71]
    assert notes[-1] == (71, 776, 0, 0)


def test_receivables_figure_3_a_gross_amount_is_taken_from_the_last_line_backwards() -> None:
    note = FIGURE_1.credit_gross(1000)
    assert note == CreditAmounts((CreditedLine(2, 237), CreditedLine(3, 672)), (CreditedTax(GST, 909, 91),))
    left = after(FIGURE_1, note)
    assert (left.net_cents, left.tax_cents, left.total_cents) == (5513, 551, 6064)


def test_receivables_figure_3_an_impossible_gross_amount_is_refused_with_the_nearest_possible_ones() -> None:
    with pytest.raises(GrossImpossible) as refused:
        FIGURE_1.credit_gross(7059)
    assert refused.value.nearest_cents == (7058, 7060)
    assert [FIGURE_1.credit_gross(cents).total_cents for cents in refused.value.nearest_cents] == [7058, 7060]


def test_a_gross_amount_is_taken_from_the_named_line_alone() -> None:
    assert FIGURE_1.credit_gross(110, 1).lines == (CreditedLine(1, 100),)
    with pytest.raises(CreditExceedsLine) as refused:
        FIGURE_1.credit_gross(740, 3)
    assert (refused.value.position, refused.value.left_cents) == (3, 672)


def test_a_gross_amount_above_the_invoice_is_refused_with_what_is_left() -> None:
    assert FIGURE_1.credit_gross(7064) == FIGURE_1.credit_all()
    with pytest.raises(CreditExceedsInvoice) as refused:
        FIGURE_1.credit_gross(7065)
    assert refused.value.left_cents == 7064


def test_a_line_is_credited_up_to_its_rest() -> None:
    left = after(FIGURE_1, FIGURE_1.credit([CreditedLine(3, 600)]))
    assert left.credit([CreditedLine(3, 72)]).net_cents == 72
    with pytest.raises(CreditExceedsLine) as refused:
        left.credit([CreditedLine(3, 73)])
    assert (refused.value.position, refused.value.left_cents) == (3, 72)


@pytest.mark.parametrize(
    ("requested", "message"),
    [
        ([CreditedLine(1, 0)], "the amount of line 1 must be above 0"),
        ([CreditedLine(1, -5)], "the amount of line 1 must be above 0"),
        ([CreditedLine(4, 5)], "there is no line 4 to credit"),
        ([CreditedLine(1, 5), CreditedLine(1, 6)], "a line is named twice"),
    ],
)
def test_a_request_that_names_no_creditable_amount_is_refused(requested: list[CreditedLine], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        FIGURE_1.credit(requested)


def test_the_net_amount_under_a_tax_never_falls_below_zero() -> None:
    with_discount = invoice(1000, -400, tax=60)
    assert with_discount.credit([CreditedLine(1, 600)]).total_cents == 660
    with pytest.raises(CreditExceedsLine) as refused:
        with_discount.credit([CreditedLine(1, 601)])
    assert refused.value.left_cents == 600
    with pytest.raises(CreditExceedsLine) as refused:
        with_discount.credit([CreditedLine(2, 1)])
    assert refused.value.left_cents == 0


def test_untaxed_lines_are_credited_without_tax_and_never_below_zero_together() -> None:
    untaxed = RemainingInvoice((RemainingLine(1, 500), RemainingLine(2, -200)), ())
    assert untaxed.credit([CreditedLine(1, 300)]) == CreditAmounts((CreditedLine(1, 300),), ())
    with pytest.raises(CreditExceedsLine) as refused:
        untaxed.credit([CreditedLine(1, 301)])
    assert refused.value.left_cents == 300


def test_crediting_everything_takes_back_negative_lines_too() -> None:
    note = invoice(1000, -400, 0, tax=60).credit_all()
    assert note == CreditAmounts((CreditedLine(1, 1000), CreditedLine(2, -400)), (CreditedTax(GST, 600, 60),))


def test_a_line_under_two_taxes_lowers_both() -> None:
    left = RemainingInvoice(
        (RemainingLine(1, 1000, (GST, "tax:PST:0.07")), RemainingLine(2, 100, (GST,))),
        (RemainingTax(GST, TEN_PERCENT, 1100, 110), RemainingTax("tax:PST:0.07", Decimal("0.07"), 1000, 70)),
    )
    note = left.credit([CreditedLine(1, 505)])
    # What is left: 595 under GST (59.5 -> 60) and 495 under PST (34.65 -> 35).
    assert note.taxes == (CreditedTax(GST, 505, 50), CreditedTax("tax:PST:0.07", 505, 35))


_rates = st.decimals("0", "0.5", places=4)


@st.composite
def remaining_invoices(draw: st.DrawFn) -> RemainingInvoice:
    """Up to six lines under none, one or both of two taxes, each tax rounded on its sum as an invoice does."""
    nets = draw(st.lists(st.integers(-300, 3_000), min_size=1, max_size=6))
    rates = {"a": draw(_rates), "b": draw(_rates)}
    lines = tuple(
        RemainingLine(position, net, draw(st.sampled_from([(), ("a",), ("b",), ("a", "b")])))
        for position, net in enumerate(nets, 1)
    )
    taxes = []
    for key, rate in rates.items():
        net = sum(line.net_cents for line in lines if key in line.taxes)
        taxes.append(RemainingTax(key, rate, net, rounded(Fraction(rate) * net)))
    return RemainingInvoice(lines, tuple(taxes))


def rounded(exact: Fraction) -> int:
    """Half away from zero, from the rule's text."""
    whole = int(abs(exact) + Fraction(1, 2))
    return whole if exact >= 0 else -whole


def credited(left: RemainingInvoice, line: CreditedLine) -> CreditAmounts | CreditExceedsLine | CreditExceedsInvoice:
    try:
        return left.credit([line])
    except (CreditExceedsLine, CreditExceedsInvoice) as refused:
        return refused


def credited_gross(left: RemainingInvoice, gross: int) -> CreditAmounts | CreditExceedsInvoice | GrossImpossible:
    try:
        return left.credit_gross(gross)
    except (CreditExceedsInvoice, GrossImpossible) as refused:
        return refused


@given(remaining_invoices(), st.data())
def test_notes_in_any_order_never_exceed_the_invoice_and_add_up_to_it(
    left: RemainingInvoice, data: st.DataObject
) -> None:
    total, notes = left.total_cents, list[CreditAmounts]()
    for _ in range(data.draw(st.integers(0, 4))):
        creditable = [line for line in left.lines if line.net_cents > 0]
        if not creditable:
            break
        line = data.draw(st.sampled_from(creditable))
        note = credited(left, CreditedLine(line.position, data.draw(st.integers(1, line.net_cents))))
        if not isinstance(note, CreditAmounts):
            continue
        notes.append(note)
        left = after(left, note)
        assert left.total_cents >= 0
        assert [tax.tax_cents for tax in left.taxes] == [
            rounded(Fraction(tax.rate) * tax.net_cents) for tax in left.taxes
        ]
    notes.append(left.credit_all())
    whole = after(left, left.credit_all())
    assert sum(note.total_cents for note in notes) == total
    assert (whole.net_cents, whole.tax_cents) == (0, 0)
    assert {line.net_cents for line in whole.lines} == {0}


@given(remaining_invoices(), st.integers(1, 4_000))
def test_a_gross_amount_is_met_exactly_or_its_neighbours_are_named(left: RemainingInvoice, gross: int) -> None:
    found = credited_gross(left, gross)
    if isinstance(found, CreditExceedsInvoice):
        assert found.left_cents < gross
    elif isinstance(found, GrossImpossible):
        *below, above = found.nearest_cents
        assert above > gross
        assert all(cents < gross for cents in below)
        assert [left.credit_gross(cents).total_cents for cents in below] == below
    else:
        assert found.total_cents == gross
        assert left.credit(found.lines) == found


def test_a_note_never_exceeds_what_the_whole_invoice_has_left() -> None:
    left = RemainingInvoice(
        (RemainingLine(1, 1000, (GST,)), RemainingLine(2, -400)), (RemainingTax(GST, TEN_PERCENT, 1000, 100),)
    )
    assert left.credit([CreditedLine(1, 636)]).total_cents == 700
    with pytest.raises(CreditExceedsInvoice) as refused:
        left.credit([CreditedLine(1, 637)])
    assert refused.value.left_cents == 700
    with pytest.raises(CreditExceedsInvoice) as refused:
        left.credit_gross(701)
    assert refused.value.left_cents == 700


def test_as_much_as_can_be_credited_is_bounded_by_each_line() -> None:
    note = FIGURE_1.credit_up_to([CreditedLine(3, 1000), CreditedLine(2, 700)])
    assert note.lines == (CreditedLine(2, 700), CreditedLine(3, 672))
    assert (note.net_cents, note.tax_cents) == (1372, 137)


def test_as_much_as_can_be_credited_is_bounded_by_what_the_tax_is_on() -> None:
    """5000 and a voucher of -4978 leave 22; the order that is given decides which line is credited."""
    left = invoice(3000, 2000, -4978, tax=2)
    note = left.credit_up_to([CreditedLine(2, 15), CreditedLine(1, 15)])
    assert note.lines == (CreditedLine(1, 7), CreditedLine(2, 15))
    assert after(left, note).net_cents == 0


def test_as_much_as_can_be_credited_is_bounded_by_the_total() -> None:
    """A taxed line of 100 and an untaxed voucher of -50 leave 60: 55 and 5 of tax; 56 would take 6 of tax with it."""
    left = RemainingInvoice(
        (RemainingLine(1, 100, (GST,)), RemainingLine(2, -50)), (RemainingTax(GST, TEN_PERCENT, 100, 10),)
    )
    note = left.credit_up_to([CreditedLine(1, 100)])
    assert note.total_cents == 60
    assert note.lines == (CreditedLine(1, 55),)


def test_nothing_that_can_be_credited_is_an_empty_note() -> None:
    assert invoice(100, -100, tax=0).credit_up_to([CreditedLine(1, 100)]) == CreditAmounts((), ())
    assert FIGURE_1.credit_up_to([]) == CreditAmounts((), ())
