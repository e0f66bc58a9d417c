"""The documents of figure 1 in the database: what is kept at issue, and what becomes of them."""

from dataclasses import replace
from hashlib import sha256
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from app.operations.calls.principal import Principal, Role
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.documents import rendering
from app.operations.documents.document_data import DocumentData, DocumentKind
from app.operations.documents.document_files import read_document
from app.operations.documents.gathering import gather
from app.operations.documents.layout import layout
from app.operations.documents.links import DocumentFormat
from app.operations.documents.pdf import render_pdf
from app.operations.documents.rendering import render_documents
from app.operations.invoices import issue_invoice
from app.operations.issue_runs import issue_invoices, issue_run_here
from app.operations.tenants import update_tenant
from app.settings import Environment
from tests.operations.given import Given
from tests.operations.months import APRIL
from tests.operations.receivables import credit, drafted, figure_1, issued, pay

PDF, HTML, XML = DocumentFormat


async def data_of(given: Given, tenant_id: UUID, document_id: UUID) -> DocumentData:
    row = await given.row("SELECT count(*) AS notes FROM credit_notes WHERE id = $1", document_id)
    kind = DocumentKind.CREDIT_NOTE if row["notes"] else DocumentKind.INVOICE
    return await given.database.run_in_transaction(
        given.platform.principal.scope, lambda unit: gather(unit, given.platform, tenant_id, document_id, kind)
    )


async def draft_of(given: Given, tenant_id: UUID) -> UUID:
    row = await given.row("SELECT id FROM tenant_invoices WHERE tenant_id = $1", tenant_id)
    invoice_id: UUID = row["id"]
    return invoice_id


async def kept(given: Given, document_id: UUID) -> dict[str, Any]:
    return await given.row("SELECT pdf, pdf_sha256 FROM issued_documents WHERE id = $1", document_id)


async def test_the_document_of_figure_1(given: Given) -> None:
    await figure_1(given)
    tenant_id, invoice_id = await issued(given)
    document = await data_of(given, tenant_id, invoice_id)
    texts = layout(document)
    assert (texts["title"], texts["number"], texts["draft"]) == ("Tax invoice", "INV-2026-000001", False)
    (group,) = texts["groups"]
    assert [
        (line["description"], line["notes"], line["quantity"], line["price"], line["amount"]) for line in group["lines"]
    ] == [
        ("Plan: studio v1", [], "1", "50.00", "50.00"),
        ("Add-on: storage_50gb", [], "1", "7.50", "7.50"),
        (
            "droplet_hours: 672 h over 1488 h included",
            ["Used 2,160 h, of which 1,488 h included; charged: 672 at 0.01"],
            "672 h",
            "0.01",
            "6.72",
        ),
    ]
    assert {line["tax"] for line in group["lines"]} == {"GST 10%"}
    assert texts["totals"] == [
        ["Subtotal without tax", "64.22"],
        ["GST (10% of 64.22)", "6.42"],
        ["Total including tax", "70.64"],
    ]
    assert texts["due"][-1][1] == "AUD 70.64"


async def test_the_pdf_and_its_hash_are_kept_at_issue(given: Given) -> None:
    await figure_1(given)
    _, invoice_id = await issued(given)
    found = await kept(given, invoice_id)
    assert found["pdf"].startswith(b"%PDF-")
    assert found["pdf_sha256"] == sha256(found["pdf"]).hexdigest()
    read = await read_document(given.platform, invoice_id, PDF)
    assert read == (found["pdf"], "INV-2026-000001.pdf")


async def test_an_issued_document_does_not_change(given: Given) -> None:
    await figure_1(given)
    tenant_id, invoice_id = await issued(given)
    before, buyer = await kept(given, invoice_id), (await data_of(given, tenant_id, invoice_id)).parties.buyer
    await update_tenant(given.platform, tenant_id=tenant_id, legal_name="Another Pty Ltd", billing_address="Elsewhere")
    await pay(given, tenant_id, 4000)
    assert await kept(given, invoice_id) == before
    assert (await data_of(given, tenant_id, invoice_id)).parties.buyer == buyer
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="an issued document does not change"):
        await given.rows("UPDATE issued_documents SET pdf = NULL, pdf_sha256 = NULL WHERE id = $1", invoice_id)


async def test_credit_applied_at_issue_is_on_the_invoice(given: Given) -> None:
    await figure_1(given)
    tenant_id, _ = await drafted(given)
    await pay(given, tenant_id, 675)
    invoice_id = await issue_invoice(given.platform, invoice_id=await draft_of(given, tenant_id))
    texts = layout(await data_of(given, tenant_id, invoice_id))
    assert texts["due"][0] == ["Paid from your credit balance", "−6.75"]
    assert texts["due"][1][1] == "AUD 63.89"


async def test_the_html_shows_what_is_paid_since(given: Given) -> None:
    await figure_1(given)
    tenant_id, invoice_id = await issued(given)
    await credit(given, invoice_id, (3, 672))
    await pay(given, tenant_id, 4000)
    texts = layout(await data_of(given, tenant_id, invoice_id))
    assert texts["account"]["rows"] == [
        ["Total", "70.64"],
        ["Paid", "−40.00"],
        ["Credit notes", "−7.39"],
        ["Balance", "AUD 23.25"],
    ]
    page = (await read_document(given.platform, invoice_id, HTML)).content.decode()
    assert "AUD 23.25" in page


