"""Requests, their GraphQL operations and SQL statements are spans of one trace, received by OTLP."""

import json
import logging
from collections.abc import Iterator
from dataclasses import replace

import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from app import tracing
from app.database import Database
from app.operations.calls.principal import Role
from app.settings import Settings
from bench.reads.servers import free_port
from tests.clock import Clock
from tests.otlp_receiver import FAILED, OtlpReceiver, otlp_receiver
from tests.server.conftest import TENANT
from tests.server.served_api import ask, serve_api

TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
TRACEPARENT = f"00-{TRACE}-{CALLER}-01"
CODES = "query Codes($code: String!) { tenant(code: $code) { name } }"
CREATE = "mutation Create($input: CreateTenantInput!) { createTenant(input: $input) { __typename } }"


@pytest.fixture
def receiver() -> Iterator[OtlpReceiver]:
    with otlp_receiver() as receiver:
        yield receiver


@pytest.fixture
def traced(settings: Settings, database: Database, receiver: OtlpReceiver) -> Settings:
    return replace(settings, otlp_endpoint=receiver.url)


async def test_a_query_is_a_span_with_its_statement_as_its_child(
    traced: Settings, clock: Clock, receiver: OtlpReceiver
) -> None:
    async with serve_api(traced, clock) as served, served.client(x_request_id="r1", traceparent=TRACEPARENT) as ada:
        await ask(ada, CODES, code="a-private-code")
    request, operation = receiver.named("POST /graphql"), receiver.named("query")
    assert (request.trace_id, request.parent, request.kind) == (TRACE, CALLER, "SERVER")
    assert request.attributes == {
        "http.request.method": "POST",
        "http.route": "/graphql",
        "http.response.status_code": 200,
        "arcadia.request_id": "r1",
    }
    assert (operation.trace_id, operation.parent) == (TRACE, request.span_id)
    assert operation.attributes == {
        "graphql.operation.name": "Codes",
        "graphql.operation.type": "query",
        "arcadia.request_id": "r1",
    }
    charged, read = receiver.children(operation)
    assert "INSERT INTO rate_limit_buckets" in charged.attributes["db.query.text"]
    assert (read.name, read.kind, read.trace_id) == ("SELECT", "CLIENT", TRACE)
    assert set(read.attributes) == {"db.system.name", "db.query.text"}
    assert 'FROM "tenants"' in read.attributes["db.query.text"]
    assert "a-private-code" not in str(receiver.spans)
    assert {span.service for span in receiver.spans} == {"arcadia-api"}
    assert set(receiver.paths) == {"/v1/traces"}


async def test_the_statements_of_a_mutation_are_children_of_its_span(
    traced: Settings, clock: Clock, receiver: OtlpReceiver
) -> None:
    async with serve_api(traced, clock) as served, served.client() as ada:
        await ask(ada, CREATE, input={"code": "acme", "name": "A Private Name"})
        await ask(ada, CREATE, input={"code": "acme", "name": "A Private Name"})
    done, refused = [span for span in receiver.spans if span.name == "mutation"]
    names = [span.name for span in receiver.children(done)]
    assert (names.count("BEGIN"), "INSERT" in names, names[-1]) == (1, True, "COMMIT")
    assert done.status == (0, "")
    assert "A Private Name" not in str(receiver.spans)
    assert refused.trace_id != done.trace_id
    assert "ROLLBACK" in [span.name for span in receiver.children(refused)]


async def test_a_failed_request_says_how(traced: Settings, clock: Clock, receiver: OtlpReceiver) -> None:
    async with serve_api(traced, clock) as served, served.client(Role.TENANT_VIEWER, TENANT) as ada:
        await ask(ada, "query Wrong { nothing }")
        await ada.post("/graphql", content="{", headers={"content-type": "application/json"})
        await ada.get("/health")
        await ada.get("/documents/unknown?signature=a-secret")
    assert receiver.named("query").status == (FAILED, "")
    assert "a-secret" not in str(receiver.spans)
    told = ("http.response.status_code", "arcadia.error_code", "arcadia.tenant_id")
    requests = [span for span in receiver.spans if span.kind == "SERVER"]
    assert [(span.name, *map(span.attributes.get, told)) for span in requests] == [
        ("POST /graphql", 200, None, str(TENANT)),
        ("POST /graphql", 400, "BAD_REQUEST", str(TENANT)),
        ("GET /documents/{file}", 404, None, None),
    ]


async def test_a_receiver_that_is_down_costs_a_line_in_the_log(
    settings: Settings,
    database: Database,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tracing, "STOP_SECONDS", 1)
    down = replace(settings, otlp_endpoint=f"http://127.0.0.1:{free_port()}")
    with caplog.at_level(logging.INFO):
        async with serve_api(down, clock) as served, served.client() as ada:
            for _ in range(3):
                assert (await ask(ada, CODES, code="acme"))["data"] == {"tenant": None}
    (line,) = [record for record in caplog.records if record.name.startswith("opentelemetry")]
    assert (line.levelname, "Connection refused" in line.getMessage()) == ("WARNING", True)


async def test_an_operation_of_a_socket_is_the_first_span_of_its_trace(
    traced: Settings, clock: Clock, receiver: OtlpReceiver
) -> None:
    async with serve_api(traced, clock) as served, served.client() as ada:
        url = served.url.replace("http", "ws") + "/graphql"
        async with connect(url, subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
            payload = {"authorization": ada.headers["authorization"]}
            await socket.send(json.dumps({"type": "connection_init", "payload": payload}))
            assert json.loads(await socket.recv())["type"] == "connection_ack"
            query = {"query": CODES, "variables": {"code": "acme"}}
            await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": query}))
            assert [json.loads(await socket.recv())["type"] for _ in range(2)] == ["next", "complete"]
    operation = receiver.named("query")
    assert (operation.parent, operation.attributes["graphql.operation.name"]) == ("", "Codes")
    assert [span.name for span in receiver.children(operation)] == ["WITH", "SELECT"]
