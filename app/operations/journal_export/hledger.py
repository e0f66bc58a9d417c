"""The journal as hledger reads it. A balance assertion stands behind the amount of a posting."""

from collections.abc import Iterable, Iterator

from app.operations.journal_export.entry_rows import AccountTotals, ExportedEntry
from app.operations.journal_export.text import ExportPeriod, units
from app.operations.ledger.account_names import LedgerAccount


class HledgerText:
    """Writes a period for `hledger check --strict`."""

    def __init__(self, period: ExportPeriod) -> None:
        self._period = period

    def head(self, currencies: Iterable[str]) -> Iterator[str]:
        first_day, end = self._period
        yield f"; ArcadiaCloud journal, {first_day} until {end}\ndecimal-mark .\n"
        for currency in currencies:
            sample = units(0, currency)
            yield f"commodity {sample if '.' in sample else f'{sample}.'} {currency}\n"
        yield "\n"

    def declaration(self, account: LedgerAccount) -> str:
        return f"account {account.name}\n"

    def opening(self, currency: str) -> str:
        return f"\n{self._period.first_day} * Opening balances, {currency}\n"

    def opening_balance(self, totals: AccountTotals) -> str:
        return _posting(totals.account, totals.opening_cents)

    def entry(self, entry: ExportedEntry) -> Iterator[str]:
        yield f"\n{entry.recorded_on} * {entry.tenant_code} | {_description(entry.description)}\n"
        yield f"    ; entry:{entry.id}, kind:{entry.kind}, document:{entry.document_id}\n"
        for account, amount_cents in entry.postings:
            yield _posting(account, amount_cents)

    def closing(self, currency: str) -> str:
        return f"\n{self._period.last_day} * Closing balances, {currency}\n"

    def closing_balance(self, totals: AccountTotals) -> str:
        account, _, cents = totals
        currency = account.currency
        return f"    {account.name}  {units(0, currency)} {currency} = {units(cents, currency)} {currency}\n"


def _posting(account: LedgerAccount, cents: int) -> str:
    return f"    {account.name}  {units(cents, account.currency)} {account.currency}\n"


def _description(text: str) -> str:
    """A semicolon would begin a comment, and hledger has no way to quote it."""
    return text.replace(";", ",")
