"""The command `arcadia worker`. It imports nothing of the API, which a worker does not need: a third of its memory."""

import asyncio

import rich_click as click

from app.cli.child_worker import stop_when_input_ends
from app.cli.process_start import make_ready, served_metrics
from app.server.logs import configure_logging
from app.settings import Settings
from app.worker import run_worker


@click.command()
@click.option("--until-input-ends", is_flag=True, hidden=True, help="Stop when standard input ends.")
def worker(*, until_input_ends: bool) -> None:
    """Run background jobs: the monthly rollup on the 1st, and any month that is not billed yet."""
    settings = Settings.from_environment()
    configure_logging(settings)
    with served_metrics(settings):
        asyncio.run(_work(settings, until_input_ends=until_input_ends))


async def _work(settings: Settings, *, until_input_ends: bool) -> None:
    if until_input_ends:
        stop_when_input_ends()
    await make_ready(settings)
    await run_worker(settings)
