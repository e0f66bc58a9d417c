"""Sets up every connection to PostgreSQL, and turns connection errors into typed exceptions."""

import getpass
import logging
import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import Any

import asyncpg

from app.database.errors import DatabaseNotMigrated, DatabaseUnavailable, DatabaseUnsuitable, first_line, is_unavailable
from app.database.roles import PLATFORM, ROLES
from app.database_urls import Server, keep_alive, parse
from app.settings import Settings

APPLICATION_NAME = "arcadia"

# How much longer than the server's own limit a client waits before it considers the connection dead.
_GRACE_SECONDS = 5
_CLOSE_TIMEOUT_SECONDS = 2
_UNKNOWN_TO_POOLERS = "unsupported startup parameter"

POOLER_SETTINGS = {"application_name": APPLICATION_NAME, "TimeZone": "UTC"}
"""The settings that PgBouncer accepts from a session and keeps separately for each client."""

logger = logging.getLogger(__name__)


def timeouts(settings: Settings) -> dict[str, int]:
    """Returns PostgreSQL's own time-outs, in seconds."""
    return {
        "statement_timeout": settings.statement_timeout,
        "lock_timeout": settings.lock_timeout,
        "idle_in_transaction_session_timeout": settings.idle_transaction_timeout,
    }


def session_settings(settings: Settings) -> dict[str, str]:
    """Returns the PostgreSQL settings that a session needs, besides its role."""
    return {
        "TimeZone": "UTC",  # instants in JSON are in this zone
        "jit": "off",  # compiling costs these short statements fifty times the time it saves
        "client_min_messages": "warning",
        **{name: f"{seconds}s" for name, seconds in timeouts(settings).items()},
    }


def server_settings(settings: Settings, *, role: str | None = PLATFORM) -> dict[str, str]:
    """Returns the session's settings to send in the start-up packet, which needs no extra round trip."""
    sent = {"application_name": APPLICATION_NAME, **session_settings(settings)}
    return sent if role is None else {**sent, "role": role}


def connection_options(settings: Settings, url: str, *, role: str | None = PLATFORM) -> dict[str, Any]:
    """Returns the arguments for asyncpg's connect and create_pool. `role` None: the login's own role."""
    server = parse(url)
    if server.user is None and "PGUSER" not in os.environ:
        _require_user_name(server)
    return {
        "dsn": server.asyncpg_dsn,
        "timeout": server.connect_timeout or settings.connect_timeout,
        # Without it, a call on a half-open connection never returns.
        "command_timeout": settings.statement_timeout + _GRACE_SECONDS,
        "server_settings": server_settings(settings, role=role) | server.session,
        "max_cacheable_statement_size": 0,  # no limit: compiled reads are long and worth caching
        "max_cached_statement_lifetime": 0,  # no limit: PostgreSQL plans again when statistics or tables change
    }


def _require_user_name(server: Server) -> None:
    """Raises DatabaseUnavailable if neither the URL nor the system names a user. A container may have no user name."""
    try:
        getpass.getuser()
    except (KeyError, OSError):
        raise DatabaseUnavailable(
            f"PostgreSQL at {server.place}: the URL names no user, and user {os.geteuid()} has no entry in passwd"
        ) from None


def pool_options(settings: Settings, url: str, size: int, *, role: str, least: int, pooled: bool) -> dict[str, Any]:
    """Returns the arguments for asyncpg's create_pool. A pooler (`pooled`) ignores most settings in the start-up
    packet, so the login gets its role and time-outs by ALTER ROLE. It may also run the next transaction in another
    session, which lacks the statements prepared in this one.
    """
    options = connection_options(settings, url, role=role)
    if pooled:
        options |= {"server_settings": POOLER_SETTINGS, "statement_cache_size": 0}
    # No session state outlives a transaction here, so a connection needs no round trip to be reset.
    connecting = partial(connect, parse(url).keepalives)
    return {**options, "min_size": least, "max_size": size, "reset": _no_reset, "connect": connecting}


async def connect(keepalives: Mapping[str, int], /, *arguments: Any, **options: Any) -> Any:
    """Connects as asyncpg's connect does, and sets the URL's TCP keepalives, which asyncpg does not."""
    opened = await asyncpg.connect(*arguments, **options)
    keep_alive(opened._transport.get_extra_info("socket"), keepalives)
    return opened


