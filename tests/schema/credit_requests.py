"""What tests ask of credit notes through the API."""

from typing import Any
from uuid import UUID

from tests.schema.api import Api

UNKNOWN = "019d4500-0000-7000-8000-000000000009"
NOTE = """... on CreditNoteIssued { creditNote {
    number netCents taxCents totalCents appliedToInvoiceCents creditedToBalanceCents reversedWriteOffCents } }"""
REMAINING = """query ($id: ID!) { invoice(id: $id) {
    status creditedCents remainingNetCents remainingTaxCents } }"""
PREVIEW = """query ($input: IssueCreditNoteInput!) { creditNotePreview(input: $input) {
    invoice { number } currency netCents taxCents totalCents appliedToInvoiceCents creditedToBalanceCents
    reversedWriteOffCents remainingNetCents remainingTaxCents lines { amountCents line { kind } } } }"""


async def line_ids(api: Api, invoice_id: UUID) -> list[str]:
    """The ids of the invoice's lines, in order."""
    text = "query ($id: ID!) { invoice(id: $id) { lines { nodes { id } } } }"
    nodes = (await api.data(text, {"id": str(invoice_id)}))["invoice"]["lines"]["nodes"]
    return [node["id"] for node in nodes]


def asked(invoice_id: UUID | str, **what: Any) -> dict[str, Any]:
    """The input of a note for goodwill."""
    return {"invoiceId": str(invoice_id), "reason": "GOODWILL", "description": "a slow week", **what}


async def credited(api: Api, invoice_id: UUID, line_id: str, cents: int) -> tuple[int, int, int]:
    """Net, tax and total of a new note over one line."""
    given = asked(invoice_id, lines=[{"lineId": line_id, "netCents": cents}])
    note = (await api.mutate("issueCreditNote", given, NOTE))["creditNote"]
    return note["netCents"], note["taxCents"], note["totalCents"]


async def remaining(api: Api, invoice_id: UUID) -> tuple[int | None, int | None, int | None]:
    """Credited, and what is left of net and tax."""
    invoice = (await api.data(REMAINING, {"id": str(invoice_id)}))["invoice"]
    return invoice["creditedCents"], invoice["remainingNetCents"], invoice["remainingTaxCents"]
