"""POST /usage: formats, compression and response statuses."""

import gzip
import json
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import httpx
import pytest

from app.database import Database
from app.operations.calls.principal import Role
from app.settings import Settings
from tests.clock import Clock
from tests.operations.given import Given
from tests.schema.conftest import given, queue
from tests.server.served_api import ServedApi, serve_api
from tests.server.usage_bodies import event, lines, zstd

__all__ = ["given", "queue"]

NDJSON = "application/x-ndjson"
BATCH = "application/cloudevents-batch+json"


@pytest.fixture
async def served_api(settings: Settings, database: Database, clock: Clock) -> AsyncIterator[ServedApi]:
    async with serve_api(replace(settings, rate_limit_burst=50_000, rate_limit_per_second=1), clock) as served:
        yield served


@pytest.fixture
async def deployment(given: Given) -> UUID:
    return await given.deployment(await given.tenant())


@pytest.fixture
async def meter(served_api: ServedApi) -> AsyncIterator[httpx.AsyncClient]:
    async with served_api.client(Role.METER, subject="m", x_request_id="r1") as client:
        yield client


async def post(meter: httpx.AsyncClient, body: bytes, media_type: str = NDJSON, **headers: str) -> httpx.Response:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return await meter.post("/usage", content=body, headers={"content-type": media_type} | given)


def cloud_event(deployment: UUID, number: int, **changes: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"e{number:06}",
        "source": "/agents/7",
        "type": "droplet_hours",
        "subject": str(deployment),
        "time": "2026-04-10T12:00:00Z",
        "datacontenttype": "application/json",
        "data": {"quantity": 0.1},
    } | changes


def counts(answer: httpx.Response) -> tuple[int, int, list[tuple[int, str]]]:
    body = answer.json()
    return body["accepted"], body["duplicates"], [(each["index"], each["code"]) for each in body["rejected"]]


async def test_a_body_of_which_nothing_is_accepted_is_unprocessable(
    meter: httpx.AsyncClient, deployment: UUID, given: Given, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "app")
    body = lines(
        {"metric": "x"}, event(deployment, 1, resourceKind="moon_dust"), "7", event(deployment, 2, quantity=-1)
    )
    answer = await post(meter, body)
    assert answer.status_code == 422
    told = {"MALFORMED_EVENT": 2, "UNKNOWN_RESOURCE_KIND": 1, "NEGATIVE_QUANTITY": 1}
    (error,) = answer.json()["errors"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "requestId": "r1", "rejected": told}
    assert counts(answer) == (
        0,
        0,
        [(0, "MALFORMED_EVENT"), (1, "UNKNOWN_RESOURCE_KIND"), (2, "MALFORMED_EVENT"), (3, "NEGATIVE_QUANTITY")],
    )
    entry = await given.row("SELECT outcome, result FROM audit_log")
    assert (entry["outcome"], json.loads(entry["result"])) == (
        "DONE",
        {"accepted": 0, "duplicates": 0, "rejected": told},
    )
    (line,) = [record for record in caplog.records if record.message == "usage was rejected"]
    assert (line.levelname, line.__dict__["accepted"], line.__dict__["rejected"]) == ("WARNING", 0, told)


async def test_a_duplicate_is_enough_to_be_processed(
    meter: httpx.AsyncClient, deployment: UUID, given: Given, caplog: pytest.LogCaptureFixture
) -> None:
    """A sender whose batch contains one invalid event must not repeat the batch for ever, once its other events are
    recorded.
    """
    assert (await post(meter, lines(event(deployment, 0)))).status_code == 200
    caplog.set_level(logging.INFO, "app")
    answer = await post(meter, lines(event(deployment, 0), "{"))
    assert (answer.status_code, counts(answer)) == (200, (0, 1, [(1, "MALFORMED_EVENT")]))
    entries = await given.rows("SELECT result FROM audit_log ORDER BY occurred_at, id")
    assert [json.loads(entry["result"]) for entry in entries] == [
        {"accepted": 1, "duplicates": 0, "rejected": {}},
        {"accepted": 0, "duplicates": 1, "rejected": {"MALFORMED_EVENT": 1}},
    ]
    assert [record.levelname for record in caplog.records if record.message == "usage was rejected"] == ["INFO"]


async def test_the_mutation_is_entered_with_the_same_counts(
    meter: httpx.AsyncClient, deployment: UUID, given: Given
) -> None:
    events = [event(deployment, 1, resourceKind="moon_dust"), event(deployment, 2)]
    document = "mutation ($input: RecordUsageInput!) { recordUsage(input: $input) { __typename } }"
    await meter.post("/graphql", json={"query": document, "variables": {"input": {"events": events}}})
    entry = await given.row("SELECT result FROM audit_log")
    assert json.loads(entry["result"]) == {
        "accepted": 1,
        "duplicates": 0,
        "rejected": {"UNKNOWN_RESOURCE_KIND": 1},
    }


@pytest.mark.parametrize("packed", [False, True])
async def test_a_byte_order_mark_is_ignored(meter: httpx.AsyncClient, deployment: UUID, packed: bool) -> None:
    body = b"\xef\xbb\xbf" + lines(event(deployment, 0), event(deployment, 1))
    headers = {"content_encoding": "gzip"} if packed else {}
    answer = await post(meter, gzip.compress(body) if packed else body, **headers)
    assert counts(answer) == (2, 0, [])


BODIES: dict[str, tuple[str, Callable[[Any], str]]] = {
    "an array": ("application/json", lambda events: json.dumps(events, indent=2)),
    "one event": ("application/json", lambda events: json.dumps(events[0])),
    "a batch": (BATCH, json.dumps),
    "a structured event": ("application/cloudevents+json; charset=UTF-8", lambda events: json.dumps(events[0])),
    "an array after a mark": ("application/json", lambda events: f"\ufeff\n{json.dumps(events)}\n"),
}


