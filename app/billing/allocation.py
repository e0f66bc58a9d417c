"""Which invoices a payment or a tenant's credit pays, and which of them are unpaid again when money is taken back.

Source: receivables, "Payments".
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Generic, NamedTuple, TypeVar

Id = TypeVar("Id")


class OpenInvoice(NamedTuple, Generic[Id]):
    """An issued invoice with a balance above 0. `number` orders invoices that are due on the same day."""

    id: Id
    due_on: date
    number: str
    balance_cents: int


class Allocation(NamedTuple, Generic[Id]):
    """The part of a payment or of a credit balance that is applied to one invoice; above 0."""

    invoice_id: Id
    cents: int


def allocate(cents: int, invoices: Iterable[OpenInvoice[Id]]) -> tuple[Allocation[Id], ...]:
    """Applies an amount to the oldest due invoices first, each up to its balance. The rest is the tenant's credit."""
    allocations = []
    for invoice in sorted(invoices, key=lambda invoice: (invoice.due_on, invoice.number)):
        part = min(cents, invoice.balance_cents)
        if part > 0:
            allocations.append(Allocation(invoice.id, part))
            cents -= part
    return tuple(allocations)


def take_back(cents: int, applied: Sequence[Allocation[Id]]) -> tuple[Allocation[Id], ...]:
    """Which parts of applied credit, given in the order they were applied, are undone to raise an amount: the latest
    first. They add up to less where less was applied: the rest was refunded.
    """
    taken = []
    for invoice_id, part in reversed(applied):
        undone = min(cents, part)
        if undone > 0:
            taken.append(Allocation(invoice_id, undone))
            cents -= undone
    return tuple(taken)
