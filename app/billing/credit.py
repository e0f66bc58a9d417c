"""Credit notes: what is left of an issued invoice, and how much tax goes with a net amount that is taken off it.

The tax of a note is the fall of the rounded tax on what is left, never the rounded tax of the note's own net amount: so
the notes of an invoice add up to it. Source: receivables, "Credit notes".
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from app.billing.money import Ratio, multiply, round_half_away


class RemainingLine(NamedTuple):
    """What is left of an invoice line that is no tax line. taxes: the keys of the tax lines that tax it."""

    position: int
    net_cents: int
    taxes: tuple[str, ...] = ()


class RemainingTax(NamedTuple):
    """What is left of a tax line: the net amount that it taxes, and the tax on that."""

    key: str
    rate: Decimal
    net_cents: int
    tax_cents: int


class CreditedLine(NamedTuple):
    """The net amount that a credit note takes off the line at that position of the invoice."""

    position: int
    net_cents: int


class CreditedTax(NamedTuple):
    """What a credit note takes off a tax line: of the net amount that it taxes, and of its tax."""

    key: str
    net_cents: int
    tax_cents: int


class CreditExceedsLine(ValueError):
    """More than can be credited of a line. left_cents: the most that can be."""

    def __init__(self, position: int, left_cents: int) -> None:
        super().__init__(f"at most {left_cents} cents of line {position} can be credited")
        self.position = position
        self.left_cents = left_cents


class CreditExceedsInvoice(ValueError):
    """An amount above all that can be credited, which is left_cents with tax."""

    def __init__(self, left_cents: int) -> None:
        super().__init__(f"at most {left_cents} cents with tax can be credited")
        self.left_cents = left_cents


class GrossImpossible(ValueError):
    """A gross amount that no net amount and its tax add up to. nearest_cents: the possible ones below and above."""

    def __init__(self, gross_cents: int, nearest_cents: tuple[int, ...]) -> None:
        named = " and ".join(map(str, nearest_cents))
        super().__init__(f"no net amount and its tax make {gross_cents} cents; the nearest possible: {named}")
        self.nearest_cents = nearest_cents


@dataclass(frozen=True, slots=True)
class CreditAmounts:
    """The amounts of one credit note; its total is net and tax."""

    lines: tuple[CreditedLine, ...]
    taxes: tuple[CreditedTax, ...]

    @property
    def net_cents(self) -> int:
        return sum(line.net_cents for line in self.lines)

    @property
    def tax_cents(self) -> int:
        return sum(tax.tax_cents for tax in self.taxes)

    @property
    def total_cents(self) -> int:
        return self.net_cents + self.tax_cents


@dataclass(frozen=True, slots=True)
class RemainingInvoice:
    """What is left of an issued invoice after its credit notes, line by line and tax by tax, in the invoice's order."""

    lines: tuple[RemainingLine, ...]
    taxes: tuple[RemainingTax, ...]

    @property
    def net_cents(self) -> int:
        return sum(line.net_cents for line in self.lines)

    @property
    def tax_cents(self) -> int:
        return sum(tax.tax_cents for tax in self.taxes)

    @property
    def total_cents(self) -> int:
        return self.net_cents + self.tax_cents

    def credit(self, requested: Sequence[CreditedLine]) -> CreditAmounts:
        """The note over the requested net amounts.

        Raises CreditExceedsLine for more than is left of a line, of the net amount that one of its taxes is on, or of
        all untaxed lines; CreditExceedsInvoice for more than is left of the total; ValueError for an amount of 0 or
        less and for a line named twice or not there.
        """
        lines = {line.position: line for line in self.lines}
        if len({line.position for line in requested}) != len(requested):
            raise ValueError("a line is named twice")
        limits = _Limits(self)
        for position, net_cents in requested:
            if net_cents <= 0:
                raise ValueError(f"the amount of line {position} must be above 0")
            if position not in lines:
                raise ValueError(f"there is no line {position} to credit")
            left = limits.of(lines[position])
            if net_cents > left:
                raise CreditExceedsLine(position, left)
            limits.take(lines[position], net_cents)
        amounts = self._amounts(requested)
        if amounts.total_cents > self.total_cents:
            raise CreditExceedsInvoice(self.total_cents)
        return amounts

    def credit_up_to(self, wanted: Sequence[CreditedLine]) -> CreditAmounts:
        """The note over the wanted net amounts of lines (above 0), in their order, as far as they can be credited."""
        lines = {line.position: line for line in self.lines}
        limits, parts = _Limits(self), []
        for position, net_cents in wanted:
            if (part := min(net_cents, limits.of(lines[position]))) > 0:
                limits.take(lines[position], part)
                parts.append(CreditedLine(position, part))
        low, high = 0, sum(part.net_cents for part in parts)  # the total rises with every cent of the net amount
        while low < high:
            middle = (low + high + 1) // 2
            if self._amounts(_first(parts, middle)).total_cents <= self.total_cents:
                low = middle
            else:
                high = middle - 1
        return self._amounts(_first(parts, low))

    def credit_all(self) -> CreditAmounts:
        """The note over everything that is left, negative lines included."""
        lines = tuple(CreditedLine(line.position, line.net_cents) for line in self.lines if line.net_cents)
        taxes = tuple(CreditedTax(tax.key, tax.net_cents, tax.tax_cents) for tax in self.taxes)
        return CreditAmounts(lines, tuple(tax for tax in taxes if tax.net_cents or tax.tax_cents))

    def credit_gross(self, gross_cents: int, position: int | None = None) -> CreditAmounts:
        """The note whose total is that amount, taken from the named line, else from the last line backwards.

        Raises CreditExceedsLine (of a named line, with its net amount) or CreditExceedsInvoice for more than can be
        taken; GrossImpossible where rounding leaves the amount out; ValueError for a line that is not there.
        """
        parts = list(self._takeable(position))
        most = sum(part.net_cents for part in parts)
        largest = self._amounts(parts).total_cents
        if position is not None and largest < gross_cents:
            raise CreditExceedsLine(position, most)
        if (left := min(largest, self.total_cents)) < gross_cents:
            raise CreditExceedsInvoice(left)
        low, high = 0, most  # the total rises with every cent of the net amount
        while low < high:
            middle = (low + high) // 2
            if self._amounts(_first(parts, middle)).total_cents < gross_cents:
                low = middle + 1
            else:
                high = middle
        found = self._amounts(_first(parts, low))
        if found.total_cents == gross_cents:
            return found
        below = self._amounts(_first(parts, low - 1)).total_cents
        raise GrossImpossible(gross_cents, tuple(cents for cents in (below, found.total_cents) if cents > 0))

    def _takeable(self, position: int | None) -> Iterator[CreditedLine]:
        """What can be taken of the named line, or of every line from the last backwards, one after another."""
        limits = _Limits(self)
        named = [line for line in self.lines if position in {None, line.position}]
        if not named:
            raise ValueError(f"there is no line {position} to credit")
        for line in reversed(named):
            if (left := limits.of(line)) > 0:
                limits.take(line, left)
                yield CreditedLine(line.position, left)

    def _amounts(self, credited: Sequence[CreditedLine]) -> CreditAmounts:
        """Each tax falls to the rounded tax on what is left of the net amount that it is on."""
        taxed_by = {line.position: line.taxes for line in self.lines}
        net_by_tax: dict[str, int] = {}
        for position, net_cents in credited:
            for key in taxed_by[position]:
                net_by_tax[key] = net_by_tax.get(key, 0) + net_cents
        taxes = []
        for tax in self.taxes:
            if net_cents := net_by_tax.get(tax.key, 0):
                left = round_half_away(Ratio(multiply(tax.rate, tax.net_cents - net_cents)))
                taxes.append(CreditedTax(tax.key, net_cents, tax.tax_cents - left))
        return CreditAmounts(tuple(sorted(credited)), tuple(taxes))


class _Limits:
    """What can still be credited: of each line, of what each tax is on, and of all lines without tax."""

    def __init__(self, invoice: RemainingInvoice) -> None:
        self._by_tax: dict[str, int] = {tax.key: tax.net_cents for tax in invoice.taxes}
        self._untaxed = sum(line.net_cents for line in invoice.lines if not line.taxes)

    def of(self, line: RemainingLine) -> int:
        shared = [self._by_tax[key] for key in line.taxes] or [self._untaxed]
        return max(min(line.net_cents, *shared), 0)

    def take(self, line: RemainingLine, net_cents: int) -> None:
        for key in line.taxes:
            self._by_tax[key] -= net_cents
        if not line.taxes:
            self._untaxed -= net_cents


def _first(parts: Sequence[CreditedLine], net_cents: int) -> list[CreditedLine]:
    """The first so many cents of the parts."""
    taken = []
    for position, most in parts:
        if net_cents <= 0:
            break
        taken.append(CreditedLine(position, min(most, net_cents)))
        net_cents -= most
    return taken
