"""Composes the body of a push from rows that do not change: it is composed once, before the first attempt, and kept."""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any
from uuid import UUID

import msgspec

from app.billing import Account, LineKind, day_of
from app.database import UnitOfWork
from app.operations.documents.links import DocumentFormat, document_url
from app.operations.finance import payloads
from app.operations.finance.payloads import PAYLOAD_OF, RevenueAmount, TaxAmount
from app.operations.ledger.account_names import LedgerAccount
from app.settings import Settings
from app.tables.finance import FinancePushKind

_BALANCE = """
SELECT sum(amount_cents)::bigint FROM finance_pushes WHERE tenant_id = $1 AND invoice_id = $2 AND sequence <= $3
"""
_INVOICE = """
SELECT i.number, i.issued_on, i.due_on, i.period_start, i.period_end, i.subtotal_cents AS net_cents, i.tax_cents,
       i.total_cents, t.code, d.parties, d.pdf_sha256, s.id AS superseded_id, s.number AS superseded_number
FROM tenant_invoices i
JOIN tenants t ON t.id = i.tenant_id
JOIN issued_documents d ON d.tenant_id = i.tenant_id AND d.id = i.id AND d.pdf_sha256 IS NOT NULL
LEFT JOIN LATERAL (
    SELECT v.id, v.number FROM tenant_invoices v
    WHERE v.tenant_id = i.tenant_id AND v.period_start = i.period_start AND v.revision < i.revision
      AND v.number IS NOT NULL ORDER BY v.revision DESC LIMIT 1
) s ON true
WHERE i.tenant_id = $1 AND i.id = $2
"""
_CREDIT_NOTE = """
SELECT n.id AS credit_note_id, n.number, n.reason, n.description, n.issued_on, n.net_cents, n.tax_cents, n.total_cents,
       n.written_off_cents, n.receivable_cents, n.credit_cents, d.pdf_sha256
FROM credit_notes n
JOIN issued_documents d ON d.tenant_id = n.tenant_id AND d.id = n.id AND d.pdf_sha256 IS NOT NULL
WHERE n.tenant_id = $1 AND n.id = $2
"""
_INVOICE_AMOUNTS = """
SELECT l.kind, l.resource_kind, CASE l.kind WHEN 'TAX' THEN l.key END AS tax, sum(l.amount_cents)::bigint AS cents
FROM tenant_invoice_lines l WHERE l.tenant_id = $1 AND l.invoice_id = $2
GROUP BY 1, 2, 3 ORDER BY min(l.position)
"""
_NOTE_AMOUNTS = """
SELECT l.kind, l.resource_kind, CASE l.kind WHEN 'TAX' THEN l.key END AS tax, sum(c.amount_cents)::bigint AS cents
FROM credit_note_lines c JOIN tenant_invoice_lines l ON l.tenant_id = c.tenant_id AND l.id = c.invoice_line_id
WHERE c.tenant_id = $1 AND c.credit_note_id = $2
GROUP BY 1, 2, 3 ORDER BY min(l.position)
"""
_VOIDED = "SELECT void_reason AS reason FROM tenant_invoices WHERE tenant_id = $1 AND id = $2"
_PAYMENT = """
SELECT id AS payment_id, amount_cents AS payment_cents, credit_cents, received_on, method, reference
FROM payments WHERE tenant_id = $1 AND id = $2
"""
_REVERSAL = """
SELECT id AS payment_id, reference, reversal_reason AS reason FROM payments WHERE tenant_id = $1 AND id = $2
"""
_WRITE_OFF = "SELECT id AS write_off_id, amount_cents, reason FROM write_offs WHERE tenant_id = $1 AND id = $2"
_RECOVERY = """
SELECT id AS recovery_id, amount_cents, received_on, method, reference
FROM recoveries WHERE tenant_id = $1 AND id = $2
"""


async def compose(unit: UnitOfWork, settings: Settings, push: Any) -> bytes | None:
    """Returns the body of a push, a row of finance_pushes with the invoice's `number` and `currency`; None while the
    PDF of its document is not rendered.
    """
    kind = FinancePushKind(push["kind"])
    own = await _OWN_FIELDS[kind](unit, settings, push)
    if own is None:
        return None
    fields = {
        "id": push["id"],
        "kind": kind,
        "invoice_id": push["invoice_id"],
        "invoice_number": push["number"],
        "tenant_id": push["tenant_id"],
        "sequence": push["sequence"],
        "currency": push["currency"],
        "recorded_at": push["recorded_at"],
        "recorded_on": day_of(push["recorded_at"], settings.billing_time_zone),
        "balance_change_cents": push["amount_cents"],
        "balance_cents": await unit.connection.fetchval(
            _BALANCE, push["tenant_id"], push["invoice_id"], push["sequence"]
        ),
    }
    return msgspec.json.encode(PAYLOAD_OF[kind](**fields, **own))


