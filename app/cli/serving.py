"""The commands `arcadia serve` and `arcadia worker`. They check everything that can be checked before they start
anything.
"""

import asyncio
import logging
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import rich_click as click
import uvicorn

from app.cli.child_worker import child_worker, stop_when_input_ends
from app.cli.command_refused import CommandRefusedError
from app.cli.listening import bound, listen, url_of
from app.database.billing_time_zone import require_billing_time_zone
from app.database.migrate import migrate, require_current
from app.metrics import serving_metrics
from app.queue import require_redis
from app.server.application import create_application
from app.server.logs import configure_logging
from app.server.request_log import RequestLog
from app.server.service import PATH
from app.server.uvicorn_config import server_config
from app.settings import Settings
from app.worker import run_worker

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
    with bound(host, port) as sockets, _metrics(settings):
        asyncio.run(_serve(settings, host, sockets, with_worker=not no_worker))


async def _serve(settings: Settings, host: str, sockets: list[socket.socket], *, with_worker: bool) -> None:
    await _make_ready(settings)
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


@click.command()
@click.option("--until-input-ends", is_flag=True, hidden=True, help="Stop when standard input ends.")
def worker(*, until_input_ends: bool) -> None:
    """Run background jobs: the monthly rollup on the 1st, and any month that is not billed yet."""
    settings = Settings.from_environment()
    configure_logging(settings)
    with _metrics(settings):
        asyncio.run(_work(settings, until_input_ends=until_input_ends))


async def _work(settings: Settings, *, until_input_ends: bool) -> None:
    if until_input_ends:
        stop_when_input_ends()
    await _make_ready(settings)
    await run_worker(settings)


@contextmanager
def _metrics(settings: Settings) -> Iterator[None]:
    with ExitStack() as stack:
        try:
            stack.enter_context(serving_metrics(settings.metrics_host, settings.metrics_port))
        except OSError as error:
            place = f"ARCADIA_METRICS_HOST {settings.metrics_host} and ARCADIA_METRICS_PORT {settings.metrics_port}"
            raise CommandRefusedError(f"The metrics cannot be served on {place}: {error.strerror}.") from error
        yield


async def _make_ready(settings: Settings) -> None:
    """Migrates the embedded database. Another database may be used by other processes too, so it is only checked."""
    await require_redis(settings)
    if settings.database_url is None:
        await migrate(settings)
    else:
        await require_current(settings)
    await require_billing_time_zone(settings)
