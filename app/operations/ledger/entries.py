"""Writes journal entries with their postings."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from app.billing import Account, LineKind, Posting, RevenuePart, day_of
from app.database import UnitOfWork
from app.tables.ids import new_ids
from app.tables.ledger import JournalEntryKind

_ENTRIES = """
INSERT INTO journal_entries (id, tenant_id, kind, currency, source_id, description, recorded_on, recorded_at)
SELECT e.id, e.tenant_id, e.kind, e.currency, e.source_id, e.description, $7, $8
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::uuid[], $6::text[])
    AS e (id, tenant_id, kind, currency, source_id, description)
"""
_POSTINGS = """
INSERT INTO journal_postings
    (id, tenant_id, entry_id, position, account, amount_cents, line_kind, resource_kind, tax)
SELECT p.id, p.tenant_id, p.entry_id, p.position, p.account, p.amount_cents, p.line_kind, p.resource_kind, p.tax
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[], $5::text[], $6::bigint[], $7::text[], $8::text[], $9::text[])
    AS p (id, tenant_id, entry_id, position, account, amount_cents, line_kind, resource_kind, tax)
"""
_OF_SOURCE = """
SELECT p.account, p.amount_cents, p.line_kind, p.resource_kind, p.tax
FROM journal_entries e JOIN journal_postings p ON p.tenant_id = e.tenant_id AND p.entry_id = e.id
WHERE e.tenant_id = $1 AND e.source_id = $2 AND e.kind = $3 ORDER BY p.position
"""


class NewJournalEntry(NamedTuple):
    """One business event. source_id: the document that it made or changed. description: a human-readable line."""

    tenant_id: UUID
    kind: JournalEntryKind
    currency: str
    source_id: UUID
    description: str
    postings: tuple[Posting, ...]


async def write_entries(unit: UnitOfWork, zone: ZoneInfo, entries: Sequence[NewJournalEntry], now: datetime) -> None:
    """Writes the entries, dated by the billing day that holds `now`. One without postings is not written."""
    entries = [entry for entry in entries if entry.postings]
    if not entries:
        return
    ids = new_ids(len(entries))
    tenant_ids, kinds, currencies, sources, descriptions, _ = zip(*entries, strict=True)
    today = day_of(now, zone)
    await unit.connection.execute(_ENTRIES, ids, tenant_ids, kinds, currencies, sources, descriptions, today, now)
    rows = [
        (entry.tenant_id, entry_id, position, *_columns(posting))
        for entry_id, entry in zip(ids, entries, strict=True)
        for position, posting in enumerate(entry.postings, 1)
    ]
    await unit.connection.execute(_POSTINGS, new_ids(len(rows)), *map(list, zip(*rows, strict=True)))


async def postings_of(
    unit: UnitOfWork, tenant_id: UUID, source_id: UUID, kind: JournalEntryKind
) -> tuple[Posting, ...]:
    """What such an entry of the document posted; empty where it posted nothing."""
    return tuple(
        Posting(
            Account(account),
            amount_cents,
            None if line_kind is None else RevenuePart(LineKind(line_kind), resource_kind),
            tax,
        )
        for account, amount_cents, line_kind, resource_kind, tax in await unit.connection.fetch(
            _OF_SOURCE, tenant_id, source_id, kind
        )
    )


def _columns(posting: Posting) -> tuple[str, int, str | None, str | None, str | None]:
    line_kind, resource_kind = posting.revenue or (None, None)
    return posting.account, posting.amount_cents, line_kind, resource_kind, posting.tax
