"""GraphQL over HTTP, through real sockets: statuses, types, bodies, headers."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest

from app.server.http import MAX_BODY_BYTES
from tests.server.answers import JSON, code, only_error, post, without_cost

GRAPHQL = "application/graphql-response+json"


async def test_a_query(client: httpx.AsyncClient) -> None:
    response = await client.post("/graphql", json={"query": "{ subject }"})
    assert response.status_code == 200
    assert response.headers["content-type"] == f"{GRAPHQL}; charset=utf-8"
    no_limit = b'{"requested":0,"limit":null,"remaining":null,"resetAt":null}'
    assert response.content == b'{"data":{"subject":"ada"},"extensions":{"cost":%b}}' % no_limit


async def test_variables_and_operation_name(client: httpx.AsyncClient) -> None:
    body = {"query": "query Q($t: String!) { echo(text: $t) }", "variables": {"t": "🏃é"}, "operationName": "Q"}
    response = await client.post("/graphql", json=body)
    assert without_cost(response.json()) == {"data": {"echo": "🏃é"}}


@pytest.mark.parametrize(
    ("accept", "answered"),
    [
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        (JSON, JSON),
        (GRAPHQL, GRAPHQL),
        (f"{GRAPHQL}, {JSON};q=0.9", GRAPHQL),
        (f"{JSON}, {GRAPHQL};q=0.9", JSON),
        (f"{JSON}, {GRAPHQL}", GRAPHQL),
        (f"{GRAPHQL}; charset=utf-8, {JSON}; charset=utf-8", GRAPHQL),
        (f"{GRAPHQL}, {JSON}, text/event-stream, multipart/mixed", GRAPHQL),
        (f"{GRAPHQL};q=0, */*", JSON),
        ("TEXT/HTML, */*;q=0.1", JSON),
    ],
)
async def test_negotiation(client: httpx.AsyncClient, accept: str, answered: str) -> None:
    response = await client.post("/graphql", json={"query": "{ subject }"}, headers={"accept": accept})
    assert (response.status_code, response.headers["content-type"]) == (200, f"{answered}; charset=utf-8")


@pytest.mark.parametrize("accept", ["text/html", "image/png, text/plain", f"{JSON};q=0", f"{JSON};q=x"])
async def test_nothing_acceptable(client: httpx.AsyncClient, accept: str) -> None:
    response = await client.post("/graphql", json={"query": "{ subject }"}, headers={"accept": accept})
    assert (response.status_code, code(response)) == (406, "NOT_ACCEPTABLE")


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nowhere }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ " + " ".join(f"a{n}: subject" for n in range(31)) + " }", "LIMIT_EXCEEDED"),
        ("{ __typename " * 2 + "}" * 2, "GRAPHQL_VALIDATION_FAILED"),
        ("{ a(b: " + "[" * 100_000, "LIMIT_EXCEEDED"),
    ],
)
async def test_a_refused_document(client: httpx.AsyncClient, query: str, named: str) -> None:
    response = await client.post("/graphql", json={"query": query})
    assert (response.status_code, code(response)) == (400, named)
    legacy = await client.post("/graphql", json={"query": query}, headers={"accept": JSON})
    assert (legacy.status_code, code(legacy)) == (200, named)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"3",
        b"null",
        b"[]",
        b'"{ subject }"',
        b'[{"query": "{ subject }"}]',
        b"{}",
        b'{"query": 3}',
        b'{"query": null}',
        b'{"query": "{ subject }", "variables": []}',
        b'{"query": "{ subject }", "variables": "{}"}',
        b'{"query": "{ subject }", "operationName": 0}',
        b'{"query": "{ subject }", "extensions": false}',
        b'{ "not a JSON',
        b'{"query": "\xff\xfe"}',
        b'{"query": "\xed\xa0\x80"}',
        b'{"query": "\\ud800"}',
        b"[" * 100_000,
        b'{"query": "{ subject }", "variables": {"a": ' + b"[" * 100_000,
        b'{"query": "{ subject }", "variables": {"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
    ],
)
async def test_a_malformed_body(client: httpx.AsyncClient, content: bytes) -> None:
    for accept in (GRAPHQL, JSON):
        response = await post(client, content, accept=accept)
        assert (response.status_code, code(response)) == (400, "BAD_REQUEST")
        assert response.headers["content-type"] == f"{accept}; charset=utf-8"


async def test_null_members_are_absent_ones(client: httpx.AsyncClient) -> None:
    response = await post(
        client, b'{"query": "{ subject }", "variables": null, "operationName": null, "extensions": null}'
    )
    assert without_cost(response.json()) == {"data": {"subject": "ada"}}


@pytest.mark.parametrize("content", [rb'{"query": "%s", "variables": {"t": {"a": ["x\u0000"]}}}'])
async def test_a_nul_in_a_variable(client: httpx.AsyncClient, content: bytes) -> None:
    response = await post(client, content % b"query Q($t: String!) { echo(text: $t) }")
    assert (response.status_code, code(response)) == (400, "BAD_USER_INPUT")


async def test_an_escaped_backslash_is_no_nul(client: httpx.AsyncClient) -> None:
    response = await post(
        client, rb'{"query": "query Q($t: String!) { echo(text: $t) }", "variables": {"t": "\\u0000"}}'
    )
    assert without_cost(response.json()) == {"data": {"echo": r"\u0000"}}


@pytest.mark.parametrize(("count", "status"), [(1_000, 200), (1_001, 400)])
async def test_a_long_list_in_the_variables(client: httpx.AsyncClient, count: int, status: int) -> None:
    body = {"query": "query Q($n: [Int!]!) { length(numbers: $n) }", "variables": {"n": [0] * count}}
    response = await client.post("/graphql", json=body)
    assert response.status_code == status
    if status == 200:
        assert without_cost(response.json()) == {"data": {"length": 1_000}}
    else:
        assert code(response) == "LIMIT_EXCEEDED"


@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain", "application/x-www-form-urlencoded", "application/graphql", f"{JSON}; charset=latin-1"],
)
async def test_another_content_type(client: httpx.AsyncClient, content_type: str) -> None:
    response = await post(client, b'{"query": "{ subject }"}', **{"content-type": content_type})
    assert (response.status_code, code(response)) == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("content_type", [f"{JSON}; charset=utf-8", f'{JSON};charset="UTF-8"', "Application/JSON"])
async def test_json_however_it_is_named(client: httpx.AsyncClient, content_type: str) -> None:
    response = await post(client, b'{"query": "{ subject }"}', **{"content-type": content_type})
    assert response.status_code == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD"])
async def test_another_method(client: httpx.AsyncClient, method: str) -> None:
    response = await client.request(method, "/graphql")
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, OPTIONS, POST"
    if method != "HEAD":
        assert code(response) == "METHOD_NOT_ALLOWED"


async def test_an_unknown_address(client: httpx.AsyncClient) -> None:
    response = await client.get("/nowhere")
    assert (response.status_code, code(response)) == (404, "NOT_FOUND")


async def test_a_body_too_large(client: httpx.AsyncClient) -> None:
    response = await post(client, b" " * (MAX_BODY_BYTES + 1))
    assert (response.status_code, code(response)) == (413, "PAYLOAD_TOO_LARGE")


async def test_a_body_too_large_in_chunks(client: httpx.AsyncClient) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(MAX_BODY_BYTES // 65_536 + 1):
            yield b" " * 65_536

    response = await client.post("/graphql", content=chunks(), headers={"content-type": JSON})
    assert (response.status_code, code(response)) == (413, "PAYLOAD_TOO_LARGE")


async def test_get_queries(client: httpx.AsyncClient) -> None:
    parameters = {"query": "query Q($t: String!) { echo(text: $t) }", "variables": '{"t": "&="}', "operationName": "Q"}
    response = await client.get("/graphql", params=parameters)
    assert (response.status_code, without_cost(response.json())) == (200, {"data": {"echo": "&="}})


@pytest.mark.parametrize(
    "query", ["mutation { change }", "subscription { count(to: 1) }", "query A { subject } mutation B { change }"]
)
async def test_get_only_queries(client: httpx.AsyncClient, query: str) -> None:
    response = await client.get(
        "/graphql", params={"query": query, "operationName": "B"} if "B" in query else {"query": query}
    )
    assert (response.status_code, code(response)) == (405, "METHOD_NOT_ALLOWED")
    assert response.headers["allow"] == "POST"


@pytest.mark.parametrize(
    "parameters", [{}, {"query": "{ subject }", "variables": "{"}, {"query": "{ subject }", "variables": "3"}]
)
async def test_a_malformed_get(client: httpx.AsyncClient, parameters: dict[str, str]) -> None:
    response = await client.get("/graphql", params=parameters)
    assert (response.status_code, code(response)) == (400, "BAD_REQUEST")


@pytest.mark.parametrize("authorization", ["", "Basic YTpi", "Bearer", "Bearer x", "Bearer a.b.c"])
async def test_unauthenticated(anonymous: httpx.AsyncClient, authorization: str) -> None:
    headers = {"authorization": authorization} if authorization else {}
    response = await anonymous.post("/graphql", json={"query": "{ subject }"}, headers=headers)
    assert (response.status_code, code(response)) == (401, "UNAUTHENTICATED")
    assert response.headers["www-authenticate"] == 'Bearer realm="arcadia"'


async def test_the_request_id_is_kept(client: httpx.AsyncClient) -> None:
    response = await client.post("/graphql", json={"query": "{ subject }"}, headers={"x-request-id": "deploy-42.a_b"})
    assert response.headers["x-request-id"] == "deploy-42.a_b"


@pytest.mark.parametrize("unfit", ["a b", "x" * 129, "é", "<script>", ""])
async def test_an_unfit_request_id_is_replaced(client: httpx.AsyncClient, unfit: str) -> None:
    headers = {"x-request-id": unfit.encode().decode("latin-1"), "content-type": JSON}
    response = await client.post("/graphql", content=b"3", headers=httpx.Headers(headers, encoding="latin-1"))
    assert re.fullmatch("[0-9a-f]{32}", response.headers["x-request-id"])
    assert only_error(response)["extensions"]["requestId"] == response.headers["x-request-id"]


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/graphql"), ("GET", "/nowhere"), ("GET", "/health"), ("PUT", "/graphql")]
)
async def test_every_answer_has_the_headers_browsers_obey(anonymous: httpx.AsyncClient, method: str, path: str) -> None:
    headers = (await anonymous.request(method, path)).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert "server" not in headers
    assert "access-control-allow-origin" not in headers


async def test_cors_for_configured_origins_only(client: httpx.AsyncClient) -> None:
    def preflight(origin: str) -> dict[str, str]:
        return {
            "origin": origin,
            "access-control-request-method": "POST",
            "access-control-request-headers": "authorization",
        }

    allowed = await client.options("/graphql", headers=preflight("https://console.example.com"))
    assert allowed.headers["access-control-allow-origin"] == "https://console.example.com"
    assert "access-control-allow-credentials" not in allowed.headers
    refused = await client.options("/graphql", headers=preflight("https://evil.example.com"))
    assert "access-control-allow-origin" not in refused.headers
