"""Values added by Python: Python fields, resolvers, references, mutations and subscriptions, with their errors."""

import json
from collections.abc import AsyncIterator
from typing import Any

from app.database.scope import PLATFORM, Scope
from app.reads.engine import GraphQLEngine, Response
from tests.reads.conftest import Server
from tests.reads.music.labels import build_schema
from tests.reads.music.rows import id_of

UNKNOWN = "00000000-0000-4000-8000-000000000000"


def album(name: str) -> str:
    return str(id_of("albums", name))


async def test_a_batch_is_called_once_for_all_rows(music: Server, acme: Scope) -> None:
    text = "{ albums { nodes { state nextStates tracks { album { nextStates } } } } genres { code } }"
    data = await music.data(text, scope=acme)
    assert len(data["albums"]["nodes"]) == 9
    for node in data["albums"]["nodes"]:
        assert node["nextStates"] == [state for state in ("DRAFT", "LIVE", "GONE") if state != node["state"]]
    assert data["genres"][0] == {"code": "jazz"}
    assert music.calls == ["next_states", "next_states"]  # one for each place in the document
    assert len(music.statements) == 2


async def test_arguments_of_a_finished_field(music: Server) -> None:
    text = """
        query ($times: Int!) { album(id: "%s") { a: priced b: priced(times: $times, note: "x") title } }
    """
    assert await music.data(text % album("acme1"), {"times": 3}) == {
        "album": {"a": "0.000001 2026 -", "b": "0.000003 2026 x", "title": 'Quo"te'}
    }


async def test_an_error_of_one_row_propagates_null_as_specified(music: Server) -> None:
    text = """
        { a: album(id: "%s") { title reviews { stars } } b: album(id: "%s") { reviews { stars genre { code } } } }
    """
    body = await music.body(text % (album("acme5"), album("acme1")))
    assert body["data"] == {"a": None, "b": {"reviews": [{"stars": 0, "genre": {"code": "jazz"}}]}}
    assert [(error["message"], error["path"]) for error in body["errors"]] == [("no reviews", ["a", "reviews"])]


async def test_a_resolver_beside_compiled_fields(music: Server) -> None:
    text = 'query ($n: String = "all") { hi: greeting(name: $n) genre(code: "pop") { code } failing }'
    body = await music.body(text, viewer="me")
    assert body["data"] == {"hi": "me greets all", "genre": {"code": "pop"}, "failing": None}
    assert [(e["message"], e["path"], e["extensions"]) for e in body["errors"]] == [
        ("It fails.", ["failing"], {"code": "BAD_USER_INPUT"})
    ]


async def test_references_at_one_place_are_read_by_one_statement(music: Server, acme: Scope) -> None:
    ids = [album("acme1"), album("acme2"), album("acme1")]
    text = """
        query ($ids: [ID!]!) {
          chosen(albums: $ids) {
            label { code } album { title nextStates } anything { __typename ... on Album { title } }
          }
        }
    """
    data = await music.data(text, {"ids": ids}, scope=acme)
    assert [chosen["album"]["title"] for chosen in data["chosen"]] == [
        'Quo"te',
        "Zoë \N{SNOWMAN} \U0001f3b5",
        'Quo"te',
    ]
    assert data["chosen"][0] == {
        "label": None,
        "album": {"title": 'Quo"te', "nextStates": ["DRAFT", "GONE"]},
        "anything": {"__typename": "Album", "title": 'Quo"te'},
    }
    assert len(music.statements) == 2


async def test_a_reference_to_a_hidden_row_is_null_or_an_error(music: Server, bolt: Scope) -> None:
    text = "query ($ids: [ID!]!) { chosen(albums: $ids) { album { title } anything { id } } }"
    body = await music.body(text, {"ids": [album("bolt0"), album("acme0")]}, scope=bolt)
    assert body["data"] is None
    assert body["errors"][0]["message"] == "Cannot return null for non-nullable field Chosen.album."
    assert body["errors"][0]["path"] == ["chosen", 1, "album"]


