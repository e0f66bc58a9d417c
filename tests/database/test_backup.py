"""Backup and restore as an owner who is neither superuser nor exempt from row-level security."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from app.database import PLATFORM, Database, UnitOfWork
from app.database.backup import BackupFailed, back_up, restore
from app.database.migrate import migrate
from app.database.roles import ROLES
from app.settings import Settings
from tests import postgres


@dataclass(frozen=True)
class PlainOwner:
    """A login without attributes, that may become the application's role, and two databases of its own."""

    filled: str
    empty: str


@pytest.fixture
def plain_owner(worker_database_url: str) -> Iterator[PlainOwner]:  # of a server that has the application's role
    name, password = postgres.run_name(f"owner_{secrets.token_hex(3)}"), secrets.token_hex(12)
    databases = [f"{name}_filled", f"{name}_empty"]
    with psycopg.connect(postgres.server_url(), autocommit=True) as superuser:

        def execute(statement: str, *names: str) -> None:
            superuser.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

        execute(f"CREATE ROLE {{}} LOGIN PASSWORD '{password}' NOSUPERUSER NOCREATEROLE NOBYPASSRLS", name)
        for role in ROLES:
            execute("GRANT {} TO {}", role, name)
        for database in databases:
            execute("CREATE DATABASE {} OWNER {}", database, name)
        given: dict[str, Any] = conninfo_to_dict(postgres.server_url())
        urls = [
            f"postgresql://?{urlencode(given | {'user': name, 'password': password, 'dbname': one}, quote_via=quote)}"
            for one in databases
        ]
        yield PlainOwner(*urls)
        for database in databases:
            execute("DROP DATABASE {} WITH (FORCE)", database)
        execute("DROP ROLE {}", name)


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def _tenants(settings: Settings) -> list[str]:
    async with Database(settings) as database:

        async def read(unit: UnitOfWork) -> list[str]:
            return [row["code"] for row in await unit.connection.fetch("SELECT code FROM tenants ORDER BY code")]

        return await database.run_in_transaction(PLATFORM, read)


async def _add_tenants(settings: Settings) -> None:
    async with Database(settings) as database:

        async def write(unit: UnitOfWork) -> None:
            await unit.connection.execute(
                "INSERT INTO tenants (id, code, name, country, currency, tax_exempt, created_at)"
                " SELECT gen_random_uuid(), 't' || n, 'T', 'AU', 'AUD', false, now() FROM generate_series(1, 3) AS n"
            )

        await database.run_in_transaction(PLATFORM, write)


async def test_a_plain_owner_backs_up_every_row_and_restores_them(
    settings: Settings, plain_owner: PlainOwner, tmp_path: Path
) -> None:
    filled = replace(settings, database_url=plain_owner.filled, database_pool_size=2, read_pool_size=2)
    empty = replace(filled, database_url=plain_owner.empty)
    file = tmp_path / "arcadia.backup"
    await migrate(filled)
    await _add_tenants(filled)
    await back_up(filled, file)
    assert file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(BackupFailed, match=r"arcadia\.backup exists: choose another name"):
        await back_up(filled, file)
    with pytest.raises(BackupFailed, match="is not empty: restore into a new one"):
        await restore(filled, file)
    broken = tmp_path / "broken"
    broken.write_bytes(file.read_bytes()[:200])
    with pytest.raises(BackupFailed, match="pg_restore: error: "):
        await restore(empty, broken)
    assert await restore(empty, file) == []
    assert await _tenants(empty) == await _tenants(filled) == ["t1", "t2", "t3"]
    assert _names(tmp_path) == ["arcadia.backup", "broken"]


async def test_a_file_that_cannot_be_written_is_reported(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(BackupFailed, match=r"cannot be written: No such file or directory\.$"):
        await back_up(settings, tmp_path / "none" / "arcadia.backup")
    assert _names(tmp_path) == []
