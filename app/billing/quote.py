"""The one function that computes a tenant's amounts; rate_subscription and tax_lines are its parts, for streaming."""

from decimal import Decimal

from app.billing.canonical import parse_document
from app.billing.charges import TaxCharge
from app.billing.inputs import QuoteHeader, QuoteInputs
from app.billing.late import LateInputs, rate_late
from app.billing.lines import Line, LineKind, Quote
from app.billing.money import decimal_text, round_half_away, to_decimal
from app.billing.rating import rate_subscription
from app.billing.terms import TaxTerms


def quote(inputs: QuoteInputs) -> Quote:
    """Rate a tenant's month: each deployment's lines in order of slug, tax last. Raises as rate_subscription does."""
    header = inputs.header
    lines: list[Line] = []
    for subscription in inputs.in_line_order():
        lines += rate_subscription(header, subscription)
    subtotal = sum(line.amount_cents for line in lines)
    taxes = tax_lines(header, subtotal) if lines else []
    tax = sum(line.amount_cents for line in taxes)
    return Quote(header.period, header.currency, (*lines, *taxes), subtotal, tax, subtotal + tax)


def rate_document(header: QuoteHeader, text: str) -> list[Line]:
    """The lines of one document of a quote's inputs: a subscription's month, or late usage of an earlier one.

    Raises as rate_subscription does, and ValueError for a document in another format.
    """
    inputs = parse_document(text, header.period)
    return rate_late(inputs) if isinstance(inputs, LateInputs) else rate_subscription(header, inputs)


def tax_lines(header: QuoteHeader, subtotal_cents: int) -> list[Line]:
    """The tenant-level lines, one a tax, on the sum of all other lines; none for an exempt tenant.

    A tenant without any other line has none either: do not ask for it.
    """
    if header.tax_exempt:
        return []
    return [_tax_line(tax, subtotal_cents) for tax in header.taxes]


def _tax_line(tax: TaxTerms, subtotal_cents: int) -> Line:
    charge = TaxCharge(tax, subtotal_cents)
    exact = charge.exact_cents()
    return Line(
        key=f"tax:{tax.name}:{decimal_text(tax.rate)}",
        kind=LineKind.TAX,
        description=f"{tax.name} {charge.percent()}",
        resource_kind=None,
        quantity=Decimal(1),
        unit_price_cents=to_decimal(exact),
        amount_cents=round_half_away(exact),
        deployment_id=None,
        subscription_id=None,
        addon_id=None,
        charge=charge,
    )
