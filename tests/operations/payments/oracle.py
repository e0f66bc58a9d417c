"""The receivables rules written down once more, from their text alone: what a history of events leaves behind.

One tenant, one tax of 10%. It shares no code with app.billing. Where an event is refused, the method returns False and
changes nothing.
"""

from collections import Counter
from dataclasses import dataclass, field

RECEIVABLE, CREDIT, BAD_DEBT = "ACCOUNTS_RECEIVABLE", "CUSTOMER_CREDIT", "BAD_DEBT"
TAX, CASH, REVENUE = "TAX_PAYABLE", "CASH_CLEARING", "REVENUE"


def rounded(numerator: int, denominator: int) -> int:
    """Half away from zero, of what is not negative."""
    return (2 * numerator + denominator) // (2 * denominator)


@dataclass
class WriteOff:
    """rest: what is written off still; the tax share of any part of it is tax / total, as they were.

    untaxed: the part of the balance above that total, which a credit note turned into credit that was spent elsewhere:
    no more tax comes back than is left of the invoice (ADR 0038). It comes back last.
    """

    rest: int
    tax: int
    total: int
    untaxed: int

    def tax_of(self, cents: int) -> int:
        return rounded(max(cents - self.untaxed, 0) * self.tax, self.total)

    def lower(self, cents: int) -> tuple[int, int]:
        """Takes so much off the rest; returns its bad debt and its tax."""
        tax = self.tax_of(self.rest) - self.tax_of(self.rest - cents)
        self.rest -= cents
        return cents - tax, tax


@dataclass
class Invoice:
    """net: what is left of each line after credit notes; balance: what is still to be paid."""

    net: dict[int, int]
    tax: int
    balance: int = 0
    written_off: list[WriteOff] = field(default_factory=list)

    @property
    def is_paid(self) -> bool:
        return self.balance == 0

    @property
    def rest(self) -> int:
        return sum(one.rest for one in self.written_off)


@dataclass
class Payment:
    """paid: by invoice; credit: the part that paid none."""

    amount: int
    paid: dict[int, int]
    credit: int
    is_reversed: bool = False


class Rules:
    """The invoices are in the order of their due dates."""

    def __init__(self, lines: list[dict[int, int]], *, applies_credit: bool = True) -> None:
        self.accounts: Counter[str] = Counter()
        self.invoices: list[Invoice] = []
        self.payments: list[Payment] = []
        self.credit = 0
        self.applied: list[list[int]] = []
        self.applies_credit = applies_credit
        for net in lines:
            invoice = Invoice(dict(net), rounded(sum(net.values()), 10))
            invoice.balance = sum(net.values()) + invoice.tax
            self._post({RECEIVABLE: invoice.balance, REVENUE: -sum(net.values()), TAX: -invoice.tax})
            self.invoices.append(invoice)

    def pay(self, cents: int, only: int | None = None) -> bool:
        """A payment of the oldest due invoices first, or of one invoice up to its balance."""
        paid: dict[int, int] = {}
        for number, invoice in enumerate(self.invoices):
            part = min(cents - sum(paid.values()), invoice.balance)
            if part and only in {None, number}:
                paid[number] = part
                invoice.balance -= part
        allocated = sum(paid.values())
        self.credit += cents - allocated
        self.payments.append(Payment(cents, paid, cents - allocated))
        self._post({CASH: cents, RECEIVABLE: -allocated, CREDIT: allocated - cents})
        return True

    def apply(self, numbers: list[int] | None = None) -> bool:
        """The credit balance pays the oldest due invoices first."""
        for number, invoice in enumerate(self.invoices):
            part = min(self.credit, invoice.balance)
            if part and (numbers is None or number in numbers):
                invoice.balance -= part
                self.credit -= part
                self.applied.append([number, part])
                self._post({CREDIT: part, RECEIVABLE: -part})
        return True

    def refund(self, cents: int) -> bool:
        if cents > self.credit:
            return False
        self.credit -= cents
        self._post({CREDIT: cents, CASH: -cents})
        return True

    def reverse(self, number: int) -> bool:
        """Refused only where the money was refunded: the credit balance and what of it was applied are too little."""
        payment = self.payments[number]
        missing = max(payment.credit - self.credit, 0)
        if payment.is_reversed or missing > sum(part for _, part in self.applied):
            return False
        payment.is_reversed = True
        for entry in reversed(self.applied):
            part = min(missing, entry[1])
            entry[1] -= part
            missing -= part
            self.invoices[entry[0]].balance += part
            self.credit += part
            self._post({CREDIT: -part, RECEIVABLE: part})
        self.credit -= payment.credit
        reopened = [at for at, part in payment.paid.items() if part and self.invoices[at].is_paid]
        for at, part in payment.paid.items():
            self.invoices[at].balance += part
        allocated = sum(payment.paid.values())
        self._post({CASH: -payment.amount, RECEIVABLE: allocated, CREDIT: payment.credit})
        if self.applies_credit:
            self.apply(reopened)
        return True

    def write_off(self, number: int) -> bool:
        invoice = self.invoices[number]
        if not invoice.balance:
            return False
        total = sum(invoice.net.values()) + invoice.tax
        write_off = WriteOff(invoice.balance, invoice.tax, total, max(invoice.balance - total, 0))
        tax = write_off.tax_of(write_off.rest)
        self._post({BAD_DEBT: write_off.rest - tax, TAX: tax, RECEIVABLE: -write_off.rest})
        invoice.written_off.append(write_off)
        invoice.balance = 0
        return True

    def recover(self, number: int, cents: int) -> bool:
        invoice = self.invoices[number]
        if cents > invoice.rest:
            return False
        bad_debt, tax = self._lower(invoice, cents)
        self._post({CASH: cents, BAD_DEBT: -bad_debt, TAX: -tax})
        return True

    def note(self, number: int, line: int, net: int) -> bool:
        """The written-off rest falls first, then the balance; what is left of the note is credit."""
        invoice = self.invoices[number]
        if net > invoice.net[line]:
            return False
        invoice.net[line] -= net
        tax = invoice.tax - rounded(sum(invoice.net.values()), 10)
        invoice.tax -= tax
        total = net + tax
        returned = min(total, invoice.rest)
        bad_debt, returned_tax = self._lower(invoice, returned)
        receivable = min(total - returned, invoice.balance)
        invoice.balance -= receivable
        self.credit += total - returned - receivable
        self._post({REVENUE: net, TAX: tax})
        self._post({BAD_DEBT: -bad_debt, TAX: -returned_tax, RECEIVABLE: -receivable})
        self._post({CREDIT: receivable + returned - total})
        return True

    def _lower(self, invoice: Invoice, cents: int) -> tuple[int, int]:
        bad_debt = tax = 0
        for write_off in reversed(invoice.written_off):
            part = min(cents, write_off.rest)
            cents -= part
            debt, share = write_off.lower(part)
            bad_debt, tax = bad_debt + debt, tax + share
        return bad_debt, tax

    def _post(self, amounts: dict[str, int]) -> None:
        for account, cents in amounts.items():
            self.accounts[account] += cents
