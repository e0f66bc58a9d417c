"""The databases of the benchmark: one for each size, seeded once, emptied of invoices before each case."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg

from app.database.migrate import migrate
from app.settings import Settings

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Size:
    """How many subscriptions, of five to a tenant, all of one, or one to a tenant."""

    subscriptions: int
    of_one_tenant: bool = False
    one_each: bool = False

    @property
    def database(self) -> str:
        return f"{'tenant' if self.of_one_tenant else 'each' if self.one_each else 'rollup'}_{self.subscriptions}"

    @property
    def per_tenant(self) -> int:
        return 1 if self.one_each else self.subscriptions if self.of_one_tenant else 5


class Database:
    """A seeded database, reached as its owner: what the benchmark itself asks is not under row-level security."""

    def __init__(self, url: str, size: Size) -> None:
        self.url = url
        self.size = size
        self.month = month()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Any]:
        connection = await asyncpg.connect(self.url, server_settings={"jit": "off", "TimeZone": "UTC"})
        try:
            yield connection
        finally:
            await connection.close()

    def run(self, work: Callable[[Any], Awaitable[Any]]) -> Any:
        async def connected() -> Any:
            async with self.connection() as connection:
                return await work(connection)

        return asyncio.run(connected())

    def clear(self) -> None:
        """Deletes all invoices, billing months, runs and jobs, and frees their disk space."""

        async def work(connection: Any) -> None:
            before = (self.month - timedelta(days=1)).replace(day=1)
            await connection.execute("UPDATE installation SET billing_months_through = $1", before)
            await connection.execute(
                "TRUNCATE billing_months, billing_month_changes, tenant_invoices, tenant_invoice_lines,"
                " tenant_invoice_inputs, rollup_runs, rollup_chunks, rollup_outcomes, rollup_failures,"
                " rollup_unpriced_usage, rollup_warnings, saq_jobs, saq_stats CASCADE"
            )
            await connection.execute("CHECKPOINT")

        self.run(work)

    def totals(self) -> list[tuple[Any, ...]]:
        """Returns each tenant's subtotal, tax and total, and the sum and number of its lines of each kind."""

        async def work(connection: Any) -> list[tuple[Any, ...]]:
            rows = await connection.fetch(_TOTALS)
            return [tuple(row) for row in rows]

        found: list[tuple[Any, ...]] = self.run(work)
        return found


_TOTALS = """
SELECT i.tenant_id, i.subtotal_cents, i.tax_cents, i.total_cents, sum(l.amount_cents), count(*),
    count(*) FILTER (WHERE kind = 'OVERAGE'), sum(l.amount_cents) FILTER (WHERE kind = 'OVERAGE'),
    md5(string_agg(concat_ws('|', position, key, description, resource_kind, amount_cents), E'\\n' ORDER BY position)
        FILTER (WHERE kind <> 'OVERAGE'))
FROM tenant_invoices i JOIN tenant_invoice_lines l ON l.invoice_id = i.id
WHERE i.status <> 'VOID'
GROUP BY i.id ORDER BY i.tenant_id
"""


def month() -> date:
    """The last one that ended by the real clock, which the workers go by."""
    return (datetime.now(UTC).date().replace(day=1) - timedelta(days=1)).replace(day=1)


def seeded(cluster_url: str, size: Size) -> Database:
    """The database of this size, made when it is not there yet, and migrated."""
    return asyncio.run(_seeded(cluster_url, size))


async def _seeded(cluster_url: str, size: Size) -> Database:
    url = cluster_url.replace("/postgres?", f"/{size.database}?")
    connection = await asyncpg.connect(cluster_url)
    try:
        if not await connection.fetchval("SELECT count(*) FROM pg_database WHERE datname = $1", size.database):
            await connection.execute(f'CREATE DATABASE "{size.database}"')
    finally:
        await connection.close()
    await migrate(Settings.from_environment({"ARCADIA_DATABASE_URL": url}))
    database = Database(url, size)
    async with database.connection() as connection:
        if not await connection.fetchval("SELECT count(*) FROM subscriptions"):
            for name, value in {
                "bench.deployments": str(size.subscriptions),
                "bench.per_tenant": str(size.per_tenant),
                "bench.month": database.month.isoformat(),
            }.items():
                await connection.execute("SELECT set_config($1, $2, false)", name, value)
            await connection.execute((HERE / "seed.sql").read_text(encoding="utf-8"))
            await connection.execute("VACUUM (FREEZE, ANALYZE)")
    return database
