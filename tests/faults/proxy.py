"""A TCP proxy between the API and PostgreSQL that can cut connections, delay or drop data, and lose the response to
COMMIT.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from enum import Enum
from urllib.parse import quote

from psycopg.conninfo import conninfo_to_dict

_COMMIT = b"Q\x00\x00\x00\x0bCOMMIT\x00"
_COMMITTED = b"C\x00\x00\x00\x0bCOMMIT\x00"


class Loss(Enum):
    """What happens to the next COMMIT: the connection is cut before or after it, or its response is dropped."""

    COMMIT = "COMMIT does not reach PostgreSQL"
    ANSWER = "PostgreSQL commits, the connection is cut"
    SILENCE = "PostgreSQL commits, nothing more is heard"


class Proxy:
    """Forwards a port of its own to the server behind `url`, until it is told otherwise.

    `delay`: seconds that PostgreSQL's every word is late. `losing`: what becomes of the next COMMIT. `after_commits`:
    how many COMMITs' answers are let through before everything is cut.
    """

    def __init__(self, url: str) -> None:
        self._target = conninfo_to_dict(url)
        self._server: asyncio.Server | None = None
        self._port = 0
        self._writers: set[asyncio.StreamWriter] = set()
        self._open = asyncio.Event()
        self._open.set()
        self.delay = 0.0
        self.losing: Loss | None = None
        self.after_commits: int | None = None

    @property
    def url(self) -> str:
        user, password = (quote(str(self._target.get(name) or ""), safe="") for name in ("user", "password"))
        return f"postgresql://{user}:{password}@127.0.0.1:{self._port}/{self._target['dbname']}"

    async def open(self) -> None:
        """Starts listening: at first on any port, after a cut on the same port."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    def cut(self) -> None:
        """Ends every connection and refuses new ones, until it is opened again."""
        if self._server is not None:
            self._server.close()
        self.interrupt()

    def interrupt(self) -> None:
        """Ends every connection; new ones are welcome."""
        for writer in list(self._writers):
            writer.transport.abort()

    def swallow(self) -> None:
        """From now on the proxy accepts connections but forwards no data."""
        self._open.clear()

    def restore(self) -> None:
        """Ends the connections whose data were dropped, and forwards again."""
        self.interrupt()
        self._open.set()

    async def _accept(self, near_reader: asyncio.StreamReader, near_writer: asyncio.StreamWriter) -> None:
        self._writers.add(near_writer)
        with suppress(OSError):
            await self._open.wait()
            far_reader, far_writer = await self._connect()
            self._writers.add(far_writer)
            with suppress(OSError):
                await asyncio.gather(
                    self._ask(near_reader, far_writer, near_writer), self._answer(far_reader, near_writer, far_writer)
                )
            far_writer.transport.abort()
            self._writers.discard(far_writer)
        near_writer.transport.abort()
        self._writers.discard(near_writer)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        host, port = str(self._target.get("host") or "localhost"), int(self._target.get("port") or 5432)
        if host.startswith("/"):
            return await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        return await asyncio.open_connection(host, port)

    async def _ask(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, near: asyncio.StreamWriter
    ) -> None:
        while data := await reader.read(65_536):
            await self._open.wait()
            if self.losing is Loss.COMMIT and _COMMIT in data:
                self.losing = None
                near.transport.abort()
                break
            writer.write(data)
            await writer.drain()
        writer.close()

    async def _answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, far: asyncio.StreamWriter
    ) -> None:
        while data := await reader.read(65_536):
            await asyncio.sleep(self.delay)
            await self._open.wait()
            if self.losing in {Loss.ANSWER, Loss.SILENCE} and _COMMITTED in data:
                losing, self.losing = self.losing, None
                if losing is Loss.SILENCE:
                    await asyncio.Event().wait()
                break
            writer.write(data)
            await writer.drain()
            if self.after_commits is not None and _COMMITTED in data:
                self.after_commits -= 1
                if self.after_commits == 0:
                    self.after_commits = None
                    await asyncio.sleep(0)
                    self.cut()
        far.close()
        writer.close()


@asynccontextmanager
async def proxied(url: str) -> AsyncIterator[Proxy]:
    proxy = Proxy(url)
    await proxy.open()
    try:
        yield proxy
    finally:
        proxy.cut()
