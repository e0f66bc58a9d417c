import asyncio
import subprocess
import sys
from dataclasses import replace

import asyncpg
import pytest

from app.database import PLATFORM, Database, DatabaseNotMigrated, DatabaseOfAnotherVersion
from app.database.migrate import migrate, pending, require_current
from app.settings import Settings
from app.tables.catalog import ResourceKinds
from tests import postgres


@pytest.fixture
def empty(settings: Settings, empty_database_url: str) -> Settings:
    return replace(settings, **postgres.urls(empty_database_url))


async def test_an_empty_database_becomes_current(empty: Settings) -> None:
    missing = await pending(empty)
    assert missing
    with pytest.raises(DatabaseNotMigrated, match="run `arcadia migrate`"):
        await require_current(empty)
    assert await migrate(empty) == missing
    assert await pending(empty) == []
    assert await migrate(empty) == []
    await require_current(empty)


async def test_many_processes_at_once_migrate_once(empty: Settings) -> None:
    program = (
        "import asyncio, sys\n"
        "from app.database.migrate import migrate\n"
        "from app.settings import Settings\n"
        "print(len(asyncio.run(migrate(Settings(database_url=sys.argv[1])))))"
    )
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, str(empty.database_url), stdout=subprocess.PIPE
        )
        for _ in range(4)
    ]
    answers = [(await process.communicate())[0].decode().strip() for process in processes]
    assert sorted(answers)[:3] == ["0", "0", "0"]
    assert int(max(answers, key=int)) == len(await _migrations(empty))


async def _migrations(settings: Settings) -> list[str]:
    owner = await asyncpg.connect(settings.database_url)
    try:
        return [row["name"] for row in await owner.fetch("SELECT name FROM migration")]
    finally:
        await owner.close()


async def test_the_application_works_as_a_role_that_row_level_security_binds(empty: Settings) -> None:
    await migrate(empty)
    async with Database(empty) as database, database.unit_of_work(PLATFORM) as unit:
        role = await unit.connection.fetchrow(
            "SELECT rolname, rolsuper, rolbypassrls, rolcanlogin FROM pg_roles WHERE rolname = current_user"
        )
        assert dict(role) == {
            "rolname": "arcadia_platform",
            "rolsuper": False,
            "rolbypassrls": False,
            "rolcanlogin": False,
        }
        owned = await unit.connection.fetchval("SELECT count(*) FROM pg_tables WHERE tableowner = current_user")
        assert owned == 0
        assert await ResourceKinds.count() == 6


async def test_a_login_of_its_own_is_granted_the_role(empty: Settings) -> None:
    assert empty.database_url is not None
    owner = await asyncpg.connect(empty.database_url)
    await owner.execute("CREATE ROLE \"o'login\" LOGIN PASSWORD 'secret'")
    try:
        scheme, rest = empty.database_url.split("://", 1)
        login = f"{scheme}://o%27login:secret@{rest.rsplit('@', 1)[-1]}"
        apart = replace(empty, database_url=login, owner_database_url=empty.database_url)
        await migrate(apart)
        async with Database(apart) as database, database.unit_of_work(PLATFORM) as unit:
            row = await unit.connection.fetchrow("SELECT session_user AS login, current_user AS role")
            assert dict(row) == {"login": "o'login", "role": "arcadia_platform"}
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await unit.connection.execute("CREATE TABLE anything (n int)")
            await unit.connection.execute("ROLLBACK; BEGIN")
    finally:
        await owner.execute('DROP ROLE "o\'login"')
        await owner.close()


async def test_a_database_that_was_never_migrated_has_its_own_message(empty: Settings) -> None:
    with pytest.raises(DatabaseNotMigrated):
        await require_current(empty)


BEFORE_THE_SQUASH = ["2026-11-29T22:50:20:311350", "2026-11-30T02:05:05:878915", "2026-11-30T02:23:00:000000"]
"""Ids of migrations that databases have run which were made before the first migration was squashed."""


async def test_a_database_that_another_version_migrated_is_refused_and_left_as_it_is(empty: Settings) -> None:
    await migrate(empty)
    owner = await asyncpg.connect(empty.database_url)
    try:
        await owner.execute("DELETE FROM migration")
        await owner.executemany(
            "INSERT INTO migration (name, app_name) VALUES ($1, 'arcadia')", [(name,) for name in BEFORE_THE_SQUASH]
        )
    finally:
        await owner.close()
    before = await _migrations(empty)
    for refused in (migrate, require_current):
        with pytest.raises(DatabaseOfAnotherVersion) as caught:
            await refused(empty)
        assert str(caught.value) == (
            "The database was migrated by another version of ArcadiaCloud: this version does not have 3 of its"
            " migrations, the last of them 2026-11-30T02:23:00:000000. Run the version that migrated it, or use a new"
            " database"
        )
    assert await _migrations(empty) == before
