"""Write-offs: which part of a balance that is given up is tax, and which part comes back when some of it is paid.

The shares are those at the time of the write-off, for good: however often parts come back, what the write-off took of
each account and what came back to it add up exactly. Source: receivables, "The ledger".
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from app.billing.money import round_half_away


class WrittenOffTax(NamedTuple):
    """A part of a written-off amount that belongs to one tax line."""

    key: str
    tax_cents: int


@dataclass(frozen=True, slots=True)
class WrittenOffAmount:
    """An amount of a write-off, divided into bad debt and tax."""

    bad_debt_cents: int
    taxes: tuple[WrittenOffTax, ...]

    @property
    def tax_cents(self) -> int:
        return sum(tax.tax_cents for tax in self.taxes)

    @property
    def total_cents(self) -> int:
        return self.bad_debt_cents + self.tax_cents

    def less(self, other: "WrittenOffAmount") -> "WrittenOffAmount":
        """The difference to another amount of the same write-off."""
        before = {tax.key: tax.tax_cents for tax in other.taxes}
        taxes = tuple(WrittenOffTax(key, cents - before.get(key, 0)) for key, cents in self.taxes)
        return WrittenOffAmount(self.bad_debt_cents - other.bad_debt_cents, taxes)


@dataclass(frozen=True, slots=True)
class WriteOffShares:
    """What was left of the invoice when its balance was written off: each tax, and the total with tax.

    untaxed_cents: by how much the balance was above that total. It was so where a credit note's total became the
    tenant's credit and the payment that had paid for it was reversed. That part has no tax, and comes back last.
    """

    taxes: tuple[WrittenOffTax, ...]
    total_cents: int
    untaxed_cents: int = 0

    def divide(self, cents: int) -> WrittenOffAmount:
        """Divides an amount that is written off: its tax is in the proportion of the invoice's, rounded cumulatively
        over the taxes in their order.
        """
        taxes = tuple(self._taxes(cents))
        return WrittenOffAmount(cents - sum(tax.tax_cents for tax in taxes), taxes)

    def returned(self, rest_cents: int, returned_cents: int) -> WrittenOffAmount:
        """Divides what comes back of a rest that is still written off, at most that rest."""
        if not 0 <= returned_cents <= rest_cents:
            raise ValueError(f"{returned_cents} cents cannot come back of {rest_cents} that are written off")
        return self.divide(rest_cents).less(self.divide(rest_cents - returned_cents))

    def _taxes(self, cents: int) -> Iterator[WrittenOffTax]:
        share, before = 0, 0
        taxed = max(cents - self.untaxed_cents, 0)
        for key, tax_cents in self.taxes:
            share += tax_cents
            running = round_half_away(Fraction(taxed * share, self.total_cents)) if taxed else 0
            yield WrittenOffTax(key, running - before)
            before = running