async def _no_reset(_connection: object) -> None:
    pass


@contextmanager
def named_failures(url: str) -> Iterator[None]:
    """Converts errors of connecting, raised in the block, to DatabaseUnavailable or DatabaseNotMigrated with a one-line
    message.
    """
    try:
        yield
    except asyncpg.PostgresError as error:
        raise _refused(url, error) from error
    except (OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
        reason = "it did not answer in time" if isinstance(error, TimeoutError) else str(error)
        raise DatabaseUnavailable(f"PostgreSQL at {place(url)} cannot be reached: {reason}") from error


def _refused(url: str, error: asyncpg.PostgresError) -> Exception:
    if _UNKNOWN_TO_POOLERS in str(error):
        return behind_a_pooler(url)
    if any(role in str(error) for role in ROLES):
        return DatabaseNotMigrated(
            f"The login of the database at {place(url)} has no role ({first_line(error)}): run `arcadia migrate`"
        )
    return DatabaseUnavailable(f"PostgreSQL at {place(url)} refuses the connection: {first_line(error)}")


def behind_a_pooler(url: str) -> DatabaseUnsuitable:
    return DatabaseUnsuitable(
        f"{place(url)} is a connection pooler: set ARCADIA_DIRECT_DATABASE_URL to PostgreSQL itself, for LISTEN, the"
        " queue and migrations, and ARCADIA_PLATFORM_DATABASE_URL to a second login; see docs/reliability.md"
    )


async def is_pooler(settings: Settings, url: str) -> bool:
    """Whether the server is a connection pooler: then the process id sent when connecting is not that of a PostgreSQL
    process.
    """
    options = {**connection_options(settings, url), "server_settings": POOLER_SETTINGS, "statement_cache_size": 0}
    with named_failures(url):
        opened = await connect(parse(url).keepalives, **options)
        try:
            return not await _is_direct(opened)
        finally:
            await close(opened)


async def _is_direct(opened: Any) -> bool:
    return bool(await opened.fetchval("SELECT pg_backend_pid()") == opened.get_server_pid())


def place(url: str) -> str:
    """Returns host, port and database of a URL, without user and password."""
    return parse(url).place


def login_of(url: str) -> str | None:
    """Returns the user that a URL names."""
    return parse(url).user


@contextmanager
def unavailable_is_typed() -> Iterator[None]:
    """Converts the driver's errors in the block to DatabaseUnavailable if a connection was lost or could not be made,
    the server is stopping, or a pool has no free connection.
    """
    try:
        yield
    except Exception as error:
        if is_connection_error(error):
            raise unavailable(error) from error
        raise


def is_connection_error(error: BaseException) -> bool:
    return is_unavailable(error) or isinstance(error, OSError)  # errors of sockets and host names


def unavailable(error: Exception) -> DatabaseUnavailable:
    return DatabaseUnavailable(f"PostgreSQL is unavailable: {str(error) or type(error).__name__}")


@asynccontextmanager
async def connection(settings: Settings, url: str, *, role: str | None = PLATFORM) -> AsyncIterator[Any]:
    """Yields a connection outside the pools, for listening and migrating, and closes it. Raises DatabaseUnsuitable for
    a connection pooler.
    """
    with named_failures(url):
        opened = await connect(parse(url).keepalives, **connection_options(settings, url, role=role))
    try:
        if not await _is_direct(opened):
            raise behind_a_pooler(url)
        yield opened
    finally:
        await close(opened)


async def close(opened: Any) -> None:
    """Closes a connection to PostgreSQL properly, or at once if the server does not answer."""
    try:
        await opened.close(timeout=1)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        opened.terminate()


async def give_back(pool: Any, opened: Any) -> None:
    """Returns a connection to its pool. asyncpg closes one that does not answer for two seconds."""
    try:
        await pool.release(opened, timeout=_CLOSE_TIMEOUT_SECONDS)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        logger.warning(
            "A connection could not be returned to the pool and was closed: %s", str(error) or type(error).__name__
        )


def passthrough_json() -> Callable[[Any], Any]:
    """Returns a set-up function for connections whose `json` values stay the bytes that PostgreSQL sent."""

    async def init(opened: Any) -> None:
        await opened.set_type_codec("json", schema="pg_catalog", encoder=bytes, decoder=bytes, format="binary")

    return init
