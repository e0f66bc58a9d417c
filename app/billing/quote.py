"""Computes a tenant's amounts for a month from complete inputs.

A rollup uses the same InvoiceBuilder, but adds one document at a time.
"""

from app.billing.inputs import QuoteInputs
from app.billing.invoice_builder import InvoiceBuilder
from app.billing.lines import Line, RatedMonth


def quote(inputs: QuoteInputs) -> RatedMonth:
    """Rates a tenant's month: the lines of each deployment in order of slug, the charges without a subscription, tax.

    Raises as rate_subscription does, and AmountTooLarge for a subtotal, tax or total that does not fit 64 bits.
    """
    header, builder = inputs.header, InvoiceBuilder(inputs.header)
    lines: list[Line] = []
    for subscription in inputs.in_line_order():
        lines += builder.add(subscription).lines
    if inputs.charges is not None:
        lines += builder.add(inputs.charges).lines
    total = builder.total_cents
    return RatedMonth(
        header.period, header.currency, (*lines, *builder.close()), builder.subtotal_cents, builder.tax_cents, total
    )
