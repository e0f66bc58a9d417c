"""Issued invoices of figure 1, and what the ledger and the balances say of them."""

from typing import Any
from uuid import UUID

from app.billing import Account, Allocation
from app.operations.credit_notes import CreditRequest, LineCredit, credit_invoice, issue_credit_note
from app.operations.invoices import issue_invoice
from app.operations.payments import NewPayment, record_payment
from app.tables.credit_notes import CreditReason
from app.tables.payments import PaymentMethod
from tests.operations.given import Given
from tests.operations.months import APRIL, meter, roll_up, subscribed


async def figure_1(given: Given) -> None:
    """The catalog of figure 1."""
    await given.plan()
    await given.addon()


async def drafted(given: Given, code: str = "acme") -> tuple[UUID, UUID]:
    """A tenant with the draft of figure 1 (5000 + 750 + 672, GST 642, total 7064): tenant and deployment."""
    tenant_id, deployment_id = await subscribed(given, code, addons=["storage_50gb"])
    await meter(given, deployment_id, "3", count=720)
    await roll_up(given, APRIL, tenant_ids=[tenant_id])
    return tenant_id, deployment_id


async def issued(given: Given, code: str = "acme") -> tuple[UUID, UUID]:
    """The same, issued: tenant and invoice."""
    tenant_id, _ = await drafted(given, code)
    row = await given.row("SELECT id FROM tenant_invoices WHERE tenant_id = $1 AND status = 'DRAFT'", tenant_id)
    return tenant_id, await issue_invoice(given.platform, invoice_id=row["id"])


async def pay(given: Given, tenant_id: UUID, cents: int, reference: str = "bank-1", **described: Any) -> UUID:
    """A bank transfer of the clock's day."""
    allocations = described.pop("allocations", None)
    payment = NewPayment(
        tenant_id=tenant_id,
        amount_cents=cents,
        currency=described.pop("currency", "AUD"),
        received_on=described.pop("received_on", given.clock().date()),
        method=PaymentMethod.BANK_TRANSFER,
        reference=reference,
        allocations=None if allocations is None else tuple(Allocation(*one) for one in allocations),
        **described,
    )
    return await record_payment(given.platform, payment)


async def credit(
    given: Given, invoice_id: UUID, *lines: tuple[int, int], gross: int | None = None, position: int | None = None
) -> UUID:
    """A credit note over net amounts by position, over a gross amount, or over everything."""
    if not lines and gross is None:
        return await credit_invoice(
            given.platform, invoice_id=invoice_id, reason=CreditReason.CANCELLATION, description="the contract ended"
        )
    rows = await given.rows("SELECT position, id FROM tenant_invoice_lines WHERE invoice_id = $1", invoice_id)
    ids = {row["position"]: row["id"] for row in rows}
    return await issue_credit_note(
        given.platform,
        CreditRequest(
            invoice_id=invoice_id,
            reason=CreditReason.GOODWILL,
            description="a slow week",
            lines=tuple(LineCredit(ids[at], cents) for at, cents in lines) or None,
            gross_cents=gross,
            gross_line_id=ids[position] if position is not None else None,
        ),
    )


async def balance(given: Given, invoice_id: UUID) -> tuple[str, int, str | None]:
    """The invoice's status, its balance and what settled it."""
    row = await given.row(
        "SELECT i.status, b.balance_cents, b.settled_by FROM tenant_invoices i JOIN invoice_balances b ON b.id = i.id"
        " WHERE i.id = $1",
        invoice_id,
    )
    return row["status"], row["balance_cents"], row["settled_by"]


async def credit_balance(given: Given, tenant_id: UUID) -> int:
    rows = await given.rows("SELECT credit_cents FROM tenant_balances WHERE tenant_id = $1", tenant_id)
    return sum(row["credit_cents"] for row in rows)


async def accounts(given: Given, tenant_id: UUID) -> dict[Account, int]:
    """The balance of each account of the tenant that has one."""
    rows = await given.rows(
        "SELECT account, sum(amount_cents)::bigint AS cents FROM journal_postings WHERE tenant_id = $1"
        " GROUP BY 1 HAVING sum(amount_cents) <> 0",
        tenant_id,
    )
    return {Account(row["account"]): row["cents"] for row in rows}


async def check_ledger(given: Given) -> None:
    """The rules that every history obeys: entries balance, receivables are the balances, credit is the credit."""
    unbalanced = await given.rows("SELECT entry_id FROM journal_postings GROUP BY 1 HAVING sum(amount_cents) <> 0")
    assert unbalanced == []
    differing = await given.rows(
        """
        SELECT t.code FROM tenants t
        LEFT JOIN LATERAL (
            SELECT coalesce(sum(amount_cents) FILTER (WHERE account = 'ACCOUNTS_RECEIVABLE'), 0) AS receivable,
                   coalesce(sum(amount_cents) FILTER (WHERE account = 'CUSTOMER_CREDIT'), 0) AS credit
            FROM journal_postings WHERE tenant_id = t.id) AS l ON true
        WHERE l.receivable <> (SELECT coalesce(sum(balance_cents), 0) FROM invoice_balances WHERE tenant_id = t.id)
           OR -l.credit <> (SELECT coalesce(sum(credit_cents), 0) FROM tenant_balances WHERE tenant_id = t.id)
        """
    )
    assert differing == []
