"""Keyset pages: forwards, backwards, between cursors, and what is refused."""

from base64 import b64encode
from typing import Any

import asyncpg
import pytest

from app.database.scope import PLATFORM
from tests.reads.conftest import Server
from tests.reads.music.rows import ROWS

PAGE = """
    query ($first: Int, $after: String, $last: Int, $before: String) {
      albums(first: $first, after: $after, last: $last, before: $before) {
        nodes { id }
        edges { cursor node { id } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        totalCount
      }
    }
"""
ALL = "{ albums(first: 100) { edges { cursor node { id } } } }"


async def edges_of(music: Server) -> list[dict[str, Any]]:
    edges: list[dict[str, Any]] = (await music.data(ALL))["albums"]["edges"]
    return edges


async def test_forwards_through_all_pages(music: Server) -> None:
    expected = [edge["node"] for edge in await edges_of(music)]
    found: list[dict[str, str]] = []
    after, sizes = None, []
    while True:
        page = (await music.data(PAGE, {"first": 5, "after": after}))["albums"]
        found += page["nodes"]
        sizes.append(len(page["nodes"]))
        assert page["totalCount"] == 12
        assert page["pageInfo"]["hasPreviousPage"] is (after is not None)
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert found == expected
    assert sizes == [5, 5, 2]


async def test_backwards_through_all_pages(music: Server) -> None:
    expected = [edge["node"] for edge in await edges_of(music)]
    found: list[dict[str, str]] = []
    before = None
    while True:
        page = (await music.data(PAGE, {"last": 5, "before": before}))["albums"]
        found = page["nodes"] + found
        assert page["pageInfo"]["hasNextPage"] is (before is not None)
        before = page["pageInfo"]["startCursor"]
        if not page["pageInfo"]["hasPreviousPage"]:
            break
    assert found == expected


async def test_between_two_cursors(music: Server) -> None:
    edges = await edges_of(music)
    between = {"after": edges[2]["cursor"], "before": edges[8]["cursor"]}
    page = (await music.data(PAGE, {**between, "first": 3}))["albums"]
    assert page["edges"] == edges[3:6]
    assert page["pageInfo"] == {
        "hasNextPage": True,
        "hasPreviousPage": True,
        "startCursor": edges[3]["cursor"],
        "endCursor": edges[5]["cursor"],
    }
    page = (await music.data(PAGE, {**between, "last": 3}))["albums"]
    assert page["edges"] == edges[5:8]


async def test_an_empty_page(music: Server) -> None:
    edges = await edges_of(music)
    page = (await music.data(PAGE, {"after": edges[-1]["cursor"]}))["albums"]
    assert page["edges"] == []
    assert page["pageInfo"] == {
        "hasNextPage": False,
        "hasPreviousPage": True,
        "startCursor": None,
        "endCursor": None,
    }


async def test_a_page_is_20_rows_unless_it_says_otherwise(music: Server, music_url: str) -> None:
    """The seed has 14 tracks: 10 more are there for this test."""
    owner = await asyncpg.connect(music_url)
    copied = "FROM (SELECT * FROM tracks ORDER BY id LIMIT 10) AS ten"
    columns = "tenant_id, album_id, position, title, length"
    try:
        await owner.execute(f"INSERT INTO tracks (id, {columns}) SELECT gen_random_uuid(), {columns} {copied}")
        tracks = (await music.data("{ tracks { nodes { id } totalCount pageInfo { hasNextPage } } }"))["tracks"]
        assert (len(tracks["nodes"]), tracks["totalCount"]) == (20, 24)
        assert tracks["pageInfo"] == {"hasNextPage": True}
    finally:
        await owner.execute("DELETE FROM tracks WHERE NOT id = ANY($1)", [track["id"] for track in ROWS["tracks"]])
        await owner.close()


def encoded(text: str) -> str:
    return b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "garbage",
        "\N{SNOWMAN}",
        encoded(""),
        encoded("[]"),
        encoded("{}"),
        encoded('[7, "Blue"]'),
        encoded('[7, "Blue", "not an id"]'),
        encoded('["7", "Blue", "00000000-0000-4000-8000-000000000000"]'),
        encoded('[true, "Blue", "00000000-0000-4000-8000-000000000000"]'),
        encoded('[7, null, "00000000-0000-4000-8000-000000000000"]'),
        encoded('[99999999999999999999, "Blue", "00000000-0000-4000-8000-000000000000"]'),
        encoded('[7, "nul \\u0000", "00000000-0000-4000-8000-000000000000"]'),
        encoded("[" * 5000),
    ],
)
async def test_what_is_no_cursor_is_refused(music: Server, cursor: str) -> None:
    for text in (PAGE, "query ($after: String) { albums(after: $after) { totalCount } }"):
        body = await music.body(text, {"after": cursor}, scope=PLATFORM)
        assert body["data"] is None
        [error] = body["errors"]
        assert error["path"] == ["albums"]
        assert error["extensions"] == {"code": "BAD_USER_INPUT"}
        assert "`after`" in error["message"]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ("first: 0", ["`first`", "from 1 to 100"]),
        ("first: 101", ["`first`", "from 1 to 100"]),
        ("last: -1", ["`last`", "from 1 to 100"]),
        ("first: 1, last: 1", ["`first`", "`last`"]),
    ],
)
async def test_sizes_that_are_refused(music: Server, arguments: str, named: list[str]) -> None:
    body = await music.body(f'{{ label(code: "acme") {{ a: albums({arguments}) {{ totalCount }} }} }}')
    assert body["data"] == {"label": None}
    [error] = body["errors"]
    assert ([text for text in named if text not in error["message"]], error["path"]) == ([], ["label", "a"])
    assert error["extensions"] == {"code": "BAD_USER_INPUT"}
    assert error["locations"]
