"""Events on their way into PostgreSQL, as rows of COPY's binary format (PostgreSQL manual, COPY, "Binary Format").

Written here because it is the one thing done to every event that can be done for a deployment's many at once: the
fields that they share are encoded once, and a row costs a fourth of what asyncpg takes to encode it.
"""

from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime
from functools import lru_cache
from struct import Struct
from typing import NamedTuple, Self
from uuid import UUID

from app.billing import decimal_text
from app.database import UnitOfWork
from app.operations.usage.events import MeteredEvent, epoch_microseconds, fingerprint

# Quantities come as text, which is cheaper to send and to read than numeric. The table stays with its connection and
# empties itself.
_TABLE = """
CREATE TEMPORARY TABLE IF NOT EXISTS staged_usage (
    tenant_id uuid, deployment_id uuid, resource_kind text, source text COLLATE "C",
    id uuid, event_id text COLLATE "C", quantity text, occurred_at timestamptz, resource_id uuid, fingerprint bytea
) ON COMMIT DELETE ROWS
"""
_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END = b"\xff\xff"
_COLUMNS = (10).to_bytes(2, "big")
_SIXTEEN = (16).to_bytes(4, "big")
_NULL = b"\xff\xff\xff\xff"
_length = Struct(">i").pack
_instant = Struct(">iq").pack
_MICROSECONDS_TO_2000 = epoch_microseconds(datetime(2000, 1, 1, tzinfo=UTC))


class StagedDeployment(NamedTuple):
    """A deployment, its id as text too, and the fields that its rows begin with."""

    tenant_id: UUID
    text: str
    fields: bytes

    @classmethod
    def of(cls, tenant_id: UUID, deployment_id: UUID) -> Self:
        fields = (_COLUMNS, _SIXTEEN, tenant_id.bytes, _SIXTEEN, deployment_id.bytes)
        return cls(tenant_id, str(deployment_id), b"".join(fields))


def encoded(row_id: UUID, event: MeteredEvent, deployment: StagedDeployment) -> bytes:
    """The row to stage for an event."""
    quantity, instant = decimal_text(event.quantity), epoch_microseconds(event.occurred_at)
    return b"".join(
        (
            deployment.fields,
            _shared(event.resource_kind),
            _shared(event.source),
            _SIXTEEN,
            row_id.bytes,
            _field(event.id),
            _field(quantity),
            _instant(8, instant - _MICROSECONDS_TO_2000),
            _NULL if event.resource_id is None else _SIXTEEN + event.resource_id.bytes,
            _SIXTEEN,
            fingerprint(event, deployment.text, quantity, instant),
        )
    )


async def stage(unit: UnitOfWork, rows: Iterable[bytes]) -> None:
    """Copies the rows into `staged_usage`, in which each transaction finds no others."""
    await unit.connection.execute(_TABLE)
    await unit.connection.copy_to_table("staged_usage", source=_file(rows), format="binary", schema_name="pg_temp")


async def _file(rows: Iterable[bytes]) -> AsyncIterator[bytes]:
    yield b"".join((_HEADER, *rows, _END))


def _field(text: str) -> bytes:
    encoded = text.encode()
    return _length(len(encoded)) + encoded


_shared = lru_cache(maxsize=1_024)(_field)  # of texts that many rows have
