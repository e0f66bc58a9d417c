"""GET /documents: links that are signed, links that are altered or expired, and permanent URLs with a token."""

import asyncio
import logging
import os
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from app.database import Database
from app.operations.calls.principal import Role
from app.operations.documents.links import DocumentFormat, signed_url
from app.queue import Queue
from app.settings import Settings
from tests.clock import Clock
from tests.operations.given import Given
from tests.operations.receivables import credit, drafted, figure_1, issued
from tests.server.served_api import ServedApi, ask, serve_api

SECRET = "a secret of links, thirty-two bytes or more"
PREVIOUS = "the secret before it, thirty-two bytes or more"
LINKS = "query($id: ID!) { invoice(id: $id) { pdfUrl htmlUrl eInvoiceUrl documentUrl pdfSha256 } }"
NOTE_LINKS = "query($id: ID!) { creditNote(id: $id) { pdfUrl htmlUrl eInvoiceUrl documentUrl pdfSha256 } }"
UNKNOWN = UUID("01890000-0000-7000-8000-000000000009")
MEDIA = {
    "pdfUrl": "application/pdf",
    "htmlUrl": "text/html; charset=utf-8",
    "eInvoiceUrl": "application/xml; charset=utf-8",
}


@dataclass
class Site:
    """An API with the invoice of figure 1 of one tenant, and another tenant."""

    served: ServedApi
    given: Given
    tenant_id: UUID
    invoice_id: UUID
    other_id: UUID

    async def links(self, query: str = LINKS, document_id: UUID | None = None) -> dict[str, Any]:
        async with self.served.client(Role.TENANT_VIEWER, self.tenant_id) as client:
            answer = await ask(client, query, id=str(document_id or self.invoice_id))
        (links,) = answer["data"].values()
        found: dict[str, Any] = links
        return found

    async def open(self, url: str) -> httpx.Response:
        """What a browser without a token gets."""
        async with httpx.AsyncClient(base_url=self.served.url) as browser:
            return await browser.get(url)


@pytest.fixture
async def given(database: Database, clock: Clock, settings: Settings) -> AsyncIterator[Given]:
    async with Queue(settings) as queue:
        yield Given(database, clock, settings, queue)


@pytest.fixture
async def site(given: Given, settings: Settings, clock: Clock) -> AsyncIterator[Site]:
    await figure_1(given)
    tenant_id, invoice_id = await issued(given)
    other_id = await given.tenant("bolt")
    async with serve_api(replace(settings, link_secret=SECRET), clock) as served:
        yield Site(served, given, tenant_id, invoice_id, other_id)


async def test_each_link_opens_its_format_without_a_token(site: Site) -> None:
    links = await site.links()
    for field, media_type in MEDIA.items():
        answer = await site.open(links[field])
        assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
        assert answer.headers["cache-control"] == "private, no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-content-type-options"] == "nosniff"
        suffix = media_type.partition("/")[2].partition(";")[0]
        assert answer.headers["content-disposition"] == f'inline; filename="INV-2026-000001.{suffix}"'


async def test_the_pdf_has_the_hash_that_the_invoice_names(site: Site) -> None:
    links = await site.links()
    assert sha256((await site.open(links["pdfUrl"])).content).hexdigest() == links["pdfSha256"]


async def test_a_page_may_load_nothing_but_its_own_style(site: Site) -> None:
    answer = await site.open((await site.links())["htmlUrl"])
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "Total including tax" in answer.text
    assert "<script" not in answer.text


async def test_a_credit_note_has_links_too(site: Site) -> None:
    note_id = await credit(site.given, site.invoice_id, (3, 672))
    links = await site.links(NOTE_LINKS, note_id)
    answer = await site.open(links["pdfUrl"])
    assert (answer.status_code, answer.headers["content-disposition"]) == (
        200,
        'inline; filename="CRN-2026-000001.pdf"',
    )


