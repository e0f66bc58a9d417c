"""The row by which processes see that row-level security is in force. It comes before the policies, which bind the owner."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.tables.installation import RowSecurityProbe

ID = "2026-11-30T02:10:48:000000"
VERSION = "1.38.0"
DESCRIPTION = "The row by which processes see that row-level security is in force"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="arcadia", description=DESCRIPTION)

    async def run() -> None:
        transaction = RowSecurityProbe._meta.db.current_transaction.get()
        await transaction.connection.execute(
            "INSERT INTO row_security_probe (id, tenant_id) VALUES"
            " ('019d4500-0000-7000-8000-000000000002', '019d4500-0000-7000-8000-000000000003')"
        )

    manager.add_raw(run)
    return manager
