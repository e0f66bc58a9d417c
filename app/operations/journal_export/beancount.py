"""The journal as beancount reads it. Its balance assertions hold at the beginning of their day."""

from collections.abc import Iterable, Iterator

from app.operations.journal_export.entry_rows import AccountTotals, ExportedEntry
from app.operations.journal_export.text import ExportPeriod, units
from app.operations.ledger.account_names import LedgerAccount


class BeancountText:
    """Writes a period for bean-check."""

    def __init__(self, period: ExportPeriod) -> None:
        self._period = period

    def head(self, currencies: Iterable[str]) -> Iterator[str]:
        first_day, end = self._period
        yield f'option "title" "ArcadiaCloud journal, {first_day} until {end}"\n'
        for currency in currencies:
            yield f'option "operating_currency" "{currency}"\n'
        yield "\n"

    def declaration(self, account: LedgerAccount) -> str:
        return f"{self._period.first_day} open {account.name} {account.currency}\n"

    def opening(self, currency: str) -> str:
        return f'\n{self._period.first_day} * "Opening balances, {currency}"\n'

    def opening_balance(self, totals: AccountTotals) -> str:
        return _posting(totals.account, totals.opening_cents)

    def entry(self, entry: ExportedEntry) -> Iterator[str]:
        yield f"\n{entry.recorded_on} * {_quoted(entry.tenant_code)} {_quoted(entry.description)}\n"
        yield f'  entry: "{entry.id}"\n  kind: "{entry.kind}"\n  document: "{entry.document_id}"\n'
        for account, amount_cents in entry.postings:
            yield _posting(account, amount_cents)

    def closing(self, currency: str) -> str:
        return f"\n; Closing balances, {currency}\n"

    def closing_balance(self, totals: AccountTotals) -> str:
        account, _, cents = totals
        # Without a tolerance of 0, beancount would accept a difference of one cent.
        return f"{self._period.end} balance {account.name}  {units(cents, account.currency)} ~ 0 {account.currency}\n"


def _posting(account: LedgerAccount, cents: int) -> str:
    return f"  {account.name}  {units(cents, account.currency)} {account.currency}\n"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
