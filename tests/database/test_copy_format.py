"""Fields of COPY's binary format made by hand, as PostgreSQL reads them."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.database import PLATFORM, Database
from app.database.copy_format import (
    NULL,
    bigint,
    copy_encoded,
    day,
    instant,
    integer,
    row_of,
    shared_text,
    text,
    uuid,
    uuid_of,
)

COLUMNS = "a text, b text, c uuid, d uuid, e integer, f bigint, g date, h timestamptz, i text"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_text = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=50)
_rows = st.tuples(
    _text,
    _text,
    st.uuids(),
    st.uuids(),
    st.integers(-(2**31), 2**31 - 1),
    st.integers(-(2**63), 2**63 - 1),
    st.dates(),
    st.datetimes(timezones=st.just(UTC)),
    st.none(),
)
Row = tuple[str, str, UUID, UUID, int, int, date, datetime, None]


def encoded(row: Row) -> bytes:
    a, b, c, d, e, f, g, h, _ = row
    microseconds = (h - EPOCH) // timedelta(microseconds=1)
    fields = (text(a), shared_text(b), uuid(c), uuid_of(str(d)), integer(e), bigint(f), day(g), instant(microseconds))
    return b"".join((row_of(9), *fields, NULL))


async def copied(unit: Any, rows: list[Row]) -> list[tuple[Any, ...]]:
    await copy_encoded(unit, "copied", COLUMNS, map(encoded, rows))
    return [tuple(row) for row in await unit.connection.fetch("SELECT * FROM pg_temp.copied ORDER BY ctid")]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(rows=st.lists(_rows, max_size=5))
async def test_what_is_copied_is_what_was_given(database: Database, rows: list[Row]) -> None:
    async with database.unit_of_work(PLATFORM) as unit:
        assert await copied(unit, rows) == rows


async def test_more_rows_than_a_piece_holds_come_in_their_order(database: Database) -> None:
    def row(number: int) -> Row:
        return ("a", "b", UUID(int=number), UUID(int=number), number, number, date(2026, 4, 1), EPOCH, None)

    rows = [row(number) for number in range(1_234)]
    async with database.unit_of_work(PLATFORM) as unit:
        assert await copied(unit, rows) == rows


async def test_the_table_holds_what_was_copied_last(database: Database) -> None:
    row: Row = ("a", "b", UUID(int=1), UUID(int=2), 3, 4, date(2026, 4, 1), EPOCH, None)
    for _ in range(2):  # and so in the next transaction of the connection
        async with database.unit_of_work(PLATFORM) as unit:
            assert await copied(unit, [row, row]) == [row, row]
            assert await copied(unit, [row]) == [row]
            assert await copied(unit, []) == []
