"""A SHA-256 over what a seeding made: codes, dates and amounts, without ids."""

from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from typing import Any

import msgspec

from app.cli.reading import read, read_nodes
from app.operations.calls.context import Context
from app.operations.exports import ExportedRecords, ExportFormat, ExportRequest, export_records

_WITHOUT = frozenset({"id", "entry", "pdf_sha256"})
_DEPLOYMENTS = """
query Deployments($after: String) {
  deployments(first: 100, after: $after) {
    nodes {
      slug region state tenant { code name country abn billingAddress }
      subscription { status startedOn planVersion { version plan { code } } addons { addon { code } priceCents } }
      events(first: 100) { nodes { fromState toState occurredAt cause reason } }
    }
    pageInfo { hasNextPage endCursor }
  }
}
"""
_BILLS = """
query Bills { cloudInvoices(first: 100) { nodes { externalId exchangeRate totalCents allocatedCents } } }
"""


async def digest_of(context: Context, first_day: date, end: date) -> str:
    """Returns the SHA-256, in hexadecimal, over the tenants, their deployments and the provider's bills, and over
    invoices, lines, payments and the ledger from the first day until before the end.
    """
    digest = sha256()
    for records in ExportedRecords:
        async for text in export_records(context, ExportRequest(records, ExportFormat.JSONL, first_day, end)):
            for row in _rows(text):
                digest.update(_encoded({name: value for name, value in row.items() if name not in _WITHOUT}))
    digest.update(_encoded(await read_nodes(context, _DEPLOYMENTS, {})))
    digest.update(_encoded((await read(context, _BILLS, {}))["cloudInvoices"]["nodes"]))
    return digest.hexdigest()


def _rows(text: str) -> Iterator[dict[str, Any]]:
    return (msgspec.json.decode(line, type=dict[str, Any]) for line in text.splitlines())


def _encoded(value: object) -> bytes:
    return msgspec.json.encode(value) + b"\n"
