"""PostgreSQL: connections, migrations, and transactions (one per operation)."""

from app.database.database import Database
from app.database.errors import (
    BillingTimeZoneUnsuitable,
    CommitUnknown,
    DatabaseNotMigrated,
    DatabaseOfAnotherVersion,
    DatabaseUnavailable,
    DatabaseUnsuitable,
)
from app.database.scope import PLATFORM, Scope
from app.database.unit_of_work import UnitOfWork

__all__ = [
    "PLATFORM",
    "BillingTimeZoneUnsuitable",
    "CommitUnknown",
    "Database",
    "DatabaseNotMigrated",
    "DatabaseOfAnotherVersion",
    "DatabaseUnavailable",
    "DatabaseUnsuitable",
    "Scope",
    "UnitOfWork",
]