@pytest.mark.parametrize("name", BODIES)
async def test_json_is_accepted(meter: httpx.AsyncClient, deployment: UUID, given: Given, name: str) -> None:
    media_type, encode = BODIES[name]
    events = [cloud_event(deployment, 0, id='{[,"\\\u00e9'), event(deployment, 1, quantity=0.1)]
    body = encode(events).encode()
    accepted = 1 if name in {"one event", "a structured event"} else 2
    assert counts(await post(meter, body, media_type)) == (accepted, 0, [])
    assert (await given.row("SELECT sum(quantity) FROM usage_records"))["sum"] * 10 == accepted
    assert counts(await post(meter, body, media_type)) == (0, accepted, [])


async def test_a_batch_is_answered_event_by_event(meter: httpx.AsyncClient, deployment: UUID) -> None:
    events = [
        cloud_event(deployment, 0),
        cloud_event(deployment, 1, specversion="0.3"),
        cloud_event(deployment, 2, time=None),
        cloud_event(deployment, 3, data={"value": 1}),
        7,
        cloud_event(deployment, 5, type="moon_dust"),
    ]
    assert counts(await post(meter, json.dumps(events).encode(), BATCH)) == (
        1,
        0,
        [*((number, "MALFORMED_EVENT") for number in range(1, 5)), (5, "UNKNOWN_RESOURCE_KIND")],
    )


@pytest.mark.parametrize(
    "body",
    [b"", b"[", b'[{"id": "1"}', b'[{"id": "1"},]', b'[{"id" 1}]', b"[] []", b"7", b"[\xff]", b"[" * 100_000, b"\n"],
    ids=range(10),
)
async def test_what_is_no_json_array_is_refused(meter: httpx.AsyncClient, body: bytes, given: Given) -> None:
    answer = await post(meter, body, "application/json")
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (400, "BAD_REQUEST")
    assert await given.rows("SELECT id FROM usage_records") == []


async def test_an_array_of_many_events_is_read_as_it_comes(meter: httpx.AsyncClient, deployment: UUID) -> None:
    body = json.dumps([event(deployment, number) for number in range(9_000)]).encode()

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 10_007):
            yield body[start : start + 10_007]

    answer = await meter.post("/usage", content=pieces(), headers={"content-type": "application/json"})
    assert counts(answer) == (9_000, 0, [])
    assert (await post(meter, b"[" + b"7," * 100_000 + b"7]", "application/json")).status_code == 413


async def test_packed_bodies(meter: httpx.AsyncClient, deployment: UUID) -> None:
    body = lines(*(event(deployment, number) for number in range(3_000)))
    for number, (encoding, packed) in enumerate(
        [("x-gzip", gzip.compress(body)), ("zstd", zstd.compress(body[:90_000]) + zstd.compress(body[90_000:]))]
    ):
        answer = await post(meter, packed, content_encoding=encoding)
        assert counts(answer) == ((0, 3_000, []) if number else (3_000, 0, []))
        broken = await post(meter, packed[:-5], content_encoding=encoding)
        assert (broken.status_code, broken.json()["errors"][0]["extensions"]["code"]) == (400, "BAD_REQUEST")
        assert (await post(meter, b"no such thing", content_encoding=encoding)).status_code == 400


@pytest.mark.parametrize("encoding", ["br", "gzip, zstd", "deflate"])
async def test_another_encoding_is_answered_with_the_accepted_ones(meter: httpx.AsyncClient, encoding: str) -> None:
    answer = await post(meter, b"", content_encoding=encoding)
    assert (answer.status_code, answer.headers["accept-encoding"]) == (415, "gzip, zstd, identity")
    assert f"{encoding} is" in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (gzip.compress(b"x\n" * 262_144), "gzip"),
        (zstd.compress(b"x\n" * 262_144), "zstd"),
        (gzip.compress(b"") * 50_000, "gzip"),
        (gzip.compress((b" " * 60_000 + b"\n") * 1_000), "gzip"),
    ],
    ids=["short lines", "short lines, zstd", "empty members", "blank lines"],
)
async def test_a_small_body_of_much_work_is_refused_unread(
    meter: httpx.AsyncClient, given: Given, body: bytes, encoding: str
) -> None:
    answer = await post(meter, body, content_encoding=encoding)
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (413, "PAYLOAD_TOO_LARGE")
    assert await given.rows("SELECT id FROM audit_log") == []


async def test_a_body_costs_by_its_lines_and_bytes(meter: httpx.AsyncClient, deployment: UUID) -> None:
    """A request costs 10 points, plus 1 for each 10 lines and 1 for each 10 KiB. The bucket gains one point a second
    meanwhile.
    """
    body = lines(*(event(deployment, number) for number in range(1_000)))
    before = await points_left(meter)
    await post(meter, body)
    cost = before - await points_left(meter)
    assert 110 < cost <= 1 + 10 + 100 + 1 + len(body) // 10_240
    for _ in range(4):
        assert (await post(meter, b"x\n" * 99_999)).status_code == 422
    refused = await post(meter, b"x\n" * 99_999)
    assert (refused.status_code, refused.json()["errors"][0]["extensions"]["code"]) == (429, "RATE_LIMITED")
    assert int(refused.headers["retry-after"]) > 100


async def points_left(meter: httpx.AsyncClient) -> int:
    answer = await meter.post("/graphql", json={"query": "{ __typename }"})
    return int(answer.json()["extensions"]["cost"]["remaining"])
