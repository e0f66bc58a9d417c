"""Runs the checks page by page, each page in one snapshot, so that they can run while the system is in use."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from app.database import UnitOfWork
from app.operations.calls.access import Action, authorise
from app.operations.calls.context import Context
from app.operations.calls.transaction import transact
from app.operations.data_integrity import (
    costs,
    credit_notes,
    deployments,
    invoices,
    ledger,
    months,
    postings,
    runs,
    usage,
)
from app.operations.data_integrity.integrity_check import Examination, IntegrityCheck, Spine, Violation

INTEGRITY_CHECKS: tuple[IntegrityCheck, ...] = (
    *deployments.INTEGRITY_CHECKS,
    *usage.INTEGRITY_CHECKS,
    *invoices.INTEGRITY_CHECKS,
    *credit_notes.INTEGRITY_CHECKS,
    *months.INTEGRITY_CHECKS,
    *ledger.INTEGRITY_CHECKS,
    *postings.INTEGRITY_CHECKS,
    *runs.INTEGRITY_CHECKS,
    *costs.INTEGRITY_CHECKS,
)

SLACK = timedelta(hours=1)
"""Longer than any transaction, and than the clocks of two machines may lie apart."""

MOST = 1000

Progress = Callable[[str, int, int], None]
"""Told the table being gone through, and how many of how many rows are done."""

_FIRST = UUID(int=0)


async def check(context: Context, *, most: int = MOST, slack: timedelta = SLACK) -> list[Violation]:
    """Returns at most `most` violations; an empty list if every check passes."""
    found: list[Violation] = []
    async with aclosing(violations(context, slack=slack)) as each:
        async for violation in each:
            found.append(violation)
            if len(found) == most:
                break
    return found


async def violations(
    context: Context, *, slack: timedelta = SLACK, progress: Progress | None = None
) -> AsyncGenerator[Violation, None]:
    """All of them, in flat memory, table by table.

    A row that is written while this goes on is seen as it was before or as it is after, never half.
    """
    authorise(context, Action.CHECK_DATA_INTEGRITY)
    for violation in await found_once(context, slack):
        yield violation
    for spine in Spine:
        total = await _size(context, spine) if progress else 0
        done, after = 0, _FIRST
        while (page := await page_of(context, spine, after, slack)).keys:
            for violation in page.violations:
                yield violation
            done, after = done + len(page.keys), page.keys[-1]
            if progress:
                progress(spine.table, done, max(done, total))


class Page(NamedTuple):
    keys: list[UUID]
    violations: list[Violation]


async def found_once(context: Context, slack: timedelta) -> list[Violation]:
    async def work(unit: UnitOfWork) -> list[Violation]:
        return await _examine(context, unit, None, [], slack)

    return await transact(context, work)


async def page_of(context: Context, spine: Spine, after: UUID, slack: timedelta) -> Page:
    async def work(unit: UnitOfWork) -> Page:
        await unit.connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        rows = await unit.connection.fetch(
            f"SELECT id FROM {spine.table} WHERE id > $1 ORDER BY id LIMIT {spine.page}",  # noqa: S608 - of constants
            after,
        )
        keys = [row["id"] for row in rows]
        return Page(keys, await _examine(context, unit, spine, keys, slack) if keys else [])

    return await transact(context, work)


async def _examine(
    context: Context, unit: UnitOfWork, spine: Spine | None, keys: list[UUID], slack: timedelta
) -> list[Violation]:
    examination = Examination(unit, context.settings.billing_time_zone, context.today(), slack)
    checks = [check for check in INTEGRITY_CHECKS if check.spine is spine]
    return [Violation(check.name, *finding) for check in checks for finding in await check.find(examination, keys)]


async def _size(context: Context, spine: Spine) -> int:
    async def work(unit: UnitOfWork) -> int:
        return int(await unit.connection.fetchval(f"SELECT count(*) FROM {spine.table}"))  # noqa: S608 - of constants

    return await transact(context, work)
