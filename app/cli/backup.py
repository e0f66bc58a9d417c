"""The commands `arcadia backup` and `arcadia restore`."""

import asyncio
from pathlib import Path

import rich_click as click

from app.cli.operator_context import print_database
from app.database import backup as backups
from app.database import embedded
from app.settings import Settings


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    """Back up the whole database to FILE, from one consistent snapshot. The system may stay in use."""
    settings = Settings.from_environment()
    if settings.database_url is None:
        embedded.require_existing(settings.data_dir)
    asyncio.run(_back_up(settings, file))
    click.echo(f"Wrote the backup to {file}.")


async def _back_up(settings: Settings, file: Path) -> None:
    await print_database(settings)
    await backups.back_up(settings, file)


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def restore(file: Path) -> None:
    """Restore the backup FILE into an empty database and run pending migrations. Then run `arcadia check`."""
    settings = Settings.from_environment()
    applied = asyncio.run(_restore(settings, file))
    click.echo(f"Restored, and ran {len(applied)} newer migrations." if applied else "Restored.")


async def _restore(settings: Settings, file: Path) -> list[str]:
    await print_database(settings)
    return await backups.restore(settings, file)
