"""Values are parameters: whatever they hold, they are compared, never executed; what cannot be stored is refused."""

from typing import Any

import pytest

from tests.reads.conftest import Server
from tests.reads.music.rows import id_of

FILTERED = """
    query ($filter: AlbumFilter) { albums(filter: $filter, first: 100) { nodes { id title } totalCount } }
"""
HOSTILE = [
    "'; DROP TABLE albums; --",
    '"; DROP TABLE albums; --',
    "$9",
    "$9::uuid",
    "\\'; SELECT pg_sleep(10); --",
    "%s %(x)s {} {0}",
    "') OR 1=1 --",
    "\u2028 \U0001f4a5 \ufeff",
]


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_texts_are_values(music: Server, text: str) -> None:
    for filter_ in ({"title": text}, {"search": text}, {"genreName": text}, {"trackTitle": text}):
        assert (await music.data(FILTERED, {"filter": filter_}))["albums"] == {"nodes": [], "totalCount": 0}
        assert text not in music.statements[0]
    assert await music.data("query ($code: String!) { genre(code: $code) { name } }", {"code": text}) == {"genre": None}


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "x\udfff"])
async def test_texts_that_cannot_be_stored_are_refused(music: Server, text: str) -> None:
    for filter_ in ({"title": text}, {"search": text}):
        body = await music.body(FILTERED, {"filter": filter_})
        assert body["data"] is None
        assert [error["extensions"]["code"] for error in body["errors"]] == ["BAD_USER_INPUT"]
        assert body["errors"][0]["path"] == ["albums"]
    assert music.statements == []


@pytest.mark.parametrize("id_", ["", "1", "x" * 36, "{}", "00000000-0000-4000-8000-00000000000g"])
async def test_a_malformed_id_is_bad_input(music: Server, id_: str) -> None:
    for text in ("{ album(id: $id) { id } }", "{ node(id: $id) { id } }", "{ label(id: $id) { id } }"):
        body = await music.body(f"query ($id: ID!) {text}", {"id": id_})
        (field,) = body["data"]
        assert body["data"] == {field: None}
        assert [(e["path"], e["extensions"]) for e in body["errors"]] == [([field], {"code": "BAD_USER_INPUT"})]


async def test_more_ids_than_a_page_holds(music: Server) -> None:
    body = await music.body(
        "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": [str(id_of("albums", "x"))] * 101}
    )
    assert body["data"] is None
    assert "100 ids" in body["errors"][0]["message"]


@pytest.mark.parametrize("arguments", ["", "(id: null)", '(id: "00000000-0000-4000-8000-000000000000", code: "acme")'])
async def test_exactly_one_argument_names_a_row(music: Server, arguments: str) -> None:
    body = await music.body(f"{{ label{arguments} {{ id }} }}")
    assert body["data"] == {"label": None}
    assert "id, code" in body["errors"][0]["message"]
    assert body["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT"}


@pytest.mark.parametrize(
    ("filter_", "count"),
    [
        (None, 12),
        ({}, 12),
        ({"state": None, "title": None}, 12),
        ({"state": []}, 0),
        ({"state": ["LIVE", "GONE"]}, 8),
        ({"title": "Blue"}, 3),
        ({"search": "%"}, 1),
        ({"search": "_"}, 1),
        ({"search": "\\"}, 1),
        ({"search": "BLUE"}, 3),
        ({"search": "subtitle 1"}, 2),
        ({"playsFrom": 8}, 4),
        ({"playsFrom": 7, "playsTo": 7}, 5),
        ({"releasedBefore": "2026-01-31"}, 4),
        ({"releasedBefore": "2026-02-01"}, 8),
        ({"genreName": "Jazz"}, 4),
        ({"trackTitle": "track 2"}, 2),
        ({"genreName": "Jazz", "state": ["GONE"]}, 0),
    ],
)
async def test_filters(music: Server, filter_: dict[str, Any] | None, count: int) -> None:
    data = await music.data(FILTERED, {"filter": filter_})
    assert data["albums"]["totalCount"] == count
    assert len(data["albums"]["nodes"]) == count


async def test_a_variable_inside_a_filter(music: Server) -> None:
    text = "query ($title: String) { albums(filter: { title: $title, state: [LIVE, DRAFT, GONE] }) { totalCount } }"
    assert (await music.data(text, {"title": "Blue"}))["albums"]["totalCount"] == 3
    assert (await music.data(text, {"title": "none"}))["albums"]["totalCount"] == 0
    assert (await music.data(text, {"title": None}))["albums"]["totalCount"] == 12
    assert (await music.data(text))["albums"]["totalCount"] == 12


async def test_lists_of_every_length_are_one_statement_text(music: Server) -> None:
    texts = set()
    for states in ([], ["LIVE"], ["LIVE", "GONE", "DRAFT"]):
        await music.data(FILTERED, {"filter": {"state": states}})
        texts.update(music.statements)
    assert len(texts) == 1
