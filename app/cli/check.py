"""`arcadia check`: checks data integrity."""

import asyncio

import rich_click as click
from click.exceptions import Exit
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from app.cli.operator_context import operator, print_database
from app.database import PLATFORM
from app.operations.calls.context import Context
from app.operations.data_integrity import record_pass, violations
from app.operations.finance.push_state import push_state
from app.operations.webhooks import delivery_state
from app.settings import Settings


@click.command()
def check() -> None:
    """Check data integrity: totals, tax, invoice numbers, usage totals, states, rollup runs, the ledger.

    Prints each violation and exits with code 1 if there is one. Also prints what waits to be delivered and pushed.
    """
    broken = asyncio.run(_check(Console(stderr=True), Settings.from_environment()))
    if broken:
        click.echo(f"Violations found: {broken}.", err=True)
        raise Exit(1)
    click.echo("No violations found.")


async def _print_events(context: Context) -> None:
    async with context.database.reading(PLATFORM) as connection:
        state = await delivery_state(connection, context.clock())
    click.echo(
        f"Events: {state.unpublished} not published, {state.pending} deliveries pending (the oldest for"
        f" {state.oldest_seconds} s), {state.failed} failed, {state.endpoints_disabled} endpoints disabled.",
        err=True,
    )


async def _print_pushes(context: Context) -> None:
    if context.settings.finance_url is None:
        return
    async with context.database.reading(PLATFORM) as connection:
        state = await push_state(connection, context.clock())
    overdue = f" Some have been pending for over an hour: {state.last_error or 'not attempted'}." * state.is_overdue
    click.echo(
        f"Finance: {state.pending} pushes pending, {state.blocked} blocked (the oldest for {state.oldest_seconds} s),"
        f" {state.out_of_step} invoices out of step.{overdue}",
        err=True,
    )


async def _check(console: Console, settings: Settings) -> int:
    broken = 0
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress_bar:
        task_id = progress_bar.add_task("", total=None)

        def progress(table: str, done: int, total: int) -> None:
            progress_bar.update(task_id, description=table, completed=done, total=total)

        async with operator(settings) as context:
            await print_database(settings)
            async for check, row, message in violations(context, progress=progress):
                click.echo(f"{row}: {message} ({check})")
                broken += 1
            await record_pass(context)
            await _print_events(context)
            await _print_pushes(context)
    return broken
