"""How every connection to PostgreSQL is set up, and what its failures are called."""

import getpass
import logging
import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import Any

import asyncpg

from app.database.errors import DatabaseNotMigrated, DatabaseUnavailable, is_unavailable
from app.database_urls import Server, keep_alive, parse
from app.settings import Settings

APPLICATION_ROLE = "arcadia_app"
"""Neither owner nor superuser, so row-level security binds it. `arcadia migrate` makes it and grants it."""

APPLICATION_NAME = "arcadia"

# What a client may wait beyond the server's own limit before it takes the connection for dead.
_GRACE_SECONDS = 5
_PARTING_SECONDS = 2

logger = logging.getLogger(__name__)


def server_settings(settings: Settings, *, role: str | None = APPLICATION_ROLE) -> dict[str, str]:
    """The session's settings, sent with the first packet and so free of a round trip."""
    sent = {
        "application_name": APPLICATION_NAME,
        "TimeZone": "UTC",  # instants in JSON follow it
        "jit": "off",  # compiling costs these short statements fifty times what it saves
        "client_min_messages": "warning",
        "statement_timeout": f"{settings.statement_timeout}s",
        "lock_timeout": f"{settings.lock_timeout}s",
        "idle_in_transaction_session_timeout": f"{settings.idle_transaction_timeout}s",
    }
    return sent if role is None else {**sent, "role": role}


def connection_options(settings: Settings, url: str, *, role: str | None = APPLICATION_ROLE) -> dict[str, Any]:
    """Arguments of asyncpg's connect and create_pool."""
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


def pool_options(settings: Settings, url: str, size: int) -> dict[str, Any]:
    # Nothing of a session outlives a transaction here, so a connection needs no round trip to be reset.
    return {
        **connection_options(settings, url),
        "min_size": min(size, 2),
        "max_size": size,
        "reset": _no_reset,
        "connect": partial(connect, parse(url).keepalives),
    }


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
    if APPLICATION_ROLE in str(error):
        return DatabaseNotMigrated(
            f"The database at {place(url)} has no role {APPLICATION_ROLE} for this user: run `arcadia migrate`"
        )
    return DatabaseUnavailable(f"PostgreSQL at {place(url)} refuses the connection: {error}")


def place(url: str) -> str:
    """Where a URL points, without its user and password."""
    return parse(url).place


@contextmanager
def unavailable_is_typed() -> Iterator[None]:
    """Raises DatabaseUnavailable for a connection lost or not to be had, a server stopping, a pool with none free."""
    try:
        yield
    except Exception as error:
        if is_away(error):
            raise away(error) from error
        raise


def is_away(error: BaseException) -> bool:
    return is_unavailable(error) or isinstance(error, OSError)  # what connecting raises, for sockets and names


def away(error: Exception) -> DatabaseUnavailable:
    return DatabaseUnavailable(f"PostgreSQL is away: {str(error) or type(error).__name__}")


@asynccontextmanager
async def connection(settings: Settings, url: str, *, role: str | None = APPLICATION_ROLE) -> AsyncIterator[Any]:
    """A connection outside the pools: to listen, to migrate. Closed at the end."""
    with named_failures(url):
        opened = await connect(parse(url).keepalives, **connection_options(settings, url, role=role))
    try:
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
        await pool.release(opened, timeout=_PARTING_SECONDS)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        logger.warning("A connection could not be given back and is dropped: %s", str(error) or type(error).__name__)


def passthrough_json() -> Callable[[Any], Any]:
    """Set-up of a connection whose `json` values come as the bytes that PostgreSQL sent."""

    async def init(opened: Any) -> None:
        await opened.set_type_codec("json", schema="pg_catalog", encoder=bytes, decoder=bytes, format="binary")

    return init
