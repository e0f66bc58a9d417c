"""What Piccolo cannot say of provider bills: a partial unique index, and privileges by column."""

from pathlib import Path

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.tables.tenants import Tenants

ID = "2026-11-30T02:06:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "One bill that counts for each provider's id, and what the application may change of bills"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="arcadia", description=DESCRIPTION)

    async def run() -> None:
        transaction = Tenants._meta.db.current_transaction.get()
        await transaction.connection.execute((Path(__file__).parent / "bills.sql").read_text())

    manager.add_raw(run)
    return manager
