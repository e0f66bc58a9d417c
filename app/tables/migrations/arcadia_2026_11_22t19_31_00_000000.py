"""Buckets outside the log, one a caller, behind their wall."""

from pathlib import Path

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.tables.tenants import Tenants

ID = "2026-11-22T19:31:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "The buckets' key and wall"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="arcadia", description=DESCRIPTION)

    async def run() -> None:
        transaction = Tenants._meta.db.current_transaction.get()
        await transaction.connection.execute((Path(__file__).parent / "rate_limits.sql").read_text())

    manager.add_raw(run)
    return manager
