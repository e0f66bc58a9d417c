"""The check of every night: it goes on where the night before stopped, so that data of any size are gone through."""

from collections.abc import AsyncGenerator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.database import UnitOfWork
from app.operations.calls.access import Action, authorise
from app.operations.calls.context import Context
from app.operations.calls.transaction import transact
from app.operations.data_integrity.checking import SLACK, found_once, page_of
from app.operations.data_integrity.integrity_check import Spine, Violation

NIGHT = timedelta(hours=3)
"""How long a night's check goes on."""

_BEGINNING = UUID(int=0)
_PLACE = "SELECT table_name, last_checked_id, completed_at FROM data_integrity_progress"
_KEEP = """
INSERT INTO data_integrity_progress (id, table_name, last_checked_id, completed_at)
VALUES (gen_random_uuid(), $1, $2, $3)
ON CONFLICT (table_name) DO UPDATE SET
    last_checked_id = excluded.last_checked_id,
    completed_at = coalesce(excluded.completed_at, data_integrity_progress.completed_at)
"""


async def check_by_night(context: Context, *, duration: timedelta = NIGHT) -> AsyncGenerator[Violation, None]:
    """Yields each violation, table by table, until `duration` is over; the next night continues where this one ended.

    A table that was begun goes first, then the one that was completed longest ago. Each is gone through at most once.
    """
    authorise(context, Action.CHECK_DATA_INTEGRITY)
    until = context.clock() + duration
    for violation in await found_once(context, SLACK):
        yield violation
    for spine, after in await _places(context):
        place = after
        while context.clock() < until:
            page = await page_of(context, spine, place, SLACK)
            for violation in page.violations:
                yield violation
            if not page.keys:
                await _keep(context, spine, None, context.clock())
                break
            place = page.keys[-1]
            await _keep(context, spine, place, None)


async def _places(context: Context) -> list[tuple[Spine, UUID]]:
    async def work(unit: UnitOfWork) -> list[Any]:
        rows: list[Any] = await unit.connection.fetch(_PLACE)
        return rows

    kept = {row["table_name"]: row for row in await transact(context, work)}

    def begun_then_oldest(spine: Spine) -> tuple[bool, bool, float]:
        row = kept.get(spine.table)
        completed = row["completed_at"] if row else None
        return (
            row is None or row["last_checked_id"] is None,
            completed is not None,
            completed.timestamp() if completed else 0.0,
        )

    return [
        (spine, (kept[spine.table]["last_checked_id"] or _BEGINNING) if spine.table in kept else _BEGINNING)
        for spine in sorted(Spine, key=begun_then_oldest)
    ]


async def _keep(context: Context, spine: Spine, after: UUID | None, completed_at: datetime | None) -> None:
    await transact(context, lambda unit: unit.connection.execute(_KEEP, spine.table, after, completed_at))
