"""The time to record a level does not depend on the number of levels of its day."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar, cast
from uuid import UUID

import asyncpg
import pytest

from app.database import Database, UnitOfWork
from app.database.scope import Scope
from app.operations.deployments import end_resource
from app.operations.usage import correct_usage, record_usage
from tests.operations.given import Given
from tests.operations.metering import differing, metered, record, resource

T = TypeVar("T")

KIND = "storage_gb_hours"
TENTH = datetime(2026, 4, 10, tzinfo=UTC)
LEVELS = 1_500
READ = """
SELECT coalesce(sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)), 0)::int FROM pg_stat_xact_all_tables
WHERE relname LIKE 'usage_records%' OR relname = 'usage_corrections'
"""
FEW = 60
"""Rows. A level reads some ten, wherever it falls."""


CASES = ("a level", "of one instant", "corrected", "another resource's", "ended", "ended before")


class Counting:
    """The database, and how many rows of events and corrections the last transaction read."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.rows_read = 0

    async def run_in_transaction(self, scope: Scope, work: Callable[[UnitOfWork], Awaitable[T]]) -> T:
        async def counted(unit: UnitOfWork) -> T:
            before = await unit.connection.fetchval(READ)  # of the connection's last transactions
            result = await work(unit)
            self.rows_read = await unit.connection.fetchval(READ) - before
            return result

        return await self._database.run_in_transaction(scope, counted)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)


async def rows_read(given: Given, deployment_id: UUID, occurred_at: datetime, resource_id: UUID | None) -> int:
    counting = Counting(given.database)
    context = replace(given.meter(), database=cast("Database", counting))
    event = metered(deployment_id, KIND, "5", occurred_at, resource_id=resource_id)
    assert (await record_usage(context, events=[event])).accepted == 1
    return counting.rows_read


async def crowded(given: Given, deployment_id: UUID, resource_id: UUID | None, apart: timedelta) -> None:
    """A day of many levels, from six o'clock on."""
    for start in (0, LEVELS // 2):
        events = [
            metered(
                deployment_id,
                KIND,
                str(number),
                TENTH + timedelta(hours=6) + number * apart,
                id=str(number),
                resource_id=resource_id,
            )
            for number in range(start, start + LEVELS // 2)
        ]
        await record(given, *events)


async def analyse(database_url: str) -> None:
    """Counts the rows as autovacuum would by now: the statistics of an empty table make every index look as good."""
    owner = await asyncpg.connect(database_url)
    await owner.execute("ANALYZE usage_records, usage_corrections, usage_daily_totals")
    await owner.close()


@pytest.mark.parametrize("case", CASES)
async def test_a_level_reads_its_neighbours_only(given: Given, worker_database_url: str, case: str) -> None:
    tenant_id = await given.tenant()
    deployment_id = await given.deployment(tenant_id)
    first, second = await resource(given, deployment_id, "1"), await resource(given, deployment_id, "2")
    apart = timedelta() if case == "of one instant" else timedelta(seconds=20)
    await crowded(given, deployment_id, first, apart)
    if case == "corrected":
        for number in (0, LEVELS // 2, LEVELS - 1):
            await correct_usage(
                given.platform, tenant_id=tenant_id, source="api", event_id=str(number), quantity=Decimal(1), reason="x"
            )
    if case.startswith("ended"):
        await end_resource(given.platform, resource_id=first, ended_at=TENTH + timedelta(hours=12, seconds=7))
    await analyse(worker_database_url)
    stream = second if case == "another resource's" else first
    days = timedelta(days=-3 if case == "ended before" else 0)
    for hours in (0, 6, 9, 12, 23):
        read = await rows_read(given, deployment_id, TENTH + days + timedelta(hours=hours), stream)
        assert read < FEW, hours
    assert await differing(given) == []
