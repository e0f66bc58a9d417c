import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
import pytest

from app.database import PLATFORM, Database, DatabaseUnavailable, Scope, embedded
from app.database.migrate import migrate
from app.settings import Settings
from app.tables.catalog import ResourceKinds
from app.tables.ids import new_id
from tests import postgres
from tests.database.faults import past_the_pooler


def test_a_scope_is_a_tenant_or_the_platform() -> None:
    tenant = new_id()
    assert Scope.tenant(tenant).setting == str(tenant)
    assert PLATFORM.setting == ""
    assert Scope.tenant(tenant) == Scope.tenant(tenant) != PLATFORM


async def test_reads_give_json_as_bytes_and_instants_in_utc(database: Database) -> None:
    async with database.reading(PLATFORM) as connection:
        document = await connection.fetchval(
            "SELECT row_to_json(r) FROM (SELECT 1 AS a, '2026-04-01 10:00+10'::timestamptz AS at) r"
        )
    assert document == b'{"a":1,"at":"2026-04-01T00:00:00+00:00"}'


async def test_a_read_sets_its_tenant_for_one_statement(database: Database) -> None:
    tenant = str(new_id())
    async with database.reading(PLATFORM) as connection:
        statement = "WITH scope AS MATERIALIZED (SELECT set_config('app.tenant_id', $1, true) AS t) SELECT t FROM scope"
        assert await connection.fetchval(statement, tenant) == tenant
        assert await connection.fetchval("SELECT current_setting('app.tenant_id', true)") in {None, ""}


async def test_what_was_just_written_is_not_read_from_the_replica(settings: Settings, empty_database_url: str) -> None:
    replica = replace(settings, **postgres.urls(empty_database_url))
    await migrate(replica)
    async with Database(replace(settings, read_database_url=empty_database_url)) as database:
        async with database.reading(PLATFORM) as connection:
            replicated = await connection.fetchval("SELECT current_database()")
        async with database.reading_written(PLATFORM) as connection:
            primary = await connection.fetchval("SELECT current_database()")
            document = await connection.fetchval("SELECT row_to_json(r) FROM (SELECT 1 AS a) r")
        async with database.unit_of_work(PLATFORM) as unit:
            assert await unit.connection.fetchval("SELECT current_database()") == primary
    assert replicated in empty_database_url
    assert primary not in empty_database_url
    assert document == b'{"a":1}'


async def test_no_server_is_one_clear_line(settings: Settings) -> None:
    nowhere = replace(settings, database_url="postgresql://user:hidden@127.0.0.1:1/arcadia")
    with pytest.raises(DatabaseUnavailable) as caught:
        await Database(nowhere).open()
    message = str(caught.value)
    assert message.startswith("PostgreSQL at 127.0.0.1:1/arcadia cannot be reached: ")
    assert "hidden" not in message
    assert "\n" not in message


async def test_no_database_of_that_name_is_one_clear_line(settings: Settings) -> None:
    assert settings.database_url is not None
    missing = settings.database_url.replace("arcadia_tests", "no_such")
    with pytest.raises(DatabaseUnavailable, match=r'refuses the connection: database ".*" does not exist'):
        await Database(replace(settings, database_url=missing)).open()


async def test_a_server_that_does_not_answer_is_reported_unavailable(settings: Settings) -> None:
    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(say_nothing, "127.0.0.1")
    port = server.sockets[0].getsockname()[1]
    silent = replace(settings, database_url=f"postgresql://u@127.0.0.1:{port}/x", connect_timeout=1)
    began = time.monotonic()
    with pytest.raises(DatabaseUnavailable, match="it did not answer in time"):
        await Database(silent).open()
    assert time.monotonic() - began < 5
    server.close()


async def test_reads_and_writes_recover_from_a_restart(database: Database) -> None:
    owner = await asyncpg.connect(past_the_pooler(database))
    try:
        await owner.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'arcadia'"
        )
    finally:
        await owner.close()
    async with database.reading(PLATFORM) as connection:
        assert await connection.fetchval("SELECT 1") == 1

    async def count(_unit: object) -> int:
        return int(await ResourceKinds.count())

    assert await database.run_in_transaction(PLATFORM, count) == 6


@pytest.fixture
def embedded_settings() -> Iterator[Settings]:
    # Not under pytest's own folder, which every run of pytest closes again to the user that PostgreSQL runs as.
    with TemporaryDirectory(prefix="arcadia-embedded-") as folder:
        yield Settings(data_dir=Path(folder) / "data", database_pool_size=2, read_pool_size=2)


async def test_an_embedded_server_is_shared_and_stopped_by_the_last(embedded_settings: Settings) -> None:
    program = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from app.database.migrate import migrate\n"
        "from app.settings import Settings\n"
        "print(len(asyncio.run(migrate(Settings(data_dir=Path(sys.argv[1]))))))"
    )
    command = [sys.executable, "-W", "error", "-c", program, str(embedded_settings.data_dir)]
    pid_file = embedded_settings.data_dir / "postgres" / "postmaster.pid"

    async def run() -> str:
        process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        out, err = await process.communicate()
        assert err == b""
        return out.decode().strip()

    first, second = sorted(await asyncio.gather(run(), run()))
    assert (first, int(second) > 0) == ("0", True)
    assert not pid_file.exists()

    await migrate(embedded_settings)
    assert await run() == "0"
    async with Database(embedded_settings) as database, database.unit_of_work(PLATFORM):
        assert await ResourceKinds.count() == 6
    await asyncio.to_thread(embedded.start(embedded_settings.data_dir).leave)
    assert not pid_file.exists()


async def test_a_broken_data_directory_is_one_clear_line(embedded_settings: Settings) -> None:
    (embedded_settings.data_dir / "postgres").mkdir(parents=True)
    (embedded_settings.data_dir / "postgres" / "PG_VERSION").write_text("9")
    with pytest.raises(DatabaseUnavailable, match=r"The embedded PostgreSQL in .* does not start: ") as caught:
        await Database(embedded_settings).open()
    assert "\n" not in str(caught.value)
