"""The same events by every entry point: the same numbers are taken, and the same are refused."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import UUID

import httpx
import pytest

from app.database import Database
from app.operations.principal import Role
from app.settings import Settings
from tests.clock import Clock
from tests.operations.given import Given
from tests.schema.conftest import given, queue
from tests.server.house import House, house
from tests.server.test_sockets import connected

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

Send = Callable[[bytes], Awaitable[Any]]


@pytest.fixture
async def deployment(given: Given) -> UUID:
    return await given.deployment(await given.tenant())


@pytest.fixture
async def served_house(settings: Settings, database: Database, clock: Clock) -> AsyncIterator[House]:
    async with house(settings, clock) as served:
        yield served


@pytest.fixture
async def client(served_house: House) -> AsyncIterator[httpx.AsyncClient]:
    async with served_house.client(Role.METER, subject="m") as client:
        yield client


def events(deployment: UUID) -> dict[str, bytes]:
    """An event for each quantity, in JSON."""
    told = '{"id":"%d","deploymentId":"%s","resourceKind":"droplet_hours","quantity":%s,"occurredAt":"%s"}'
    return {
        text: (told % (number, deployment, text, "2026-04-10T12:00:00Z")).encode()
        for number, text in enumerate(QUANTITIES)
    }


def by_graphql(answer: Any) -> str | None:
    """Why the event was rejected; None of one that was accepted."""
    if "errors" in answer:
        assert {error["extensions"]["code"] for error in answer["errors"]} == {"BAD_USER_INPUT"}
        return MALFORMED
    recorded = answer["data"]["recordUsage"]
    return None if recorded["accepted"] else str(recorded["rejected"][0]["code"])


def request(event: bytes) -> str:
    return f'{{"query": {json.dumps(DOCUMENT)}, "variables": {{"input": {{"events": [{event.decode()}]}}}}}}'


async def outcomes(given: Given, rejections: dict[str, str | None]) -> dict[str, str]:
    """Of each quantity what is stored of it, or why it was rejected."""
    rows = await given.rows("SELECT event_id, trim_scale(quantity)::text AS quantity FROM usage_records")
    stored = {row["event_id"]: row["quantity"] for row in rows}
    return {
        text: stored[str(number)] if rejections[text] is None else str(rejections[text])
        for number, text in enumerate(QUANTITIES)
    }


async def test_quantities_by_http(client: httpx.AsyncClient, deployment: UUID, given: Given) -> None:
    rejections = {}
    for text, event in events(deployment).items():
        answer = await client.post("/graphql", content=request(event), headers={"content-type": "application/json"})
        rejections[text] = by_graphql(answer.json())
    assert await outcomes(given, rejections) == QUANTITIES


async def test_quantities_by_websocket(
    served_house: House, client: httpx.AsyncClient, deployment: UUID, given: Given
) -> None:
    rejections = {}
    async with connected(served_house.url) as socket:
        await socket.initialise(client.headers["authorization"].removeprefix("Bearer "))
        for number, (text, event) in enumerate(events(deployment).items()):
            await socket.connection.send(f'{{"type": "subscribe", "id": "{number}", "payload": {request(event)}}}')
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
