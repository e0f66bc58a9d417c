"""All entry points treat numbers, refusals and audit entries in the same way."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, NamedTuple
from uuid import UUID

import httpx
import pytest

from app.database import Database
from app.operations.calls.principal import Role
from app.server.http import MAX_BODY_BYTES
from app.settings import Settings
from tests.clock import Clock
from tests.operations.given import Given
from tests.schema.conftest import given, queue
from tests.server.served_api import ServedApi, serve_api
from tests.server.test_sockets import connected
from tests.server.usage_bodies import event

__all__ = ["given", "queue"]

DOCUMENT = (
    "mutation ($input: RecordUsageInput!) { recordUsage(input: $input)"
    " { ... on UsageRecorded { accepted rejected { code } } } }"
)
MALFORMED = "malformed"
QUANTITIES = {
    # as JSON text: what is stored, or why it is not
    '"1.5"': "1.5",
    '"007.50"': "7.5",
    "7": "7",
    "1.0": "1",
    "0.1": "0.1",
    "123456789012345.123456789012": "123456789012345.123456789012",
    "0.000000000001": "0.000000000001",
    "1e3": "1000",
    '"1e3"': "1000",
    '"1E-12"': "0.000000000001",
    "1e-7": "0.0000001",
    "-0": "0",
    '"-0.0"': "0",
    '"-1"': "NEGATIVE_QUANTITY",
    "-1.5": "NEGATIVE_QUANTITY",
    '"NaN"': "QUANTITY_NOT_FINITE",
    '"-Infinity"': "QUANTITY_NOT_FINITE",
    "1e15": "QUANTITY_OUT_OF_RANGE",
    '"999999999999999.9999999999999"': "QUANTITY_OUT_OF_RANGE",
    "0.30000000000000004": "QUANTITY_OUT_OF_RANGE",
    "1e400": "QUANTITY_OUT_OF_RANGE",
    '"1e-400"': "QUANTITY_OUT_OF_RANGE",
    "1e999999999999": MALFORMED,
    '"1e99999999999999999999"': MALFORMED,
    f'"{"1" * 41}"': MALFORMED,
    "1" * 41: MALFORMED,
    f"0.{'1' * 41}": MALFORMED,
    **{
        json.dumps(text): MALFORMED
        for text in ("", "1_000", " 1", "1 ", "1\n", "\u0661", "+5", ".5", "5.", "0x10", "1,5", "nan", "inf", "sNaN")
    },
    "true": MALFORMED,
    "null": MALFORMED,
    "[1]": MALFORMED,
    '{"value": 1}': MALFORMED,
}


@pytest.fixture
async def deployment(given: Given) -> UUID:
    return await given.deployment(await given.tenant())


@pytest.fixture
async def served_api(settings: Settings, database: Database, clock: Clock) -> AsyncIterator[ServedApi]:
    async with serve_api(settings, clock) as served:
        yield served


@pytest.fixture
async def client(served_api: ServedApi) -> AsyncIterator[httpx.AsyncClient]:
    async with served_api.client(Role.METER, subject="m") as client:
        yield client


def events(deployment: UUID) -> dict[str, bytes]:
    """An event for each quantity, in JSON."""
    told = '{"id":"%d","deploymentId":"%s","resourceKind":"droplet_hours","quantity":%s,"occurredAt":"%s"}'
    return {
        text: (told % (number, deployment, text, "2026-04-10T12:00:00Z")).encode()
        for number, text in enumerate(QUANTITIES)
    }


def by_graphql(answer: Any) -> str | None:
    """Returns the code with which the event was rejected; None if it was accepted."""
    if "errors" in answer:
        assert {error["extensions"]["code"] for error in answer["errors"]} == {"BAD_USER_INPUT"}
        return MALFORMED
    recorded = answer["data"]["recordUsage"]
    return None if recorded["accepted"] else str(recorded["rejected"][0]["code"])


def request(event: bytes) -> str:
    return f'{{"query": {json.dumps(DOCUMENT)}, "variables": {{"input": {{"events": [{event.decode()}]}}}}}}'


async def outcomes(given: Given, rejections: dict[str, str | None]) -> dict[str, str]:
    """Returns for each quantity the stored value, or the code of its rejection."""
    rows = await given.rows("SELECT event_id, trim_scale(quantity)::text AS quantity FROM usage_records")
    stored = {row["event_id"]: row["quantity"] for row in rows}
    return {
        text: stored[str(number)] if rejections[text] is None else str(rejections[text])
        for number, text in enumerate(QUANTITIES)
    }


async def test_quantities_by_http(client: httpx.AsyncClient, deployment: UUID, given: Given) -> None:
    rejections = {}
    for text, sent in events(deployment).items():
        answer = await client.post("/graphql", content=request(sent), headers={"content-type": "application/json"})
        rejections[text] = by_graphql(answer.json())
    assert await outcomes(given, rejections) == QUANTITIES


async def test_quantities_by_websocket(
    served_api: ServedApi, client: httpx.AsyncClient, deployment: UUID, given: Given
) -> None:
    rejections = {}
    async with connected(served_api.url) as socket:
        await socket.initialise(client.headers["authorization"].removeprefix("Bearer "))
        for number, (text, sent) in enumerate(events(deployment).items()):
            await socket.connection.send(f'{{"type": "subscribe", "id": "{number}", "payload": {request(sent)}}}')
            message = await socket.receive()
            errors = message["type"] == "error"
            rejections[text] = by_graphql({"errors": message["payload"]} if errors else message["payload"])
            if not errors:
                assert (await socket.receive())["type"] == "complete"
    assert await outcomes(given, rejections) == QUANTITIES


async def test_quantities_by_the_line(client: httpx.AsyncClient, deployment: UUID, given: Given) -> None:
    body = b"\n".join(events(deployment).values())
    answer = await client.post("/usage", content=body, headers={"content-type": "application/x-ndjson"})
    codes = {each["index"]: each["code"].replace("MALFORMED_EVENT", MALFORMED) for each in answer.json()["rejected"]}
    rejections = {text: codes.get(number) for number, text in enumerate(QUANTITIES)}
    assert await outcomes(given, rejections) == QUANTITIES


async def test_quantities_in_an_array(client: httpx.AsyncClient, deployment: UUID, given: Given) -> None:
    body = b"[%b]" % b",\n".join(events(deployment).values())
    answer = await client.post("/usage", content=body, headers={"content-type": "application/json"})
    codes = {each["index"]: each["code"].replace("MALFORMED_EVENT", MALFORMED) for each in answer.json()["rejected"]}
    rejections = {text: codes.get(number) for number, text in enumerate(QUANTITIES)}
    assert await outcomes(given, rejections) == QUANTITIES


class Post(NamedTuple):
    """An entry point over HTTP: its media type, and bodies that are refused there (None: in tests of its own)."""

    media_type: str
    malformed: bytes | None
    too_large: bytes | None
    role: Role = Role.METER


ORIGIN = "https://console.example.com"
ENTRY_POINTS = {
    "/graphql": Post("application/json", b"{", b" " * (MAX_BODY_BYTES + 1)),
    "/usage": Post("application/json", b"[{", b"[" + b"7," * 100_000 + b"7]"),
    "/cloud-invoices": Post("text/csv", None, None, Role.PLATFORM_ADMIN),
}
REFUSALS: dict[str, tuple[int, str]] = {
    "no token": (401, "UNAUTHENTICATED"),
    "malformed": (400, "BAD_REQUEST"),
    "too large": (413, "PAYLOAD_TOO_LARGE"),
    "another type": (415, "UNSUPPORTED_MEDIA_TYPE"),
    "another method": (405, "METHOD_NOT_ALLOWED"),
    "too much": (429, "RATE_LIMITED"),
}


async def refused(client: httpx.AsyncClient, path: str, why: str) -> httpx.Response:
    """Sends a request from another site's page that is refused for this reason; returns the response."""
    post = ENTRY_POINTS[path]
    headers = {"content-type": post.media_type, "origin": ORIGIN, "x-request-id": "r7"}
    match why:
        case "no token":
            headers["authorization"] = ""
        case "another type":
            headers["content-type"] = "text/plain"
        case "another method":
            return await client.put(path, headers=headers)
        case "too much":
            costly = " ".join(f"m{number}: recordUsage(input: {{events: []}}) {{ __typename }}" for number in range(4))
            query = {"query": f"mutation {{ {costly} }}"}
            as_json = {**headers, "content-type": "application/json"}
            while (answer := await client.post("/graphql", json=query, headers=as_json)).is_success:
                pass
            if path == "/graphql":
                return answer
    content = post.too_large if why == "too large" else post.malformed or b"-"
    return await client.post(path, content=content, headers=headers)


