"""How much of a tenant's credits an invoice applies: in order, and never below zero."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.billing import QuoteHeader, TaxBase, TaxTerms, taken_parts
from tests.billing.examples import APRIL, HEADER, D

_taxes = st.lists(
    st.builds(TaxTerms, st.sampled_from(["GST", "VAT"]), st.sampled_from([D(0), D("0.1"), D("0.125"), D("0.5")])),
    unique_by=lambda tax: tax.name,
    max_size=2,
)
_headers = st.builds(lambda taxes, exempt: QuoteHeader(APRIL, "AUD", tuple(taxes), exempt), _taxes, st.booleans())
_added = st.lists(st.tuples(_headers, st.integers(0, 10_000)), max_size=4)
_owed = st.lists(st.tuples(_headers, st.integers(-5_000, -1)), max_size=6)


def based(amounts_added: Sequence[tuple[QuoteHeader, int]]) -> TaxBase:
    base = TaxBase()
    for header, cents in amounts_added:
        base.add(header, cents)
    return base


@given(_added, _owed)
def test_an_invoice_takes_credits_in_order_as_far_as_subtotal_and_total_stay_at_or_above_zero(
    added: list[tuple[QuoteHeader, int]], owed: list[tuple[QuoteHeader, int]]
) -> None:
    base = based(added)
    parts = taken_parts(base, owed)
    assert len(parts) == len(owed)
    assert base.total_cents == based(added).total_cents  # the base is left alone
    for (header, amount), part in zip(owed, parts, strict=True):
        assert amount <= part <= 0
        base.add(header, part)
        assert base.subtotal_cents >= 0
        assert base.total_cents >= 0
        if part != amount:  # not a cent more
            more = base.copy()
            more.add(header, -1)
            assert min(more.subtotal_cents, more.total_cents) < 0


@pytest.mark.parametrize(
    ("added", "owed", "parts"),
    [
        ([(HEADER, 100)], [(HEADER, -60), (HEADER, -60), (HEADER, -1)], [-60, -40, 0]),
        ([(HEADER, 100)], [(HEADER, -100)], [-100]),
        ([], [(HEADER, -5)], [0]),
        # An exempt month's credit leaves a taxed subtotal of 100 and its tax of 10 to take from.
        ([(HEADER, 100)], [(replace(HEADER, tax_exempt=True), -500)], [-100]),
        # A taxed month's credit on an exempt invoice takes its tax too: 91 + 9.1 is all that 100 can take.
        ([(replace(HEADER, tax_exempt=True), 100)], [(HEADER, -500)], [-91]),
        # Two rates: 12% goes back on a month billed at 12%, from an invoice at 10%.
        ([(HEADER, 1000)], [(replace(HEADER, taxes=(TaxTerms("GST", D("0.12")),)), -1000)], [-982]),
    ],
    ids=["in order", "to zero", "nothing to take", "exempt credit", "exempt invoice", "two rates"],
)
def test_worked_credits(
    added: list[tuple[QuoteHeader, int]], owed: list[tuple[QuoteHeader, int]], parts: list[int]
) -> None:
    assert taken_parts(based(added), owed) == parts
