"""The bodies in docs/finance.md are described as the code declares them: `--write` writes them again."""

import json
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from app.operations.finance import payloads
from app.operations.finance.payloads import PAYLOAD_OF, Push
from app.tables.credit_notes import CreditReason
from app.tables.finance import FinancePushKind
from app.tables.payments import PaymentMethod

FILE = Path(__file__).parent.parent / "docs" / "finance.md"
_ID = "019d4500-0000-7000-8000-{:012d}"
TENANT, INVOICE, NOTE, PAYMENT = (UUID(_ID.format(number)) for number in (1, 3, 7, 8))
_SHA256 = "dcc5c758c93741346bdfd94e01ae796b172bb46c1f18dd9991705d3315693771"
_OVERAGE = "Income:Revenue:Overage:Droplet-hours:AUD"
_TAX = "Liabilities:TaxPayable:GST:10-Percent:AUD"
_PAID = {"received_on": date(2026, 5, 15), "method": PaymentMethod.BANK_TRANSFER}


def _document(document_id: UUID) -> payloads.PushedDocument:
    return payloads.PushedDocument(url=f"https://billing.example.com/documents/{document_id}.pdf", sha256=_SHA256)


def _revenue(account: str, line_kind: str, resource_kind: str | None, cents: int) -> payloads.RevenueAmount:
    return payloads.RevenueAmount(account=account, line_kind=line_kind, resource_kind=resource_kind, net_cents=cents)


# The balance before, and the own members of the body.
_OWN: dict[FinancePushKind, tuple[int, int, dict[str, Any]]] = {
    FinancePushKind.INVOICE_ISSUED: (
        7064,
        7064,
        {
            "tenant": payloads.PushedTenant(
                id=TENANT, code="acme", name="Acme Pty Ltd", country="AU", abn="51824753556"
            ),
            "issued_on": date(2026, 5, 1),
            "due_on": date(2026, 5, 15),
            "period_start": date(2026, 4, 1),
            "period_end": date(2026, 5, 1),
            "revenue": (
                _revenue("Income:Revenue:PlanBase:AUD", "PLAN_BASE", None, 5000),
                _revenue("Income:Revenue:Addon:Storage-gb:AUD", "ADDON", "storage_gb", 750),
                _revenue(_OVERAGE, "OVERAGE", "droplet_hours", 672),
            ),
            "taxes": (payloads.TaxAmount(account=_TAX, tax_cents=642),),
            "net_cents": 6422,
            "tax_cents": 642,
            "total_cents": 7064,
            "document": _document(INVOICE),
            "supersedes": payloads.SupersededInvoice(invoice_id=UUID(_ID.format(2)), number="INV-2026-000001"),
        },
    ),
    FinancePushKind.INVOICE_VOIDED: (-7064, 0, {"reason": "wrong plan"}),
    FinancePushKind.CREDIT_NOTE_ISSUED: (
        -739,
        6325,
        {
            "credit_note_id": NOTE,
            "number": "CRN-2026-000001",
            "reason": CreditReason.SERVICE_FAULT,
            "description": "an outage on 3 May",
            "issued_on": date(2026, 5, 15),
            "revenue": (_revenue(_OVERAGE, "OVERAGE", "droplet_hours", 672),),
            "taxes": (payloads.TaxAmount(account=_TAX, tax_cents=67),),
            "net_cents": 672,
            "tax_cents": 67,
            "total_cents": 739,
            "written_off_cents": 0,
            "receivable_cents": 739,
            "credit_cents": 0,
            "document": _document(NOTE),
        },
    ),
    FinancePushKind.PAYMENT_RECORDED: (
        -2325,
        0,
        {
            "payment_id": PAYMENT,
            "amount_cents": 2325,
            "payment_cents": 3000,
            "credit_cents": 675,
            "reference": "bank-2",
            **_PAID,
        },
    ),
    FinancePushKind.PAYMENT_REVERSED: (
        2325,
        2325,
        {"payment_id": PAYMENT, "amount_cents": 2325, "reference": "bank-2", "reason": "bounced"},
    ),
    FinancePushKind.CREDIT_APPLIED: (-675, 6389, {}),
    FinancePushKind.BALANCE_WRITTEN_OFF: (
        -2325,
        0,
        {"write_off_id": UUID(_ID.format(11)), "amount_cents": 2325, "reason": "insolvent"},
    ),
    FinancePushKind.RECOVERY_RECORDED: (
        0,
        0,
        {"recovery_id": UUID(_ID.format(12)), "amount_cents": 1000, "reference": "bank-9", **_PAID},
    ),
}
_BODIES = "## Bodies\n\n"
"""What is above it in the document is written by hand."""


def document() -> str:
    """The text of docs/finance.md."""
    written = FILE.read_text(encoding="utf-8").partition(_BODIES)[0]
    sections = [_section(kind.value, PAYLOAD_OF[kind], example(kind)) for kind in FinancePushKind]
    receivables = payloads.FinanceReceivables(
        receivables=(payloads.FinanceReceivable(invoice_id=INVOICE, currency="AUD", balance_cents=6325),), next=None
    )
    sections += [
        _section("Your answer to a push", payloads.Receipt, payloads.Receipt(external_id="AR-2026-000017")),
        _section("Your answer to GET /receivables", payloads.FinanceReceivables, receivables),
    ]
    members = " ".join((Push.__doc__ or "").split())
    return written + _BODIES + f"{members}\n\n" + "\n".join(sections)


def example(kind: FinancePushKind) -> Push:
    """A push of the kind."""
    change, balance, own = _OWN[kind]
    return PAYLOAD_OF[kind](
        id=UUID(_ID.format(99)),
        kind=kind,
        invoice_id=INVOICE,
        invoice_number="INV-2026-000002",
        tenant_id=TENANT,
        sequence=1 if kind is FinancePushKind.INVOICE_ISSUED else 2,
        currency="AUD",
        recorded_at=datetime(2026, 5, 15, 9, 30, tzinfo=UTC),
        recorded_on=date(2026, 5, 15),
        balance_change_cents=change,
        balance_cents=balance,
        **own,
    )


def schema_of(body: type[msgspec.Struct]) -> dict[str, Any]:
    """The JSON Schema of a body."""
    return msgspec.json.schema(body)


def _section(title: str, body: type[msgspec.Struct], shown: msgspec.Struct) -> str:
    text = json.dumps(msgspec.json.decode(msgspec.json.encode(shown)), indent=2)
    return (
        f"### {title}\n\n{' '.join((body.__doc__ or '').split())}\n\n"
        f"```json\n{text}\n```\n\nJSON Schema:\n\n```json\n{json.dumps(schema_of(body))}\n```\n"
    )


if __name__ == "__main__" and "--write" in sys.argv:
    FILE.write_text(document(), encoding="utf-8")
