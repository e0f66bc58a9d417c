"""POST /usage: the same rules as recordUsage, with one event per line."""

import asyncio
import dataclasses
import gzip
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from app.database import Database
from app.operations.calls.principal import Role
from app.queue import Queue
from app.server import uploads
from app.server.application import create_application
from app.server.ndjson import MAX_LINE_BYTES
from app.server.signing import sign_token
from app.settings import Settings
from tests.clock import Clock
from tests.operations.given import Given
from tests.server.serving import served
from tests.server.usage_bodies import event, lines

NDJSON = {"content-type": "application/x-ndjson"}
RECORDS = "SELECT event_id, source, quantity::text, occurred_at::text FROM usage_records ORDER BY event_id"


@pytest.fixture
async def given(database: Database, clock: Clock, settings: Settings) -> AsyncIterator[Given]:
    async with Queue(settings) as queue:
        yield Given(database, clock, settings, queue)


@pytest.fixture
async def deployment(given: Given) -> UUID:
    return await given.deployment(await given.tenant())


def signed(given: Given, role: Role, tenant_id: UUID | None = None, subject: str = "m") -> dict[str, str]:
    token = sign_token(given.settings, subject, {role}, tenant_id, timedelta(hours=1), given.clock())
    return {"authorization": f"Bearer {token}"}


@pytest.fixture
async def meter(given: Given) -> AsyncIterator[httpx.AsyncClient]:
    """A meter's client of a server that accepts at most two uploads at the same time."""
    mine = dataclasses.replace(given.settings, database_pool_size=4)
    async with (
        served(create_application(mine, given.clock)) as url,
        httpx.AsyncClient(base_url=url, headers=signed(given, Role.METER) | NDJSON, timeout=60) as client,
    ):
        yield client


