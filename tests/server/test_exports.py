"""GET /exports: signed links and permanent URLs, their refusals, limits, and clients that go away."""

import asyncio
import csv
import io
import logging
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest
from psycopg import sql

from app.database import Database
from app.operations.calls.principal import Role
from app.queue import Queue
from app.settings import Settings
from tests.clock import Clock
from tests.operations.given import Given
from tests.operations.receivables import drafted, figure_1, issued, pay
from tests.server.served_api import ServedApi, ask, serve_api

SECRET = "a secret of links, thirty-two bytes or more"
UNKNOWN = UUID("01890000-0000-7000-8000-000000000009")
PERIOD = "from=2026-05-01&to=2026-06-01"
LINK = """query($records: ExportedRecords!, $format: ExportFormat! = CSV, $tenantId: ID) {
    exportLink(records: $records, format: $format, from: "2026-05-01", to: "2026-06-01", tenantId: $tenantId) {
        url expiresAt permanentUrl
    }
}"""
EXPORTING = """SELECT {} FROM pg_stat_activity WHERE datname = current_database() AND state <> 'idle'
    AND query LIKE '%FROM payments p JOIN%' AND pid <> pg_backend_pid()"""


@dataclass
class Site:
    """An API with an issued and paid invoice of each of two tenants."""

    served: ServedApi
    given: Given
    acme: UUID
    bolt: UUID

    async def link(self, records: str, role: Role = Role.TENANT_VIEWER, **variables: Any) -> dict[str, Any]:
        """The answer to a caller of acme, or of the platform."""
        async with self.served.client(role, None if role is Role.PLATFORM_ADMIN else self.acme) as client:
            return await ask(client, LINK, records=records, **variables)

    async def url(self, records: str, role: Role = Role.TENANT_VIEWER, **variables: Any) -> str:
        url: str = (await self.link(records, role, **variables))["data"]["exportLink"]["url"]
        return url

    async def open(self, url: str) -> httpx.Response:
        """What a browser without a token gets."""
        async with httpx.AsyncClient(base_url=self.served.url) as browser:
            return await browser.get(url)

    def of_exports(self, selected: str) -> Any:
        """Selects, as the superuser, from the PostgreSQL sessions that export payments."""
        with psycopg.connect(self.served.settings.database_url or "") as superuser:
            return superuser.execute(sql.SQL(EXPORTING).format(sql.SQL(selected))).fetchall()

    async def until_exporting(self, count: int) -> None:
        async with asyncio.timeout(10):
            while len(self.of_exports("pid")) != count:  # noqa: ASYNC110 - another process changes it
                await asyncio.sleep(0.01)


@pytest.fixture
async def given(database: Database, clock: Clock, settings: Settings) -> AsyncIterator[Given]:
    async with Queue(settings) as queue:
        yield Given(database, clock, settings, queue)


@pytest.fixture
async def site(given: Given, settings: Settings, clock: Clock) -> AsyncIterator[Site]:
    await figure_1(given)
    acme, _ = await issued(given, "acme")
    bolt, _ = await issued(given, "bolt")
    for tenant_id in (acme, bolt):
        await pay(given, tenant_id, 4000)
    async with serve_api(replace(settings, link_secret=SECRET), clock) as served:
        yield Site(served, given, acme, bolt)


def rows_of(answer: httpx.Response) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"][0]["extensions"]["code"]


async def test_a_link_streams_the_callers_own_records(site: Site) -> None:
    for records, count in (("INVOICES", 1), ("LINES", 4), ("PAYMENTS", 1)):
        for role in (Role.TENANT_ADMIN, Role.TENANT_VIEWER):
            rows = rows_of(await site.open(await site.url(records, role)))
            assert ([row["tenant"] for row in rows], records) == (["acme"] * count, records)


async def test_a_link_of_the_platform(site: Site) -> None:
    rows = rows_of(await site.open(await site.url("LEDGER", Role.PLATFORM_ADMIN)))
    assert {row["tenant"] for row in rows} == {"acme", "bolt"}
    assert sum(int(row["amount_cents"]) for row in rows) == 0
    rows = rows_of(await site.open(await site.url("INVOICES", Role.PLATFORM_ADMIN, tenantId=str(site.bolt))))
    assert [row["tenant"] for row in rows] == ["bolt"]


async def test_the_headers_of_both_formats(site: Site) -> None:
    for form, media_type in (("CSV", "text/csv; charset=utf-8; header=present"), ("JSONL", "application/jsonl")):
        answer = await site.open(await site.url("PAYMENTS", format=form))
        assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
        assert answer.headers["cache-control"] == "private, no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["content-disposition"] == (
            f'attachment; filename="payments-2026-05-01-2026-06-01.{form.lower()}"'
        )


