"""POST /cloud-invoices: a provider's bill as a file, under the rules of `importCloudInvoice`."""

import asyncio
import dataclasses
import gzip
import json
from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any

import httpx
import pytest

from app.database import Database
from app.operations.calls.principal import Role
from app.queue import Queue
from app.server import cloud_invoices
from app.settings import Settings
from tests.clock import Clock
from tests.operations.costs.bills import bill, droplet, row
from tests.operations.given import Given
from tests.server.served_api import ServedApi, serve_api

APRIL = {"provider": "digitalocean", "externalId": "2026-04", "currency": "USD", "exchangeRate": "1.5"}
BILL = bill(row("web-1 (s-1vcpu-2gb)", "$12.00"), row("GST", "$1.20", hours=""))
COUNTS = "SELECT (SELECT count(*) FROM cloud_invoices) AS bills, (SELECT count(*) FROM cloud_invoice_lines) AS lines"


@pytest.fixture
async def given(database: Database, clock: Clock, settings: Settings) -> AsyncIterator[Given]:
    async with Queue(settings) as queue:
        yield Given(database, clock, settings, queue)


@pytest.fixture(scope="module")
async def served(_open_database: Database, settings: Settings) -> AsyncIterator[ServedApi]:
    """An API that accepts at most two uploads at once."""
    async with serve_api(dataclasses.replace(settings, database_pool_size=4), Clock()) as served:
        yield served


@pytest.fixture
async def admin(served: ServedApi, database: Database) -> AsyncIterator[httpx.AsyncClient]:
    """The client of a platform admin, over a clean database."""
    async with served.client(content_type="text/csv") as client:
        yield client


async def test_a_bill_of_2600_rows_is_imported(admin: httpx.AsyncClient, given: Given) -> None:
    csv = bill(*(row(f"web-{number} (s-1vcpu-2gb)", "$12.00") for number in range(2_600)))
    answer = await admin.post("/cloud-invoices", params=APRIL, content=csv)
    assert (answer.status_code, answer.json()["rows"]) == (201, 2_600)
    assert await given.row(COUNTS) == {"bills": 1, "lines": 2_600}


async def test_the_answer_says_what_became_of_the_bill(admin: httpx.AsyncClient, given: Given) -> None:
    await droplet(given, await given.deployment(await given.tenant()), "web-1")
    answer = await admin.post("/cloud-invoices", params=APRIL, content=BILL.replace("category", "Kind"))
    stored = await given.row("SELECT id, exchange_rate::text FROM cloud_invoices")
    assert stored["exchange_rate"] == "1.5"
    assert (answer.status_code, answer.json()) == (
        201,
        {
            "cloudInvoiceId": str(stored["id"]),
            "rows": 2,
            "allocatedCents": 1200,
            "unallocatedCents": 120,
            "ignoredColumns": ["Kind"],
        },
    )


@pytest.mark.parametrize(
    ("content", "headers"),
    [
        (gzip.compress(BILL.encode()), {"content-encoding": "gzip"}),
        (gzip.compress(BILL.encode()), {"content-encoding": "X-GZIP"}),
        (gzip.compress(BILL.encode()), {"content-type": "application/gzip"}),
        (b"\xef\xbb\xbf" + BILL.encode(), {"content-type": "text/csv; charset=UTF-8"}),
    ],
    ids=["gzip", "x-gzip", "a file that is gzip", "byte order mark"],
)
async def test_a_bill_is_read_plain_or_gzip(
    admin: httpx.AsyncClient, given: Given, content: bytes, headers: dict[str, str]
) -> None:
    answer = await admin.post("/cloud-invoices", params=APRIL, content=content, headers=headers)
    assert (answer.status_code, answer.json()["rows"]) == (201, 2)
    assert await given.row(COUNTS) == {"bills": 1, "lines": 2}


async def test_columns_of_another_provider_are_parameters(admin: httpx.AsyncClient) -> None:
    csv = "from,to,id,cost\n2026-04-01T00:00:00Z,2026-04-02T00:00:00Z,i-1,0.5\n"
    columns = {"column.description": "id", "column.start": "from", "column.end": "to", "column.amount": "cost"}
    answer = await admin.post("/cloud-invoices", params=APRIL | {"provider": "aws"} | columns, content=csv)
    assert (answer.status_code, answer.json()["unallocatedCents"]) == (201, 50)


