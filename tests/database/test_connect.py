"""One URL for both drivers: several hosts, options of the session, keepalives of the socket."""

import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, cast
from urllib.parse import quote, urlencode

import pytest
from psycopg.conninfo import conninfo_to_dict
from psycopg_pool import AsyncConnectionPool
from saq.queue.postgres import PostgresQueue

from app.database import PLATFORM, Database
from app.database_urls import keep_alive
from app.queue import Queue
from app.settings import Settings
from tests.faults.proxy import proxied


@pytest.fixture
async def there(settings: Settings) -> AsyncIterator[Settings]:
    """The tests' database behind a TCP port, as the second of two hosts; nothing listens at the first."""
    async with proxied(str(settings.database_url)) as proxy:
        given = {name: str(value) for name, value in conninfo_to_dict(proxy.url).items() if value}
        given |= {"host": f"127.0.0.1,{given['host']}", "port": f"1,{given['port']}"}
        given |= {"options": "-c work_mem=5MB", "application_name": "billing", "connect_timeout": "9"}
        given |= {"keepalives_idle": "77", "channel_binding": "prefer"}
        url = f"postgresql://?{urlencode(given, quote_via=quote)}"
        yield replace(settings, database_url=url, database_pool_size=2, read_pool_size=2)


async def test_both_drivers_take_the_second_host_and_the_options_of_the_url(there: Settings) -> None:
    shown = "SELECT current_setting('work_mem'), current_setting('application_name'), current_user::text"
    expected = ("5MB", "billing", "arcadia_platform")
    async with Database(there) as database, Queue(there) as queue:
        async with database.reading_written(PLATFORM) as connection:
            assert tuple(await connection.fetchrow(shown)) == expected
            connected = connection._con._transport.get_extra_info("socket")
            assert connected.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 77
        pool: AsyncConnectionPool[Any] = cast("PostgresQueue", queue.saq).pool
        async with pool.connection() as of_the_queue:
            row = await (await of_the_queue.execute(shown)).fetchone()
            assert row == expected


@pytest.mark.parametrize(
    ("keepalives", "expected"),
    [
        ({"keepalives_idle": 77, "keepalives_interval": 7, "keepalives_count": 5}, (1, 77, 7, 5)),
        ({"keepalives": 0, "keepalives_idle": 77}, None),
        ({}, None),
    ],
)
def test_keepalives_are_set_on_the_socket(
    keepalives: dict[str, int], expected: tuple[int, int, int, int] | None
) -> None:
    def shown(connected: socket.socket) -> tuple[int, ...]:
        of_tcp = (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
        options = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE), *((socket.IPPROTO_TCP, option) for option in of_tcp)]
        return tuple(connected.getsockopt(level, option) for level, option in options)

    with socket.socket() as connected:
        before = shown(connected)
        keep_alive(connected, keepalives)
        assert shown(connected) == (expected or before)
