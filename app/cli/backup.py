"""`arcadia backup` and `arcadia restore`."""

import asyncio
from pathlib import Path

import rich_click as click

from app.cli.session import say_database
from app.database import backup as backups
from app.database import embedded
from app.settings import Settings


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    """Write the whole database to FILE, from one snapshot, while others work on it."""
    settings = Settings.from_environment()
    if settings.database_url is None:
        embedded.require_existing(settings.data_dir)
    asyncio.run(_back_up(settings, file))
    click.echo(f"The backup is in {file}.")


async def _back_up(settings: Settings, file: Path) -> None:
    await say_database(settings)
    await backups.back_up(settings, file)


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def restore(file: Path) -> None:
    """Restore a backup into an empty database, and bring that up to date. Check it with `arcadia check`."""
    settings = Settings.from_environment()
    ran = asyncio.run(_restore(settings, file))
    click.echo(f"Restored, and ran {len(ran)} newer migrations." if ran else "Restored.")


async def _restore(settings: Settings, file: Path) -> list[str]:
    await say_database(settings)
    return await backups.restore(settings, file)
