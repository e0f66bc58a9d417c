"""`arcadia usage-totals`: whether each day's total is its events, folded."""

import asyncio
from contextlib import aclosing

import rich_click as click
from click.exceptions import Exit

from app.cli.session import operator, say_database
from app.operations.usage import prove_totals
from app.settings import Settings


@click.command("usage-totals")
@click.option("--repair", is_flag=True, help="Make the totals that differ again, from the events.")
def usage_totals(*, repair: bool) -> None:
    """Prove the daily totals of usage against the events they are made of. Exit code 1 with each difference left."""
    different = asyncio.run(_prove(Settings.from_environment(), repair=repair))
    if different and not repair:
        click.echo(f"{different} differences.", err=True)
        raise Exit(1)
    click.echo(f"{different} differences, repaired." if different else "Every total is its events, folded.")


async def _prove(settings: Settings, *, repair: bool) -> int:
    different = 0
    async with operator(settings) as context:
        await say_database(settings)
        async with aclosing(prove_totals(context, repair=repair)) as differences:
            async for difference in differences:
                click.echo(f"deployment {difference.deployment_id}: {difference.message}")
                different += 1
    return different
