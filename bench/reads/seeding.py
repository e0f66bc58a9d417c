"""The database of the benchmark: our migrations, then seed.sql."""

import asyncio

import asyncpg

from app.database.migrate import migrate
from app.settings import Settings
from bench.reads.workload import HERE, TENANTS


def fill(settings: Settings) -> None:
    """Migrates and seeds the database of the settings; its statistics and visibility are then up to date."""
    asyncio.run(_fill(settings))


async def _fill(settings: Settings) -> None:
    await migrate(settings)
    connection = await asyncpg.connect(settings.owner_database_url)
    try:
        await connection.execute("SELECT set_config('bench.tenants', $1, false)", str(TENANTS))
        await connection.execute((HERE / "seed.sql").read_text(encoding="utf-8"))
        await connection.execute("VACUUM (FREEZE, ANALYZE)")
    finally:
        await connection.close()
