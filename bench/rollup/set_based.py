"""The comparison: one SQL statement that computes and inserts the same invoices, in one session or in two
in parallel.
"""

import asyncio
from collections.abc import Callable
from itertools import pairwise
from uuid import UUID

from bench.rollup.data import HERE, Database
from bench.rollup.measurement import Figures, Peak, Stopwatch, watched

_STATEMENT = (HERE / "set_based.sql").read_text(encoding="utf-8")
_MIN_ID, _MAX_ID = UUID(int=0), UUID(int=2**128 - 1)
_MIDDLE = "SELECT id FROM tenants ORDER BY id OFFSET (SELECT count(*) / 2 FROM tenants) LIMIT 1"


def measure(database: Database, case: str, sessions: int, postgres_cpu: Callable[[], float]) -> Figures:
    peak, clock = Peak(), Stopwatch(postgres_cpu)
    with watched(peak):
        asyncio.run(_insert_all(database, sessions, peak, clock))
    return clock.figures(case, database.size.subscriptions, peak)


async def _insert_all(database: Database, sessions: int, peak: Peak, clock: Stopwatch) -> None:
    async with database.connection() as connection:
        bounds = [_MIN_ID, _MAX_ID] if sessions == 1 else [_MIN_ID, await connection.fetchval(_MIDDLE), _MAX_ID]
    clock.start()
    await asyncio.gather(*(_insert(database, low, high, peak) for low, high in pairwise(bounds)))
    clock.stop()


async def _insert(database: Database, low: UUID, high: UUID, peak: Peak) -> None:
    async with database.connection() as connection:
        peak.processes.add(connection.get_server_pid())
        await connection.execute("SET work_mem = '64MB'")
        await connection.execute(_STATEMENT, database.month, low, high)
