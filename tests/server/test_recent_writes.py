"""A caller reads its own writes: positions in responses, in the header, and stored by the process."""

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest

from app.database.commit_positions import UNKNOWN
from app.operations.calls.principal import Principal, Role
from app.server.application import create_application
from app.server.recent_writes import RecentWrites
from app.server.signing import sign_token
from app.settings import Settings
from tests import postgres
from tests.clock import Clock
from tests.server.serving import served
from tests.standby import replay, streaming_from

CREATE = """mutation Create($input: CreateTenantInput!) {
  createTenant(input: $input) { ... on TenantCreated { tenant { code } } } }"""
READ = "query Read($code: String!) { tenant(code: $code) { code } }"


class Process:
    """One served API process and the client of one caller."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def ask(self, text: str, after: str = "", **variables: object) -> httpx.Response:
        headers = {"arcadia-read-after": after} if after else {}
        return await self._client.post("/graphql", json={"query": text, "variables": variables}, headers=headers)


@pytest.fixture
async def processes(settings: Settings, clock: Clock) -> AsyncIterator[tuple[Process, Process, str]]:
    """Two processes, and the URL of their replica."""
    name = postgres.run_name(uuid4().hex[:8])
    own = replace(settings, database_url=postgres.clone(name))
    token = sign_token(own, "ada", {Role.PLATFORM_ADMIN}, None, timedelta(hours=1), clock())
    headers = {"authorization": f"Bearer {token}"}
    with streaming_from(postgres.server_url()) as standby:
        own = replace(own, read_database_url=postgres.in_database(standby.url, name))
        async with (
            served(create_application(own, clock)) as one,
            served(create_application(own, clock)) as other,
            httpx.AsyncClient(base_url=one, headers=headers, timeout=20) as first,
            httpx.AsyncClient(base_url=other, headers=headers, timeout=20) as second,
        ):
            yield Process(first), Process(second), standby.url
    postgres.drop(name)


@pytest.mark.skipif(postgres.EXTERNAL in os.environ, reason="copies the embedded server's files")
async def test_a_caller_reads_its_own_writes(processes: tuple[Process, Process, str]) -> None:
    writing, other, replica = processes
    replay(replica, paused=True)
    try:
        created = await writing.ask(CREATE, input={"code": "acme", "name": "Acme"})
        read_after = created.json()["extensions"]["readAfter"]
        found = {"tenant": {"code": "acme"}}
        assert (await writing.ask(READ, code="acme")).json()["data"] == found
        assert (await other.ask(READ, code="acme")).json()["data"] == {"tenant": None}
        assert (await other.ask(READ, read_after, code="acme")).json()["data"] == found
    finally:
        replay(replica, paused=False)
    for _ in range(100):
        if (await other.ask(READ, code="acme")).json()["data"] == found:
            return
        await asyncio.sleep(0.1)
    pytest.fail("the replica does not catch up")


@pytest.mark.skipif(postgres.EXTERNAL in os.environ, reason="copies the embedded server's files")
async def test_a_header_that_is_no_position_is_refused(processes: tuple[Process, Process, str]) -> None:
    refused = await processes[0].ask(READ, "yesterday", code="acme")
    assert refused.status_code == 400
    assert "'yesterday'" in refused.json()["errors"][0]["message"]


def test_the_later_position_counts() -> None:
    writes, ada = RecentWrites(), Principal("ada", frozenset({Role.PLATFORM_ADMIN}))
    assert (writes.after(ada, None), writes.after(ada, 7)) == (None, 7)
    writes.note(ada, 5)
    writes.note(ada, None)
    assert [writes.after(ada, asked) for asked in (None, 3, 9)] == [5, 5, 9]
    assert writes.after(Principal("bob", frozenset({Role.PLATFORM_ADMIN})), None) is None


def test_a_position_that_is_not_known_is_beyond_those_that_are() -> None:
    writes, ada = RecentWrites(), Principal("ada", frozenset({Role.PLATFORM_ADMIN}))
    writes.note(ada, UNKNOWN)
    assert writes.after(ada, None) == writes.after(ada, 9) == UNKNOWN
