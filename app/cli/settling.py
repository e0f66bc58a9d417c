"""The demo after its invoice: issue, a credit note for the overage, and two payments. Each step may be repeated."""

from collections import Counter
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from rich.console import Console
from rich.table import Table

from app.cli.invoice_table import money
from app.cli.reading import read
from app.operations.calls.context import Context
from app.operations.credit_notes import CreditRequest, LineCredit, issue_credit_note
from app.operations.invoices import issue_invoice
from app.operations.payments import NewPayment, record_payment
from app.tables.credit_notes import CreditReason
from app.tables.payments import PaymentMethod

PAYMENTS = (4000, 2325)
"""Cents: together what the invoice of 7064 asks for once its overage of 672 and the tax of 67 on it are credited."""

_JOURNAL = """
query Journal($tenant: ID!) {
  journal(last: 100, filter: {tenantId: $tenant}) { nodes { kind description postings { account amountCents } } }
}
"""
_INVOICE = """
query Invoice($id: ID!) {
  invoice(id: $id) { status currency lines(first: 1, filter: {kind: OVERAGE}) { nodes { id amountCents } } }
}
"""


async def settle(context: Context, tenant_id: UUID, invoice_id: UUID) -> None:
    """Does what is still to be done of the story: issue, credit note, payments."""
    invoice = (await read(context, _INVOICE, {"id": str(invoice_id)}))["invoice"]
    if invoice["status"] == "DRAFT":
        await issue_invoice(context, invoice_id=invoice_id)
    done = Counter(entry["kind"] for entry in await _journal(context, tenant_id))
    if not done["CREDIT_NOTE_ISSUED"]:
        (overage,) = invoice["lines"]["nodes"]
        request = CreditRequest(
            invoice_id=invoice_id,
            reason=CreditReason.GOODWILL,
            description="The overage of April 2026",
            lines=(LineCredit(UUID(overage["id"]), overage["amountCents"]),),
        )
        await issue_credit_note(context, request)
    for number in range(done["PAYMENT_RECORDED"], len(PAYMENTS)):
        payment = NewPayment(
            tenant_id=tenant_id,
            amount_cents=PAYMENTS[number],
            currency=invoice["currency"],
            received_on=context.today(),
            method=PaymentMethod.BANK_TRANSFER,
            reference=f"demo-{number + 1}",
        )
        await record_payment(context, payment)


async def show_receivable(console: Console, context: Context, tenant_id: UUID, invoice_id: UUID) -> None:
    """What the tenant owed after each event: a table on a terminal, one plain line each in a pipe."""
    rows = list(_rows(await _journal(context, tenant_id)))
    invoice = (await read(context, _INVOICE, {"id": str(invoice_id)}))["invoice"]
    if not console.is_terminal:
        for event, amount, balance in rows:
            console.print(f"{event} {amount}, balance {balance}", soft_wrap=True, highlight=False, markup=False)
    else:
        table = Table(title=f"Receivable ({invoice['status'].lower()}, {invoice['currency']})")
        table.add_column("event")
        table.add_column("amount", justify="right")
        table.add_column("balance", justify="right")
        for row in rows:
            table.add_row(*row)
        console.print(table)
    console.print(f"The invoice is {invoice['status'].lower()}.")


async def _journal(context: Context, tenant_id: UUID) -> list[dict[str, Any]]:
    """The tenant's first entries, in the order of recording."""
    entries: list[dict[str, Any]] = (await read(context, _JOURNAL, {"tenant": str(tenant_id)}))["journal"]["nodes"]
    return entries[::-1]


def _rows(entries: list[dict[str, Any]]) -> Iterator[tuple[str, str, str]]:
    balance = 0
    for entry in entries:
        amounts = [
            posting["amountCents"] for posting in entry["postings"] if posting["account"] == "ACCOUNTS_RECEIVABLE"
        ]
        if amounts:
            balance += sum(amounts)
            event = entry["kind"].lower().replace("_", " ")
            yield event, money(sum(amounts)), money(balance)
