"""What the mutations on payments, credit and write-offs refuse: code and path of each problem; nothing is written."""

from typing import Any
from uuid import UUID

import pytest

from app.operations.calls.principal import Role
from app.operations.invoices import void_invoice
from app.tables.ids import new_id
from tests.operations.receivables import drafted, figure_1
from tests.schema.api import Api, refused
from tests.schema.receivables import first_invoice, pay, payment

UNKNOWN = "019d4500-0000-7000-8000-000000000009"


async def refuses(api: Api, name: str, given: dict[str, Any], code: str, *path: str) -> None:
    before = await api.given.contents()
    assert await api.mutate(name, given) == refused(code, *path)
    assert await api.given.contents() == before


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ({"amountCents": 0}, "VALIDATION_FAILED", ["amountCents"]),
        ({"amountCents": -1}, "VALIDATION_FAILED", ["amountCents"]),
        ({"amountCents": 2**63 - 1}, "VALIDATION_FAILED", ["amountCents"]),
        ({"currency": "USD"}, "CURRENCY_MISMATCH", ["currency"]),
        ({"currency": "aud"}, "VALIDATION_FAILED", ["currency"]),
        ({"receivedOn": "2026-05-02"}, "VALIDATION_FAILED", ["receivedOn"]),
        ({"receivedOn": "1999-12-31"}, "VALIDATION_FAILED", ["receivedOn"]),
        ({"reference": " "}, "VALIDATION_FAILED", ["reference"]),
        ({"reference": "x" * 201}, "VALIDATION_FAILED", ["reference"]),
        ({"payerText": "a\nb"}, "VALIDATION_FAILED", ["payerText"]),
        ({"tenantId": UNKNOWN}, "NOT_FOUND", ["tenantId"]),
    ],
)
async def test_a_payment_that_cannot_be(api: Api, changes: dict[str, Any], code: str, path: list[str]) -> None:
    tenant_id, _ = await first_invoice(api)
    await refuses(api, "recordPayment", {**payment(tenant_id, 100), **changes}, code, *path)


async def test_allocations_that_do_not_fit(api: Api) -> None:
    tenant_id, invoice_id = await first_invoice(api)
    _, rivals_id = await first_invoice(api, "rival")
    draft_tenant, _ = await drafted(api.given, "third")
    draft = await api.given.row("SELECT id FROM tenant_invoices WHERE tenant_id = $1", draft_tenant)
    good = {"invoiceId": invoice_id, "amountCents": 100}
    for allocations, code, path in (
        ([good, good], "VALIDATION_FAILED", ["1", "invoiceId"]),
        ([{**good, "amountCents": 0}], "VALIDATION_FAILED", ["0", "amountCents"]),
        ([{**good, "amountCents": 7065}], "VALIDATION_FAILED", ["0", "amountCents"]),
        ([{**good, "amountCents": 8001}], "VALIDATION_FAILED", []),
        ([good, {**good, "invoiceId": UNKNOWN}], "NOT_FOUND", ["1", "invoiceId"]),
        ([good, {**good, "invoiceId": rivals_id}], "NOT_FOUND", ["1", "invoiceId"]),
        ([good, {**good, "invoiceId": str(draft["id"])}], "NOT_FOUND", ["1", "invoiceId"]),
    ):
        asked = payment(tenant_id, 8000, allocations=allocations)
        await refuses(api, "recordPayment", asked, code, "allocations", *path)


async def test_allocations_pay_what_they_name_and_the_rest_is_credit(api: Api) -> None:
    tenant_id, invoice_id = await first_invoice(api)
    asked = payment(tenant_id, 8000, allocations=[{"invoiceId": invoice_id, "amountCents": 64}])
    selection = "... on PaymentRecorded { payment { creditCents tenant { creditBalanceCents openBalanceCents } } }"
    answer = await api.mutate("recordPayment", asked, selection)
    tenant = {"creditBalanceCents": 7936, "openBalanceCents": 7000}
    assert answer["payment"] == {"creditCents": 7936, "tenant": tenant}
    none = await api.mutate("recordPayment", payment(tenant_id, 1, "bank-2", allocations=[]), selection)
    assert none["payment"] == {"creditCents": 1, "tenant": {**tenant, "creditBalanceCents": 7937}}


async def test_a_reference_names_one_payment_of_a_tenant_and_method(api: Api) -> None:
    tenant_id, invoice_id = await first_invoice(api)
    rival_id, _ = await first_invoice(api, "rival")
    recorded = await pay(api, tenant_id, 100)
    before = await api.given.contents()
    assert await pay(api, tenant_id, 100) == recorded
    assert await api.given.contents() == before
    allocations = [{"invoiceId": invoice_id, "amountCents": 100}]
    for changes in (
        {"amountCents": 101},
        {"receivedOn": "2026-04-30"},
        {"payerText": "x"},
        {"allocations": allocations},
        {"currency": "USD"},
    ):
        await refuses(api, "recordPayment", {**payment(tenant_id, 100), **changes}, "CONFLICT", "reference")
    assert len({recorded, await pay(api, tenant_id, 100, method="CARD"), await pay(api, rival_id, 100)}) == 3
    await api.mutate("reversePayment", {"paymentId": recorded, "reason": "dishonoured"})
    await refuses(api, "recordPayment", payment(tenant_id, 100), "CONFLICT", "reference")


