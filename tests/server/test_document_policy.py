"""Trusted documents, other text and introspection: which are executed, and for which callers."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from graphql import get_introspection_query
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from app.operations.calls.principal import Role
from app.server.auth import Authenticator
from app.server.document_policy import DocumentPolicy, ManifestError, load_manifest
from app.server.graphiql import load_graphiql
from app.server.routes import assemble
from app.server.service import GraphQLService
from app.settings import Environment, Settings
from tests.clock import Clock
from tests.database.owners import served_by
from tests.server.conftest import SECRET, always_ready
from tests.server.served_api import ask, serve_api
from tests.server.serving import served
from tests.server.small_api import SmallExecutor, SmallRequest

TEXT = "query Me { viewer { subject } }"
CHANGE = "mutation Change { change }"
DIGEST = sha256(TEXT.encode()).hexdigest()
ID = f"sha256:{DIGEST}"
ME = {"viewer": {"subject": "ada"}}


def manifest(folder: Path, content: object) -> Path:
    path = folder / "documents.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


@pytest.mark.parametrize(
    "content",
    [
        {DIGEST: TEXT},
        {ID: TEXT},
        {"0cc175b9c0f1b6a831c399e269772661": TEXT},
        {"format": "apollo-persisted-query-manifest", "version": 1, "operations": [{"id": DIGEST, "body": TEXT}]},
    ],
    ids=["codegen", "prefixed", "relay", "apollo"],
)
def test_manifests(tmp_path: Path, content: Mapping[str, Any]) -> None:
    documents = load_manifest(manifest(tmp_path, content))
    assert documents[ID] == TEXT
    assert set(documents.values()) == {TEXT}


@pytest.mark.parametrize("content", ["{", "[]", '{"a": 1}', '{"operations": [{"id": "a"}]}', "\xff", "[" * 100_000])
def test_what_is_no_manifest(tmp_path: Path, content: str) -> None:
    with pytest.raises(ManifestError, match=r"^documents\.json is not a manifest of trusted documents"):
        load_manifest(manifest(tmp_path, content))


def test_a_text_that_was_changed_is_noticed(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="does not match its id"):
        load_manifest(manifest(tmp_path, {DIGEST: TEXT + " "}))


def test_a_manifest_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"^The trusted documents cannot be read from none\.json: No such file"):
        load_manifest(tmp_path / "none.json")


def test_the_policy_of_an_environment(tmp_path: Path) -> None:
    path = manifest(tmp_path, {DIGEST: TEXT, "c": CHANGE})
    given = {
        "ARCADIA_ENVIRONMENT": "production",
        "ARCADIA_DATABASE_URL": "postgresql://db/a",
        "ARCADIA_JWT_SECRET": SECRET,
        "ARCADIA_LINK_SECRET": SECRET,
        "ARCADIA_DOCUMENTS": "trusted",
        "ARCADIA_TRUSTED_DOCUMENTS": str(path),
    }
    policy = DocumentPolicy.from_settings(Settings.from_environment(given))
    assert (policy.trusted[ID], policy.trusted_only, policy.shows_schema) == (TEXT, True, False)
    default = DocumentPolicy.from_settings(Settings(environment=Environment.DEVELOPMENT))
    assert default == DocumentPolicy({}, trusted_only=False, shows_schema=True)


@pytest.fixture
def serving(authenticator: Authenticator, token: Callable[..., str]) -> Callable[..., Any]:
    @asynccontextmanager
    async def start(role: Role = Role.TENANT_ADMIN, **policy: Any) -> AsyncIterator[httpx.AsyncClient]:
        documents = DocumentPolicy(**{"trusted": {ID: TEXT, "changing": CHANGE}} | policy)
        service = GraphQLService(SmallExecutor(), authenticator, SmallRequest, time_limit=5, documents=documents)
        headers = {"authorization": f"Bearer {token(role)}", "accept": "application/graphql-response+json"}
        application = assemble(service, ready=always_ready, graphiql=load_graphiql(), settings=Settings())
        async with served(application) as url, httpx.AsyncClient(base_url=url, headers=headers) as client:
            yield client

    return start


async def answer(client: httpx.AsyncClient, **body: Any) -> tuple[int, Any]:
    """The status, and the data or the error's code."""
    response = await client.post("/graphql", json=body)
    decoded = response.json()
    return response.status_code, decoded["errors"][0]["extensions"]["code"] if "errors" in decoded else decoded["data"]


NOT_FOUND = ("PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND")
NOT_SUPPORTED = ("PersistedQueryNotSupported", "PERSISTED_QUERY_NOT_SUPPORTED")


@pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json"])
@pytest.mark.parametrize(("trusted", "told"), [({ID: TEXT}, NOT_FOUND), ({}, NOT_SUPPORTED)])
async def test_an_unknown_hash_gets_the_error_that_clients_expect(
    serving: Callable[..., Any], accept: str, trusted: dict[str, str], told: tuple[str, str]
) -> None:
    persisted = {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}
    async with serving(trusted=trusted) as client:
        for query in (None, "{ viewer { subject } }"):
            body = {"extensions": persisted} | ({"query": query} if query else {})
            response = await client.post("/graphql", json=body, headers={"accept": accept})
            if query:
                assert response.json()["data"] == ME
                continue
            (error,) = response.json()["errors"]
            assert (error["message"], error["extensions"]["code"]) == told
            asked = {"extensions": json.dumps(persisted)}
            queried = await client.get("/graphql", params=asked, headers={"accept": accept})
            assert queried.json()["errors"][0]["message"] == told[0]


async def test_a_document_by_its_id(serving: Callable[..., Any]) -> None:
    async with serving() as client:
        assert await answer(client, documentId=ID) == (200, ME)
        persisted = {"persistedQuery": {"version": 1, "sha256Hash": DIGEST}}
        assert await answer(client, extensions=persisted) == (200, ME)
        assert await answer(client, documentId="sha256:" + "0" * 64) == (400, "PERSISTED_QUERY_NOT_FOUND")
        assert await answer(client, documentId="changing") == (200, {"change": True})
        assert await answer(client, documentId=ID, query=TEXT) == (400, "BAD_REQUEST")
        assert await answer(client) == (400, "BAD_REQUEST")
        assert (await client.get("/graphql", params={"documentId": ID})).json()["data"] == ME


async def test_a_get_changes_nothing_by_an_id_either(serving: Callable[..., Any]) -> None:
    async with serving() as client:
        response = await client.get("/graphql", params={"documentId": "changing"})
        assert (response.status_code, response.headers["allow"]) == (405, "POST")


async def test_where_only_trusted_documents_are_run(serving: Callable[..., Any]) -> None:
    for role in (Role.TENANT_ADMIN, Role.TENANT_VIEWER, Role.METER):
        async with serving(role, trusted_only=True) as client:
            assert await answer(client, query="{ subject }") == (403, "FORBIDDEN")
            assert await answer(client, query=TEXT + " ") == (403, "FORBIDDEN")
            assert (await client.get("/graphql", params={"query": "{ subject }"})).status_code == 403
            assert await answer(client, query=TEXT) == (200, ME)
            assert await answer(client, documentId=ID) == (200, ME)
    async with serving(Role.PLATFORM_ADMIN, trusted_only=True) as client:
        assert await answer(client, query="{ subject }") == (200, {"subject": "ada"})


async def test_a_socket_is_held_to_the_same_rules(serving: Callable[..., Any]) -> None:
    async with serving(trusted_only=True) as client:
        url = f"{str(client.base_url).replace('http', 'ws', 1)}/graphql"
        async with connect(url, subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
            payload = {"authorization": client.headers["authorization"]}
            await socket.send(json.dumps({"type": "connection_init", "payload": payload}))
            await socket.recv()
            await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": "{ subject }"}}))
            refused = json.loads(await socket.recv())
            assert (refused["type"], refused["payload"][0]["extensions"]["code"]) == ("error", "FORBIDDEN")
            await socket.send(json.dumps({"id": "2", "type": "subscribe", "payload": {"documentId": ID}}))
            answered = json.loads(await socket.recv())
            assert (answered["id"], answered["type"], answered["payload"]["data"]) == ("2", "next", ME)


INTROSPECTION = [
    get_introspection_query(),
    '{ __type(name: "Query") { name } }',
    "{ ...F } fragment F on Query { s: __schema { description } }",
]


@pytest.mark.parametrize("text", INTROSPECTION)
async def test_the_schema_is_shown_to_the_platforms_admins(serving: Callable[..., Any], text: str) -> None:
    async with serving(Role.TENANT_ADMIN, shows_schema=False) as client:
        assert await answer(client, query=text) == (403, "FORBIDDEN")
    async with serving(Role.PLATFORM_ADMIN, shows_schema=False) as client:
        assert (await answer(client, query=text))[0] == 200
    async with serving(Role.TENANT_ADMIN, shows_schema=True) as client:
        assert (await answer(client, query=text))[0] == 200


async def test_errors_name_nothing_of_the_schema_in_production(settings: Settings, clock: Clock) -> None:
    wrong = ["{ planz { code } }", "query Q($i: QuoteInput!) { quote(input: $i) { currency } }"]
    async with served_by(settings) as production:
        for environment, shown in ((Environment.PRODUCTION, [False, False]), (Environment.DEVELOPMENT, [True, True])):
            own = replace(production, environment=environment)
            async with serve_api(own, clock) as served_api, served_api.client() as ada:
                answers = [await ask(ada, text, i={"planCod": "x"}) for text in wrong]
            assert ["Did you mean" in json.dumps(answer) for answer in answers] == shown


async def test_words_that_only_look_like_introspection(serving: Callable[..., Any]) -> None:
    async with serving(shows_schema=False) as client:
        assert await answer(client, query="{ __typename }") == (200, {"__typename": "Query"})
        echo = '{ echo(text: "__schema") }'
        assert await answer(client, query=echo) == (200, {"echo": "__schema"})
