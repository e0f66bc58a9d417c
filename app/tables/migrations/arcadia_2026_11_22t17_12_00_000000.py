"""Queue the check of invoices' totals for a fraction of the work."""

from pathlib import Path

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.tables.invoices import TenantInvoices

ID = "2026-11-22T17:12:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "The check of invoices' totals, queued by invoice"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="arcadia", description=DESCRIPTION)

    async def run() -> None:
        transaction = TenantInvoices._meta.db.current_transaction.get()
        await transaction.connection.execute((Path(__file__).parent / "totals_by_invoice.sql").read_text())

    manager.add_raw(run)
    return manager
