"""A database with the music tables and rows, and a server that reads it and counts its statements."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from app.database.connect import passthrough_json
from app.database.scope import PLATFORM, Scope
from app.reads.engine import GraphQLEngine, Response
from app.reads.request import Request
from tests import postgres
from tests.reads.music.albums import Caller
from tests.reads.music.labels import build_schema
from tests.reads.music.rows import ROWS, id_of
from tests.reads.music.tables import PLATFORM_READER, READER, SQL

TODAY = date(2026, 4, 15)


@dataclass
class Server:
    """A GraphQL engine over a connection pool, with helpers for tests."""

    pool: asyncpg.Pool
    platform_pool: asyncpg.Pool
    statements: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    reads: GraphQLEngine = field(init=False)

    def __post_init__(self) -> None:
        self.reads = GraphQLEngine(build_schema(), self.acquire)

    @asynccontextmanager
    async def acquire(self, request: Request) -> AsyncIterator[Any]:
        pool = self.platform_pool if request.scope.is_platform else self.pool
        async with pool.acquire() as connection:
            with connection.query_logger(self._log):
                yield connection

    def _log(self, query: Any) -> None:
        if "typeinfo" not in query.query and "current_setting('jit')" not in query.query:
            self.statements.append(query.query)  # but not how asyncpg looks up array types, once a connection

    def caller(self, scope: Scope, viewer: str = "someone") -> Caller:
        return Caller(scope, TODAY, viewer, self.calls)

    async def response(
        self,
        text: str,
        variables: Mapping[str, Any] | None = None,
        *,
        scope: Scope = PLATFORM,
        viewer: str = "someone",
        operation: str | None = None,
    ) -> Response:
        self.statements.clear()
        self.calls.clear()
        return await self.reads.execute(text, variables, operation, self.caller(scope, viewer))

    async def body(self, text: str, variables: Mapping[str, Any] | None = None, **options: Any) -> dict[str, Any]:
        """The whole response, decoded."""
        body: dict[str, Any] = json.loads((await self.response(text, variables, **options)).body)
        return body

    async def data(self, text: str, variables: Mapping[str, Any] | None = None, **options: Any) -> dict[str, Any]:
        """The data of a response without errors."""
        body = await self.body(text, variables, **options)
        assert "errors" not in body, body["errors"]
        data: dict[str, Any] = body["data"]
        return data


@pytest.fixture(scope="session")
async def music_url() -> AsyncIterator[str]:
    """The owner's URL of a database with the tables and their rows."""
    name = postgres.run_name(f"reads_{uuid4().hex[:8]}")
    url = postgres.create(name)
    owner = await asyncpg.connect(url)
    for role in (READER, PLATFORM_READER):
        await owner.execute(
            f"DO $$ BEGIN CREATE ROLE {role}; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
        )
    await owner.execute(SQL)
    for table, rows in ROWS.items():
        await owner.copy_records_to_table(table, records=[tuple(row.values()) for row in rows], columns=list(rows[0]))
    await owner.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {READER}, {PLATFORM_READER}")
    await owner.close()
    yield url
    postgres.drop(name)


def pool_of(url: str, role: str) -> asyncpg.Pool:
    return asyncpg.create_pool(
        url,
        min_size=1,
        max_size=4,
        init=passthrough_json(),
        max_cacheable_statement_size=0,
        server_settings={"role": role, "TimeZone": "UTC", "jit": "off"},
    )


@pytest.fixture(scope="session")
async def pool(music_url: str) -> AsyncIterator[asyncpg.Pool]:
    """A connection pool that is set up as for a tenant's reads."""
    async with pool_of(music_url, READER) as opened:
        yield opened


@pytest.fixture(scope="session")
async def platform_pool(music_url: str) -> AsyncIterator[asyncpg.Pool]:
    async with pool_of(music_url, PLATFORM_READER) as opened:
        yield opened


@pytest.fixture(scope="session")
def music(pool: asyncpg.Pool, platform_pool: asyncpg.Pool) -> Server:
    return Server(pool, platform_pool)


@pytest.fixture
def acme() -> Scope:
    return Scope.tenant(id_of("labels", "acme"))


@pytest.fixture
def bolt() -> Scope:
    return Scope.tenant(id_of("labels", "bolt"))