async def test_a_link_is_accepted_for_five_minutes_and_then_gone(site: Site, clock: Clock) -> None:
    url = (await site.links())["pdfUrl"]
    clock.now += timedelta(minutes=5) - timedelta(seconds=1)
    assert (await site.open(url)).status_code == 200
    clock.now += timedelta(seconds=1)
    answer = await site.open(url)
    assert answer.status_code == 410
    (error,) = answer.json()["errors"]
    assert error["extensions"]["code"] == "LINK_EXPIRED"
    assert error["message"] == ("The link has expired: links are valid for five minutes. Request a new one.")


ALTERATIONS = [
    (r"\.pdf", ".html"),
    (r"\.pdf", ".xml"),
    (r"documents/[0-9a-f-]{36}", f"documents/{UNKNOWN}"),
    (r"tenant=[0-9a-f-]{36}", f"tenant={UNKNOWN}"),
    (r"tenant=[0-9a-f-]{36}&", ""),
    (r"tenant=[0-9a-f-]{36}", "tenant=nobody"),
    (r"expires=\d+", "expires=9999999999"),
    (r"expires=\d+", "expires=٣"),
    (r"signature=[0-9a-f]{64}", "signature="),
    (r"signature=[0-9a-f]{64}", "signature=é"),
    (r"&signature=[0-9a-f]{64}", ""),
    (r"signature=.", "signature=x"),
]


async def test_an_altered_link_is_forbidden(site: Site) -> None:
    url = (await site.links())["pdfUrl"]
    for pattern, replacement in ALTERATIONS:
        altered = re.sub(pattern, replacement, url, count=1)
        assert altered != url
        answer = await site.open(altered)
        assert (answer.status_code, altered) == (403, altered)
        (error,) = answer.json()["errors"]
        assert error["extensions"]["code"] == "LINK_INVALID"
        assert error["message"] == "The link's signature is wrong: use the link exactly as it was given."


async def test_the_links_of_the_secret_before_are_accepted(site: Site, settings: Settings, clock: Clock) -> None:
    url = (await site.links())["pdfUrl"]
    rotated = replace(settings, link_secret=PREVIOUS, previous_link_secret=SECRET)
    forgotten = replace(settings, link_secret=PREVIOUS)
    for own, status in ((rotated, 200), (forgotten, 403)):
        async with serve_api(own, clock) as served, httpx.AsyncClient(base_url=served.url) as browser:
            assert (await browser.get(url)).status_code == status