Fields = dict[str, Any]


async def _invoice(unit: UnitOfWork, settings: Settings, push: Any) -> Fields | None:
    tenant_id, invoice_id = push["tenant_id"], push["invoice_id"]
    found = await unit.connection.fetchrow(_INVOICE, tenant_id, invoice_id)
    if found is None:
        return None
    row = dict(found)
    sha256, superseded_id, superseded_number = (
        row.pop(name) for name in ("pdf_sha256", "superseded_id", "superseded_number")
    )
    buyer = msgspec.json.decode(row.pop("parties"))["buyer"]
    tenant = payloads.PushedTenant(
        id=tenant_id, code=row.pop("code"), name=buyer["name"], country=buyer["country"], abn=buyer.get("abn")
    )
    superseded = superseded_id and payloads.SupersededInvoice(invoice_id=superseded_id, number=superseded_number)
    row.pop("number")
    amounts = await _amounts(unit, _INVOICE_AMOUNTS, push, invoice_id)
    document = _document(settings, invoice_id, sha256)
    return {**row, **amounts, "tenant": tenant, "document": document, "supersedes": superseded}


async def _credit_note(unit: UnitOfWork, settings: Settings, push: Any) -> Fields | None:
    found = await unit.connection.fetchrow(_CREDIT_NOTE, push["tenant_id"], push["source_id"])
    if found is None:
        return None
    row = dict(found)
    sha256 = row.pop("pdf_sha256")
    amounts = await _amounts(unit, _NOTE_AMOUNTS, push, push["source_id"])
    return {**row, **amounts, "document": _document(settings, push["source_id"], sha256)}


async def _amounts(unit: UnitOfWork, statement: str, push: Any, document_id: UUID) -> Fields:
    revenue: list[RevenueAmount] = []
    taxes: list[TaxAmount] = []
    for kind, resource_kind, tax, cents in await unit.connection.fetch(statement, push["tenant_id"], document_id):
        if tax is not None:
            account = LedgerAccount(Account.TAX_PAYABLE, push["currency"], tax=tax).name
            taxes.append(TaxAmount(account=account, tax_cents=cents))
        else:
            line_kind = LineKind(kind)
            account = LedgerAccount(
                Account.REVENUE, push["currency"], line_kind=line_kind, resource_kind=resource_kind
            ).name
            revenue.append(
                RevenueAmount(account=account, line_kind=line_kind, resource_kind=resource_kind, net_cents=cents)
            )
    return {"revenue": revenue, "taxes": taxes}


def _document(settings: Settings, document_id: UUID, sha256: str) -> payloads.PushedDocument:
    return payloads.PushedDocument(url=document_url(settings, document_id, DocumentFormat.PDF), sha256=sha256)


def _of_row(statement: str, **more: Callable[[Any], Any]) -> Callable[[UnitOfWork, Settings, Any], Awaitable[Fields]]:
    """The fields are the columns of a row, found by the push's source, and what is computed from the push."""

    async def fields(unit: UnitOfWork, _settings: Settings, push: Any) -> Fields:
        row = await unit.connection.fetchrow(statement, push["tenant_id"], push["source_id"])
        return {**row, **{name: of_push(push) for name, of_push in more.items()}}

    return fields


async def _nothing(_unit: UnitOfWork, _settings: Settings, _push: Any) -> Fields:
    return {}


_OWN_FIELDS: Mapping[FinancePushKind, Callable[[UnitOfWork, Settings, Any], Awaitable[Fields | None]]] = (
    MappingProxyType(
        {
            FinancePushKind.INVOICE_ISSUED: _invoice,
            FinancePushKind.INVOICE_VOIDED: _of_row(_VOIDED),
            FinancePushKind.CREDIT_NOTE_ISSUED: _credit_note,
            FinancePushKind.PAYMENT_RECORDED: _of_row(_PAYMENT, amount_cents=lambda push: -push["amount_cents"]),
            FinancePushKind.PAYMENT_REVERSED: _of_row(_REVERSAL, amount_cents=lambda push: push["amount_cents"]),
            FinancePushKind.CREDIT_APPLIED: _nothing,
            FinancePushKind.BALANCE_WRITTEN_OFF: _of_row(_WRITE_OFF),
            FinancePushKind.RECOVERY_RECORDED: _of_row(_RECOVERY),
        }
    )
)
