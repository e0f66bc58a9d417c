"""Rows of COPY's binary format (PostgreSQL manual, COPY, "Binary Format"), made field by field.

asyncpg encodes any row, each value by itself. Where rows come by the ten thousand, and whoever makes them knows which
fields many of them share, to make those once takes a third of the time.
"""

from collections.abc import AsyncIterator, Iterable
from datetime import UTC, date, datetime
from functools import lru_cache
from itertools import islice
from struct import Struct
from uuid import UUID

from app.database.copy import empty_staging
from app.database.unit_of_work import UnitOfWork

NULL = b"\xff\xff\xff\xff"
UUID_LENGTH = (16).to_bytes(4, "big")
"""What goes before the bytes of a UUID, and of anything else so long."""

_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_PIECE_ROWS = 500
_END = b"\xff\xff"
_DAY_ZERO = date(2000, 1, 1).toordinal()
_MICROSECONDS_TO_2000 = int(datetime(2000, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000
_length = Struct(">i").pack
_integer = Struct(">ii").pack
_long = Struct(">iq").pack


def row_of(columns: int) -> bytes:
    """What a row of so many columns begins with."""
    return columns.to_bytes(2, "big")


def text(value: str) -> bytes:
    encoded = value.encode()
    return _length(len(encoded)) + encoded


shared_text = lru_cache(maxsize=1_024)(text)
"""The same, for texts that many rows have."""


def uuid(value: UUID) -> bytes:
    return UUID_LENGTH + value.bytes


def uuid_of(value: str) -> bytes:
    """Of a UUID's text."""
    return UUID_LENGTH + bytes.fromhex(value.replace("-", ""))


def integer(value: int) -> bytes:
    return _integer(4, value)


def bigint(value: int) -> bytes:
    return _long(8, value)


def day(value: date) -> bytes:
    return _integer(4, value.toordinal() - _DAY_ZERO)


def instant(microseconds: int) -> bytes:
    """Of microseconds since 1970."""
    return _long(8, microseconds - _MICROSECONDS_TO_2000)


async def copy_encoded(unit: UnitOfWork, staging: str, columns: str, rows: Iterable[bytes]) -> None:
    """Copies the rows into the temporary table `staging`, made with these columns where it is not yet there.

    It holds no other rows then; it stays with the connection and empties itself at the end of the transaction.
    """
    await empty_staging(unit, staging, f"({columns})")
    await unit.connection.copy_to_table(staging, source=_file(rows), format="binary", schema_name="pg_temp")


async def _file(rows: Iterable[bytes]) -> AsyncIterator[bytes]:
    """In pieces, so that PostgreSQL reads the one while the next is made."""
    yield _HEADER
    waiting = iter(rows)
    while piece := b"".join(islice(waiting, _PIECE_ROWS)):
        yield piece
    yield _END