async def test_the_signature_is_not_logged(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    url = (await site.links())["pdfUrl"]
    signature = url.partition("signature=")[2]
    logged: list[str] = []
    with caplog.at_level(logging.DEBUG), caplog.at_level(logging.DEBUG, logger="uvicorn.access"):
        await site.open(url)
        async with asyncio.timeout(5):
            while not any("/documents/" in values for values in logged):  # which follows the response
                await asyncio.sleep(0.01)
                logged = [str(record.__dict__) for record in caplog.records if not record.name.startswith("http")]
    assert [values for values in logged if signature in values] == []


async def test_a_permanent_url_requires_a_token(site: Site) -> None:
    url = (await site.links())["documentUrl"]
    refused = await site.open(url)
    assert (refused.status_code, refused.json()["errors"][0]["extensions"]["code"]) == (401, "UNAUTHENTICATED")
    for role, tenant_id in (
        (Role.TENANT_VIEWER, site.tenant_id),
        (Role.TENANT_ADMIN, site.tenant_id),
        (Role.PLATFORM_ADMIN, None),
    ):
        async with site.served.client(role, tenant_id) as client:
            answer = await client.get(url)
            assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
            assert answer.headers["cache-control"] == "private, no-store"


async def test_another_tenants_document_is_an_unknown_one(site: Site) -> None:
    async with site.served.client(Role.TENANT_ADMIN, site.other_id) as client:
        for suffix in ("pdf", "html", "xml"):
            answers = [await client.get(f"/documents/{key}.{suffix}") for key in (site.invoice_id, UNKNOWN)]
            seen = [
                (answer.status_code, re.sub(r"[0-9a-f-]{32,36}", "ID", answer.text), sorted(answer.headers))
                for answer in answers
            ]
            assert seen[0] == seen[1]
            assert answers[0].status_code == 404
            assert answers[0].json()["errors"][0]["extensions"]["code"] == "NOT_FOUND"


async def test_a_link_made_for_another_tenant_finds_nothing(site: Site, settings: Settings) -> None:
    own = replace(settings, link_secret=SECRET)
    url = signed_url(own, site.invoice_id, DocumentFormat.PDF, site.other_id, site.served.clock())
    assert (await site.open(url)).status_code == 404


async def test_a_meter_may_not_read_documents(site: Site) -> None:
    async with site.served.client(Role.METER, site.tenant_id) as client:
        answer = await client.get(f"/documents/{site.invoice_id}.pdf")
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (403, "FORBIDDEN")


async def test_a_draft_has_no_e_invoice(site: Site) -> None:
    await drafted(site.given, "corp")
    row = await site.given.row("SELECT id FROM tenant_invoices WHERE status = 'DRAFT'")
    async with site.served.client() as client:
        links = (await ask(client, LINKS, id=str(row["id"])))["data"]["invoice"]
        assert (links["eInvoiceUrl"], links["pdfSha256"]) == (None, None)
        assert (await client.get(links["pdfUrl"])).headers["content-disposition"] == 'inline; filename="draft.pdf"'
        answer = await client.get(f"/documents/{row['id']}.xml")
    assert (answer.status_code, answer.json()["errors"][0]["message"]) == (
        409,
        "a draft has no e-invoice; issue the invoice first",
    )


async def test_other_addresses_are_not_found(site: Site) -> None:
    async with site.served.client() as client:
        for path in ("x.pdf", f"{UNKNOWN}.png", f"{UNKNOWN}", f"{UNKNOWN}.pdf.pdf", f"{UNKNOWN}.PDF"):
            assert ((await client.get(f"/documents/{path}")).status_code, path) == (404, path)


async def test_links_begin_with_the_public_url(site: Site, settings: Settings, clock: Clock) -> None:
    own = replace(settings, link_secret=SECRET, public_url="https://example.com/billing")
    async with serve_api(own, clock) as served, served.client() as client:
        links = (await ask(client, LINKS, id=str(site.invoice_id)))["data"]["invoice"]
    assert links["documentUrl"] == f"https://example.com/billing/documents/{site.invoice_id}.pdf"
    assert links["pdfUrl"].startswith(f"https://example.com/billing/documents/{site.invoice_id}.pdf?tenant=")


async def test_the_commands_of_the_page_run(site: Site, tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "documents.md").read_text(encoding="utf-8")
    commands = re.findall(r"(?m)^    (.+)$", page)
    assert len(commands) == 4
    async with site.served.client(Role.TENANT_VIEWER, site.tenant_id) as client:
        token = client.headers["authorization"].removeprefix("Bearer ")
    said = []
    for command in commands:
        process = await asyncio.create_subprocess_exec(
            *("bash", "-c", command.replace("http://127.0.0.1:8000", site.served.url)),
            cwd=tmp_path,
            env={**os.environ, "TOKEN": token, "ID": str(site.invoice_id)},
            stdout=asyncio.subprocess.PIPE,
        )
        output, _ = await process.communicate()
        assert process.returncode == 0
        said.append(output.decode().strip())
    assert re.fullmatch(r"[0-9a-f]{64}", said[0])
    assert said[3] == f"{(await site.links())['pdfSha256']}  invoice.pdf"
    assert (tmp_path / "invoice.xml").read_bytes().startswith(b"<?xml")
