"""The month of daily totals is made by PostgreSQL, and indexed."""

from pathlib import Path

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.tables.usage import UsageDailyTotals

ID = "2026-11-29T15:32:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "The index of months of daily totals"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="arcadia", description=DESCRIPTION)

    async def run() -> None:
        transaction = UsageDailyTotals._meta.db.current_transaction.get()
        await transaction.connection.execute((Path(__file__).parent / "month_of_totals.sql").read_text())

    manager.add_raw(run)
    return manager
