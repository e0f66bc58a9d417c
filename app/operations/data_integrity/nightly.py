"""Runs the nightly data-integrity check, which continues where the previous night stopped, so that data of any size are
covered.
"""

from collections.abc import AsyncGenerator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.database import UnitOfWork
from app.operations.calls.access import Action, authorise
from app.operations.calls.context import Context
from app.operations.calls.transaction import transact
from app.operations.data_integrity.checking import SLACK, page_of, violations_without_table
from app.operations.data_integrity.integrity_check import CheckedTable, Violation

NIGHTLY_DURATION = timedelta(hours=3)
"""How long one night's check may take."""

_FIRST_KEY = UUID(int=0)
_PROGRESS = "SELECT table_name, last_checked_id, completed_at FROM data_integrity_progress"
_STORE_PROGRESS = """
INSERT INTO data_integrity_progress (id, table_name, last_checked_id, completed_at)
VALUES (gen_random_uuid(), $1, $2, $3)
ON CONFLICT (table_name) DO UPDATE SET
    last_checked_id = excluded.last_checked_id,
    completed_at = coalesce(excluded.completed_at, data_integrity_progress.completed_at)
"""


async def check_by_night(
    context: Context, *, duration: timedelta = NIGHTLY_DURATION
) -> AsyncGenerator[Violation, None]:
    """Yields each violation, table by table, until `duration` is over; the next night continues from there.

    A table that was not finished comes first, then the one completed longest ago. Each table is checked at most once
    per call.
    """
    authorise(context, Action.CHECK_DATA_INTEGRITY)
    deadline = context.clock() + duration
    for violation in await violations_without_table(context, SLACK):
        yield violation
    for checked_table, after in await _tables_in_order(context):
        last_key = after
        while context.clock() < deadline:
            page = await page_of(context, checked_table, last_key, SLACK)
            for violation in page.violations:
                yield violation
            if not page.keys:
                await _store_progress(context, checked_table, None, context.clock())
                break
            last_key = page.keys[-1]
            await _store_progress(context, checked_table, last_key, None)


async def record_pass(context: Context) -> None:
    """Records that every table was checked now."""
    authorise(context, Action.CHECK_DATA_INTEGRITY)
    for checked_table in CheckedTable:
        await _store_progress(context, checked_table, None, context.clock())


async def last_pass(context: Context) -> datetime | None:
    """Returns the time since when every table was checked to its end; None if one never was."""
    authorise(context, Action.CHECK_DATA_INTEGRITY)

    async def work(unit: UnitOfWork) -> dict[str, datetime | None]:
        return {row["table_name"]: row["completed_at"] for row in await unit.connection.fetch(_PROGRESS)}

    completed = await transact(context, work)
    times = [completed.get(checked_table.table) for checked_table in CheckedTable]
    return None if None in times else min(time for time in times if time is not None)


async def _tables_in_order(context: Context) -> list[tuple[CheckedTable, UUID]]:
    async def work(unit: UnitOfWork) -> list[Any]:
        rows: list[Any] = await unit.connection.fetch(_PROGRESS)
        return rows

    progress_by_table = {row["table_name"]: row for row in await transact(context, work)}

    def started_then_oldest(checked_table: CheckedTable) -> tuple[bool, bool, float]:
        row = progress_by_table.get(checked_table.table)
        completed = row["completed_at"] if row else None
        return (
            row is None or row["last_checked_id"] is None,
            completed is not None,
            completed.timestamp() if completed else 0.0,
        )

    return [
        (
            checked_table,
            (progress_by_table[checked_table.table]["last_checked_id"] or _FIRST_KEY)
            if checked_table.table in progress_by_table
            else _FIRST_KEY,
        )
        for checked_table in sorted(CheckedTable, key=started_then_oldest)
    ]


async def _store_progress(
    context: Context, checked_table: CheckedTable, after: UUID | None, completed_at: datetime | None
) -> None:
    await transact(
        context, lambda unit: unit.connection.execute(_STORE_PROGRESS, checked_table.table, after, completed_at)
    )
