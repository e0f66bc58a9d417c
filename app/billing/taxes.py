"""Tax: one line for each tax and rate, rounded once on the sum of the taxable amounts."""

from decimal import Decimal

from app.billing.charges import TaxCharge
from app.billing.inputs import QuoteHeader
from app.billing.lines import Explanation, Line, LineKind
from app.billing.money import EXACT, decimal_text, round_half_away, storable_cents, to_decimal
from app.billing.terms import TaxTerms

_ONE = Decimal(1)


class TaxBase:
    """Adds up an invoice's net amounts by tax and rate. The amounts of a correction have the taxes of their service
    month.

    An invoice without lines has no tax lines: do not add a header that has no lines.
    """

    def __init__(self) -> None:
        self.subtotal_cents = 0
        self._taxable: dict[TaxTerms, int] = {}
        self._first: tuple[TaxTerms, ...] | None = None

    def add(self, header: QuoteHeader, net_cents: int) -> None:
        """Adds rounded amounts to be taxed with the taxes of the header's month. Amounts of an exempt tenant are not
        taxable.
        """
        if self._first is None:
            self._first = header.taxes
        self.subtotal_cents += net_cents
        if header.tax_exempt:
            return
        for tax in header.taxes:
            self._taxable[tax] = self._taxable.get(tax, 0) + net_cents

    def lines(self) -> list[Line]:
        """Returns the tenant-level tax lines: the taxes of the header added first, in its order, then others by name
        and rate.

        Raises AmountTooLarge for a tax that does not fit 64 bits.
        """
        order = {tax: position for position, tax in enumerate(self._first or ())}
        taxed = sorted(self._taxable.items(), key=lambda item: (order.get(item[0], len(order)), *_sort_key(item[0])))
        return [_tax_line(tax, cents) for tax, cents in taxed if tax.rate]

    @property
    def tax_cents(self) -> int:
        """Returns the sum of the tax lines. Raises AmountTooLarge as `lines` does, or if the sum does not
        fit 64 bits.
        """
        return storable_cents("tax", sum(line.amount_cents for line in self.lines()))

    @property
    def total_cents(self) -> int:
        """Returns the sum of everything added, including tax."""
        return storable_cents("total", storable_cents("subtotal", self.subtotal_cents) + self.tax_cents)

    def copy(self) -> "TaxBase":
        """Returns a copy of the tax base, for trying out further amounts."""
        other = TaxBase()
        other.subtotal_cents, other._first, other._taxable = self.subtotal_cents, self._first, dict(self._taxable)
        return other


def tax_key(tax: TaxTerms) -> str:
    """The key of the tax's line, unique on an invoice: "tax:GST:0.1"."""
    return f"tax:{tax.name}:{decimal_text(tax.rate)}"


def explain_tax(key: str, unit_price_cents: Decimal) -> Explanation:
    """Explains a tax line: its key contains the rate, and its unit price is the exact tax."""
    name, _, rate = key.removeprefix("tax:").rpartition(":")
    tax = TaxTerms(name, Decimal(rate))
    return TaxCharge(tax, int(EXACT.divide(unit_price_cents, tax.rate))).explanation()


def _sort_key(tax: TaxTerms) -> tuple[str, Decimal]:
    return tax.name, tax.rate


def _tax_line(tax: TaxTerms, taxable_cents: int) -> Line:
    charge = TaxCharge(tax, taxable_cents)
    exact = charge.exact_cents()
    key = tax_key(tax)
    return Line(
        key=key,
        kind=LineKind.TAX,
        description=f"{tax.name} {charge.percent()}",
        resource_kind=None,
        quantity=_ONE,
        unit_price_cents=to_decimal(exact),
        amount_cents=storable_cents(key, round_half_away(exact)),
        deployment_id=None,
        subscription_id=None,
        addon_id=None,
        charge=charge,
    )
