"""The demo and the tests of the database on PostgreSQL as operators have it: migrated by a plain owner or an owner with
CREATEROLE, or served through PgBouncer. A superuser makes the tests' databases and inspects them.

python -m tests.deployments -n 2
"""

import asyncio
import json
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
from tests.postgres import EXTERNAL, LOGINS

ROOT = Path(__file__).parent.parent


TESTS = ("tests/database", "tests/tables", "tests/lives/test_cases_of_races.py")

# What is left out, and why. On a database that a superuser has migrated, all of it runs.
EXCLUDED = {
    "tests/database/test_embedded.py": "starts embedded servers, whatever the tests' server is",
    "tests/database/test_database.py::test_an_embedded_server_is_shared_and_stopped_by_the_last": "as above",
    "tests/database/test_database.py::test_a_broken_data_directory_is_one_clear_line": "as above",
}
EXCLUDED_BEHIND_A_POOLER: dict[str, str] = {}


def main(arguments: list[str]) -> int:
    """Pytest's exit code, of the first setting that fails."""
    with cluster() as url:
        failed = _try("a plain owner on PostgreSQL 15", _plain_owner, url, arguments)
        failed = failed or _try("through PgBouncer on PostgreSQL 15", _pooled, url, arguments)
    if not failed:
        with _embedded() as url:
            failed = _try("an owner with CREATEROLE on PostgreSQL 18", _role_maker, url, arguments)
    return failed


def _try(title: str, prepare: Callable[[ExitStack, str], dict[str, str]], server: str, arguments: list[str]) -> int:
    """Plays the demo and runs TESTS with the URLs that `prepare` makes, by the name of their setting."""
    with ExitStack() as opened:
        urls = prepare(opened, server)
        _play(title, {f"ARCADIA_{name.upper()}": url for name, url in urls.items()})
        print(f"{title}: billed. Its tests:", flush=True)  # noqa: T201 - what the program is run for
        elsewhere = EXCLUDED | (EXCLUDED_BEHIND_A_POOLER if "direct_database_url" in urls else {})
        return subprocess.run(
            [sys.executable, "-m", "pytest", *arguments, "-m", "not heavy and not servers", *TESTS]
            + [f"--deselect={test}" for test in elsewhere],
            cwd=ROOT,
            env=os.environ | {EXTERNAL: server, LOGINS: json.dumps(urls)},
            check=False,
        ).returncode


def _play(title: str, environment: dict[str, str]) -> None:
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


def _plain_owner(opened: ExitStack, server: str) -> dict[str, str]:
    """Once a superuser has run the statements that the refusal names."""
    owner = opened.enter_context(login(server_url=server))
    database = opened.enter_context(database_of(owner, server_url=server))
    settings = Settings(database_url=url_as(owner, database))
    try:
        asyncio.run(migrate(settings))
    except DatabaseUnsuitable as refused:
        run(database, *re.findall(r"(?:CREATE ROLE|GRANT) [^;]+", str(refused)))
    return {"database_url": str(settings.database_url)}


def _role_maker(opened: ExitStack, server: str) -> dict[str, str]:
    owner = opened.enter_context(login("CREATEROLE", server))
    database = opened.enter_context(database_of(owner, server_url=server))
    return {"database_url": url_as(owner, database)}


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
        "database_url": pooled_url(tenant, port, name),
        "platform_database_url": pooled_url(platform, port, name),
        "direct_database_url": url_as(platform, database),
        "owner_database_url": database,
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
    sys.exit(main(sys.argv[1:]))
