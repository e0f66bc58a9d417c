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


TESTS = (
    "tests/database/test_after_commit.py",
    "tests/database/test_billing_time_zone.py",
    "tests/database/test_copy.py",
    "tests/database/test_database.py",
    "tests/database/test_listener.py",
    "tests/database/test_locks.py",
    "tests/database/test_unit_of_work.py",
    "tests/lives/test_cases_of_races.py",  # whole stories: a month's end, its rollups and invoices
)
TESTS_OF_AN_OWNER = (
    "tests/database/test_connect.py",
    "tests/database/test_connection_cache.py",
    "tests/database/test_migrate.py",
    "tests/database/test_self_check.py",
    "tests/tables/test_models.py",
    "tests/tables/test_receivable_totals.py",
    "tests/tables/test_row_security.py",
    "tests/tables/test_triggers.py",
)
"""Behind a pooler their subject is another: sessions that are a process's own, logins that they make, an owner."""

LEFT_OUT = {
    "tests/database/test_backup.py": "makes a plain owner of its own",
    "tests/database/test_connect.py::test_keepalives_are_set_on_the_socket": "needs no server",
    "tests/database/test_copy_format.py": "is about texts, and one statement",
    "tests/database/test_database.py::test_a_broken_data_directory_is_one_clear_line": "starts a server of its own",
    "tests/database/test_database.py::test_an_embedded_server_is_shared_and_stopped_by_the_last": "as above",
    "tests/database/test_embedded.py": "as above",
    "tests/database/test_migrate.py::test_many_processes_at_once_migrate_once": "its lock is nobody's",
    "tests/database/test_operations_page.py": "starts a server of its own",
    "tests/database/test_owners.py": "starts a server of its own, and makes such owners",
    "tests/database/test_pooler.py": "starts a pooler of its own",
    "tests/database/test_replica.py": "starts a server of its own",
    "tests/database/test_tls.py": "is about the server, whoever migrates",
    "tests/tables/test_checks.py": "constraints are the same, whoever migrates: test_models.py compares them",
    "tests/tables/test_ids.py": "needs no server",
    "tests/tables/test_keys.py": "as test_checks.py",
    "tests/tables/test_months.py": "as test_checks.py",
    "tests/tables/test_periods.py": "needs no server",
    "tests/tables/test_constraint_problems.py": "as test_checks.py",
}
"""With the reason. `make test-postgresql` runs all of them on a database that a superuser has migrated."""
LEFT_OUT_AS_A_PLAIN_OWNER = {
    "tests/database/test_migrate.py::test_a_login_of_its_own_is_granted_the_role": "only who may grant roles can"
}


def main(arguments: list[str]) -> int:
    """The number of settings in which a test failed."""
    owners = [*TESTS, *TESTS_OF_AN_OWNER, *(f"--deselect={test}" for test in LEFT_OUT if "::" in test)]
    plain_owners = [*owners, *(f"--deselect={test}" for test in LEFT_OUT_AS_A_PLAIN_OWNER)]
    pooled = [test for test in owners if test not in TESTS_OF_AN_OWNER]
    with cluster() as url:
        failed = int(_fails("a plain owner on PostgreSQL 15", _plain_owner, url, [*arguments, *plain_owners]))
        failed += _fails("through PgBouncer on PostgreSQL 15", _pooled, url, [*arguments, *pooled])
    with _embedded() as url:
        return failed + _fails("an owner with CREATEROLE on PostgreSQL 18", _role_maker, url, [*arguments, *owners])


def _fails(title: str, prepare: Callable[[ExitStack, str], dict[str, str]], server: str, tests: list[str]) -> bool:
    """Plays the demo and runs the tests with the URLs that `prepare` makes, by the name of their setting."""
    with ExitStack() as opened:
        urls = prepare(opened, server)
        _play(title, {f"ARCADIA_{name.upper()}": url for name, url in urls.items()})
        print(f"{title}: billed. Its tests:", flush=True)  # noqa: T201 - what the program is run for
        environment = os.environ | {EXTERNAL: server, LOGINS: json.dumps(urls)}
        tested = subprocess.run([sys.executable, "-m", "pytest", *tests], cwd=ROOT, env=environment, check=False)
        return tested.returncode != 0


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
    """Returns the URLs of an owner without superuser rights, for whom a superuser has run the statements that the error
    message lists.
    """
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
