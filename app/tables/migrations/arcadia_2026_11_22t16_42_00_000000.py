"""Events in monthly partitions, their ids unique over all of them."""

from pathlib import Path

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.tables.tenants import Tenants

ID = "2026-11-22T16:42:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Usage by month"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="arcadia", description=DESCRIPTION)

    async def run() -> None:
        transaction = Tenants._meta.db.current_transaction.get()
        await transaction.connection.execute((Path(__file__).parent / "usage_by_month.sql").read_text())

    manager.add_raw(run)
    return manager
