"""GraphQL over HTTP, through real sockets: statuses, types, bodies, headers."""

import asyncio
import json
import logging
from typing import Any

import httpx
import pytest
from graphql import GraphQLError

from app.server.routes import MAX_BODY_BYTES
from tests.server.small_api import FIELD_FAILURES, HAPPENINGS, UNAVAILABLE, UNKNOWN

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"


def only_error(response: httpx.Response) -> dict[str, Any]:
    """The one error of a body that has nothing else."""
    body = response.json()
    assert body.keys() == {"errors"}
    (error,) = body["errors"]
    assert isinstance(error, dict)
    return error


def code(response: httpx.Response) -> str:
    return str(only_error(response)["extensions"]["code"])


async def post(client: httpx.AsyncClient, content: bytes, **headers: str) -> httpx.Response:
    return await client.post("/graphql", content=content, headers={"content-type": JSON, **headers})


async def test_a_query(client: httpx.AsyncClient) -> None:
    response = await client.post("/graphql", json={"query": "{ subject }"})
    assert response.status_code == 200
    assert response.headers["content-type"] == f"{GRAPHQL}; charset=utf-8"
    assert response.content == b'{"data":{"subject":"ada"}}'


async def test_variables_and_operation_name(client: httpx.AsyncClient) -> None:
    body = {"query": "query Q($t: String!) { echo(text: $t) }", "variables": {"t": "🏃é"}, "operationName": "Q"}
    response = await client.post("/graphql", json=body)
    assert response.json() == {"data": {"echo": "🏃é"}}


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
    assert response.json() == {"data": {"subject": "ada"}}


@pytest.mark.parametrize("content", [rb'{"query": "%s", "variables": {"t": {"a": ["x\u0000"]}}}'])
async def test_a_nul_in_a_variable(client: httpx.AsyncClient, content: bytes) -> None:
    response = await post(client, content % b"query Q($t: String!) { echo(text: $t) }")
    assert (response.status_code, code(response)) == (400, "BAD_USER_INPUT")


async def test_an_escaped_backslash_is_no_nul(client: httpx.AsyncClient) -> None:
    response = await post(
        client, rb'{"query": "query Q($t: String!) { echo(text: $t) }", "variables": {"t": "\\u0000"}}'
    )
    assert response.json() == {"data": {"echo": r"\u0000"}}


@pytest.mark.parametrize(("count", "status"), [(1_000, 200), (1_001, 400)])
async def test_a_long_list_in_the_variables(client: httpx.AsyncClient, count: int, status: int) -> None:
    body = {"query": "query Q($n: [Int!]!) { length(numbers: $n) }", "variables": {"n": [0] * count}}
    response = await client.post("/graphql", json=body)
    assert response.status_code == status
    assert response.json() == {"data": {"length": 1_000}} if status == 200 else code(response) == "LIMIT_EXCEEDED"


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
    async def chunks() -> Any:
        for _ in range(5):
            yield b" " * 65_536

    response = await client.post("/graphql", content=chunks(), headers={"content-type": JSON})
    assert (response.status_code, code(response)) == (413, "PAYLOAD_TOO_LARGE")


async def test_get_queries(client: httpx.AsyncClient) -> None:
    parameters = {"query": "query Q($t: String!) { echo(text: $t) }", "variables": '{"t": "&="}', "operationName": "Q"}
    response = await client.get("/graphql", params=parameters)
    assert (response.status_code, response.json()) == (200, {"data": {"echo": "&="}})


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
    assert len(response.headers["x-request-id"]) == 36
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


async def test_the_database_away_and_back(client: httpx.AsyncClient) -> None:
    HAPPENINGS.failure = UNAVAILABLE
    response = await client.post("/graphql", json={"query": "{ subject }"})
    assert (response.status_code, code(response), response.headers["retry-after"]) == (503, "SERVICE_UNAVAILABLE", "7")
    assert "10.1.2.3" not in response.text
    HAPPENINGS.failure = None
    assert (await client.post("/graphql", json={"query": "{ subject }"})).status_code == 200


async def test_an_unknown_outcome_invites_no_retry(client: httpx.AsyncClient) -> None:
    HAPPENINGS.failure = UNKNOWN
    response = await client.post("/graphql", json={"query": "mutation { change }"})
    assert (response.status_code, code(response)) == (503, "OUTCOME_UNKNOWN")
    assert "retry-after" not in response.headers


async def test_an_operation_that_takes_too_long(client: httpx.AsyncClient) -> None:
    response = await client.post("/graphql", json={"query": "{ wait(seconds: 30) }"})
    assert (response.status_code, code(response)) == (504, "TIMEOUT")


async def test_a_bug_is_masked_and_found_by_its_id(client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture) -> None:
    HAPPENINGS.failure = RuntimeError("password=hunter2 at /srv/app/secret.py")
    with caplog.at_level(logging.ERROR):
        response = await client.post("/graphql", json={"query": "{ subject }"}, headers={"x-request-id": "r-1"})
    error = only_error(response)
    assert (response.status_code, error["extensions"]["code"]) == (500, "INTERNAL_SERVER_ERROR")
    assert "hunter2" not in response.text
    (record,) = [record for record in caplog.records if record.name == "app.server.faults"]
    assert vars(record)["error_id"] == error["extensions"]["errorId"]
    assert vars(record)["request_id"] == "r-1"
    assert record.exc_info is not None


async def test_a_field_s_errors(client: httpx.AsyncClient) -> None:
    """Coded: as it is. From the database's absence: the whole answer. Anything else: masked."""
    FIELD_FAILURES.append(GraphQLError("Not this.", extensions={"code": "FORBIDDEN"}))
    response = await client.post("/graphql", json={"query": "{ fail }"}, headers={"x-request-id": "r-2"})
    assert response.status_code == 200
    assert response.json() == {
        "data": {"fail": None},
        "errors": [
            {
                "message": "Not this.",
                "path": ["fail"],
                "locations": [{"line": 1, "column": 3}],
                "extensions": {"code": "FORBIDDEN", "requestId": "r-2"},
            }
        ],
    }
    FIELD_FAILURES.append(UNAVAILABLE)
    response = await client.post("/graphql", json={"query": "{ fail }"})
    assert (response.status_code, code(response), response.headers["retry-after"]) == (503, "SERVICE_UNAVAILABLE", "7")
    FIELD_FAILURES.append(ValueError("hunter2"))
    response = await client.post("/graphql", json={"query": "{ fail }"}, headers={"x-request-id": "r-3"})
    (error,) = response.json()["errors"]
    assert "hunter2" not in response.text
    assert (error["path"], error["extensions"].keys()) == (["fail"], {"code", "requestId", "errorId"})


async def test_health(anonymous: httpx.AsyncClient) -> None:
    assert json.loads((await anonymous.get("/health")).content) == {"status": "alive"}
    assert json.loads((await anonymous.get("/ready")).content) == {"status": "ready"}


async def test_a_client_that_leaves_in_the_middle_is_no_bug(
    base_url: str, client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", httpx.URL(base_url).port)
    head = f"POST /graphql HTTP/1.1\r\nhost: x\r\nauthorization: {client.headers['authorization']}\r\n"
    writer.write(f"{head}content-type: application/json\r\ncontent-length: 100\r\n\r\n{{".encode())
    await writer.drain()
    await asyncio.sleep(0.1)
    writer.close()
    await writer.wait_closed()
    assert (await client.post("/graphql", json={"query": "{ subject }"})).status_code == 200
    assert [record.message for record in caplog.records if record.levelno >= logging.ERROR] == []