@pytest.mark.parametrize(
    ("changes", "content", "path", "message"),
    [
        ({"exchangeRate": None}, BILL, ["exchangeRate"], "exchangeRate is required: the number of AUD for 1 USD"),
        ({"exchangeRate": "1_5"}, BILL, ["exchangeRate"], "exchangeRate must be a decimal number such as 1.53"),
        ({"exchangeRate": "NaN"}, BILL, ["exchangeRate"], "exchangeRate must be a finite number"),
        ({"provider": None}, BILL, ["provider"], "provider is required, as a parameter of the query string"),
        ({"currency": ["USD", "AUD"]}, BILL, ["currency"], "currency appears more than once"),
        (
            {"exchange_rate": "1"},
            BILL,
            ["exchange_rate"],
            "exchange_rate is not a parameter; the parameters are column.amount, ",
        ),
        ({"provider": "aws"}, BILL, ["columns"], "columns must name the file's columns for description, start, end, "),
        ({"externalId": "%00"}, BILL.replace("12", "x"), ["csv"], "row 2: USD '$x.00' is not an amount such as $12.00"),
        ({"externalId": "\0"}, BILL, ["externalId"], "externalId must be one line without control characters"),
        ({}, "", ["csv"], "row 1: missing columns: description, start, end, USD. Required, in any order: "),
        ({}, b"\x1f\x8bx", ["csv"], "row 1 or a later one: the gzip data are damaged or incomplete"),
        ({}, b"\xff", ["csv"], "row 1 or a later one: is not text in UTF-8"),
    ],
)
async def test_a_bill_that_is_refused_changes_nothing(  # noqa: PLR0917 - fixtures and a table
    admin: httpx.AsyncClient,
    given: Given,
    changes: dict[str, Any],
    content: str | bytes,
    path: list[str],
    message: str,
) -> None:
    parameters = {name: value for name, value in (APRIL | changes).items() if value is not None}
    answer = await admin.post("/cloud-invoices", params=parameters, content=content)
    (error,) = answer.json()["errors"]
    extensions = {"code": "BAD_USER_INPUT", "problem": "VALIDATION_FAILED", "path": path}
    assert answer.status_code == 422
    assert error["message"].startswith(message)
    assert error["extensions"] == extensions | {"requestId": answer.headers["x-request-id"]}
    assert await given.row(COUNTS) == {"bills": 0, "lines": 0}


@pytest.mark.parametrize(
    ("headers", "status", "code", "message"),
    [
        (
            {"content-type": "application/x-www-form-urlencoded"},
            415,
            "UNSUPPORTED_MEDIA_TYPE",
            "Send the bill as text/csv in UTF-8: curl --data-binary @bill.csv -H 'Content-Type: text/csv'.",
        ),
        (
            {"content-type": "text/csv; charset=latin-1"},
            415,
            "UNSUPPORTED_MEDIA_TYPE",
            "Send the bill as text/csv in UTF-8: curl --data-binary @bill.csv -H 'Content-Type: text/csv'.",
        ),
        (
            {"content-encoding": "br"},
            415,
            "UNSUPPORTED_MEDIA_TYPE",
            "The body has an unsupported content encoding: send it uncompressed or with gzip.",
        ),
        ({"authorization": "Bearer abc"}, 401, "UNAUTHENTICATED", ""),
    ],
)
async def test_what_is_no_bill_is_not_read(  # noqa: PLR0917 - fixtures and a table
    admin: httpx.AsyncClient, given: Given, headers: dict[str, str], status: int, code: str, message: str
) -> None:
    answer = await admin.post("/cloud-invoices", params=APRIL, content=BILL, headers=headers)
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["extensions"]["code"]) == (status, code)
    assert error["message"].startswith(message)
    assert await given.row(COUNTS) == {"bills": 0, "lines": 0}


@pytest.mark.parametrize("role", [Role.TENANT_ADMIN, Role.TENANT_VIEWER, Role.METER])
async def test_only_platform_admins_upload(served: ServedApi, given: Given, role: Role) -> None:
    tenant_id = await given.tenant()
    async with served.client(role, tenant_id, content_type="text/csv") as client:
        answer = await client.post("/cloud-invoices", params=APRIL, content=BILL)
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["extensions"]["code"]) == (403, "FORBIDDEN")
    assert error["extensions"]["problem"] == "PERMISSION_DENIED"
    assert await given.row(COUNTS) == {"bills": 0, "lines": 0}


