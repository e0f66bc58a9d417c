"""Whatever changes an invoice's balance is pushed, and the pushes add up to it."""

from datetime import UTC, datetime

import msgspec

from app.operations.data_integrity import check
from app.operations.finance.payloads import PAYLOAD_OF, PushedInvoice, PushedRecovery
from app.operations.invoices import issue_invoice, void_invoice
from app.operations.payments import NewRecovery, record_recovery, reverse_payment, write_off_invoice
from app.tables.finance import FinancePushKind
from app.tables.payments import PaymentMethod
from tests.operations.finance.conftest import Finance
from tests.operations.given import Given
from tests.operations.months import APRIL, roll_up
from tests.operations.receivables import credit, figure_1, issued, pay


async def test_a_payment_that_bounces_after_a_credit_note(given: Given, finance: Finance) -> None:
    await figure_1(given)
    tenant_id, invoice_id = await issued(given)
    payment_id = await pay(given, tenant_id, 7064)
    await credit(given, invoice_id, (3, 672))
    await reverse_payment(given.platform, payment_id=payment_id, reason="bounced")
    await finance.push()
    assert [(one.body["kind"], one.body["balanceCents"]) for one in finance.pushed] == [
        ("INVOICE_ISSUED", 7064),
        ("PAYMENT_RECORDED", 0),
        ("CREDIT_NOTE_ISSUED", 0),
        ("PAYMENT_REVERSED", 7064),
        ("CREDIT_APPLIED", 6325),
    ]
    base = f"/receivables/{invoice_id}"
    assert [one.path for one in finance.pushed][3:] == [
        f"{base}/payment-reversals/{payment_id}",
        f"{base}/credit-applications/{finance.pushed[4].key}",
    ]
    assert (finance.pushed[2].body["creditCents"], finance.pushed[3].body["amountCents"]) == (739, 7064)
    assert await finance.reconcile() == []


async def test_a_write_off_and_a_recovery(given: Given, finance: Finance) -> None:
    await figure_1(given)
    tenant_id, invoice_id = await issued(given)
    await credit(given, invoice_id, (3, 672))
    await pay(given, tenant_id, 4000)
    await write_off_invoice(given.platform, invoice_id=invoice_id, reason="insolvent")
    recovery = NewRecovery(invoice_id, 1000, given.clock().date(), PaymentMethod.CARD, "card-1")
    recovery_id = await record_recovery(given.platform, recovery)
    await credit(given, invoice_id, (2, 100))
    await finance.push()
    kinds = [(one.body["kind"], one.body["balanceChangeCents"]) for one in finance.pushed]
    assert kinds[3:] == [("BALANCE_WRITTEN_OFF", -2325), ("RECOVERY_RECORDED", 0), ("CREDIT_NOTE_ISSUED", 0)]
    recovered = msgspec.json.decode(finance.pushed[4].bytes, type=PushedRecovery)
    assert (recovered.recovery_id, recovered.amount_cents, recovered.method) == (recovery_id, 1000, "CARD")
    assert finance.pushed[5].body["writtenOffCents"] == 110
    assert await finance.reconcile() == []
    assert await check(given.platform) == []


async def test_an_invoice_that_replaces_a_void_one_names_it(given: Given, finance: Finance) -> None:
    given.clock.set(2026, 5, 1, 3)
    await figure_1(given)
    tenant_id, first_id = await issued(given)
    await void_invoice(given.platform, invoice_id=first_id, reason="wrong plan")
    await roll_up(given, APRIL, tenant_ids=[tenant_id])
    draft = await given.row("SELECT id FROM tenant_invoices WHERE status = 'DRAFT'")
    second_id = await issue_invoice(given.platform, invoice_id=draft["id"])
    given.clock.now = datetime.now(UTC)
    await finance.push()
    bodies = {one.path: one.bytes for one in finance.pushed}
    second_path = f"/receivables/{second_id}"
    of_first = [path for path in bodies if path != second_path]
    assert of_first == [f"/receivables/{first_id}", f"/receivables/{first_id}/voids/{first_id}"]
    second = msgspec.json.decode(bodies[second_path], type=PushedInvoice)
    assert second.supersedes is not None
    assert (second.supersedes.invoice_id, second.supersedes.number) == (first_id, "INV-2026-000001")


def test_every_kind_has_a_body() -> None:
    assert set(PAYLOAD_OF) == set(FinancePushKind)
