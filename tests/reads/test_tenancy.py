"""Tenant isolation of reads: the compiler's filter, row-level security, and one statement that sets both."""

import asyncio

import asyncpg
import pytest

from app.database.connect import passthrough_json
from app.database.scope import PLATFORM, Scope
from app.reads.engine import GraphQLEngine
from tests.reads.conftest import Server
from tests.reads.music.labels import build_schema
from tests.reads.music.rows import id_of
from tests.reads.music.tables import PLATFORM_READER

TITLES = "{ albums(first: 100) { nodes { label { code } } totalCount } labels { nodes { code } } }"


async def test_a_tenant_sees_its_own(music: Server, acme: Scope, bolt: Scope) -> None:
    for scope, code, count in ((acme, "acme", 9), (bolt, "bolt", 3)):
        assert await music.data(TITLES, scope=scope) == {
            "albums": {"nodes": [{"label": {"code": code}}] * count, "totalCount": count},
            "labels": {"nodes": [{"code": code}]},
        }


async def test_the_platform_sees_all(music: Server) -> None:
    data = await music.data(TITLES)
    assert data["albums"]["totalCount"] == 12
    assert [label["code"] for label in data["labels"]["nodes"]] == ["acme", "bolt", "calm"]


async def test_another_tenants_id_is_an_unknown_id(music: Server, bolt: Scope) -> None:
    text = """
        query ($id: ID!, $ids: [ID!]!, $label: ID!) {
          album(id: $id) { id }
          node(id: $id) { id }
          nodes(ids: $ids) { id }
          label(id: $label) { code }
        }
    """
    theirs, label = str(id_of("albums", "acme0")), str(id_of("labels", "acme"))
    nothing = "00000000-0000-4000-8000-000000000000"
    for id_, label_id in ((theirs, label), (nothing, nothing)):
        data = await music.data(text, {"id": id_, "ids": [id_], "label": label_id}, scope=bolt)
        assert data == {"album": None, "node": None, "nodes": [None], "label": None}


async def test_a_platform_type_is_nothing_to_a_tenant(music: Server, acme: Scope) -> None:
    text = f'{{ node(id: "{id_of("audits", "acme")}") {{ id ... on Audit {{ note }} }} }}'
    assert (await music.data(text))["node"]["note"] == "about acme"
    assert await music.data(text, scope=acme) == {"node": None}


async def test_a_tenants_rows_reached_from_a_catalog_are_filtered(music: Server, bolt: Scope) -> None:
    text = '{ genre(code: "jazz") { albums { nodes { label { code } } } } }'
    assert await music.data(text, scope=bolt) == {"genre": {"albums": {"nodes": [{"label": {"code": "bolt"}}]}}}


async def test_the_filter_cannot_name_another_tenant(music: Server, bolt: Scope) -> None:
    text = f'{{ albums(filter: {{ labelId: "{id_of("labels", "acme")}" }}) {{ totalCount }} }}'
    assert await music.data(text, scope=bolt) == {"albums": {"totalCount": 0}}


async def test_the_platform_needs_no_setting(music: Server) -> None:
    """Its role has a policy of its own: its statements neither set a tenant nor read one."""
    await music.data(TITLES)
    assert all("app.tenant_id" not in statement for statement in music.statements)


async def _count(connection: asyncpg.Connection, statement: str, *parameters: object) -> int:
    count: int = await connection.fetchval(statement, *parameters)
    return count


UNFILTERED = """
    WITH scope AS MATERIALIZED (SELECT set_config('app.tenant_id', $1, true))
    SELECT (SELECT count(*) FROM albums) FROM scope
"""


async def test_row_level_security_alone_holds_and_forgets(pool: asyncpg.Pool, acme: Scope, bolt: Scope) -> None:
    async with pool.acquire() as connection:
        for scope, count in ((acme, 9), (bolt, 3), (PLATFORM, 0), (acme, 9)) * 4:
            assert await _count(connection, UNFILTERED, scope.setting) == count
            assert await _count(connection, "SELECT count(*) FROM albums") == 0