async def test_a_draft_is_in_no_export(site: Site) -> None:
    await drafted(site.given, "corp")
    for records in ("INVOICES", "LINES"):
        rows = rows_of(await site.open(await site.url(records, Role.PLATFORM_ADMIN)))
        assert {row["tenant"] for row in rows} == {"acme", "bolt"}


async def test_links_that_are_not_given(site: Site) -> None:
    for role, variables, code in (
        (Role.TENANT_ADMIN, {"records": "LEDGER"}, "FORBIDDEN"),
        (Role.METER, {"records": "INVOICES"}, "FORBIDDEN"),
        (Role.TENANT_ADMIN, {"records": "INVOICES", "tenantId": str(site.bolt)}, "BAD_USER_INPUT"),
        (Role.PLATFORM_ADMIN, {"records": "INVOICES", "tenantId": str(UNKNOWN)}, "BAD_USER_INPUT"),
    ):
        answer = await site.link(role=role, **variables)
        assert (answer["data"], answer["errors"][0]["extensions"]["code"]) == (None, code)


async def test_a_link_is_accepted_for_five_minutes_and_then_gone(site: Site, clock: Clock) -> None:
    link = (await site.link("INVOICES"))["data"]["exportLink"]
    assert link["expiresAt"] == (clock.now + timedelta(minutes=5)).isoformat()
    clock.now += timedelta(minutes=5) - timedelta(seconds=1)
    assert (await site.open(link["url"])).status_code == 200
    clock.now += timedelta(seconds=1)
    assert code_of(await site.open(link["url"])) == (410, "LINK_EXPIRED")


ALTERATIONS = [
    (r"/invoices", "/ledger"),
    (r"/invoices", "/lines"),
    (r"\.csv", ".jsonl"),
    (r"from=2026-05-01", "from=2026-04-01"),
    (r"from=2026-05-01", "from=yesterday"),
    (r"from=2026-05-01&", ""),
    (r"to=2026-06-01", "to=2026-07-01"),
    (r"tenant=[0-9a-f-]{36}", f"tenant={UNKNOWN}"),
    (r"tenant=[0-9a-f-]{36}&", ""),
    (r"caller=[0-9a-f-]{36}", f"caller={UNKNOWN}"),
    (r"caller=[0-9a-f-]{36}", "caller=platform"),
    (r"caller=[0-9a-f-]{36}&", ""),
    (r"expires=\d+", "expires=9999999999"),
    (r"expires=\d+", "expires=٣"),
    (r"signature=[0-9a-f]{64}", "signature="),
    (r"&signature=[0-9a-f]{64}", ""),
    (r"signature=.", "signature=x"),
    (r"$", "&from=2026-01-01"),
    (r"$", "&x=1"),
]


async def test_an_altered_link_is_forbidden(site: Site) -> None:
    url = await site.url("INVOICES")
    for pattern, replacement in ALTERATIONS:
        altered = re.sub(pattern, replacement, url, count=1)
        assert altered != url
        assert (code_of(await site.open(altered)), altered) == ((403, "LINK_INVALID"), altered)


