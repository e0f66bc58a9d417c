"""A TCP proxy to PostgreSQL that tests can cut."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from psycopg.conninfo import conninfo_to_dict


class Proxy:
    """Forwards a Unix socket in `folder` to the server behind `url`."""

    def __init__(self, url: str, folder: Path) -> None:
        self._target = conninfo_to_dict(url)
        self._folder = folder
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        user, password = (quote(str(self._target.get(name) or "")) for name in ("user", "password"))
        return f"postgresql://{user}:{password}@/{self._target['dbname']}?host={quote(str(self._folder))}&port=5432"

    async def open(self) -> None:
        self._server = await asyncio.start_unix_server(self._forward, str(self._folder / ".s.PGSQL.5432"))

    async def cut(self) -> None:
        """Ends every connection and accepts no other."""
        if self._server is not None:
            self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        (self._folder / ".s.PGSQL.5432").unlink(missing_ok=True)

    async def _forward(self, near_reader: asyncio.StreamReader, near_writer: asyncio.StreamWriter) -> None:
        host, port = str(self._target.get("host") or "localhost"), int(self._target.get("port") or 5432)
        if host.startswith("/"):
            far_reader, far_writer = await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        else:
            far_reader, far_writer = await asyncio.open_connection(host, port)
        self._writers |= {near_writer, far_writer}
        with suppress(OSError):
            await asyncio.gather(_copy(near_reader, far_writer), _copy(far_reader, near_writer))
        self._writers -= {near_writer, far_writer}


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()
    writer.close()


@asynccontextmanager
async def proxied(url: str, folder: Path) -> AsyncIterator[Proxy]:
    proxy = Proxy(url, folder)
    await proxy.open()
    try:
        yield proxy
    finally:
        await proxy.cut()
