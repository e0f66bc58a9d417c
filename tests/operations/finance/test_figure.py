"""Invoice, credit note and a payment in two parts reach the finance system in order, and its balances are ours."""

import msgspec

from app.operations.finance.payloads import PushedCreditNote, PushedInvoice, PushedPayment, RevenueAmount, TaxAmount
from tests.operations.finance.conftest import Finance
from tests.operations.given import Given
from tests.operations.receivables import credit, figure_1, issued, pay


async def test_an_invoice_a_credit_note_and_a_payment_in_two_parts(given: Given, finance: Finance) -> None:
    await figure_1(given)
    tenant_id, invoice_id = await issued(given)
    note_id = await credit(given, invoice_id, (3, 672))
    first, second = await pay(given, tenant_id, 4000), await pay(given, tenant_id, 3000, "bank-2")
    assert await finance.push() == 4
    base = f"/receivables/{invoice_id}"
    assert [one.path for one in finance.pushed] == [
        base,
        f"{base}/credit-notes/{note_id}",
        f"{base}/payments/{first}",
        f"{base}/payments/{second}",
    ]
    changes = [
        (one.body["sequence"], one.body["balanceChangeCents"], one.body["balanceCents"]) for one in finance.pushed
    ]
    assert changes == [(1, 7064, 7064), (2, -739, 6325), (3, -4000, 2325), (4, -2325, 0)]
    rows = await given.rows("SELECT id, status, external_id, body FROM finance_pushes ORDER BY sequence")
    assert [(str(row["id"]), row["body"].encode()) for row in rows] == [(one.key, one.bytes) for one in finance.pushed]
    assert [(row["status"], row["external_id"]) for row in rows] == [("SENT", f"fin-00000{at}") for at in (1, 2, 3, 4)]
    assert await finance.reconcile() == []
    finance.alter(lambda ledger: ledger["receivables"][str(invoice_id)].update(balanceCents=1))
    assert await finance.reconcile() == [(0, 1)]


async def test_what_the_bodies_say(given: Given, finance: Finance) -> None:
    await figure_1(given)
    tenant_id, invoice_id = await issued(given)
    await given.rows("UPDATE tenants SET name = 'Changed since'")
    note_id = await credit(given, invoice_id, (3, 672))
    await pay(given, tenant_id, 7000)
    assert await finance.push() == 3
    bodies = [one.bytes for one in finance.pushed]
    invoice = msgspec.json.decode(bodies[0], type=PushedInvoice)
    documents = {row["id"]: row for row in await given.rows("SELECT id, pdf_sha256 FROM issued_documents")}
    assert invoice.revenue == (
        RevenueAmount(account="Income:Revenue:PlanBase:AUD", line_kind="PLAN_BASE", resource_kind=None, net_cents=5000),
        RevenueAmount(
            account="Income:Revenue:Addon:Storage-gb:AUD", line_kind="ADDON", resource_kind="storage_gb", net_cents=750
        ),
        RevenueAmount(
            account="Income:Revenue:Overage:Droplet-hours:AUD",
            line_kind="OVERAGE",
            resource_kind="droplet_hours",
            net_cents=672,
        ),
    )
    assert invoice.taxes == (TaxAmount(account="Liabilities:TaxPayable:GST:10-Percent:AUD", tax_cents=642),)
    assert (invoice.net_cents, invoice.tax_cents, invoice.total_cents) == (6422, 642, 7064)
    assert (invoice.tenant.code, invoice.tenant.name, invoice.tenant.abn) == ("acme", "Acme", None)
    assert (invoice.invoice_number, invoice.supersedes) == ("INV-2026-000001", None)
    assert (invoice.document.url, invoice.document.sha256) == (
        f"https://billing.example.com/documents/{invoice_id}.pdf",
        documents[invoice_id]["pdf_sha256"],
    )
    note = msgspec.json.decode(bodies[1], type=PushedCreditNote)
    assert note.taxes == (TaxAmount(account="Liabilities:TaxPayable:GST:10-Percent:AUD", tax_cents=67),)
    assert [(one.account, one.net_cents) for one in note.revenue] == [("Income:Revenue:Overage:Droplet-hours:AUD", 672)]
    assert (note.number, note.total_cents, note.receivable_cents) == ("CRN-2026-000001", 739, 739)
    assert note.document.sha256 == documents[note_id]["pdf_sha256"]
    payment = msgspec.json.decode(bodies[2], type=PushedPayment)
    assert (payment.amount_cents, payment.payment_cents, payment.credit_cents) == (6325, 7000, 675)
    assert (payment.reference, payment.method, payment.received_on) == ("bank-1", "BANK_TRANSFER", given.clock().date())
