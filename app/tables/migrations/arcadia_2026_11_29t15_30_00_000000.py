"""Row-level security asks first whether the platform does. Table by table: begun again, it does the same."""

from pathlib import Path
from typing import Any

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine import engine_finder

ID = "2026-11-29T15:30:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Cheaper policies"


async def forwards() -> MigrationManager:
    manager = MigrationManager(
        migration_id=ID, app_name="arcadia", description=DESCRIPTION, wrap_in_transaction=False
    )

    async def run() -> None:
        engine: Any = engine_finder()
        owner = await engine.get_new_connection()
        try:
            for (statement,) in await owner.fetch((Path(__file__).parent / "policies.sql").read_text()):
                await owner.execute(statement)
        finally:
            await owner.close()

    manager.add_raw(run)
    return manager
