"""`arcadia usage-totals`: compares the daily usage totals with the usage events."""

import asyncio
from contextlib import aclosing

import rich_click as click
from click.exceptions import Exit

from app.cli.operator_context import operator, print_database
from app.operations.usage import prove_totals
from app.settings import Settings


@click.command("usage-totals")
@click.option("--repair", is_flag=True, help="Recalculate the totals that differ.")
def usage_totals(*, repair: bool) -> None:
    """Compare the daily usage totals with the usage events.

    Prints each difference and exits with code 1 if there is one that was not repaired.
    """
    different = asyncio.run(_prove(Settings.from_environment(), repair=repair))
    if different and not repair:
        click.echo(f"Differences found: {different}.", err=True)
        raise Exit(1)
    click.echo(f"Differences repaired: {different}." if different else "No differences found.")


async def _prove(settings: Settings, *, repair: bool) -> int:
    different = 0
    async with operator(settings) as context:
        await print_database(settings)
        async with aclosing(prove_totals(context, repair=repair)) as differences:
            async for difference in differences:
                click.echo(f"deployment {difference.deployment_id}: {difference.message}")
                different += 1
    return different
