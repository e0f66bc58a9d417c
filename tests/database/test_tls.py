"""Every connection of a process is encrypted where the URL says so: shown by `make test-postgresql`."""

import os
from dataclasses import replace
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from app.database import PLATFORM, Database, DatabaseUnavailable
from app.queue import Queue
from app.settings import Settings
from tests.postgres import EXTERNAL

pytestmark = pytest.mark.skipif(
    "sslmode=verify-full" not in os.environ.get(EXTERNAL, ""), reason="the server has no TLS"
)

ENCRYPTED = """
SELECT ssl FROM pg_stat_activity JOIN pg_stat_ssl USING (pid)
WHERE datname = current_database() AND application_name = 'arcadia' AND backend_type = 'client backend'
"""


async def test_every_connection_is_encrypted(database: Database, settings: Settings) -> None:
    """The connections of both pools, of the queue and of the listener. Only their owner may see whether they are
    encrypted.
    """
    owner = await asyncpg.connect(settings.database_url)
    try:
        async with (
            Queue(settings),
            database.listen("anything"),
            database.unit_of_work(PLATFORM),
            database.reading(PLATFORM),
        ):
            encrypted = [row["ssl"] for row in await owner.fetch(ENCRYPTED)]
    finally:
        await owner.close()
    assert len(encrypted) >= 4
    assert set(encrypted) == {True}


@pytest.mark.parametrize(("change", "message"), [("query", "cannot be reached|refuses"), ("password", "refuses")])
async def test_neither_plain_text_nor_a_wrong_password_gets_in(
    database: Database, settings: Settings, change: str, message: str
) -> None:
    parts = urlsplit(str(database.settings.database_url))
    if change == "query":
        url = urlunsplit(parts._replace(query="sslmode=disable"))
    else:
        url = urlunsplit(parts._replace(netloc=f"{parts.username}:wrong@{parts.hostname}:{parts.port}"))
    with pytest.raises(DatabaseUnavailable, match=message) as caught:
        await Database(replace(settings, database_url=url)).open()
    assert str(parts.password) not in str(caught.value)
