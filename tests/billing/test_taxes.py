"""Tax: once for each tax and rate, rounded once on the sum."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.billing import AmountTooLarge, LineKind, QuoteHeader, TaxBase, TaxTerms
from app.billing.money import round_half_away
from tests.billing.examples import APRIL, GST, HEADER, D, ratio
from tests.billing.strategies import headers

PST = TaxTerms("PST", D("0.0775"))
HIGHER_GST = TaxTerms("GST", D("0.12"))


def tax_base(*added: tuple[QuoteHeader, int]) -> TaxBase:
    base = TaxBase()
    for header, cents in added:
        base.add(header, cents)
    return base


def taxed(*added: tuple[QuoteHeader, int]) -> list[tuple[str, str, int]]:
    return [(line.key, line.description, line.amount_cents) for line in tax_base(*added).lines()]


@pytest.mark.parametrize(("net", "tax"), [(6425, 643), (6424, 642), (6422, 642), (0, 0), (-6425, -643)])
def test_figure_2_tax_is_rounded_once(net: int, tax: int) -> None:
    assert taxed((HEADER, net)) == [("tax:GST:0.1", "GST 10%", tax)]
    assert tax_base((HEADER, net)).tax_cents == tax


def test_amounts_added_one_by_one_are_rounded_on_their_sum() -> None:
    assert taxed((HEADER, 5), (HEADER, 5), (HEADER, 5)) == [("tax:GST:0.1", "GST 10%", 2)]


def test_a_line_of_tax_belongs_to_no_deployment() -> None:
    [line] = tax_base((HEADER, 6422)).lines()
    assert (line.kind, line.quantity, line.unit_price_cents) == (LineKind.TAX, D(1), D("642.2"))
    assert (line.deployment_id, line.subscription_id, line.addon_id, line.charge_id) == (None, None, None, None)
    assert (line.explanation.formula, line.explanation.exact_cents) == ("10% of 6422c = 642.2c", D("642.2"))


def test_each_tax_has_its_line_in_the_headers_order() -> None:
    assert taxed((replace(HEADER, taxes=(PST, GST)), 1000)) == [
        ("tax:PST:0.0775", "PST 7.75%", 78),
        ("tax:GST:0.1", "GST 10%", 100),
    ]


def test_months_of_other_rates_have_lines_of_their_own_after_the_first_months() -> None:
    july = replace(HEADER, taxes=(HIGHER_GST,))
    others = replace(HEADER, taxes=(PST, GST, TaxTerms("GST", D("0.08"))))
    assert taxed((july, 1000), (others, 500), (HEADER, 10), (july, 1)) == [
        ("tax:GST:0.12", "GST 12%", 120),
        ("tax:GST:0.08", "GST 8%", 40),
        ("tax:GST:0.1", "GST 10%", 51),
        ("tax:PST:0.0775", "PST 7.75%", 39),
    ]


def test_a_rate_written_otherwise_is_the_same_rate() -> None:
    assert taxed((HEADER, 15), (replace(HEADER, taxes=(TaxTerms("GST", D("0.100")),)), 20)) == [
        ("tax:GST:0.1", "GST 10%", 4)
    ]


def test_amounts_of_an_exempt_month_are_not_taxable() -> None:
    exempt = replace(HEADER, tax_exempt=True)
    assert taxed((exempt, 1000)) == []
    assert taxed((exempt, 1000), (HEADER, 50)) == [("tax:GST:0.1", "GST 10%", 5)]


def test_without_amounts_and_at_a_rate_of_0_there_is_no_line() -> None:
    assert (tax_base().lines(), tax_base().tax_cents) == ([], 0)
    assert taxed((replace(HEADER, taxes=(TaxTerms("GST", D(0)), PST)), 1000)) == [("tax:PST:0.0775", "PST 7.75%", 78)]


def test_a_tax_beyond_64_bits_is_refused() -> None:
    base = tax_base((HEADER, 10 * 2**63))
    with pytest.raises(AmountTooLarge, match=r"^tax:GST:0\.1: 9223372036854775808 cents"):
        base.lines()
    with pytest.raises(AmountTooLarge, match=r"^tax:GST:0\.1"):
        _ = base.tax_cents


@given(st.integers(-(10**9), 10**9), st.decimals(min_value="0.0001", max_value=1, places=4))
def test_tax_is_the_rounded_product(net: int, rate: Decimal) -> None:
    [(_, _, cents)] = taxed((QuoteHeader(APRIL, "AUD", (TaxTerms("GST", rate),)), net))
    assert cents == round_half_away(ratio(net * Fraction(rate)))


@given(st.lists(st.tuples(headers, st.integers(-(10**6), 10**6)), max_size=5))
def test_every_tax_is_the_rounded_product_of_its_sum(added: list[tuple[QuoteHeader, int]]) -> None:
    expected: dict[tuple[str, Fraction], int] = {}
    for header, cents in added:
        for tax in () if header.tax_exempt else header.taxes:
            key = tax.name, Fraction(tax.rate)
            expected[key] = expected.get(key, 0) + cents
    amounts = [round_half_away(net * rate) for (_, rate), net in expected.items() if rate]
    base = tax_base(*added)
    assert sorted(line.amount_cents for line in base.lines()) == sorted(amounts)
    assert base.tax_cents == sum(amounts)
