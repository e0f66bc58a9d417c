"""What follows an issued invoice, as it should be: written from the text of the receivables rules, in plain Python.

All tenants have GST of 10% alone, so each invoice has at most one tax line.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from tests.lives.rating import rounded
from tests.simulation.seen_invoices import SeenInvoices

TENTH = Fraction(1, 10)


@dataclass(eq=False)
class WriteOff:
    """tax and total: what was left of the invoice then. rest: what is written off still."""

    tax: int
    total: int
    rest: int

    def tax_of(self, cents: int) -> int:
        return rounded(Fraction(cents * self.tax, self.total))

    def lower(self, cents: int) -> int:
        """Takes an amount off the rest, and gives the tax in it."""
        tax = self.tax_of(self.rest) - self.tax_of(self.rest - cents)
        self.rest -= cents
        return tax


@dataclass(eq=False)
class Owed:
    """An issued invoice. lines: what is left of each by position; taxed: the positions under GST.

    taken: the steps of dunning that have happened: when, so many days after the due date, and on which day of dunning.
    """

    known: SeenInvoices
    lines: dict[int, int]
    taxed: frozenset[int]
    tax: int
    total: int
    due_on: date
    paid: int = 0
    credit: int = 0
    noted: int = 0
    written_off: int = 0
    void: bool = False
    notes: int = 0
    disputed: bool = False
    write_offs: list[WriteOff] = field(default_factory=list)
    taken: dict[str, tuple[datetime, int, date]] = field(default_factory=dict)

    @property
    def balance(self) -> int:
        return 0 if self.void else self.total - self.paid - self.credit - self.noted - self.written_off

    @property
    def status(self) -> str:
        return "VOID" if self.void else "PAID" if self.balance == 0 else "ISSUED"

    @property
    def can_be_voided(self) -> bool:
        return not (self.paid or self.notes or self.write_offs)

    @property
    def written_off_rest(self) -> int:
        return sum(one.rest for one in self.write_offs)

    @property
    def taxed_net(self) -> int:
        return sum(cents for position, cents in self.lines.items() if position in self.taxed)

    @property
    def left(self) -> int:
        """With tax."""
        return sum(self.lines.values()) + self.tax

    def most(self, position: int) -> int:
        """The largest net amount that can be credited of a line, by itself."""
        together = self.taxed_net if position in self.taxed else sum(self.lines.values()) - self.taxed_net
        return max(min(self.lines[position], together), 0)

    def note_tax(self, net_taxed: int) -> int:
        return self.tax - rounded(TENTH * (self.taxed_net - net_taxed))


@dataclass(eq=False)
class Payment:
    id: UUID
    amount: int
    parts: list[tuple[Owed, int]]
    rest: int
    reversed: bool = False


@dataclass(eq=False)
class Account:
    """One tenant's receivables: invoices in the order of their issue, and applied credit in the order of applying."""

    invoices: list[Owed] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    applied: list[tuple[Owed, int]] = field(default_factory=list)
    credit: int = 0
    ledger: Counter[str] = field(default_factory=Counter)

    def of(self, known: SeenInvoices) -> Owed | None:
        return next((owed for owed in self.invoices if owed.known is known), None)

    @property
    def open(self) -> list[Owed]:
        return [owed for owed in self.invoices if owed.balance]

    def issue(self, known: SeenInvoices, taxed_months: frozenset[Any], due_on: date) -> Owed:
        subtotal, tax, total, lines = known.content
        net_lines = [line for line in lines if line.kind != "TAX"]
        owed = Owed(
            known,
            {line.position: line.amount_cents for line in net_lines},
            frozenset(line.position for line in net_lines if line.period_start in taxed_months),
            tax,
            total,
            due_on,
        )
        self.invoices.append(owed)
        self.ledger.update({"REVENUE": -subtotal, "TAX_PAYABLE": -tax})
        self.apply_credit([owed])
        return owed

    def apply_credit(self, invoices: list[Owed]) -> None:
        for owed in invoices:
            part = min(self.credit, owed.balance)
            if part:
                owed.credit += part
                self.credit -= part
                self.applied.append((owed, part))

    def void(self, owed: Owed) -> None:
        """Credit applied to it returns first."""
        self.credit += owed.credit
        self.applied = [(other, part) for other, part in self.applied if other is not owed]
        owed.credit, owed.void = 0, True
        subtotal, tax, *_ = owed.known.content
        self.ledger.update({"REVENUE": subtotal, "TAX_PAYABLE": tax})

    def pay(self, payment_id: UUID, amount: int, asked: list[tuple[Owed, int]] | None) -> None:
        rest, parts = amount, []
        for owed, most in asked if asked is not None else [(owed, owed.balance) for owed in self.open]:
            part = min(rest, most)
            if part:
                owed.paid += part
                rest -= part
                parts.append((owed, part))
        self.credit += rest
        self.payments.append(Payment(payment_id, amount, parts, rest))
        self.ledger["CASH_CLEARING"] += amount

    def can_be_reversed(self, payment: Payment) -> bool:
        return payment.rest <= self.credit + sum(part for _, part in self.applied)

    def reverse(self, payment: Payment) -> None:
        were_paid = [owed for owed in self.invoices if owed.status == "PAID"]
        missing = payment.rest - self.credit
        while missing > 0:
            owed, part = self.applied.pop()
            undone = min(part, missing)
            owed.credit -= undone
            self.credit += undone
            missing -= undone
            if part > undone:
                self.applied.append((owed, part - undone))
        for owed, part in payment.parts:
            owed.paid -= part
        self.credit -= payment.rest
        payment.reversed = True
        self.ledger["CASH_CLEARING"] -= payment.amount
        self.apply_credit([owed for owed in were_paid if owed.balance])

    def note(self, owed: Owed, credited: dict[int, int]) -> None:
        """Takes net amounts off lines: first from what is written off, then from the balance, the rest is credit."""
        net_taxed = sum(cents for position, cents in credited.items() if position in owed.taxed)
        tax = owed.note_tax(net_taxed)
        for position, cents in credited.items():
            owed.lines[position] -= cents
        owed.tax -= tax
        owed.notes += 1
        self._split(owed, sum(credited.values()) + tax)
        self.ledger.update({"REVENUE": sum(credited.values()), "TAX_PAYABLE": tax})

    def _split(self, owed: Owed, total: int) -> None:
        for write_off in reversed(owed.write_offs):
            part = min(total, write_off.rest)
            tax = write_off.lower(part)
            self.ledger.update({"BAD_DEBT": tax - part, "TAX_PAYABLE": -tax})
            owed.noted += part
            owed.written_off -= part
            total -= part
        part = min(total, owed.balance)
        owed.noted += part
        self.credit += total - part

    def refund(self, cents: int) -> None:
        self.credit -= cents
        self.ledger["CASH_CLEARING"] -= cents

    def write_off(self, owed: Owed) -> None:
        write_off = WriteOff(owed.tax, owed.left, owed.balance)
        tax = write_off.tax_of(owed.balance)
        self.ledger.update({"BAD_DEBT": owed.balance - tax, "TAX_PAYABLE": tax})
        owed.write_offs.append(write_off)
        owed.written_off += owed.balance

    def recover(self, owed: Owed, cents: int) -> None:
        self.ledger["CASH_CLEARING"] += cents
        for write_off in reversed(owed.write_offs):
            part = min(cents, write_off.rest)
            tax = write_off.lower(part)
            self.ledger.update({"BAD_DEBT": tax - part, "TAX_PAYABLE": -tax})
            cents -= part

    def accounts(self) -> dict[str, int]:
        """The balance of every account that has one; receivables and credit follow from the documents."""
        balances = Counter(self.ledger)
        balances["ACCOUNTS_RECEIVABLE"] = sum(owed.balance for owed in self.invoices)
        balances["CUSTOMER_CREDIT"] = -self.credit
        return {account: cents for account, cents in balances.items() if cents}
