"""Row-level security asks first whether the platform does."""

from pathlib import Path

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.tables.tenants import Tenants

ID = "2026-11-29T15:30:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Cheaper policies"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="arcadia", description=DESCRIPTION)

    async def run() -> None:
        transaction = Tenants._meta.db.current_transaction.get()
        await transaction.connection.execute((Path(__file__).parent / "policies.sql").read_text())

    manager.add_raw(run)
    return manager
