"""Responses to internal errors: what they contain, and what they must not reveal."""

import asyncio
import json
import logging

import httpx
import pytest
from graphql import GraphQLError

from tests.server.answers import code, only_error, without_cost
from tests.server.small_api import FIELD_FAILURES, HAPPENINGS, UNAVAILABLE, UNKNOWN


async def test_an_unavailable_database_and_its_return(client: httpx.AsyncClient) -> None:
    HAPPENINGS.failure = UNAVAILABLE
    response = await client.post("/graphql", json={"query": "{ subject }"})
    assert (response.status_code, code(response), response.headers["retry-after"]) == (503, "SERVICE_UNAVAILABLE", "7")
    assert "10.1.2.3" not in response.text
    HAPPENINGS.failure = None
    assert (await client.post("/graphql", json={"query": "{ subject }"})).status_code == 200


async def test_an_unknown_outcome_has_no_retry_after(client: httpx.AsyncClient) -> None:
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
    (record,) = [record for record in caplog.records if record.name == "app.server.request_errors"]
    assert vars(record)["error_id"] == error["extensions"]["errorId"]
    assert vars(record)["request_id"] == "r-1"
    assert record.exc_info is not None


async def test_a_field_s_errors(client: httpx.AsyncClient) -> None:
    """An error with a code is shown unchanged. If the database is unavailable, the whole response is replaced. Any
    other error is masked.
    """
    FIELD_FAILURES.append(GraphQLError("Not this.", extensions={"code": "FORBIDDEN"}))
    response = await client.post("/graphql", json={"query": "{ fail }"}, headers={"x-request-id": "r-2"})
    assert response.status_code == 200
    assert without_cost(response.json()) == {
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
    assert json.loads((await anonymous.get("/ready")).content)["status"] == "ready"


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
