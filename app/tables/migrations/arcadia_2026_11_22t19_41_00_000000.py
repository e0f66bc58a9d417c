"""Walls, references and indexes of late usage."""

from pathlib import Path

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.tables.late_usage import LateUsage

ID = "2026-11-22T19:41:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Walls of late usage"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="arcadia", description=DESCRIPTION)

    async def run() -> None:
        transaction = LateUsage._meta.db.current_transaction.get()
        await transaction.connection.execute((Path(__file__).parent / "late_usage.sql").read_text())

    manager.add_raw(run)
    return manager
