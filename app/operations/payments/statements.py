"""A tenant's statement of account: what it owed at the start of a period, each event in it, and what it owed then."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import Any, NamedTuple
from uuid import UUID

from app.billing import InputFault
from app.database import UnitOfWork
from app.operations.calls import validation
from app.operations.calls.context import Context
from app.operations.calls.transaction import transact
from app.tables.ledger import JournalEntryKind

MAX_PERIOD = timedelta(days=366)

# What a tenant owes is what its invoices ask for, less its credit.
_OPENING = """
SELECT p.tenant_id, sum(p.amount_cents)::bigint AS cents
FROM journal_entries e JOIN journal_postings p ON p.tenant_id = e.tenant_id AND p.entry_id = e.id
WHERE e.tenant_id = any($1::uuid[]) AND e.recorded_on < $2
  AND p.account IN ('ACCOUNTS_RECEIVABLE', 'CUSTOMER_CREDIT') GROUP BY 1
"""
_ENTRIES = """
SELECT e.tenant_id, e.recorded_on, e.kind, e.description, e.source_id,
       coalesce(sum(p.amount_cents) FILTER (WHERE p.account IN ('ACCOUNTS_RECEIVABLE', 'CUSTOMER_CREDIT')), 0)::bigint
           AS cents
FROM journal_entries e JOIN journal_postings p ON p.tenant_id = e.tenant_id AND p.entry_id = e.id
WHERE e.tenant_id = any($1::uuid[]) AND e.recorded_on >= $2 AND e.recorded_on < $3
GROUP BY e.tenant_id, e.id ORDER BY e.tenant_id, e.recorded_on, e.recorded_at, e.id
"""


class AccountMovement(NamedTuple):
    """One event. amount_cents: by how much it changed what the tenant owes; balance_cents: what it owed then.

    document_id: the invoice, credit note, payment, refund, write-off or recovery that the event made or changed.
    """

    recorded_on: date
    kind: JournalEntryKind
    description: str
    document_id: UUID
    amount_cents: int
    balance_cents: int


class AccountStatement(NamedTuple):
    """The entries of [from_day, to_day); the opening balance and their amounts add up to the closing balance.

    A balance is what the tenant owes; it is below 0 where the tenant has more credit than open invoices.
    """

    from_day: date
    to_day: date
    opening_balance_cents: int
    closing_balance_cents: int
    entries: tuple[AccountMovement, ...]


async def statements(
    context: Context, tenant_ids: Sequence[UUID], *, from_day: date, to_day: date
) -> dict[UUID, AccountStatement]:
    """The statements of tenants that the caller may see. Raises VALIDATION_FAILED for a period that is empty or longer
    than MAX_PERIOD.
    """
    faults = [*validation.day("from", from_day), *validation.day("to", to_day)]
    if not faults and not from_day < to_day <= from_day + MAX_PERIOD:
        faults.append(InputFault(("to",), f"must be 1 to {MAX_PERIOD.days} days after from"))
    validation.refuse(faults)

    async def work(unit: UnitOfWork) -> dict[UUID, AccountStatement]:
        asked = list(tenant_ids)
        opening = {row["tenant_id"]: row["cents"] for row in await unit.connection.fetch(_OPENING, asked, from_day)}
        rows = await unit.connection.fetch(_ENTRIES, asked, from_day, to_day)
        entries = {tenant_id: list(found) for tenant_id, found in groupby(rows, key=lambda row: row["tenant_id"])}
        return {
            tenant_id: _statement(from_day, to_day, opening.get(tenant_id, 0), entries.get(tenant_id, ()))
            for tenant_id in asked
        }

    return await transact(context, work)


def _statement(from_day: date, to_day: date, opening: int, rows: Sequence[Any]) -> AccountStatement:
    balance, entries = opening, []
    for row in rows:
        _, recorded_on, kind, description, document_id, cents = row
        balance += cents
        entries.append(AccountMovement(recorded_on, JournalEntryKind(kind), description, document_id, cents, balance))
    return AccountStatement(from_day, to_day, opening, balance, tuple(entries))