async def test_the_same_bill_twice_or_at_once_is_imported_once(
    served: ServedApi, admin: httpx.AsyncClient, given: Given
) -> None:
    async with served.client(subject="bob", content_type="text/csv") as bob:
        uploads = [client.post("/cloud-invoices", params=APRIL, content=BILL) for client in (admin, bob)]
        answers = await asyncio.gather(*uploads)
    again = await admin.post("/cloud-invoices", params=APRIL, content=BILL)
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    (error,) = again.json()["errors"]
    assert again.status_code == 409
    assert (error["extensions"]["problem"], error["extensions"]["path"]) == ("CONFLICT", ["externalId"])
    assert await given.row(COUNTS) == {"bills": 1, "lines": 2}


async def test_each_upload_is_in_the_audit_log(admin: httpx.AsyncClient, given: Given) -> None:
    for _ in range(2):
        await admin.post("/cloud-invoices", params=APRIL, content=BILL)
    entries = await given.rows(
        "SELECT action, outcome, subject, input FROM audit_log WHERE action <> 'signIn' ORDER BY occurred_at, id"
    )
    assert [(entry["action"], entry["outcome"], entry["subject"]) for entry in entries] == [
        ("POST /cloud-invoices", "DONE", "ada"),
        ("POST /cloud-invoices", "CONFLICT", "ada"),
    ]
    assert json.loads(entries[0]["input"]) == {
        "parameters": "provider=digitalocean&externalId=2026-04&currency=USD&exchangeRate=1.5",
        "bytes": len(BILL),
        "sha256": sha256(BILL.encode()).hexdigest(),
    }


async def test_an_upload_is_paid_for_by_its_rows_before_any_is_written(given: Given) -> None:
    limited = dataclasses.replace(given.settings, rate_limit_burst=100, rate_limit_per_second=1)
    async with serve_api(limited, given.clock) as served, served.client(content_type="text/csv") as client:
        rows = [row(f"web-{number}", "$1") for number in range(91)]
        answer = await client.post("/cloud-invoices", params=APRIL, content=bill(*rows))
        assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (429, "RATE_LIMITED")
        assert int(answer.headers["retry-after"]) >= 1
        assert await given.row(COUNTS) == {"bills": 0, "lines": 0}
        answer = await client.post("/cloud-invoices", params=APRIL, content=bill(*rows[:40]))
        assert answer.status_code == 201


async def test_a_body_that_is_too_large_is_refused(
    admin: httpx.AsyncClient, given: Given, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cloud_invoices, "MAX_BODY_BYTES", 200)
    answer = await admin.post("/cloud-invoices", params=APRIL, content=BILL)
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (413, "PAYLOAD_TOO_LARGE")
    assert await given.row(COUNTS) == {"bills": 0, "lines": 0}


async def test_more_uploads_than_the_process_takes_are_answered_with_retry_after(
    served: ServedApi, admin: httpx.AsyncClient, given: Given
) -> None:
    started, ended = asyncio.Semaphore(0), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        for _ in range(256):  # more than the sockets hold: the server has begun to read
            yield bytes(65_536)
        started.release()
        await ended.wait()

    async with (
        served.client(subject="bob", content_type="text/csv") as bob,
        served.client(subject="eve", content_type="text/csv") as eve,
    ):
        under_way = [
            asyncio.create_task(client.post("/cloud-invoices", params=APRIL, content=slow())) for client in (bob, eve)
        ]
        for _ in under_way:
            await started.acquire()
        more = await bob.post("/cloud-invoices", params=APRIL, content=BILL)
        assert (more.status_code, more.headers["retry-after"]) == (429, "2")
        answer = await admin.post("/cloud-invoices", params=APRIL, content=BILL)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
        ended.set()
        assert [each.status_code for each in await asyncio.gather(*under_way)] == [422, 422]
    assert (await admin.post("/cloud-invoices", params=APRIL, content=BILL)).status_code == 201
    assert await given.row(COUNTS) == {"bills": 1, "lines": 2}
