"""What Piccolo cannot say of the tables (keys, triggers, row-level security), and what a new database holds."""

from pathlib import Path

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.tables.tenants import Tenants

ID = "2026-11-29T22:51:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Keys, triggers and row-level security, and what a new database holds"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="arcadia", description=DESCRIPTION)

    async def run() -> None:
        transaction = Tenants._meta.db.current_transaction.get()
        for script in ("usage.sql", "walls.sql", "new_database.sql"):
            await transaction.connection.execute((Path(__file__).parent / script).read_text())

    manager.add_raw(run)
    return manager
