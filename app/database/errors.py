"""What can go wrong between us and PostgreSQL that is not the statement's fault."""

import asyncpg


class DatabaseUnavailable(Exception):
    """PostgreSQL cannot be reached, is starting or stopping, takes no writes, or has no connection or room left. Trying
    again later may work.
    """

    def __init__(self, reason: str, *, retry_after: int = 2) -> None:
        super().__init__(reason)
        self.retry_after = retry_after  # seconds


class CommitUnknown(DatabaseUnavailable):
    """The connection was lost after COMMIT was sent: the work, or a part of it, may be done. Never repeated blindly."""


class TransactionRolledBack(Exception):
    """An error inside the unit of work was swallowed, so PostgreSQL answered COMMIT with ROLLBACK."""


class NestedUnitOfWork(Exception):
    """A unit of work was opened inside another. One operation has one transaction."""


class DatabaseUnsuitable(Exception):
    """The database does not fit this process: an operator has to act, and trying again does not help. One line of text
    for people.
    """


class DatabaseNotMigrated(DatabaseUnsuitable):
    """The database lacks the role or the schema that this version needs."""


class DatabaseOfAnotherVersion(DatabaseUnsuitable):
    """The database has run migrations that this version does not have."""


class BillingTimeZoneUnsuitable(DatabaseUnsuitable):
    """PostgreSQL does not know ARCADIA_BILLING_TIME_ZONE, or the database's days are those of another zone."""


# 08: connection lost. 57P01-57P03: shutting down, crashed, starting. 53: too many connections, no disk, no memory.
# 25006: read only, which is what a client sees of a primary that became a replica.
_UNAVAILABLE = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.InsufficientResourcesError,
    asyncpg.ReadOnlySQLTransactionError,
)
_LOST_IN_CLIENT = ("connection is closed", "connection has been released", "pool is clos", "connection was closed")


def first_line(error: BaseException) -> str:
    """What an error says, without PostgreSQL's lines of detail, hint and position."""
    return next(iter(str(error).splitlines()), "") or type(error).__name__


def is_unavailable(error: BaseException) -> bool:
    """Whether an error means that PostgreSQL was not there, rather than that it refused the statement."""
    if isinstance(error, asyncpg.InterfaceError):
        return any(phrase in str(error) for phrase in _LOST_IN_CLIENT)
    # What asyncpg raises of a connection whose backend ended between two statements: the next was not sent.
    return isinstance(error, (*_UNAVAILABLE, asyncpg.InternalClientError, ConnectionError, TimeoutError))


def is_conflict(error: BaseException) -> bool:
    """Whether PostgreSQL gave up one of several transactions that stood in each other's way: 40001, 40P01."""
    return isinstance(error, asyncpg.SerializationError | asyncpg.DeadlockDetectedError)