async def test_the_signature_is_not_logged(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    url = await site.url("INVOICES")
    signature = url.partition("signature=")[2]
    logged: list[str] = []
    with caplog.at_level(logging.DEBUG), caplog.at_level(logging.DEBUG, logger="uvicorn.access"):
        await site.open(url)
        async with asyncio.timeout(5):
            while not any("/exports/" in values for values in logged):  # which follows the response
                await asyncio.sleep(0.01)
                logged = [str(record.__dict__) for record in caplog.records if not record.name.startswith("http")]
    assert [values for values in logged if signature in values] == []


async def test_a_permanent_url_requires_a_token(site: Site) -> None:
    link = (await site.link("PAYMENTS"))["data"]["exportLink"]
    assert link["permanentUrl"] == f"/exports/payments.csv?{PERIOD}&tenant={site.acme}"
    assert code_of(await site.open(link["permanentUrl"])) == (401, "UNAUTHENTICATED")
    for role, tenant_id in ((Role.TENANT_VIEWER, site.acme), (Role.PLATFORM_ADMIN, None)):
        async with site.served.client(role, tenant_id) as client:
            (row,) = rows_of(await client.get(link["permanentUrl"]))
            assert (row["tenant"], row["amount_cents"]) == ("acme", "4000")


async def test_what_a_permanent_url_is_refused_for(site: Site) -> None:
    own, rivals = f"tenant={site.acme}", f"tenant={site.bolt}"
    async with site.served.client(Role.TENANT_ADMIN, site.acme) as client:
        for path, expected in (
            (f"/exports/ledger.csv?{PERIOD}", (403, "FORBIDDEN")),
            (f"/exports/invoices.csv?{PERIOD}&{rivals}", (404, "NOT_FOUND")),
            (f"/exports/invoices.csv?{PERIOD}&tenant={UNKNOWN}", (404, "NOT_FOUND")),
            (f"/exports/invoices.pdf?{PERIOD}", (404, "NOT_FOUND")),
            (f"/exports/tenants.csv?{PERIOD}", (404, "NOT_FOUND")),
            (f"/exports/invoices.csv?{PERIOD}&tenant=acme", (422, "BAD_USER_INPUT")),
            (f"/exports/invoices.csv?{PERIOD}&{own}&{own}", (422, "BAD_USER_INPUT")),
            (f"/exports/invoices.csv?{PERIOD}&tenantId={site.acme}", (422, "BAD_USER_INPUT")),
            ("/exports/invoices.csv?from=2026-05-01", (422, "BAD_USER_INPUT")),
            ("/exports/invoices.csv?from=2026-05-01&to=2026-05-01", (422, "BAD_USER_INPUT")),
            ("/exports/invoices.csv?from=2026-02-30&to=2026-05-01", (422, "BAD_USER_INPUT")),
        ):
            assert (code_of(await client.get(path)), path) == (expected, path)
        assert (await client.post(f"/exports/invoices.csv?{PERIOD}")).status_code == 405


async def copy_payments(given: Given, count: int) -> None:
    """Copies the payments with long texts: 10,000 copies are more than sockets buffer."""
    await given.rows(
        "INSERT INTO payments (id, tenant_id, amount_cents, currency, received_on, method, reference, payer_text,"
        " credit_cents, recorded_at, recorded_by) SELECT gen_random_uuid(), tenant_id, amount_cents, currency,"
        " received_on, method, reference || n, repeat('x', 2000), credit_cents, recorded_at, recorded_by"
        " FROM payments, generate_series(1, $1) AS n",
        count,
    )


async def test_a_client_that_goes_away_stops_the_query(site: Site) -> None:
    await copy_payments(site.given, 10_000)
    async with site.served.client() as client, client.stream("GET", f"/exports/payments.csv?{PERIOD}") as answer:
        texts = answer.aiter_bytes()
        assert (await anext(texts)).startswith(b"id,tenant,")
        await site.until_exporting(1)
    await site.until_exporting(0)


async def test_a_client_that_stops_reading_stops_the_query(site: Site, settings: Settings, clock: Clock) -> None:
    await copy_payments(site.given, 10_000)
    impatient = replace(settings, idle_transaction_timeout=1)
    path = f"/exports/payments.csv?{PERIOD}"
    async with serve_api(impatient, clock) as api, api.client() as client, client.stream("GET", path) as answer:
        texts = answer.aiter_bytes()
        await anext(texts)
        await site.until_exporting(1)
        await site.until_exporting(0)


async def test_an_export_that_fails_midway_lacks_its_end(site: Site) -> None:
    await copy_payments(site.given, 10_000)
    with pytest.raises(httpx.RemoteProtocolError):
        async with site.served.client() as client, client.stream("GET", f"/exports/payments.csv?{PERIOD}") as answer:
            texts = answer.aiter_bytes()
            await anext(texts)
            assert site.of_exports("pg_terminate_backend(pid)") == [(True,)]
            async for _ in texts:
                pass


async def test_a_few_exports_at_once(site: Site, settings: Settings, clock: Clock) -> None:
    """Of a pool of 7 connections, exports may use two, and one caller one of them."""
    await copy_payments(site.given, 10_000)
    path = f"/exports/payments.csv?{PERIOD}"
    async with serve_api(replace(settings, database_pool_size=7), clock) as served, AsyncExitStack() as opened:
        ada, eve, bob = [
            await opened.enter_async_context(served.client(subject=name)) for name in ("ada", "eve", "bob")
        ]
        async with ada.stream("GET", path) as first:
            texts = first.aiter_bytes()
            await anext(texts)
            assert code_of(await ada.get(path)) == (429, "RATE_LIMITED")
            async with eve.stream("GET", path) as second:
                others = second.aiter_bytes()
                await anext(others)
                assert code_of(await bob.get(path)) == (503, "SERVICE_UNAVAILABLE")
        await site.until_exporting(0)
        assert (await ada.get(path)).text.count("\n") == 20_003
