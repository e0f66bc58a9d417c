"""Database owners and logins without superuser rights, as operators usually have them."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from urllib.parse import quote, urlsplit, urlunsplit
from uuid import uuid4

import psycopg
from psycopg import sql

from app.database.roles import PLATFORM, TENANT
from app.settings import Environment, Settings
from tests import postgres

PASSWORD = "a password/with: characters of URLs"


@contextmanager
def login(attributes: str = "", server_url: str | None = None) -> Iterator[str]:
    """Creates a login and yields its name. Everything it owns must be dropped before the block ends, because the login
    is dropped then.
    """
    name = f"login_{uuid4().hex[:10]}"
    create = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {} " + attributes)
    with psycopg.connect(server_url or postgres.server_url(), autocommit=True) as server:
        server.execute(create.format(sql.Identifier(name), sql.Literal(PASSWORD)))
        yield name
        server.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))


@contextmanager
def database_of(owner: str, options: str = "", server_url: str | None = None) -> Iterator[str]:
    """The superuser's URL of a new database that belongs to the owner."""
    name = f"owned_{uuid4().hex[:10]}"
    create = sql.SQL("CREATE DATABASE {} OWNER {} " + options)
    with psycopg.connect(server_url or postgres.server_url(), autocommit=True) as server:
        server.execute(create.format(*map(sql.Identifier, (name, owner))))
        yield postgres.in_database(server_url or postgres.server_url(), name)
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def url_as(name: str, url: str) -> str:
    """The URL of the same database for another login."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{name}:{quote(PASSWORD, safe='')}@{host}"))


def run(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


@asynccontextmanager
async def served_by(settings: Settings, *statements: str, attributes: str = "") -> AsyncIterator[Settings]:
    """Yields settings of production on a database of its own, for a login after these statements were run; {login} in
    them is the login, {other} another one.
    """
    database = postgres.run_name(uuid4().hex[:8])
    url = postgres.clone(database)
    with login(attributes) as name, login() as other:
        run(url, f"GRANT {TENANT}, {PLATFORM} TO {name}")
        run(url, *(statement.format(login=name, other=other) for statement in statements))
        yield replace(settings, database_url=url_as(name, url), environment=Environment.PRODUCTION)
        postgres.drop(database)
