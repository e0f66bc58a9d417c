"""`arcadia seed`: fills an empty database with a believable small cloud, to look at and to try things on."""

import asyncio
from dataclasses import replace
from datetime import date

import rich_click as click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from app.cli.command_refused import CommandRefusedError
from app.cli.demo_data import TENANT as DEMO_TENANT
from app.cli.operator_context import operator
from app.cli.parameter_types import DayParameter
from app.cli.reading import read
from app.cli.seeding.business_names import MAX_BUSINESSES
from app.cli.seeding.seed_digest import digest_of
from app.cli.seeding.seed_run import SeedSpan, seed_cloud
from app.cli.value_table import show_values
from app.database.migrate import migrate
from app.operations.calls.context import Context
from app.server.logs import configure_logging
from app.settings import LogLevel, Settings

_MADE = """
query Made {
  tenants { totalCount }
  deployments { totalCount }
  issued: invoices(filter: {status: [ISSUED]}) { totalCount }
  paid: invoices(filter: {status: [PAID]}) { totalCount }
}
"""


@click.command()
@click.option("--tenants", default=50, show_default=True, type=click.IntRange(1, MAX_BUSINESSES), help="How many.")
@click.option("--months", default=6, show_default=True, type=click.IntRange(1, 24), help="How many whole months.")
@click.option("--seed", "number", default=7, show_default=True, type=int, help="What everything is drawn from.")
@click.option(
    "--until", type=DayParameter(), metavar="YYYY-MM-DD", help="The day before which it ends.  [default: today]"
)
def seed(tenants: int, months: int, number: int, until: date | None) -> None:
    """Fill a database without tenants with a small cloud: tenants that come and go, usage, invoices, payments.

    The demo's tenant may be there. Whole months are billed; the running one has usage so far. The same options make the
    same cloud, but for its ids, and the SHA-256 that is printed covers its codes, dates and amounts; after the demo it
    is another, since the demo's tenant is billed too. An interrupted seed cannot be continued: use
    another database, or delete the data directory.
    """
    settings = Settings.from_environment()
    if settings.production:
        raise CommandRefusedError("`arcadia seed` invents tenants and invoices, so it is refused in production.")
    configure_logging(replace(settings, log_level=LogLevel.ERROR))
    asyncio.run(_run(settings, tenants, months, number, until))


async def _run(settings: Settings, tenants: int, months: int, number: int, until: date | None) -> None:
    await migrate(settings)
    async with operator(settings) as context:
        today = context.today()
        if until is not None and until > today:
            raise CommandRefusedError(f"--until {until} is in the future.")
        await _require_no_tenants(context)
        span = SeedSpan.until(until or today, months)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        console = Console(stderr=True)
        with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
            task_id = bar.add_task("", total=len(list(span)))

            def progress(day: date) -> None:
                bar.update(task_id, description=f"{day:%B %Y}", advance=1)

            state = await seed_cloud(context, span, tenants=tenants, seed=number, progress=progress)
        await _show(state.operator, span)


async def _require_no_tenants(context: Context) -> None:
    found = (await read(context, "query Tenants { tenants(first: 2) { totalCount nodes { code } } }", {}))["tenants"]
    if [tenant["code"] for tenant in found["nodes"]] not in ([], [DEMO_TENANT]):
        raise CommandRefusedError(
            f"The database has {found['totalCount']} tenants. `arcadia seed` needs one without tenants but the demo's, "
            "also after a seed that was interrupted: set ARCADIA_DATA_DIR or ARCADIA_DATABASE_URL to another."
        )


async def _show(context: Context, span: SeedSpan) -> None:
    made = await read(context, _MADE, {})
    values = [
        ("days", f"{span.first_day} to {span.end}, exclusive"),
        ("tenants", str(made["tenants"]["totalCount"])),
        ("deployments", str(made["deployments"]["totalCount"])),
        ("invoices paid", str(made["paid"]["totalCount"])),
        ("invoices open", str(made["issued"]["totalCount"])),
        ("SHA-256", await digest_of(context, span.first_day, span.end)),
    ]
    show_values(Console(), "Seeded", values)
