"""The parts of a data-integrity check: a rule, the table it covers, and how its violations are found."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from app.database import UnitOfWork


class Violation(NamedTuple):
    """The name of the failed check, the row (table and key) that violates it, and a message."""

    check: str
    row: str
    message: str


@dataclass(frozen=True, slots=True)
class Examination:
    """The snapshot in which data-integrity checks read one page of rows: all queries in it see the data at the same
    instant.

    today: in the billing time zone. slack: how far apart the clocks of two writers, and the ends of two transactions,
    may be before a change counts as earlier than a rollup.
    """

    unit: UnitOfWork
    zone: ZoneInfo
    today: date
    slack: timedelta

    async def fetch(self, statement: str, *arguments: object) -> list[Any]:
        rows: list[Any] = await self.unit.connection.fetch(statement, *arguments)
        return rows


class CheckedTable(Enum):
    """The table whose rows a check covers, and how many of its rows are checked in one transaction."""

    TENANTS = ("tenants", 500)
    DEPLOYMENTS = ("cloud_deployments", 200)
    INVOICES = ("tenant_invoices", 100)
    ENTRIES = ("journal_entries", 500)
    RUNS = ("rollup_runs", 50)
    ISSUE_RUNS = ("issue_runs", 50)
    BILLS = ("cloud_invoices", 5)

    @property
    def table(self) -> str:
        return self.value[0]

    @property
    def page(self) -> int:
        return self.value[1]


class Finding(NamedTuple):
    row: str
    message: str


Find = Callable[[Examination, Sequence[Any]], Awaitable[list[Finding]]]


@dataclass(frozen=True, slots=True)
class IntegrityCheck:
    """A data-integrity check. `name` says what must always be true; `find` yields the violations in one page of rows of
    `checked_table`.

    If `checked_table` is None, `find` is called once, without keys.
    """

    name: str
    checked_table: CheckedTable | None
    find: Find


def by_statement(table: str, statement: str) -> Find:
    """Returns a `find` function that runs one statement: its $1 are the page's keys, and it yields the key of a row of
    the table and a message.

    Without a table, the statement returns the table's name before the key.
    """

    async def find(examination: Examination, keys: Sequence[Any]) -> list[Finding]:
        rows = await examination.fetch(statement, list(keys))
        return [Finding(f"{table} {key}".lstrip(), message) for key, message in rows]

    return find