async def test_credit_that_cannot_be_used(api: Api) -> None:
    tenant_id, invoice_id = await first_invoice(api)
    _, rivals_id = await first_invoice(api, "rival")
    await refuses(api, "allocateCredit", {"tenantId": UNKNOWN}, "NOT_FOUND", "tenantId")
    for foreign in (rivals_id, UNKNOWN):
        asked = {"tenantId": tenant_id, "invoiceIds": [invoice_id, foreign]}
        await refuses(api, "allocateCredit", asked, "NOT_FOUND", "invoiceIds", "1")
    refund = {"tenantId": tenant_id, "amountCents": 1, "paidOutOn": "2026-05-01", "reference": "out-1"}
    for changes, code, path in (
        ({}, "CREDIT_TOO_SMALL", "amountCents"),
        ({"amountCents": 0}, "VALIDATION_FAILED", "amountCents"),
        ({"paidOutOn": "2026-05-02"}, "VALIDATION_FAILED", "paidOutOn"),
        ({"reference": ""}, "VALIDATION_FAILED", "reference"),
        ({"tenantId": UNKNOWN}, "NOT_FOUND", "tenantId"),
    ):
        await refuses(api, "refundCredit", {**refund, **changes}, code, path)


async def test_a_payment_whose_money_is_refunded_is_not_reversed(api: Api) -> None:
    tenant_id, _ = await first_invoice(api)
    payment_id = await pay(api, tenant_id, 7064 + 675)
    refund = {"tenantId": tenant_id, "amountCents": 1, "paidOutOn": "2026-05-01", "reference": "out-1"}
    await api.mutate("refundCredit", refund)
    await refuses(api, "reversePayment", {"paymentId": payment_id, "reason": "x"}, "CONFLICT", "paymentId")
    await refuses(api, "reversePayment", {"paymentId": payment_id, "reason": " "}, "VALIDATION_FAILED", "reason")
    await refuses(api, "reversePayment", {"paymentId": UNKNOWN, "reason": "x"}, "NOT_FOUND", "paymentId")


async def test_write_offs_and_recoveries_of_invoices_that_are_not_open(api: Api) -> None:
    await figure_1(api.given)
    tenant_id, _ = await drafted(api.given)
    row = await api.given.row("SELECT id FROM tenant_invoices WHERE tenant_id = $1", tenant_id)
    draft = str(row["id"])
    recovery = {"amountCents": 1, "receivedOn": "2026-05-01", "method": "CARD", "reference": "r-1"}
    for invoice_id, code in ((draft, "INVOICE_NOT_ISSUED"), (UNKNOWN, "NOT_FOUND")):
        await refuses(api, "writeOffInvoice", {"invoiceId": invoice_id, "reason": "x"}, code, "invoiceId")
        await refuses(api, "recordRecovery", {"invoiceId": invoice_id, **recovery}, code, "invoiceId")
    _, issued_id = await first_invoice(api, "rival")
    written_off = {"invoiceId": issued_id, "reason": "insolvent"}
    await refuses(api, "writeOffInvoice", {**written_off, "reason": ""}, "VALIDATION_FAILED", "reason")
    nothing = {"invoiceId": issued_id, **recovery}
    await refuses(api, "recordRecovery", nothing, "VALIDATION_FAILED", "amountCents")
    await api.mutate("writeOffInvoice", written_off)
    await refuses(api, "writeOffInvoice", written_off, "INVOICE_PAID", "invoiceId")
    await refuses(api, "voidInvoice", {"invoiceId": issued_id}, "CONFLICT", "invoiceId")
    for changes, path in (({"amountCents": 0}, "amountCents"), ({"receivedOn": "2026-05-02"}, "receivedOn")):
        await refuses(api, "recordRecovery", {**nothing, **changes}, "VALIDATION_FAILED", path)
    await void_invoice(api.given.platform, invoice_id=UUID(draft))
    await refuses(api, "writeOffInvoice", {"invoiceId": draft, "reason": "x"}, "INVOICE_NOT_ISSUED", "invoiceId")


async def test_only_the_platform_changes_money_and_tenants_read_their_own(api: Api) -> None:
    tenant_id, invoice_id = await first_invoice(api)
    payment_id = await pay(api, tenant_id, 100)
    asked = {
        "recordPayment": payment(tenant_id, 1, "bank-2"),
        "allocateCredit": {"tenantId": tenant_id},
        "reversePayment": {"paymentId": payment_id, "reason": "x"},
        "refundCredit": {"tenantId": tenant_id, "amountCents": 1, "paidOutOn": "2026-05-01", "reference": "r"},
        "writeOffInvoice": {"invoiceId": invoice_id, "reason": "x"},
        "recordRecovery": {
            "invoiceId": invoice_id,
            "amountCents": 1,
            "receivedOn": "2026-05-01",
            "method": "CARD",
            "reference": "r",
        },
        "importBankStatement": {"csv": "date,amount,description,reference\n", "currency": "AUD"},
    }
    for role in (Role.TENANT_ADMIN, Role.TENANT_VIEWER, Role.METER):
        caller = api.given.caller(role, tenant_id=UUID(tenant_id))
        for name, given in asked.items():
            assert await api.mutate(name, given, caller=caller) == refused("PERMISSION_DENIED"), name
    text = "query ($id: ID!) { payment(id: $id) { amountCents tenant { code } } }"
    variables = {"id": payment_id}
    own = await api.data(text, variables, caller=api.given.viewer(UUID(tenant_id)))
    assert own == {"payment": {"amountCents": 100, "tenant": {"code": "acme"}}}
    rival = await api.given.tenant("rival")
    assert await api.data(text, variables, caller=api.given.admin(rival)) == {"payment": None}
    unknown = await api.data(text, {"id": str(new_id())}, caller=api.given.admin(rival))
    assert unknown == {"payment": None}
