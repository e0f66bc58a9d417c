from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.tables.migrations.initial import create_schema

ID = "2026-11-30T09:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "The whole schema: app/tables/migrations/initial"


async def forwards() -> MigrationManager:
    return create_schema(migration_id=ID, app_name="arcadia", description=DESCRIPTION)
