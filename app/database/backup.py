"""Backs up a whole database to one file and restores it, with PostgreSQL's pg_dump and pg_restore, as the owner of the
tables.

Row-level security is forced, so it applies to the owner too: pg_dump would refuse, or with row security enabled would
write only the rows that the owner may see, which are none. The dump is therefore made in the platform role, whose
policies show every row.
"""

import asyncio
import os
import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from app.database import embedded
from app.database.connect import connection, place
from app.database.database import database_urls
from app.database.errors import DatabaseUnsuitable
from app.database.migrate import grant, migrate, prepare_roles
from app.database.roles import PLATFORM
from app.settings import Settings

_DUMP = ("--format=custom", "--enable-row-security", f"--role={PLATFORM}")
_LOCK = 0x4152434144494132
_TABLES = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"


class BackupFailed(DatabaseUnsuitable):
    """The backup or restore failed and left nothing behind."""


async def back_up(settings: Settings, file: Path) -> None:
    """Writes one snapshot of the database to a file that only this user may read. The database may be in use.

    Raises BackupFailed, with no file left, and DatabaseUnavailable.
    """
    _require_new(file)
    url = (await database_urls(settings)).owner
    partial = file.with_name(f"{file.name}.partial")
    async with connection(settings, url, role=None) as owner, _readable(owner):
        program = await _program("pg_dump", owner.get_server_version().major)
        try:
            partial.touch(mode=0o600)
            await _run(program, url, *_DUMP, f"--file={partial}")
            partial.rename(file)
        except OSError as error:
            raise BackupFailed(f"{file} cannot be written: {error.strerror}.") from error
        finally:
            partial.unlink(missing_ok=True)


async def restore(settings: Settings, file: Path) -> list[str]:
    """Restores a backup into an empty database, runs newer migrations and returns their ids.

    Raises BackupFailed, with nothing changed if the database is not empty or the file is not a backup.
    """
    url = (await database_urls(settings)).owner
    async with connection(settings, url, role=None) as owner:
        if await owner.fetchval(_TABLES):
            raise BackupFailed(f"The database {place(url)} is not empty: restore into a new one.")
        program = await _program("pg_restore", owner.get_server_version().major)
    await _run(program, None, "--list", str(file))
    await prepare_roles(settings)
    await _run(program, url, "--exit-on-error", "--single-transaction", "--no-owner", str(file))
    return await migrate(settings)


def _require_new(file: Path) -> None:
    if file.exists():
        raise BackupFailed(f"{file} exists: choose another name, or remove it first.")


@asynccontextmanager
async def _readable(owner: Any) -> AsyncIterator[None]:
    """Grants the platform role read access to everything (partitions, the queue's tables) during the block. Only one
    backup can run at a time. Raises BackupFailed.
    """
    if not await owner.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK):
        raise BackupFailed("Another backup of this database is running.")
    try:
        for kind in ("TABLES", "SEQUENCES"):
            await owner.execute(f"GRANT SELECT ON ALL {kind} IN SCHEMA public TO {PLATFORM}")
        yield
    finally:
        if not owner.is_closed():  # its lock ends with it; the next `arcadia migrate` revokes the grants
            await grant(owner)
            await owner.execute("SELECT pg_advisory_unlock($1)", _LOCK)


async def _program(name: str, server: int) -> str:
    """Returns the path of the installed program, or of the embedded server's, whichever is not older than the server.
    Raises BackupFailed.
    """
    for program in filter(None, (shutil.which(name), str(embedded.programs_folder() / name))):
        command = [program, "--version"]
        completed = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)
        version = re.search(r"(\d+)", completed.stdout)
        if version is not None and int(version[1]) >= server:
            return program
    raise BackupFailed(
        f"{name} of PostgreSQL {server} or newer is needed: install the package postgresql-client-{server}."
    )


async def _run(program: str, url: str | None, *options: str) -> None:
    """Runs pg_dump or pg_restore on the database of the URL, if one is given. The password is passed in the
    environment, where other users cannot see it.
    """
    environment = dict(os.environ)
    target: tuple[str, ...] = ()
    if url is not None:
        connection_parameters: dict[str, Any] = conninfo_to_dict(url)
        if password := connection_parameters.pop("password", None):
            environment["PGPASSWORD"] = str(password)
        target = ("--dbname", make_conninfo("", **connection_parameters))
    completed = await asyncio.to_thread(
        subprocess.run, [program, *target, *options], env=environment, capture_output=True, text=True, check=False
    )
    if completed.returncode != 0:
        error_lines = [
            line for line in completed.stderr.splitlines() if "error:" in line
        ] or completed.stderr.splitlines()
        raise BackupFailed(
            error_lines[0] if error_lines else f"{Path(program).name} ended with exit code {completed.returncode}."
        )
