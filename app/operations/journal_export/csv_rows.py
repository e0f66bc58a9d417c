"""The journal as CSV: a row for each posting, opening balance and closing balance."""

from collections.abc import Iterable, Iterator

from app.operations.csv_text import csv_row, text_cell
from app.operations.journal_export.entry_rows import AccountTotals, ExportedEntry
from app.operations.journal_export.text import ExportPeriod, units
from app.operations.ledger.account_names import LedgerAccount

COLUMNS = (
    "record", "date", "recorded_at", "entry", "kind", "description", "document", "tenant", "account",
    "line_kind", "resource_kind", "tax", "currency", "debit", "credit",
)  # fmt: skip
"""record: OPENING, POSTING or CLOSING. tenant: the code of the tenant that the entry or the account belongs to."""


class CsvText:
    """Writes a period for spreadsheets, which take a text that begins like a formula for one: it gets an apostrophe."""

    def __init__(self, period: ExportPeriod) -> None:
        self._period = period

    def head(self, _currencies: Iterable[str]) -> Iterator[str]:
        yield csv_row(COLUMNS)

    def declaration(self, _account: LedgerAccount) -> str:
        return ""

    def opening(self, _currency: str) -> str:
        return ""

    def opening_balance(self, totals: AccountTotals) -> str:
        event = ("OPENING", str(self._period.first_day), "", "", "", "", "")
        return csv_row((*event, *_account(totals.account, totals.account.tenant_code or "", totals.opening_cents)))

    def entry(self, entry: ExportedEntry) -> Iterator[str]:
        event = (str(entry.recorded_on), entry.recorded_at.isoformat(), str(entry.id), entry.kind)
        for account, amount_cents in entry.postings:
            text = text_cell(entry.description)
            amounts = _account(account, entry.tenant_code, amount_cents)
            yield csv_row(("POSTING", *event, text, str(entry.document_id), *amounts))

    def closing(self, _currency: str) -> str:
        return ""

    def closing_balance(self, totals: AccountTotals) -> str:
        event = ("CLOSING", str(self._period.last_day), "", "", "", "", "")
        return csv_row((*event, *_account(totals.account, totals.account.tenant_code or "", totals.closing_cents)))


def _account(account: LedgerAccount, tenant_code: str, cents: int) -> tuple[str, ...]:
    amount = units(abs(cents), account.currency)
    return (
        tenant_code,
        account.name,
        account.line_kind or "",
        account.resource_kind or "",
        text_cell(account.tax or ""),
        account.currency,
        amount if cents >= 0 else "",
        amount if cents < 0 else "",
    )
