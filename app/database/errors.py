"""Exceptions for database problems that a statement did not cause."""

import asyncpg


class DatabaseUnavailable(Exception):
    """PostgreSQL cannot be reached, is starting or stopping, is read-only, or has no free connection or space. Retrying
    later may work.
    """

    def __init__(self, reason: str, *, retry_after: int = 2) -> None:
        super().__init__(reason)
        self.retry_after = retry_after  # in seconds


class CommitUnknown(DatabaseUnavailable):
    """The connection was lost after COMMIT was sent: the change may or may not have been made. Never retried
    automatically.
    """


class TransactionRolledBack(Exception):
    """An error inside the unit of work was caught and ignored, so PostgreSQL answered COMMIT with ROLLBACK."""


class NestedUnitOfWork(Exception):
    """A unit of work was opened inside another. One operation has one transaction."""


class DatabaseUnsuitable(Exception):
    """The database does not fit this process: an operator must act, and retrying does not help. The message is one line
    for people.
    """


class DatabaseNotMigrated(DatabaseUnsuitable):
    """The database lacks the role or the schema that this version requires."""


class DatabaseOfAnotherVersion(DatabaseUnsuitable):
    """The database has run migrations that this version does not have."""


class BillingTimeZoneUnsuitable(DatabaseUnsuitable):
    """PostgreSQL does not know ARCADIA_BILLING_TIME_ZONE, or the database uses another zone."""


# 08: connection lost. 57P01-57P03: shutting down, crashed, starting. 53: too many connections, no disk, no memory.
# 25006: read-only, as a primary is that became a replica.
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
    """Returns the first line of an error's message, without PostgreSQL's detail, hint and position."""
    return next(iter(str(error).splitlines()), "") or type(error).__name__


def is_unavailable(error: BaseException) -> bool:
    """Whether an error means that PostgreSQL was unavailable, rather than that it refused the statement."""
    if isinstance(error, asyncpg.InterfaceError):
        return any(phrase in str(error) for phrase in _LOST_IN_CLIENT)
    # asyncpg raises this if the server process ended between two statements: the next was not sent.
    return isinstance(error, (*_UNAVAILABLE, asyncpg.InternalClientError, ConnectionError, TimeoutError))


def is_conflict(error: BaseException) -> bool:
    """Whether PostgreSQL aborted the transaction because of a conflict with others: 40001, 40P01."""
    return isinstance(error, asyncpg.SerializationError | asyncpg.DeadlockDetectedError)
