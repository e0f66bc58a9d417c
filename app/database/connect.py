"""How every connection to PostgreSQL is set up, and what its failures are called."""

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

# What a client may wait beyond the server's own limit before it takes the connection for dead.
_GRACE_SECONDS = 5
_CLOSE_TIMEOUT_SECONDS = 2
_UNKNOWN_TO_POOLERS = "unsupported startup parameter"

POOLER_SETTINGS = {"application_name": APPLICATION_NAME, "TimeZone": "UTC"}
"""What PgBouncer takes of a session's settings, and keeps apart for each client."""

logger = logging.getLogger(__name__)


def timeouts(settings: Settings) -> dict[str, int]:
    """PostgreSQL's own time-outs, in seconds."""
    return {
        "statement_timeout": settings.statement_timeout,
        "lock_timeout": settings.lock_timeout,
        "idle_in_transaction_session_timeout": settings.idle_transaction_timeout,
    }


def session_settings(settings: Settings) -> dict[str, str]:
    """What a session needs of PostgreSQL's settings, beside its role."""
    return {
        "TimeZone": "UTC",  # instants in JSON follow it
        "jit": "off",  # compiling costs these short statements fifty times what it saves
        "client_min_messages": "warning",
        **{name: f"{seconds}s" for name, seconds in timeouts(settings).items()},
    }


def server_settings(settings: Settings, *, role: str | None = PLATFORM) -> dict[str, str]:
    """The session's settings, sent with the first packet and so free of a round trip."""
    sent = {"application_name": APPLICATION_NAME, **session_settings(settings)}
    return sent if role is None else {**sent, "role": role}


def connection_options(settings: Settings, url: str, *, role: str | None = PLATFORM) -> dict[str, Any]:
    """Arguments of asyncpg's connect and create_pool. `role` None: the login's own."""
    server = parse(url)
    if server.user is None and "PGUSER" not in os.environ:
        _require_user_name(server)
    return {
        "dsn": server.asyncpg_dsn,
        "timeout": server.connect_timeout or settings.connect_timeout,
        # Without it a half-open network hangs for ever.
        "command_timeout": settings.statement_timeout + _GRACE_SECONDS,
        "server_settings": server_settings(settings, role=role) | server.session,
        "max_cacheable_statement_size": 0,  # no limit: compiled reads are long, and worth keeping
        "max_cached_statement_lifetime": 0,  # no limit: PostgreSQL itself plans anew once statistics or tables change
    }


def _require_user_name(server: Server) -> None:
    """The system's is taken for a URL without one. In a container there may be none."""
    try:
        getpass.getuser()
    except (KeyError, OSError):
        raise DatabaseUnavailable(
            f"PostgreSQL at {server.place}: the URL names no user, and user {os.geteuid()} has no entry in passwd"
        ) from None


def pool_options(settings: Settings, url: str, size: int, *, role: str, least: int, pooled: bool) -> dict[str, Any]:
    """Arguments of asyncpg's create_pool. A pooler (`pooled`) drops what is sent with the first packet, so the login
    has its role and time-outs by ALTER ROLE; and the next transaction may meet another session, without the statements
    that this one has prepared.
    """
    options = connection_options(settings, url, role=role)
    if pooled:
        options |= {"server_settings": POOLER_SETTINGS, "statement_cache_size": 0}
    # Nothing of a session outlives a transaction here, so a connection needs no round trip to be reset.
    connecting = partial(connect, parse(url).keepalives)
    return {**options, "min_size": least, "max_size": size, "reset": _no_reset, "connect": connecting}


async def connect(keepalives: Mapping[str, int], /, *arguments: Any, **options: Any) -> Any:
    """As asyncpg's connect, with the TCP keepalives of the URL, which asyncpg itself does not set."""
    opened = await asyncpg.connect(*arguments, **options)
    keep_alive(opened._transport.get_extra_info("socket"), keepalives)
    return opened


async def _no_reset(_connection: object) -> None:
    pass


@contextmanager
def named_failures(url: str) -> Iterator[None]:
    """Raises DatabaseUnavailable or DatabaseNotMigrated, in one line, for what goes wrong while connecting."""
    try:
        yield
    except asyncpg.PostgresError as error:
        raise _refused(url, error) from error
    except (OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
        reason = "it does not answer" if isinstance(error, TimeoutError) else str(error)
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
    """Whether a connection pooler answers there: the process that it names when connecting is not PostgreSQL's."""
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
    """Where a URL points, without its user and password."""
    return parse(url).place


def login_of(url: str) -> str | None:
    """The user that a URL names."""
    return parse(url).user


@contextmanager
def unavailable_is_typed() -> Iterator[None]:
    """Raises DatabaseUnavailable for a connection lost or not to be had, a server stopping, a pool with none free."""
    try:
        yield
    except Exception as error:
        if is_connection_error(error):
            raise unavailable(error) from error
        raise


def is_connection_error(error: BaseException) -> bool:
    return is_unavailable(error) or isinstance(error, OSError)  # what connecting raises, for sockets and names


def unavailable(error: Exception) -> DatabaseUnavailable:
    return DatabaseUnavailable(f"PostgreSQL is unavailable: {str(error) or type(error).__name__}")


@asynccontextmanager
async def connection(settings: Settings, url: str, *, role: str | None = PLATFORM) -> AsyncIterator[Any]:
    """A connection outside the pools: to listen, to migrate. Closed at the end. Raises DatabaseUnsuitable for that of a
    pooler.
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
    """Closes politely, or at once where the other side is gone."""
    try:
        await opened.close(timeout=1)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        opened.terminate()


async def give_back(pool: Any, opened: Any) -> None:
    """Gives a connection back to its pool; one that does not answer for two seconds is dropped, by asyncpg."""
    try:
        await pool.release(opened, timeout=_CLOSE_TIMEOUT_SECONDS)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        logger.warning("A connection could not be given back and is dropped: %s", str(error) or type(error).__name__)


def passthrough_json() -> Callable[[Any], Any]:
    """Set-up of a connection whose `json` values come as the bytes that PostgreSQL sent."""

    async def init(opened: Any) -> None:
        await opened.set_type_codec("json", schema="pg_catalog", encoder=bytes, decoder=bytes, format="binary")

    return init