async def test_a_generic_plan_looks_at_the_setting_anew(pool: asyncpg.Pool, acme: Scope, bolt: Scope) -> None:
    async with pool.acquire() as connection:
        await connection.execute("SET plan_cache_mode = force_generic_plan")
        try:
            for scope, count in ((acme, 9), (bolt, 3), (PLATFORM, 0), (acme, 9)):
                assert await _count(connection, UNFILTERED, scope.setting) == count
        finally:
            await connection.execute("RESET plan_cache_mode")


async def test_the_compilers_filter_alone_holds(music_url: str, bolt: Scope) -> None:
    """Reads as the owner, a superuser to whom row-level security does not apply."""
    async with asyncpg.create_pool(music_url, min_size=1, max_size=1, init=passthrough_json()) as owners:
        server = Server(owners, owners)
        assert (await server.data(TITLES, scope=bolt))["albums"]["totalCount"] == 3
        text = "{ genres { albums { nodes { label { code } tracks { id } } totalCount } } }"
        counts = [genre["albums"]["totalCount"] for genre in (await server.data(text, scope=bolt))["genres"]]
        assert counts == [1, 1, 0]


async def test_plans_of_tenant_and_platform_are_apart(music: Server, acme: Scope) -> None:
    """The same document, for a tenant and the platform alternately."""
    for _ in range(3):
        assert (await music.data(TITLES))["albums"]["totalCount"] == 12
        assert (await music.data(TITLES, scope=acme))["albums"]["totalCount"] == 9


async def test_concurrent_tenants_see_their_own_rows_only(music: Server, acme: Scope, bolt: Scope) -> None:
    scopes = [(acme, 9), (bolt, 3)] * 50

    async def one(scope: Scope, count: int) -> None:
        response = await music.reads.execute(TITLES, None, None, music.caller(scope))
        assert f'"totalCount":{count}'.encode() in response.body

    await asyncio.gather(*(one(*case) for case in scopes))


async def test_a_read_is_one_snapshot(music_url: str) -> None:
    """While two rows are exchanged for two others over and over, no read sees one of each."""
    owner = await asyncpg.connect(music_url)
    pool = asyncpg.create_pool(
        music_url, min_size=1, max_size=1, init=passthrough_json(), server_settings={"role": PLATFORM_READER}
    )
    async with pool as readers:
        reads = GraphQLEngine(build_schema(), lambda _: readers.acquire())
        caller = Server(readers, readers).caller(PLATFORM)
        stop = asyncio.Event()

        async def rename(number: int) -> None:
            await owner.execute("UPDATE genres SET name = $1::text WHERE code IN ('rock', 'pop')", str(number))

        async def write() -> None:
            number = 0
            while not stop.is_set():
                number += 1
                await rename(number)

        await rename(0)
        writer = asyncio.create_task(write())
        seen = set()
        try:
            for _ in range(200):
                text = "{ genres { code name charts { genre { name charts { genre { name } } } } } }"
                response = await reads.execute(text, None, None, caller)
                names = [part.split(b'"')[0] for part in response.body.split(b'"name":"')[1:]]
                names = [name for name in names if name != b"Jazz"]
                assert len(set(names)) == 1
                seen.add(names[0])
        finally:
            stop.set()
            await writer
            await owner.execute("UPDATE genres SET name = initcap(code)")
            await owner.close()
    assert len(seen) > 1


@pytest.mark.parametrize("viewer", ["admin", "someone"])
async def test_a_role_may_be_asked_for(music: Server, viewer: str) -> None:
    body = await music.body("{ audits { nodes { note label { code } } } }", viewer=viewer)
    if viewer == "admin":
        assert body["data"]["audits"]["nodes"][0] == {"note": "about acme", "label": {"code": "acme"}}
        return
    assert body["data"] is None
    assert body["errors"] == [
        {
            "message": "Your role may not read this field.",
            "locations": [{"line": 1, "column": 3}],
            "path": ["audits"],
            "extensions": {"code": "FORBIDDEN", "problem": "PERMISSION_DENIED", "path": []},
        }
    ]
    assert music.statements == []
