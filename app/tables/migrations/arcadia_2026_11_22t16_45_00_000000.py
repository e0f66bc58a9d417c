"""Walls around the audit log and the idempotency keys."""

from pathlib import Path

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.tables.audit import AuditLog

ID = "2026-11-22T16:45:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Walls of the audit log and the idempotency keys"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="arcadia", description=DESCRIPTION)

    async def run() -> None:
        transaction = AuditLog._meta.db.current_transaction.get()
        await transaction.connection.execute((Path(__file__).parent / "audit.sql").read_text())

    manager.add_raw(run)
    return manager