async def test_each_line_is_answered_by_itself(meter: httpx.AsyncClient, deployment: UUID, given: Given) -> None:
    answer = await meter.post(
        "/usage",
        content=lines(
            event(deployment, 0),
            event(deployment, 0),
            "",
            "{",
            event(deployment, 1, quantity=-1),
            event(deployment, 2, resourceKind="moon_dust"),
            event(UUID(int=5), 3),
            event(deployment, 4, deploymentId="nobody"),
            {"id": "e000005", "deploymentId": str(deployment)},
            event(deployment, 0, quantity=2),
            event(deployment, 6, occurredAt="2026-04-10T12:00:00"),
            event(deployment, 7, quantity=0.1, unknown=[1]),
        ),
    )
    assert answer.status_code == 200
    body = answer.json()
    assert {name: body[name] for name in ("accepted", "duplicates", "rejectedTotal")} == {
        "accepted": 2,
        "duplicates": 1,
        "rejectedTotal": 8,
    }
    assert [(rejection["index"], rejection["code"]) for rejection in body["rejected"]] == [
        (3, "MALFORMED_EVENT"),
        (4, "NEGATIVE_QUANTITY"),
        (5, "UNKNOWN_RESOURCE_KIND"),
        (6, "UNKNOWN_DEPLOYMENT"),
        (7, "MALFORMED_EVENT"),
        (8, "MALFORMED_EVENT"),
        (9, "ID_REUSED"),
        (10, "MALFORMED_EVENT"),
    ]
    assert all(rejection["message"] for rejection in body["rejected"])
    assert answer.headers["x-request-id"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert [row["quantity"] for row in await given.rows(RECORDS)] == ["1.5", "0.1"]


async def test_a_cloud_event_is_the_same_event(meter: httpx.AsyncClient, deployment: UUID) -> None:
    cloud_event = {
        "specversion": "1.0",
        "id": "e000001",
        "source": "agent",
        "type": "droplet_hours",
        "subject": str(deployment),
        "time": "2026-04-10T12:00:00Z",
        "datacontenttype": "application/json",
        "data": {"quantity": 1.5},
    }
    answer = await meter.post("/usage", content=lines(cloud_event, event(deployment, 1, source="agent")))
    assert answer.json() == {"accepted": 1, "duplicates": 1, "rejectedTotal": 0, "rejected": []}


async def test_an_event_recorded_by_graphql_is_a_duplicate_over_http(
    meter: httpx.AsyncClient, deployment: UUID
) -> None:
    """Both entry points truncate an instant to microseconds, so that an event sent to both is a duplicate."""
    events = [
        event(deployment, number, occurredAt=f"2026-04-{10 + number}{instant}", quantity=quantity)
        for number, (instant, quantity) in enumerate(
            [("T12:00:00.123456789Z", "1.50"), ("T23:59:59.9999999+10:00", "0.1"), (" 12:00:00z", "7")]
        )
    ]
    assert (await meter.post("/usage", content=lines(*events))).json()["accepted"] == 3
    document = (
        "mutation ($input: RecordUsageInput!) { recordUsage(input: $input)"
        " { ... on UsageRecorded { accepted duplicates rejected { code } } } }"
    )
    answer = await meter.post(
        "/graphql",
        json={"query": document, "variables": {"input": {"events": events}}},
        headers={"content-type": "application/json"},
    )
    assert answer.json()["data"]["recordUsage"] == {"accepted": 0, "duplicates": 3, "rejected": []}


async def test_twenty_thousand_lines_packed_and_sent_again(
    meter: httpx.AsyncClient, deployment: UUID, given: Given
) -> None:
    body = gzip.compress(lines(*(event(deployment, number) for number in range(20_000))))
    for accepted, duplicates in ((20_000, 0), (0, 20_000)):
        answer = await meter.post("/usage", content=body, headers={"content-encoding": "gzip"})
        assert answer.json() == {"accepted": accepted, "duplicates": duplicates, "rejectedTotal": 0, "rejected": []}
    assert await given.row("SELECT count(*), (SELECT sum(total) FROM usage_daily_totals) FROM usage_records") == {
        "count": 20_000,
        "sum": 30_000,
    }


async def test_rejections_are_all_counted_and_the_first_are_listed(meter: httpx.AsyncClient) -> None:
    answer = await meter.post("/usage", content=b"x\n" * 1_500)
    assert (answer.json()["rejectedTotal"], len(answer.json()["rejected"])) == (1_500, 1_000)


async def test_an_empty_body_records_no_events(meter: httpx.AsyncClient) -> None:
    answer = await meter.post("/usage", content=b"")
    assert answer.json() == {"accepted": 0, "duplicates": 0, "rejectedTotal": 0, "rejected": []}


@pytest.mark.parametrize(
    ("headers", "body", "status", "code"),
    [
        ({"authorization": ""}, b"", 401, "UNAUTHENTICATED"),
        ({"content-type": "text/plain"}, b"", 415, "UNSUPPORTED_MEDIA_TYPE"),
        ({"content-type": "application/x-ndjson; charset=latin1"}, b"", 415, "UNSUPPORTED_MEDIA_TYPE"),
        ({"content-encoding": "br"}, b"", 415, "UNSUPPORTED_MEDIA_TYPE"),
        ({"content-encoding": "gzip"}, b"no gzip", 400, "BAD_REQUEST"),
        ({"content-encoding": "gzip"}, gzip.compress(b"x" * 1000)[:-9], 400, "BAD_REQUEST"),
        ({}, b"\n" * 100_001, 413, "PAYLOAD_TOO_LARGE"),
        ({}, b" " * 600_000, 413, "PAYLOAD_TOO_LARGE"),
        ({"content-encoding": "gzip"}, gzip.compress(b"{}\n" * 60_000_000, 9), 413, "PAYLOAD_TOO_LARGE"),
    ],
    ids=range(9),
)
async def test_what_is_refused_whole(
    meter: httpx.AsyncClient, headers: dict[str, str], body: bytes, status: int, code: str
) -> None:
    answer = await meter.post("/usage", content=body, headers=headers)
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (status, code)


async def test_a_get_answer_names_the_allowed_methods(meter: httpx.AsyncClient) -> None:
    answer = await meter.get("/usage")
    assert (answer.status_code, answer.headers["allow"]) == (405, "OPTIONS, POST")


async def test_which_roles_may_post_usage(meter: httpx.AsyncClient, given: Given, deployment: UUID) -> None:
    tenant_id = (await given.row("SELECT tenant_id FROM cloud_deployments"))["tenant_id"]
    other_id = await given.tenant("globex")
    for number, (role, tenant, status, accepted) in enumerate(
        [
            (Role.PLATFORM_ADMIN, None, 200, 1),
            (Role.METER, tenant_id, 200, 1),
            (Role.METER, other_id, 422, 0),
            (Role.TENANT_ADMIN, tenant_id, 403, None),
            (Role.TENANT_VIEWER, tenant_id, 403, None),
        ]
    ):
        answer = await meter.post(
            "/usage", content=lines(event(deployment, number)), headers=signed(given, role, tenant)
        )
        assert (answer.status_code, answer.json().get("accepted")) == (status, accepted), role


async def test_a_request_beyond_capacity_is_answered_with_retry_after(
    meter: httpx.AsyncClient, deployment: UUID, given: Given
) -> None:
    leave = asyncio.Event()

    async def slow(number: int) -> AsyncIterator[bytes]:
        yield lines(event(deployment, number))
        await leave.wait()
        yield lines(event(deployment, number + 10))

    another = signed(given, Role.METER, subject="another")
    async with asyncio.TaskGroup() as group:
        under_way = [
            group.create_task(meter.post("/usage", content=slow(number), headers=headers))
            for number, headers in ((1, {}), (2, another))
        ]
        third = signed(given, Role.METER, subject="third")
        while (answer := await meter.post("/usage", content=b"", headers=third)).status_code == 200:  # noqa: ASYNC110 - the server has it
            await asyncio.sleep(0.01)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
        own = await meter.post("/usage", content=b"")
        assert (own.status_code, own.json()["errors"][0]["extensions"]["code"]) == (429, "RATE_LIMITED")
        leave.set()
    assert [task.result().json()["accepted"] for task in under_way] == [2, 2]
    assert (await meter.post("/usage", content=b"")).status_code == 200


async def test_a_client_that_disconnects_frees_its_capacity(meter: httpx.AsyncClient, deployment: UUID) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield lines(event(deployment, 1))
        raise ConnectionError

    for _ in range(5):
        with pytest.raises(ConnectionError):
            await meter.post("/usage", content=broken())
    async with asyncio.timeout(10):
        while (await meter.post("/usage", content=b"")).status_code != 200:  # noqa: ASYNC110 - the server has it
            await asyncio.sleep(0.01)


async def test_a_body_that_stalls_is_not_waited_for(
    meter: httpx.AsyncClient, deployment: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "GRACE_SECONDS", 0.2)

    async def stalling() -> AsyncIterator[bytes]:
        yield lines(event(deployment, 1))
        await asyncio.sleep(1)
        yield b"\n"

    answer = await meter.post("/usage", content=stalling())
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (408, "TIMEOUT")


def _pieces(body: bytes, size: int) -> Iterator[bytes]:
    return (body[start : start + size] for start in range(0, len(body), size))


@pytest.mark.parametrize("size", [1, 7, 1000])
@pytest.mark.parametrize("packed", [True, False])
async def test_lines_may_be_cut_anywhere(meter: httpx.AsyncClient, deployment: UUID, size: int, packed: bool) -> None:
    body = lines(*(event(deployment, number) for number in range(5))).removesuffix(b"\n")
    if packed:
        body = gzip.compress(body[:100]) + gzip.compress(body[100:])

    async def pieces() -> AsyncIterator[bytes]:
        for piece in _pieces(body, size):
            yield piece

    headers = {"content-encoding": "gzip"} if packed else {}
    answer = await meter.post("/usage", content=pieces(), headers=headers)
    assert answer.json()["accepted"] == 5


async def test_a_long_line_within_the_limit_is_a_line(meter: httpx.AsyncClient, deployment: UUID) -> None:
    long = event(deployment, 1, comment="x" * (MAX_LINE_BYTES - 300))
    answer = await meter.post("/usage", content=lines(*[long] * 20))
    assert (answer.json()["accepted"], answer.json()["duplicates"]) == (1, 19)
