"""`arcadia serve` and `arcadia worker`."""

import asyncio
import signal

import rich_click as click
import uvicorn

from app.cli.session import operator
from app.database.billing_time_zone import require_billing_time_zone
from app.database.migrate import migrate, require_current
from app.server.application import create_application
from app.server.logs import configure_logging
from app.server.serving import server_config
from app.settings import Settings
from app.worker import run_worker, working


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
@click.option("--no-worker", is_flag=True, help="Serve the API only; `arcadia worker` runs elsewhere.")
def serve(host: str, port: int, *, no_worker: bool) -> None:
    """Serve the API and GraphiQL at /graphql, with a worker in the same process."""
    settings = Settings.from_environment()
    configure_logging(settings.log_level)
    asyncio.run(_serve(settings, host, port, with_worker=not no_worker))


async def _serve(settings: Settings, host: str, port: int, *, with_worker: bool) -> None:
    await _make_ready(settings)
    # uvicorn stops at these signals and raises them again once it has: the worker beside it stops then, in its turn.
    for stopping in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(stopping, lambda: None)
    server = uvicorn.Server(server_config(create_application(settings), host, port))
    click.echo(f"ArcadiaCloud billing on http://{host}:{port}/graphql", err=True)
    if not with_worker:
        await server.serve()
        return
    async with operator(settings) as context, working(context):
        await server.serve()


@click.command()
def worker() -> None:
    """Run jobs: month ends on the 1st, their chunks, and the catch-up of whatever was missed."""
    settings = Settings.from_environment()
    configure_logging(settings.log_level)
    asyncio.run(_work(settings))


async def _work(settings: Settings) -> None:
    await _make_ready(settings)
    await run_worker(settings)


async def _make_ready(settings: Settings) -> None:
    """The embedded database is kept up to date; one that others run too is theirs to migrate, and only looked at."""
    if settings.database_url is None:
        await migrate(settings)
    else:
        await require_current(settings)
    await require_billing_time_zone(settings)
