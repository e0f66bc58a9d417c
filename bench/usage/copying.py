"""PostgreSQL alone: COPY of the same events into the same tables, without totals and validation."""

import asyncio
import io
import time
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from hashlib import sha256

import asyncpg

from app.tables.ids import new_ids
from bench.usage.load import Sent
from bench.usage.seeding import tenant_id_of

RECORDS = (
    *("id", "tenant_id", "deployment_id", "resource_kind", "source", "event_id"),
    *("quantity", "occurred_at", "recorded_at", "day"),
)
KEYS = ("id", "tenant_id", "source", "event_id", "occurred_at", "fingerprint")

Batch = tuple[bytes, bytes]


def batch(events: Sequence[dict[str, str]]) -> Batch:
    """The rows of both tables in COPY's text."""
    records, keys = [], []
    for event, row_id in zip(events, new_ids(len(events)), strict=True):
        tenant_id = tenant_id_of(event["deploymentId"])
        key = (str(row_id), tenant_id, event["source"], event["id"])
        fingerprint = sha256(repr(event).encode()).hexdigest()[:32]
        keys.append("\t".join((*key, event["occurredAt"], f"\\\\x{fingerprint}")))
        row = (*key[:2], event["deploymentId"], event["resourceKind"], *key[2:], event["quantity"])
        records.append("\t".join((*row, event["occurredAt"], event["occurredAt"], event["occurredAt"][:10])))
    return "\n".join(records).encode() + b"\n", "\n".join(keys).encode() + b"\n"


async def copy(url: str, batches: Sequence[Batch], connections: int) -> Sent:
    """Each batch in a transaction of its own, as the table's owner: COPY and row-level security exclude each other."""
    waiting = iter(batches)
    async with AsyncExitStack() as stack:
        opened = [await asyncpg.connect(url) for _ in range(connections)]
        for connection in opened:
            stack.push_async_callback(connection.close)
        began = time.perf_counter()
        counts = await asyncio.gather(*(_copy(connection, waiting) for connection in opened))
        return Sent(sum(counts), 0, time.perf_counter() - began)


async def _copy(connection: "asyncpg.Connection[asyncpg.Record]", waiting: Iterator[Batch]) -> int:
    copied = 0
    for records, keys in waiting:
        async with connection.transaction():
            answer = await connection.copy_to_table("usage_records", source=io.BytesIO(records), columns=RECORDS)
            await connection.copy_to_table("usage_event_keys", source=io.BytesIO(keys), columns=KEYS)
            copied += int(answer.removeprefix("COPY "))
    return copied
