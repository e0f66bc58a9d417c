"""The one function that computes a tenant's amounts.

Its parts, rate_subscription, rate_charges and TaxBase, are for callers that rate one subscription after the other.
"""

from app.billing.inputs import QuoteInputs
from app.billing.lines import Line, Quote
from app.billing.money import storable_cents
from app.billing.rating import rate_charges, rate_subscription
from app.billing.taxes import TaxBase


def quote(inputs: QuoteInputs) -> Quote:
    """Rate a tenant's month: the lines of each deployment in order of slug, the charges without a subscription, tax.

    Raises as rate_subscription does, and AmountTooLarge for a subtotal, tax or total that does not fit 64 bits.
    """
    header, taxes = inputs.header, TaxBase()
    lines: list[Line] = []
    for subscription in inputs.in_line_order():
        lines += rate_subscription(header, subscription)
    if inputs.charges is not None:
        lines += rate_charges(header, inputs.charges)
    subtotal = storable_cents("subtotal", sum(line.amount_cents for line in lines))
    if lines:
        taxes.add(header, subtotal)
    tax = taxes.tax_cents
    total = storable_cents("total", subtotal + tax)
    return Quote(header.period, header.currency, (*lines, *taxes.lines()), subtotal, tax, total)
