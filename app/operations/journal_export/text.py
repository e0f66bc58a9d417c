"""What the three formats have in common."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import NamedTuple, Protocol

from app.billing.period import ONE_DAY
from app.operations.currencies import CURRENCIES
from app.operations.journal_export.entry_rows import AccountTotals, ExportedEntry
from app.operations.ledger.account_names import LedgerAccount


class ExportPeriod(NamedTuple):
    """The days of an export. end: the day after the last one."""

    first_day: date
    end: date

    @property
    def last_day(self) -> date:
        return self.end - ONE_DAY


class JournalText(Protocol):
    """Writes an export in one format, piece by piece, in the order of these methods. A piece may be empty."""

    def head(self, currencies: Iterable[str]) -> Iterator[str]:
        """What comes first."""

    def declaration(self, account: LedgerAccount) -> str:
        """Makes an account known."""

    def opening(self, currency: str) -> str:
        """Begins the opening balances of a currency."""

    def opening_balance(self, totals: AccountTotals) -> str:
        """An account's balance before the period; it is not 0."""

    def entry(self, entry: ExportedEntry) -> Iterator[str]:
        """A journal entry."""

    def closing(self, currency: str) -> str:
        """Begins the closing balances of a currency."""

    def closing_balance(self, totals: AccountTotals) -> str:
        """An account's balance after the period, for the reading program to check."""


def units(cents: int, currency: str) -> str:
    """An amount in units of its currency, exactly: 7064 AUD are 70.64, and 7064 JPY are 7064."""
    digits = CURRENCIES[currency].minor_units
    sign, text = ("-" if cents < 0 else ""), str(abs(cents)).rjust(digits + 1, "0")
    return f"{sign}{text[:-digits]}.{text[-digits:]}" if digits else f"{sign}{text}"
