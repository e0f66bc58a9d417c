"""The PostgreSQL of a test run: embedded in a temporary folder and shared by all its processes, or the one that
ARCADIA_TEST_DATABASE_URL names (whose user is a superuser).

The migrations run once, into a template database; each process works in a clone of it. The superuser makes the
databases, and migrates and serves them too unless ARCADIA_TEST_LOGINS names others for that (tests/deployments.py).
"""

import asyncio
import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from app.database import embedded
from app.database.connect import login_of
from app.database.migrate import migrate
from app.settings import Settings

EXTERNAL = "ARCADIA_TEST_DATABASE_URL"
LOGINS = "ARCADIA_TEST_LOGINS"
"""The URLs of the application as JSON, by the name of their setting. Their databases are those of the tests."""
_PREFIX = "arcadia-tests-"  # and the id of the run's first process
_DIRECTORY = "ARCADIA_TEST_DIRECTORY"  # set by the first process for those that it starts


def prepare() -> None:
    """Called once, before any process of the run."""
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*-*"):
        process = left.name.removeprefix(_PREFIX).partition("-")[0]
        if process.isdigit() and not _is_running(int(process)):
            _discard(left)
    os.environ[_DIRECTORY] = tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-")


def clear() -> None:
    """Stops the server after all processes of the run; called once."""
    external = os.environ.get(EXTERNAL)
    if external:
        _drop_databases(external)
    _discard(_directory())
    del os.environ[_DIRECTORY]


def server_url() -> str:
    """Returns the owner's URL of a database from which other databases can be created."""
    external = os.environ.get(EXTERNAL)
    if external:
        return external
    with _locked("server"):
        server = embedded.start(_directory())
        with psycopg.connect(server.url(), autocommit=True) as connection:
            if connection.execute("SHOW fsync").fetchone() == ("off",):
                return server.url()
            connection.execute("ALTER SYSTEM SET fsync = off")  # the data of a test need not outlive the machine
            connection.execute("ALTER SYSTEM SET max_connections = 300")  # each worker has several applications open
        server.stop()
        return embedded.start(_directory()).url()


def clone(name: str) -> str:
    """Creates a migrated and seeded database with this name; an existing one is dropped."""
    url = server_url()
    template = _template(url)
    execute(url, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
    _create(url, name, template)
    return in_database(url, name)


def create(name: str) -> str:
    """An empty database of this name."""
    url = server_url()
    execute(url, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
    _create(url, name, "template1")
    return in_database(url, name)


def drop(name: str) -> None:
    execute(server_url(), "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


def urls(url: str) -> dict[str, Any]:
    """The settings that lead the application to the database of this URL."""
    logins = json.loads(os.environ.get(LOGINS, "{}"))
    name = urlsplit(url).path.removeprefix("/")
    return {setting: in_database(login, name) for setting, login in logins.items()} or {"database_url": url}


def run_name(suffix: str) -> str:
    """A database's name that no other run on the server has."""
    return f"{_directory().name.replace('-', '_')}_{suffix}"


def in_database(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def execute(url: str, statement: str, *names: str) -> None:
    """Runs one statement, its {} being names."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def _create(url: str, name: str, template: str) -> None:
    """Creates a database owned by the user who will migrate it."""
    execute(url, "CREATE DATABASE {} TEMPLATE {}", name, template)
    logins = urls(url)
    owner = login_of(logins.get("owner_database_url") or logins["database_url"])
    if LOGINS in os.environ and owner:
        execute(url, "ALTER DATABASE {} OWNER TO {}", name, owner)


def _template(url: str) -> str:
    name = run_name("template")
    done = _directory() / "template"
    with _locked("template"):
        if not done.exists():
            _create(url, name, "template1")
            asyncio.run(migrate(Settings(**urls(in_database(url, name)))))
            done.touch()
    return name


def _discard(directory: Path) -> None:
    """Removes the folder of a run, its server stopped."""
    if (directory / "postgres" / "postmaster.pid").exists():
        embedded.start(directory).stop()
    shutil.rmtree(directory, ignore_errors=True)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _drop_databases(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        pattern = run_name("%").replace("_", r"\_")
        names = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [pattern]).fetchall()
    for (name,) in names:
        execute(url, "DROP DATABASE {} WITH (FORCE)", name)


def _directory() -> Path:
    return Path(os.environ[_DIRECTORY])


@contextmanager
def _locked(name: str) -> Iterator[None]:
    with (_directory() / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