@pytest.mark.parametrize("path", ENTRY_POINTS)
async def test_refusals_are_the_same_everywhere(
    settings: Settings, database: Database, clock: Clock, path: str
) -> None:
    allowing = replace(settings, allowed_origins=(ORIGIN,))
    for why, (status, code) in REFUSALS.items():
        if (why, None) in (("malformed", ENTRY_POINTS[path].malformed), ("too large", ENTRY_POINTS[path].too_large)):
            continue
        limited = replace(allowing, rate_limit_burst=60, rate_limit_per_second=1) if why == "too much" else allowing
        async with serve_api(limited, clock) as served, served.client(ENTRY_POINTS[path].role, subject=path) as client:
            answer = await refused(client, path, why)
            assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (status, code), why
            assert answer.json().keys() <= {"errors", "extensions"}, why
            (error,) = answer.json()["errors"]
            assert error.keys() == {"message", "extensions"}, why
            assert error["extensions"]["requestId"] == answer.headers["x-request-id"] == "r7", why
            assert answer.headers["access-control-allow-origin"] == ORIGIN, why
            assert answer.headers["content-type"].startswith("application/json"), why
            assert ("retry-after" in answer.headers) == (status == 429), why


async def test_calls_are_audited_the_same(served_api: ServedApi, deployment: UUID, given: Given) -> None:
    """Tests callers that may not record usage, and batches that are recorded only in part."""
    good, bad = event(deployment, 1), event(deployment, 2, resourceKind="moon_dust")
    document = {"query": DOCUMENT, "variables": {"input": {"events": [good, bad]}}}
    for role in (Role.TENANT_VIEWER, Role.METER):
        tenant_id = (await given.row("SELECT tenant_id FROM cloud_deployments"))["tenant_id"]
        async with served_api.client(role, tenant_id, x_request_id="r8") as client:
            await client.post("/graphql", json=document)
            await client.post("/usage", json=[good, bad])
    entries = await given.rows(
        "SELECT action, outcome, result, tenant_id, subject, roles, address, request_id FROM audit_log"
        " ORDER BY occurred_at, id"
    )
    assert [entry.pop("action") for entry in entries] == ["recordUsage", "POST /usage"] * 2
    results = [entry.pop("result") for entry in entries]
    assert entries[0] == entries[1]
    assert entries[2] == entries[3]
    assert [entry["outcome"] for entry in entries] == ["PERMISSION_DENIED"] * 2 + ["DONE"] * 2
    rejected = {"UNKNOWN_RESOURCE_KIND": 1}
    assert [result and json.loads(result) for result in results] == [
        None,
        None,
        {"accepted": 1, "duplicates": 0, "rejected": rejected},
        {"accepted": 0, "duplicates": 1, "rejected": rejected},
    ]
