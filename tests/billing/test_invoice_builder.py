"""An invoice built document by document is the quote of the whole month, and every caller's lines come from it."""

import ast
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given

import app
from app.billing import (
    CorrectionInputs,
    HashedInvoiceBuilder,
    LineKind,
    QuoteInputs,
    charges_text,
    correction_text,
    header_text,
    input_hash,
    quote,
    subscription_text,
)
from tests.billing.examples import HEADER, subscription
from tests.billing.strategies import quote_inputs

FOLDING = {"InputHash", "TaxBase", "rate_subscription", "rate_charges", "rate_correction", "rate_parsed"}
"""The names that turn rated lines into an invoice, or rate a document for one."""


def built(inputs: QuoteInputs, *, from_text: bool) -> tuple[HashedInvoiceBuilder, list[object]]:
    header, charges = inputs.header, inputs.charges
    builder = HashedInvoiceBuilder.from_text(header_text(header)) if from_text else HashedInvoiceBuilder(header)
    lines: list[object] = []
    for one in inputs.in_line_order():
        lines += (builder.add_text(subscription_text(one, header.period)) if from_text else builder.add(one)).lines
    if charges is not None:
        lines += (builder.add_text(charges_text(charges)) if from_text else builder.add(charges)).lines
    return builder, [*lines, *builder.close()]


@given(quote_inputs())
def test_building_from_inputs_and_from_stored_documents_is_the_quote(inputs: QuoteInputs) -> None:
    expected = quote(inputs)
    for from_text in (False, True):
        builder, lines = built(inputs, from_text=from_text)
        assert tuple(lines) == expected.lines
        assert builder.line_count == len(expected.lines)
        assert (builder.subtotal_cents, builder.tax_cents, builder.total_cents) == (
            expected.subtotal_cents,
            expected.tax_cents,
            expected.total_cents,
        )
        assert builder.input_hash == input_hash(inputs)


def test_no_lines_no_tax() -> None:
    builder = HashedInvoiceBuilder(HEADER)
    assert builder.add(subscription(active=())).lines == []
    assert (builder.close(), builder.total_cents, builder.has_amounts) == ([], 0, False)


def test_a_document_out_of_order_is_refused_and_adds_nothing() -> None:
    builder = HashedInvoiceBuilder(HEADER)
    builder.add(replace(subscription(), slug="b"))
    before = builder.input_hash, builder.total_cents, builder.line_count
    with pytest.raises(ValueError, match="subscription a must come before b"):
        builder.add(replace(subscription(), slug="a"))
    assert (builder.input_hash, builder.total_cents, builder.line_count) == before


def test_a_correction_may_stand_between_two_subscriptions() -> None:
    """A subscription whose month other invoices have billed in part is corrected right after it."""
    builder = HashedInvoiceBuilder(HEADER)
    builder.add(replace(subscription(), slug="a"))
    builder.add_late(CorrectionInputs(HEADER, replace(subscription(), slug="a")))
    builder.add(replace(subscription(), slug="b"))
    assert builder.line_count == 3 * len(HashedInvoiceBuilder(HEADER).add(subscription()).lines)


def test_a_late_month_in_another_currency_is_refused_and_adds_nothing() -> None:
    builder = HashedInvoiceBuilder(HEADER)
    before = builder.input_hash
    foreign = CorrectionInputs(replace(HEADER, currency="EUR"), subscription())
    with pytest.raises(ValueError, match="a month billed in EUR cannot go on an invoice in another currency"):
        builder.add_late(foreign)
    assert (builder.input_hash, builder.line_count, dict(builder.net_by_month)) == (before, 0, {})


def test_a_late_month_is_the_same_from_its_stored_document() -> None:
    late = CorrectionInputs(HEADER, subscription())
    one, other = HashedInvoiceBuilder(HEADER), HashedInvoiceBuilder(HEADER)
    assert one.add_late(late) == other.add_text(correction_text(late))
    assert one.close() == other.close()
    assert one.input_hash == other.input_hash
    assert dict(one.net_by_month) == {HEADER.period.start: one.subtotal_cents}
    assert one.subtotal_cents > 0


def test_only_the_builder_makes_invoices() -> None:
    """Nothing outside app/billing rates a document for an invoice or adds up one; the data-integrity check computes
    the tax of stored lines again by TaxBase, and compares.
    """
    root = Path(app.__file__).parent
    using = {
        (str(path.relative_to(root)), name)
        for path in root.rglob("*.py")
        if path.parts[len(root.parts)] != "billing"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("app.billing")
        for name in {alias.name for alias in node.names} & FOLDING
    }
    assert using == {("operations/data_integrity/invoices.py", "TaxBase")}
    assert LineKind.TAX in {line.kind for line in quote(QuoteInputs(HEADER, (subscription(),))).lines}
