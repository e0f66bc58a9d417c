"""The command `arcadia serve`. It checks everything that can be checked before it starts anything."""

import asyncio
import logging
import signal
import socket

import rich_click as click
import uvicorn

from app.cli.child_worker import child_worker
from app.cli.listening import bound, listen, url_of
from app.cli.process_start import make_ready, served_metrics
from app.server.application import create_application
from app.server.logs import configure_logging
from app.server.request_log import RequestLog
from app.server.service import PATH
from app.server.uvicorn_config import server_config
from app.settings import Settings

log = logging.getLogger(__name__)


class AnnouncedServer(uvicorn.Server):
    """A uvicorn server that prints its address once it answers requests there."""

    def __init__(self, config: uvicorn.Config, url: str) -> None:
        super().__init__(config)
        self._url = url

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        log.info("ArcadiaCloud billing on %s", self._url)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The host name or address to listen on.")
@click.option(
    "--port",
    default=8000,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="The TCP port to listen on; 0 chooses a free one.",
)
@click.option("--no-worker", is_flag=True, help="Serve the API only. Run `arcadia worker` apart.")
def serve(host: str, port: int, *, no_worker: bool) -> None:
    """Serve the API and GraphiQL at /graphql, with a worker in a process of its own."""
    settings = Settings.from_environment()
    configure_logging(settings)
    with bound(host, port) as sockets, served_metrics(settings):
        asyncio.run(_serve(settings, host, sockets, with_worker=not no_worker))


async def _serve(settings: Settings, host: str, sockets: list[socket.socket], *, with_worker: bool) -> None:
    await make_ready(settings)
    # uvicorn stops at these signals and raises them again afterwards: the worker is stopped first.
    for stopping in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(stopping, lambda: None)
    application = create_application(settings)
    url = url_of(host, sockets[0].getsockname()[1], PATH)
    server = AnnouncedServer(server_config(RequestLog(application), lifespan="off"), url)
    async with application.lifespan():  # here, not in uvicorn, so that its errors are shown in one line too
        listen(sockets, host)
        if not with_worker:
            await server.serve(sockets)
            return
        async with child_worker(settings):
            await server.serve(sockets)
