"""Every way GraphQL has to select fields, and how many statements it takes."""

import json

import pytest

from app.database.scope import PLATFORM, Scope
from tests.reads.conftest import Server
from tests.reads.music.rows import id_of

ALBUM = str(id_of("albums", "acme1"))

NESTED = """
    query ($id: ID!) {
      album(id: $id) {
        title
        price
        plays
        genre { name currentChart { version } }
        label { code }
        contract { signedOn endsOn }
        tracks { position title length }
      }
    }
"""


async def test_a_nested_selection(music: Server, acme: Scope) -> None:
    assert await music.data(NESTED, {"id": ALBUM}, scope=acme) == {
        "album": {
            "title": 'Quo"te',
            "price": "0.000001",
            "plays": 7,
            "genre": {"name": "Jazz", "currentChart": {"version": 2}},
            "label": {"code": "acme"},
            "contract": {"signedOn": "2024-02-29", "endsOn": "2026-04-15"},
            "tracks": [
                {"position": 0, "title": "track 0", "length": "3.5"},
                {"position": 0, "title": "track 1", "length": "4"},
            ],
        }
    }


@pytest.mark.parametrize(
    ("text", "statements"),
    [
        ("{ __typename }", 0),
        ("{ __schema { queryType { name } } }", 0),
        ("{ greeting }", 0),
        ("{ genres { albums { nodes { tracks { album { label { albums { totalCount } } } } } } } }", 1),
        ("{ albums { nodes { title } edges { cursor } pageInfo { hasNextPage } totalCount } }", 1),
        ("{ a: genres { code } b: genres { code } greeting __typename }", 2),
        ("{ albums(first: 5) { nodes { nextStates priced reviews { stars } } } }", 1),
        ("{ albums(first: 5) { nodes { reviews { genre { name } } } } genres { code } }", 3),
        (f'{{ node(id: "{ALBUM}") {{ id ... on Album {{ nextStates tracks {{ title }} }} }} }}', 1),
        (f'{{ nodes(ids: ["{ALBUM}", "{ALBUM}"]) {{ id __typename }} }}', 1),
        (f'{{ chosen(albums: ["{ALBUM}", "{ALBUM}"]) {{ album {{ title }} anything {{ id }} }} }}', 2),
        (f'mutation {{ choose(album: "{ALBUM}") {{ ... on Chosen {{ album {{ title tracks {{ id }} }} }} }} }}', 1),
    ],
)
async def test_one_statement_for_each_root_field_or_place_of_references(
    music: Server, acme: Scope, text: str, statements: int
) -> None:
    text = text.replace('"faulty"', '""')
    await music.body(text, scope=acme)
    assert len(music.statements) == statements


async def test_the_order_of_keys_is_the_selections(music: Server) -> None:
    response = await music.response(
        "{ genres { ...Name b: code ... on Genre { a: code name } } } fragment Name on Genre { name c: __typename }"
    )
    assert response.body.startswith(b'{"data":{"genres":[{"name":"Jazz","c":"Genre","b":"jazz","a":"jazz"},')


async def test_pure_reads_are_postgresqls_own_bytes(music: Server) -> None:
    response = await music.response('{ genre(code: "rock") { name } none: genre(code: "-") { name } __typename }')
    assert response.body == b'{"data":{"genre":{"name":"Rock"},"none":null,"__typename":"Query"}}'
    assert response.executed
    assert response.errors == ()


async def test_the_same_field_twice_is_merged(music: Server) -> None:
    data = await music.data(
        '{ genre(code: "pop") { name } ...More } fragment More on Query { genre(code: "pop") { code } }'
    )
    assert data == {"genre": {"name": "Pop", "code": "pop"}}


async def test_skip_and_include_with_variables_and_defaults(music: Server) -> None:
    text = """
        query ($skip: Boolean!, $include: Boolean = true) {
          genre(code: "pop") { code @skip(if: $skip) name @include(if: $include) }
        }
    """
    assert await music.data(text, {"skip": True}) == {"genre": {"name": "Pop"}}
    assert await music.data(text, {"skip": False, "include": False}) == {"genre": {"code": "pop"}}
    assert await music.data(text, {"skip": True, "include": False}) == {"genre": {}}


async def test_the_named_operation_is_executed(music: Server) -> None:
    text = 'query A { genre(code: "pop") { code } } query B { genre(code: "jazz") { code } }'
    assert await music.data(text, operation="B") == {"genre": {"code": "jazz"}}
    body = await music.body(text)
    assert body == {
        "errors": [
            {
                "message": "The document has several operations or none: set operationName to the one to execute.",
                "extensions": {"code": "OPERATION_RESOLUTION_FAILURE"},
            }
        ]
    }


async def test_response_keys_longer_than_an_identifier(music: Server) -> None:
    keys = [f"{'k' * 70}{number}" for number in range(3)]
    data = await music.data(f'{{ genre(code: "pop") {{ {" ".join(f"{key}: code" for key in keys)} }} }}')
    assert data == {"genre": dict.fromkeys(keys, "pop")}


async def test_more_members_than_a_row_has_columns(music: Server) -> None:
    members = " ".join(f"a{number}: code" for number in range(2000))
    data = await music.data(f'{{ genre(code: "pop") {{ {members} }} }}')
    assert len(data["genre"]) == 2000


async def test_node_finds_each_type_and_nodes_keeps_the_order(music: Server, acme: Scope) -> None:
    label, chart = str(id_of("labels", "acme")), str(id_of("charts", "pop1"))
    unknown = "00000000-0000-4000-8000-000000000000"
    text = """
        query ($id: ID!, $ids: [ID!]!) {
          node(id: $id) { __typename id ... on Album { title nextStates } }
          nodes(ids: $ids) { __typename ... on Label { code } ... on Chart { version } }
        }
    """
    data = await music.data(text, {"id": ALBUM, "ids": [chart, unknown, label, chart]}, scope=acme)
    assert data == {
        "node": {"__typename": "Album", "id": ALBUM, "title": 'Quo"te', "nextStates": ["DRAFT", "GONE"]},
        "nodes": [
            {"__typename": "Chart", "version": 1},
            None,
            {"__typename": "Label", "code": "acme"},
            {"__typename": "Chart", "version": 1},
        ],
    }


async def test_introspection_beside_data(music: Server) -> None:
    data = await music.data(
        '{ __type(name: "Genre") { kind } genre(code: "pop") { code } __schema { queryType { name } } }'
    )
    assert json.dumps(data) == (
        '{"__type": {"kind": "OBJECT"}, "genre": {"code": "pop"}, "__schema": {"queryType": {"name": "Query"}}}'
    )


async def test_wire_formats(music: Server) -> None:
    text = """
        { album(id: "%s") { price discount plays releasedOn createdAt state } }
    """
    assert await music.data(text % id_of("albums", "acme1"), scope=PLATFORM) == {
        "album": {
            "price": "0.000001",
            "discount": "0.1",
            "plays": 7,
            "releasedOn": "2026-01-31",
            "createdAt": "2026-01-01T12:00:00.12+00:00",
            "state": "LIVE",
        }
    }
    huge = await music.data(text % id_of("albums", "acme2"), scope=PLATFORM)
    assert huge["album"]["price"] == "12345678901234567890.5"
    exact = await music.data(text % id_of("albums", "acme0"), scope=PLATFORM)
    assert exact["album"]["plays"] == 2**53 + 1
