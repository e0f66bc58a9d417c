"""The journal: entries and their postings."""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

import strawberry

from app.billing import Account, LineKind
from app.reads import (
    Connection,
    among,
    at_least,
    before,
    column,
    desc,
    equals,
    many,
    one,
    read_type,
    related,
    root_connection,
    root_one,
)
from app.reads.filter_conditions import Condition
from app.schema.arguments import optional
from app.schema.context import is_platform_admin
from app.schema.lazy_types import LazyTenant
from app.schema.nodes import Node
from app.schema.scalars import Cents
from app.tables.ledger import JournalEntries, JournalEntryKind, JournalPostings


@read_type(
    JournalPostings,
    platform=True,
    description="One amount of a journal entry on one account. The postings of an entry add up to 0.",
)
class JournalPosting(Node):
    """A row of `journal_postings`."""

    account: Account = column(JournalPostings.account, description="The account.")
    amount_cents: Cents = column(
        JournalPostings.amount_cents,
        description="The amount in the minor unit of `currency`: a debit is above 0, a credit below 0. Never 0.",
    )
    currency: str = related(
        JournalPostings.entry_id,
        JournalEntries.currency,
        description="The ISO 4217 code of the currency of the amount.",
    )
    line_kind: LineKind | None = column(
        JournalPostings.line_kind, description="The kind of invoice line that the revenue is from; null if not REVENUE."
    )
    resource_kind: str | None = column(
        JournalPostings.resource_kind,
        description="The code of the resource kind that the revenue is from; null if there is none or not REVENUE.",
    )
    tax: str | None = column(
        JournalPostings.tax,
        description="The tax with its rate, such as tax:GST:0.1; null if the account is not TAX_PAYABLE.",
    )


@read_type(
    JournalEntries,
    platform=True,
    description="A journal entry: the record of one business event in the ledger. It never changes.",
)
class JournalEntry(Node):
    """A row of `journal_entries`."""

    kind: JournalEntryKind = column(JournalEntries.kind, description="The business event that the entry records.")
    recorded_on: date = column(
        JournalEntries.recorded_on, description="The day on which the event was recorded, in the billing time zone."
    )
    recorded_at: datetime = column(JournalEntries.recorded_at, description="The time at which the event was recorded.")
    description: str = column(
        JournalEntries.description,
        description="The event in words, with the number or reference of its document.",
    )
    currency: str = column(
        JournalEntries.currency, description="The ISO 4217 code of the currency of the entry's amounts."
    )
    tenant: LazyTenant = one(JournalEntries.tenant_id, description="The tenant whose document it is.")
    document_id: UUID = column(
        JournalEntries.source_id,
        description="The id of the invoice, credit note, payment, refund, write-off or recovery that the event made or "
        "changed; `kind` says which.",
    )
    postings: list[JournalPosting] = many(
        JournalPostings.entry_id,
        order=(JournalPostings.position,),
        description="The amounts that the event debits and credits, in their order.",
    )


@strawberry.input(description="Selects journal entries that meet every given condition.")
class JournalFilter:
    """Filter of `journal`."""

    tenant_id: UUID | None = optional(description="Only entries of this tenant.")
    recorded_from: date | None = optional(description="Only entries recorded on this day or later.")
    recorded_to: date | None = optional(description="Only entries recorded before this day.")
    kind: list[JournalEntryKind] | None = optional(description="Only entries of one of these events.")
    currency: str | None = optional(description="Only entries in the currency with this ISO 4217 code.")
    document_id: UUID | None = optional(
        description="Only entries of the document with this id. Give its tenant too: then they are found by an index."
    )


JOURNAL_FILTERS: Mapping[str, Condition] = {
    "tenant_id": equals(JournalEntries.tenant_id),
    "recorded_from": at_least(JournalEntries.recorded_on),
    "recorded_to": before(JournalEntries.recorded_on),
    "kind": among(JournalEntries.kind),
    "currency": equals(JournalEntries.currency),
    "document_id": equals(JournalEntries.source_id),
}


@strawberry.type
class JournalQueries:
    """The journal at the root."""

    journal_entry: JournalEntry | None = root_one(
        by=JournalEntries.id,
        allow=is_platform_admin,
        description="The journal entry with this id; null if there is none. Platform admins only.",
    )
    journal: Connection[JournalEntry] = root_connection(
        order=(desc(JournalEntries.recorded_on), desc(JournalEntries.id)),
        filters=JOURNAL_FILTERS,
        filter_input=JournalFilter,
        allow=is_platform_admin,
        description="The journal entries, the latest first. Platform admins only.",
    )