async def test_a_mutations_payload(music: Server, acme: Scope) -> None:
    text = """
        mutation ($album: ID!) {
          first: choose(album: $album) { __typename ... on Chosen { album { title tracks { title } } label { code } } }
          second: choose(album: $album) { ... on Chosen { anything { id ... on Label { code } } } }
        }
    """
    data = await music.data(text, {"album": album("acme1")}, scope=acme)
    assert json.dumps(data) == json.dumps(
        {
            "first": {
                "__typename": "Chosen",
                "album": {"title": 'Quo"te', "tracks": [{"title": "track 0"}, {"title": "track 1"}]},
                "label": {"code": "acme"},
            },
            "second": {"anything": {"id": str(acme.tenant_id), "code": "acme"}},
        }
    )
    assert len(music.statements) == 3
    refused = await music.data(text, {"album": album("acme1")}, scope=PLATFORM)
    assert refused == {"first": {"__typename": "Refused"}, "second": {}}


async def _bodies(stream: Response | AsyncIterator[Response]) -> list[dict[str, Any]]:
    assert not isinstance(stream, Response)
    return [json.loads(response.body) async for response in stream]


async def test_a_subscription_reads_each_event(music: Server, acme: Scope) -> None:
    text = "subscription ($ids: [ID!]!) { played(albums: $ids) { title label { code } nextStates } }"
    ids = [album("acme1"), UNKNOWN, album("acme2")]
    stream = await music.reads.subscribe(text, {"ids": ids}, None, music.caller(acme))
    first, missing, last = await _bodies(stream)
    assert first == {
        "data": {"played": {"title": 'Quo"te', "label": {"code": "acme"}, "nextStates": ["DRAFT", "GONE"]}}
    }
    assert missing["data"] is None
    assert missing["errors"][0]["path"] == ["played"]
    assert last["data"]["played"]["title"] == "Zoë \N{SNOWMAN} \U0001f3b5"


async def test_a_subscription_is_no_request_and_the_other_way_round(music: Server) -> None:
    response = await music.response("subscription { played(albums: []) { title } }")
    assert not response.executed
    assert json.loads(response.body)["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT"}
    queried = await music.reads.subscribe("{ genres { code } }", None, None, music.caller(PLATFORM))
    assert isinstance(queried, Response)
    assert queried.body.startswith(b'{"data":{"genres":[')


async def test_request_errors_have_codes_and_no_data(music: Server) -> None:
    for text, variables, code in (
        ("{", None, "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", None, "GRAPHQL_VALIDATION_FAILED"),
        ("query ($id: ID!) { album(id: $id) { id } }", {}, "BAD_USER_INPUT"),
        ("query ($id: ID!) { album(id: $id) { id } }", {"id": []}, "BAD_USER_INPUT"),
        ("query A { genres { code } }", None, "OPERATION_RESOLUTION_FAILURE"),
    ):
        for _ in range(2):  # the second time from the cache
            name = "B" if code == "OPERATION_RESOLUTION_FAILURE" else None
            response = await music.response(text, variables, operation=name)
            body = json.loads(response.body)
            assert not response.executed
            assert list(body) == ["errors"]
            assert body["errors"][0]["extensions"]["code"] == code


class _Unreachable:
    """A pool whose database is unavailable."""

    async def __aenter__(self) -> None:
        raise ConnectionError("gone")

    async def __aexit__(self, *_: object) -> None: ...


async def test_the_databases_failure_is_the_fields_error(music: Server) -> None:
    reads = GraphQLEngine(build_schema(), lambda _: _Unreachable())
    response = await reads.execute('{ genre(code: "pop") { code } greeting }', None, None, music.caller(PLATFORM))
    assert json.loads(response.body)["data"] == {"genre": None, "greeting": "someone greets you"}
    assert isinstance(response.errors[0].original_error, ConnectionError)
    assert response.errors[0].path == ["genre"]