async def test_an_adjustment_note_shows_the_price_before_and_after(given: Given) -> None:
    await figure_1(given)
    tenant_id, invoice_id = await issued(given)
    await credit(given, invoice_id, (3, 672))
    note_id = await credit(given, invoice_id, (2, 750))
    texts = layout(await data_of(given, tenant_id, note_id))
    assert (texts["title"], texts["number"]) == ("Adjustment note", "CRN-2026-000002")
    assert ["Adjusts invoice", "INV-2026-000001"] in texts["facts"]
    assert texts["statement"] == ["Reason", "Goodwill: a slow week"]
    (line,) = texts["groups"][0]["lines"]
    assert (line["quantity"], line["price"], line["amount"]) == ("7.50", "0.00", "7.50")
    assert texts["totals"] == [
        ["Price before, including tax", "63.25"],
        ["Price after, including tax", "55.00"],
        ["Decrease without tax", "7.50"],
        ["Decrease of GST (10% of 7.50)", "0.75"],
        ["Total decrease, including tax", "8.25"],
    ]
    assert texts["due"] == [["Taken off INV-2026-000001", "AUD 8.25"]]
    assert (await kept(given, note_id))["pdf_sha256"] is not None


async def test_a_draft_has_a_pdf_that_is_not_kept_and_no_e_invoice(given: Given) -> None:
    await figure_1(given)
    tenant_id, _ = await drafted(given)
    invoice_id = await draft_of(given, tenant_id)
    read = await read_document(given.platform, invoice_id, PDF)
    assert (read.content[:5], read.name) == (b"%PDF-", "draft.pdf")
    assert await given.rows("SELECT id FROM issued_documents") == []
    with pytest.raises(Refusal) as refused:
        await read_document(given.platform, invoice_id, XML)
    assert refused.value.code is ProblemCode.INVOICE_NOT_ISSUED


async def test_the_job_renders_what_a_run_issued(given: Given) -> None:
    await figure_1(given)
    await drafted(given, "acme")
    await drafted(given, "bolt")
    run_id = await issue_invoices(given.platform, period_start=APRIL)
    await issue_run_here(given.platform, run_id=run_id)
    assert [row["pdf_sha256"] for row in await given.rows("SELECT pdf_sha256 FROM issued_documents")] == [None, None]
    assert await render_documents(given.platform) == 2
    assert await render_documents(given.platform) == 0
    correct = "SELECT bool_and(pdf_sha256 = encode(sha256(pdf), 'hex')) AS correct FROM issued_documents"
    assert await given.row(correct) == {"correct": True}


async def test_a_document_that_cannot_be_rendered_does_not_stop_the_others(
    given: Given, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await figure_1(given)
    await drafted(given, "acme")
    await drafted(given, "bolt")
    await issue_run_here(given.platform, run_id=await issue_invoices(given.platform, period_start=APRIL))

    def fails_once(document: DocumentData, logo: object) -> bytes:
        if document.number == "INV-2026-000001":
            raise ValueError("no such font")
        return render_pdf(document, None)

    monkeypatch.setattr(rendering, "render_pdf", fails_once)
    assert await render_documents(given.platform) == 1
    (record,) = [record for record in caplog.records if "cannot be rendered" in record.message]
    assert record.exc_info is not None
    monkeypatch.undo()
    assert await render_documents(given.platform) == 1


async def test_production_issues_no_australian_invoice_without_a_supplier(given: Given) -> None:
    await figure_1(given)
    tenant_id, _ = await drafted(given)
    invoice_id = await draft_of(given, tenant_id)
    production = replace(given.settings, environment=Environment.PRODUCTION)
    with pytest.raises(Refusal) as refused:
        await issue_invoice(replace(given.platform, settings=production), invoice_id=invoice_id)
    assert refused.value.code is ProblemCode.SUPPLIER_INCOMPLETE
    assert refused.value.message.endswith(": ARCADIA_SUPPLIER_NAME and ARCADIA_SUPPLIER_ABN must be set")
    complete = replace(production, supplier_name="Arcadia Cloud Pty Ltd", supplier_abn="51824753556")
    await issue_invoice(replace(given.platform, settings=complete), invoice_id=invoice_id)
    supplier = (await data_of(given, tenant_id, invoice_id)).parties.supplier
    assert (supplier.name, supplier.abn) == ("Arcadia Cloud Pty Ltd", "51824753556")


async def test_a_document_is_read_by_its_tenant_and_unknown_to_others(given: Given) -> None:
    await figure_1(given)
    tenant_id, invoice_id = await issued(given, "acme")
    other_id = await given.tenant("bolt")
    for document_format in DocumentFormat:
        own = Principal("ada", frozenset({Role.TENANT_VIEWER}), tenant_id)
        assert (await read_document(replace(given.platform, principal=own), invoice_id, document_format)).content
        for key in (invoice_id, UUID(int=7)):
            other = Principal("bob", frozenset({Role.TENANT_ADMIN}), other_id)
            with pytest.raises(Refusal) as refused:
                await read_document(replace(given.platform, principal=other), key, document_format)
            assert (refused.value.code, refused.value.message) == (
                ProblemCode.NOT_FOUND,
                f"document '{key}' does not exist",
            )


async def test_a_meter_reads_no_documents(given: Given) -> None:
    await figure_1(given)
    tenant_id, invoice_id = await issued(given)
    meter = Principal("meter", frozenset({Role.METER}), tenant_id)
    with pytest.raises(Refusal) as refused:
        await read_document(replace(given.platform, principal=meter), invoice_id, PDF)
    assert refused.value.code is ProblemCode.PERMISSION_DENIED
