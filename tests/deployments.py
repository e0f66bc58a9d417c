"""The demo on PostgreSQL as operators have it: a plain owner, an owner with CREATEROLE, logins through PgBouncer.

python -m tests.deployments
"""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from app.database import DatabaseUnsuitable, embedded
from app.database.migrate import migrate, pooler_statements
from app.settings import Settings
from tests.database.owners import database_of, login, run, url_as
from tests.debian_postgresql import cluster
from tests.pooler import pooled_url, pooling

ROOT = Path(__file__).parent.parent


def main() -> None:
    with cluster() as url:
        _play("a plain owner on PostgreSQL 15", _plain_owner, url)
        _play("through PgBouncer on PostgreSQL 15", _pooled, url)
    with _embedded() as url:
        _play("an owner with CREATEROLE on PostgreSQL 18", _role_maker, url)


def _play(title: str, prepare: Callable[[ExitStack, str], dict[str, str]], url: str) -> None:
    """Plays the demo with the settings that `prepare` makes; a failure of it is the program's."""
    with ExitStack() as opened:
        environment = prepare(opened, url)
        played = subprocess.run(
            [sys.executable, "-m", "app.cli", "demo"],
            cwd=ROOT,
            env=os.environ | environment,
            check=False,
            capture_output=True,
            text=True,
        )
    if "1 created, 0 skipped, succeeded" not in played.stdout or played.returncode != 0:
        raise SystemExit(f"{title}: the demo failed:\n{played.stdout}{played.stderr}")
    print(f"{title}: billed.")  # noqa: T201 - what the program is run for


def _plain_owner(opened: ExitStack, server: str) -> dict[str, str]:
    """Once a superuser has run the statements that the refusal names."""
    owner = opened.enter_context(login(server_url=server))
    database = opened.enter_context(database_of(owner, server_url=server))
    settings = Settings(database_url=url_as(owner, database))
    try:
        asyncio.run(migrate(settings))
    except DatabaseUnsuitable as refused:
        run(database, *re.findall(r"(?:CREATE ROLE|GRANT) [^;]+", str(refused)))
    return {"ARCADIA_DATABASE_URL": str(settings.database_url)}


def _role_maker(opened: ExitStack, server: str) -> dict[str, str]:
    owner = opened.enter_context(login("CREATEROLE", server))
    database = opened.enter_context(database_of(owner, server_url=server))
    return {"ARCADIA_DATABASE_URL": url_as(owner, database)}


def _pooled(opened: ExitStack, server: str) -> dict[str, str]:
    tenant, platform = (opened.enter_context(login(server_url=server)) for _ in range(2))
    database = opened.enter_context(database_of("postgres", server_url=server))
    direct = Settings(
        database_url=url_as(tenant, database),
        platform_database_url=url_as(platform, database),
        owner_database_url=database,
    )
    asyncio.run(migrate(direct))
    run(database, *asyncio.run(pooler_statements(direct)))
    port = opened.enter_context(pooling(server, [tenant, platform]))
    name = urlsplit(database).path.removeprefix("/")
    return {
        "ARCADIA_DATABASE_URL": pooled_url(tenant, port, name),
        "ARCADIA_PLATFORM_DATABASE_URL": pooled_url(platform, port, name),
        "ARCADIA_DIRECT_DATABASE_URL": url_as(platform, database),
        "ARCADIA_OWNER_DATABASE_URL": database,
    }


@contextmanager
def _embedded() -> Iterator[str]:
    with TemporaryDirectory(prefix="arcadia-postgresql18-") as folder:
        server = embedded.start(Path(folder))
        try:
            yield server.url()
        finally:
            server.stop()


if __name__ == "__main__":
    main()
