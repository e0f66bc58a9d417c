"""What a period's export is made of, streamed from one snapshot of the ledger in a fixed order."""

from collections.abc import AsyncIterator
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from app.billing import Account, LineKind
from app.database import UnitOfWork
from app.operations.ledger.account_names import TENANT_ACCOUNTS, LedgerAccount
from app.tables.ledger import JournalEntryKind

PREFETCHED_ROWS = 1000

_CREATE_ACCOUNTS = """
CREATE TEMPORARY TABLE journal_export_accounts (
    currency text, account text, tenant_code text, line_kind text, resource_kind text, tax text,
    opening_cents bigint, closing_cents bigint
) ON COMMIT DROP
"""
# An account of the period: it had a balance before it, or a posting in it.
_SUM_ACCOUNTS = """
INSERT INTO pg_temp.journal_export_accounts
SELECT e.currency, p.account, t.code, p.line_kind, p.resource_kind, p.tax,
       coalesce(sum(p.amount_cents) FILTER (WHERE e.recorded_on < $1), 0), sum(p.amount_cents)
FROM journal_entries e
JOIN journal_postings p ON p.tenant_id = e.tenant_id AND p.entry_id = e.id
LEFT JOIN tenants t ON t.id = p.tenant_id AND p.account = any($3::text[])
WHERE e.recorded_on < $2
GROUP BY 1, 2, 3, 4, 5, 6
HAVING coalesce(sum(p.amount_cents) FILTER (WHERE e.recorded_on < $1), 0) <> 0
    OR count(*) FILTER (WHERE e.recorded_on >= $1) > 0
"""
_ACCOUNTS = """
SELECT account, currency, tenant_code, line_kind, resource_kind, tax, opening_cents, closing_cents
FROM pg_temp.journal_export_accounts
ORDER BY currency COLLATE "C", account COLLATE "C", tenant_code COLLATE "C", line_kind COLLATE "C",
         resource_kind COLLATE "C" NULLS FIRST, tax COLLATE "C"
"""
_ENTRIES = """
SELECT e.id, e.recorded_on, e.recorded_at, e.kind, e.description, e.source_id, e.currency, t.code AS tenant_code,
       p.account, p.line_kind, p.resource_kind, p.tax, p.amount_cents
FROM journal_entries e
JOIN tenants t ON t.id = e.tenant_id
JOIN journal_postings p ON p.tenant_id = e.tenant_id AND p.entry_id = e.id
WHERE e.recorded_on >= $1 AND e.recorded_on < $2
ORDER BY e.recorded_on, e.id, p.position
"""


class AccountTotals(NamedTuple):
    """An account's balance before the period and after it; above 0 a debit balance."""

    account: LedgerAccount
    opening_cents: int
    closing_cents: int


class ExportedPosting(NamedTuple):
    """An amount on an account; a debit above 0."""

    account: LedgerAccount
    amount_cents: int


class ExportedEntry(NamedTuple):
    """A journal entry of the period with its postings."""

    id: UUID
    recorded_on: date
    recorded_at: datetime
    kind: JournalEntryKind
    description: str
    document_id: UUID
    tenant_code: str
    currency: str
    postings: list[ExportedPosting]


async def sum_accounts(unit: UnitOfWork, first_day: date, end: date) -> None:
    """Sums the ledger into a temporary table, for account_totals."""
    await unit.connection.execute(_CREATE_ACCOUNTS)
    await unit.connection.execute(_SUM_ACCOUNTS, first_day, end, list(TENANT_ACCOUNTS))


async def account_totals(unit: UnitOfWork) -> AsyncIterator[AccountTotals]:
    """The accounts of the period by currency, account, tenant's code and division."""
    async for row in unit.connection.cursor(_ACCOUNTS, prefetch=PREFETCHED_ROWS):
        yield AccountTotals(_account(row), row["opening_cents"], row["closing_cents"])


async def entries(unit: UnitOfWork, first_day: date, end: date) -> AsyncIterator[ExportedEntry]:
    """The entries recorded on the days from first_day until before end, by day and id."""
    entry: ExportedEntry | None = None
    async for row in unit.connection.cursor(_ENTRIES, first_day, end, prefetch=PREFETCHED_ROWS):
        if entry is None or row["id"] != entry.id:
            if entry is not None:
                yield entry
            entry = ExportedEntry(
                row["id"],
                row["recorded_on"],
                row["recorded_at"],
                JournalEntryKind(row["kind"]),
                row["description"],
                row["source_id"],
                row["tenant_code"],
                row["currency"],
                [],
            )
        entry.postings.append(ExportedPosting(_account(row), row["amount_cents"]))
    if entry is not None:
        yield entry


def _account(row: Any) -> LedgerAccount:
    account = Account(row["account"])
    return LedgerAccount(
        account,
        row["currency"],
        row["tenant_code"] if account in TENANT_ACCOUNTS else None,
        LineKind(row["line_kind"]) if row["line_kind"] else None,
        row["resource_kind"],
        row["tax"],
    )
