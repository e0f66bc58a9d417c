"""Postings: what each business event debits and credits. Every event's postings add up to 0.

A debit is above 0, a credit below. Source: receivables, "The ledger".
"""

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import NamedTuple

from app.billing.credit import CreditedTax
from app.billing.lines import LineKind
from app.billing.write_off import WrittenOffAmount


class Account(StrEnum):
    """The first three are kept per tenant and currency, the others are the platform's, per currency."""

    ACCOUNTS_RECEIVABLE = "ACCOUNTS_RECEIVABLE"
    CUSTOMER_CREDIT = "CUSTOMER_CREDIT"
    BAD_DEBT = "BAD_DEBT"
    TAX_PAYABLE = "TAX_PAYABLE"
    CASH_CLEARING = "CASH_CLEARING"
    REVENUE = "REVENUE"


class RevenuePart(NamedTuple):
    """By what revenue is divided. resource_kind: null where the line has none."""

    line_kind: LineKind
    resource_kind: str | None


class Posting(NamedTuple):
    """One amount on one account; never 0. revenue: set on REVENUE. tax: the tax line's key, set on TAX_PAYABLE."""

    account: Account
    amount_cents: int
    revenue: RevenuePart | None = None
    tax: str | None = None


class CreditSplit(NamedTuple):
    """Where the total of a credit note goes, in this order; the parts add up to it.

    written_off: what it takes off a balance that is written off. receivable_cents: off the invoice's balance.
    credit_cents: what the tenant gets as credit.
    """

    written_off: tuple[WrittenOffAmount, ...]
    receivable_cents: int
    credit_cents: int


def invoice_issued(revenue: Mapping[RevenuePart, int], taxes: Mapping[str, int]) -> tuple[Posting, ...]:
    """The tenant owes the total; its net lines are revenue, its tax is owed to the tax office."""
    total = sum(revenue.values()) + sum(taxes.values())
    return _entry(
        Posting(Account.ACCOUNTS_RECEIVABLE, total),
        *_revenue(revenue, -1),
        *(Posting(Account.TAX_PAYABLE, -cents, tax=key) for key, cents in taxes.items()),
    )


def mirrored(postings: Iterable[Posting]) -> tuple[Posting, ...]:
    """The mirror image: it takes back what the postings did."""
    return tuple(posting._replace(amount_cents=-posting.amount_cents) for posting in postings)


def credit_note_issued(
    revenue: Mapping[RevenuePart, int], taxes: Iterable[CreditedTax], split: CreditSplit
) -> tuple[Posting, ...]:
    """Revenue and tax fall; what was written off falls first, then what the tenant owes, the rest is their credit."""
    return _entry(
        *_revenue(revenue, 1),
        *(Posting(Account.TAX_PAYABLE, tax.tax_cents, tax=tax.key) for tax in taxes),
        *(posting for amount in split.written_off for posting in mirrored(_written_off(amount))),
        Posting(Account.ACCOUNTS_RECEIVABLE, -split.receivable_cents),
        Posting(Account.CUSTOMER_CREDIT, -split.credit_cents),
    )


def payment_recorded(amount_cents: int, allocated_cents: int) -> tuple[Posting, ...]:
    """Money came: what is allocated pays invoices, the rest is the tenant's credit."""
    return _entry(
        Posting(Account.CASH_CLEARING, amount_cents),
        Posting(Account.ACCOUNTS_RECEIVABLE, -allocated_cents),
        Posting(Account.CUSTOMER_CREDIT, allocated_cents - amount_cents),
    )


def credit_applied(amount_cents: int) -> tuple[Posting, ...]:
    """Credit of the tenant pays an invoice."""
    return _entry(Posting(Account.CUSTOMER_CREDIT, amount_cents), Posting(Account.ACCOUNTS_RECEIVABLE, -amount_cents))


def credit_refunded(amount_cents: int) -> tuple[Posting, ...]:
    """Credit of the tenant is paid out."""
    return _entry(Posting(Account.CUSTOMER_CREDIT, amount_cents), Posting(Account.CASH_CLEARING, -amount_cents))


def balance_written_off(amount: WrittenOffAmount) -> tuple[Posting, ...]:
    """A balance is given up: its tax is owed no more, the rest is a loss."""
    return _entry(*_written_off(amount), Posting(Account.ACCOUNTS_RECEIVABLE, -amount.total_cents))


def recovery_recorded(amount: WrittenOffAmount) -> tuple[Posting, ...]:
    """Money came for what was written off."""
    return _entry(Posting(Account.CASH_CLEARING, amount.total_cents), *mirrored(_written_off(amount)))


def _written_off(amount: WrittenOffAmount) -> Iterator[Posting]:
    yield Posting(Account.BAD_DEBT, amount.bad_debt_cents)
    for key, cents in amount.taxes:
        yield Posting(Account.TAX_PAYABLE, cents, tax=key)


def _revenue(revenue: Mapping[RevenuePart, int], sign: int) -> Iterator[Posting]:
    for part, cents in sorted(revenue.items(), key=lambda item: (item[0].line_kind, item[0].resource_kind or "")):
        yield Posting(Account.REVENUE, sign * cents, revenue=part)


def _entry(*postings: Posting) -> tuple[Posting, ...]:
    """The postings that are not 0. Raises ValueError where they do not add up to 0."""
    if total := sum(posting.amount_cents for posting in postings):
        raise ValueError(f"the postings add up to {total} cents; debits and credits must be equal")
    return tuple(posting for posting in postings if posting.amount_cents)
