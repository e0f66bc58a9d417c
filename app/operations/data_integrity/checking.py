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
    billing_months,
    costs,
    credit_notes,
    deployments,
    events,
    finance,
    invoices,
    issued_documents,
    ledger,
    postings,
    runs,
    usage,
)
from app.operations.data_integrity.integrity_check import CheckedTable, Examination, IntegrityCheck, Violation

INTEGRITY_CHECKS: tuple[IntegrityCheck, ...] = (
    *deployments.INTEGRITY_CHECKS,
    *usage.INTEGRITY_CHECKS,
    *invoices.INTEGRITY_CHECKS,
    *credit_notes.INTEGRITY_CHECKS,
    *issued_documents.INTEGRITY_CHECKS,
    *billing_months.INTEGRITY_CHECKS,
    *ledger.INTEGRITY_CHECKS,
    *postings.INTEGRITY_CHECKS,
    *runs.INTEGRITY_CHECKS,
    *costs.INTEGRITY_CHECKS,
    *events.INTEGRITY_CHECKS,
    *finance.INTEGRITY_CHECKS,
)

SLACK = timedelta(hours=1)
"""Longer than any transaction and than the difference between the clocks of two machines."""

MAX_VIOLATIONS = 1000

Progress = Callable[[str, int, int], None]
"""Called with the table in progress, the number of rows done and the total number."""

_FIRST = UUID(int=0)


async def check(context: Context, *, limit: int = MAX_VIOLATIONS, slack: timedelta = SLACK) -> list[Violation]:
    """Runs all data-integrity checks. Returns the first violations, at most `limit`; an empty list if every check
    passes.
    """
    first_violations: list[Violation] = []
    async with aclosing(violations(context, slack=slack)) as all_violations:
        async for violation in all_violations:
            first_violations.append(violation)
            if len(first_violations) == limit:
                break
    return first_violations


async def violations(
    context: Context, *, slack: timedelta = SLACK, progress: Progress | None = None
) -> AsyncGenerator[Violation, None]:
    """Yields all violations, table by table, in bounded memory.

    A row that is written in the meantime is seen either as before or as after the write, never partly.
    """
    authorise(context, Action.CHECK_DATA_INTEGRITY)
    for violation in await violations_without_table(context, slack):
        yield violation
    for checked_table in CheckedTable:
        total = await _size(context, checked_table) if progress else 0
        done, after = 0, _FIRST
        while (page := await page_of(context, checked_table, after, slack)).keys:
            for violation in page.violations:
                yield violation
            done, after = done + len(page.keys), page.keys[-1]
            if progress:
                progress(checked_table.table, done, max(done, total))


class CheckedPage(NamedTuple):
    keys: list[UUID]
    violations: list[Violation]


async def violations_without_table(context: Context, slack: timedelta) -> list[Violation]:
    async def work(unit: UnitOfWork) -> list[Violation]:
        return await _examine(context, unit, None, [], slack)

    return await transact(context, work)


async def page_of(context: Context, checked_table: CheckedTable, after: UUID, slack: timedelta) -> CheckedPage:
    async def work(unit: UnitOfWork) -> CheckedPage:
        await unit.connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        rows = await unit.connection.fetch(
            f"SELECT id FROM {checked_table.table} WHERE id > $1 ORDER BY id LIMIT {checked_table.page}",  # noqa: S608 - of constants
            after,
        )
        keys = [row["id"] for row in rows]
        return CheckedPage(keys, await _examine(context, unit, checked_table, keys, slack) if keys else [])

    return await transact(context, work)


async def _examine(
    context: Context, unit: UnitOfWork, checked_table: CheckedTable | None, keys: list[UUID], slack: timedelta
) -> list[Violation]:
    examination = Examination(unit, context.settings.billing_time_zone, context.today(), slack)
    checks = [check for check in INTEGRITY_CHECKS if check.checked_table is checked_table]
    return [Violation(check.name, *finding) for check in checks for finding in await check.find(examination, keys)]


async def _size(context: Context, checked_table: CheckedTable) -> int:
    async def work(unit: UnitOfWork) -> int:
        return int(await unit.connection.fetchval(f"SELECT count(*) FROM {checked_table.table}"))  # noqa: S608 - of constants

    return await transact(context, work)
