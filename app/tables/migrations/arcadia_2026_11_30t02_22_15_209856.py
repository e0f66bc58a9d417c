"""What came of metered events, in the audit log; and of a level, the daily total that it is part of."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import Text
from piccolo.columns.column_types import UUID
from piccolo.columns.indexes import IndexMethod

ID = "2026-11-30T02:22:15:209856"
VERSION = "1.38.0"
DESCRIPTION = "Columns for the counts of metered events and the streams of levels"


async def forwards() -> MigrationManager:
    manager = MigrationManager(
        migration_id=ID, app_name="arcadia", description=DESCRIPTION
    )

    manager.add_column(
        table_class_name="UsageRecords",
        tablename="usage_records",
        column_name="level_stream",
        db_column_name="level_stream",
        column_class_name="UUID",
        column_class=UUID,
        params={
            "default": None,
            "null": True,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="AuditLog",
        tablename="audit_log",
        column_name="result",
        db_column_name="result",
        column_class_name="Text",
        column_class=Text,
        params={
            "default": None,
            "null": True,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    return manager
