"""`arcadia migrate` by owners that are no superusers, and in databases that it has to refuse."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import asyncpg
import psycopg
import pytest

from app.database import PLATFORM, Database, DatabaseUnsuitable, Scope, embedded
from app.database.migrate import migrate, pooler_statements, require_current
from app.database.roles import ROLES
from app.settings import Settings
from app.tables.ids import new_id
from tests import postgres
from tests.database.owners import database_of, login, run, url_as

pytestmark = pytest.mark.servers
TABLES = "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relnamespace::regnamespace::text ~ '^(public|bil)'"


def tables(url: str) -> int:
    with psycopg.connect(url) as connection:
        return sum(number for (number,) in connection.execute(TABLES).fetchall())


async def works(settings: Settings) -> list[str]:
    """The roles that its units of work have."""
    async with Database(settings) as database:
        found = []
        for scope in (PLATFORM, Scope.tenant(new_id())):
            async with database.unit_of_work(scope) as unit:
                found.append(await unit.connection.fetchval("SELECT current_user"))
    return found


@pytest.fixture(scope="module")
def new_server() -> Iterator[str]:
    """The superuser's URL of a server on which nobody has migrated yet.

    Not under pytest's own folder, which every run of pytest closes again to the user that PostgreSQL runs as.
    """
    with TemporaryDirectory(prefix="arcadia-owners-") as folder:
        server = embedded.start(Path(folder))
        yield server.url()
        server.stop()


async def test_an_owner_who_may_make_roles_needs_one_url(settings: Settings, new_server: str) -> None:
    with login("CREATEROLE", new_server) as owner, database_of(owner, server_url=new_server) as url:
        own = replace(settings, database_url=url_as(owner, url))
        assert await migrate(own)
        await require_current(own)
        assert await works(own) == [*reversed(ROLES)]
        assert await migrate(own) == []
    run(new_server, *(f"DROP ROLE {role}" for role in ROLES))


async def test_where_there_are_no_roles_the_statements_make_them(settings: Settings, new_server: str) -> None:
    with login(server_url=new_server) as owner, database_of(owner, server_url=new_server) as url:
        own = replace(settings, database_url=url_as(owner, url))
        with pytest.raises(DatabaseUnsuitable) as caught:
            await migrate(own)
        assert tables(url) == 0
        assert "\n" not in str(caught.value)
        statements = re.findall(r"(?:CREATE ROLE|GRANT) [^;]+", str(caught.value))
        assert [statement.split()[0] for statement in statements] == ["CREATE", "CREATE", "GRANT", "GRANT"]
        run(url, *statements)
        assert await migrate(own)
        assert await works(own) == [*reversed(ROLES)]
    run(new_server, *(f"DROP ROLE {role}" for role in ROLES))


async def test_two_logins_have_a_role_each(settings: Settings) -> None:
    name = postgres.run_name(uuid4().hex[:8])
    url = postgres.clone(name)
    with login() as tenant, login() as platform:
        apart = replace(
            settings,
            database_url=url_as(tenant, url),
            platform_database_url=url_as(platform, url),
            owner_database_url=url,
        )
        await migrate(apart)
        assert await works(apart) == [*reversed(ROLES)]
        tenants = await asyncpg.connect(apart.database_url)
        try:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await tenants.execute(f"SET ROLE {ROLES[1]}")
        finally:
            await tenants.close()
        statements = await pooler_statements(apart)
        assert f"ALTER ROLE {tenant} SET role = 'arcadia_tenant';" in statements
        assert f"ALTER ROLE {platform} SET statement_timeout = '30s';" in statements
        run(url, *statements)
        assert await pooler_statements(apart) == []
        assert await works(apart) == [*reversed(ROLES)]
        postgres.drop(name)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0", "LATIN1"),
        ("ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0", "SQL_ASCII"),
    ],
)
async def test_another_encoding_is_refused(settings: Settings, options: str, message: str) -> None:
    with login() as owner, database_of(owner, options) as url:
        with pytest.raises(DatabaseUnsuitable, match=f"The encoding of the database .* is {message}, .*UTF8") as caught:
            await migrate(replace(settings, database_url=url))
        assert "\n" not in str(caught.value)
        assert tables(url) == 0


async def test_another_schema_is_refused_before_anything_is_made(settings: Settings) -> None:
    with login() as owner, database_of(owner) as url:
        run(url, "CREATE SCHEMA billing", f"ALTER ROLE {owner} SET search_path = billing, public")
        run(url, f"GRANT ALL ON SCHEMA billing TO {owner}")
        with pytest.raises(DatabaseUnsuitable, match=f"ALTER ROLE {owner} SET search_path = public") as caught:
            await migrate(replace(settings, database_url=url_as(owner, url)))
        assert "\n" not in str(caught.value)
        assert tables(url) == 0


async def test_without_the_right_to_make_tables_it_is_refused(settings: Settings) -> None:
    with login() as owner, login() as other, database_of(owner) as url:
        with pytest.raises(DatabaseUnsuitable, match=f"GRANT CREATE, USAGE ON SCHEMA public TO {other}"):
            await migrate(replace(settings, database_url=url_as(other, url)))
        assert tables(url) == 0


@pytest.mark.parametrize(
    ("left_out", "repaired"),
    [
        ("DROP TABLE migration", False),
        ("DELETE FROM migration", False),
        ("DROP TABLE audit_log CASCADE", False),
        ("DROP POLICY platform ON audit_log", True),
    ],
)
async def test_a_partly_restored_database_is_reported_in_one_line(
    settings: Settings, left_out: str, repaired: bool
) -> None:
    name = postgres.run_name(uuid4().hex[:8])
    part = replace(settings, database_url=postgres.clone(name))
    run(str(part.database_url), left_out)
    with pytest.raises(DatabaseUnsuitable) as caught:
        await require_current(part)
    assert "\n" not in str(caught.value)
    if repaired:
        assert await migrate(part) == []
        await require_current(part)
    else:
        with pytest.raises(DatabaseUnsuitable, match="a restore broke off") as caught:
            await migrate(part)
        assert "\n" not in str(caught.value)
    postgres.drop(name)
