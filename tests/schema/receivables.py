"""Steps of the receivables tests through the API."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from app.operations.credit_notes import CreditRequest, LineCredit, issue_credit_note
from app.tables.credit_notes import CreditReason
from tests.operations.months import MAY, invoices, meter, roll_up
from tests.operations.receivables import figure_1, issued
from tests.schema.api import Api

INVOICE = """query ($id: ID!) { invoice(id: $id) {
    status balanceCents paidCents appliedCreditCents writtenOffCents recoveredCents settledBy overdueSince } }"""


async def first_invoice(api: Api, code: str = "acme") -> tuple[str, str]:
    """The issued invoice of figure 1: the ids of its tenant and of itself."""
    if not await api.given.rows("SELECT FROM plans"):
        await figure_1(api.given)
    tenant_id, invoice_id = await issued(api.given, code)
    return str(tenant_id), str(invoice_id)


async def next_invoice(api: Api, tenant_id: str) -> str:
    """The same for May, issued through the API."""
    rows = await api.given.rows("SELECT id FROM cloud_deployments WHERE tenant_id = $1", UUID(tenant_id))
    api.given.clock.set(2026, 6, 1)
    await meter(api.given, rows[0]["id"], "3", 2026, 5, 1, count=720)
    await roll_up(api.given, MAY, tenant_ids=[UUID(tenant_id)])
    found = [one for one in await invoices(api.given, MAY) if str(one["tenant_id"]) == tenant_id]
    answer = await api.mutate(
        "issueInvoice", {"invoiceId": str(found[0]["id"])}, "... on InvoiceIssued { invoice { id totalCents } }"
    )
    assert answer["invoice"]["totalCents"] == 7064
    return str(answer["invoice"]["id"])


async def credit_overage(api: Api, invoice_id: str) -> None:
    """A credit note of 739: the overage of 672 and its tax of 67."""
    row = await api.given.row(
        "SELECT id FROM tenant_invoice_lines WHERE invoice_id = $1 AND kind = 'OVERAGE'", UUID(invoice_id)
    )
    await issue_credit_note(
        api.given.platform,
        CreditRequest(
            invoice_id=UUID(invoice_id),
            reason=CreditReason.GOODWILL,
            description="a slow week",
            lines=(LineCredit(row["id"], 672),),
        ),
    )


def payment(tenant_id: str, cents: int, reference: str = "bank-1", **changes: Any) -> dict[str, Any]:
    """The input of recordPayment."""
    day = changes.pop("receivedOn", "2026-05-01")
    return {
        "tenantId": tenant_id,
        "amountCents": cents,
        "currency": "AUD",
        "receivedOn": day,
        "method": "BANK_TRANSFER",
        "reference": reference,
        **changes,
    }


async def pay(api: Api, tenant_id: str, cents: int, reference: str = "bank-1", **changes: Any) -> str:
    """Records a payment and returns its id."""
    answer = await api.mutate(
        "recordPayment", payment(tenant_id, cents, reference, **changes), "... on PaymentRecorded { payment { id } }"
    )
    return str(answer["payment"]["id"])


async def invoice(api: Api, invoice_id: str) -> Mapping[str, Any]:
    """What the API says of an invoice's balance: the fields that are neither 0 nor null."""
    answer = (await api.data(INVOICE, {"id": invoice_id}))["invoice"]
    return {name: value for name, value in answer.items() if value}


async def credit_balance(api: Api, tenant_id: str) -> int:
    answer = await api.data("query ($id: ID!) { tenant(id: $id) { creditBalanceCents } }", {"id": tenant_id})
    return int(answer["tenant"]["creditBalanceCents"])
