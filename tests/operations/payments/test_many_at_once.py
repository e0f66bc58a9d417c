"""Payments of many tenants are entered with the statements of one."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from app.billing import Allocation
from app.database import PLATFORM
from app.operations.payments import AllocatedPayment, NewPayment, enter_payments
from app.tables.payments import PaymentMethod
from tests.operations.given import Given
from tests.operations.receivables import balance, check_ledger, credit_balance, figure_1, issued


async def entered(given: Given, paid: Sequence[tuple[UUID, UUID]], cents: int) -> int:
    """Pays so much of each tenant's invoice; returns the number of statements that it took."""
    statements: list[Any] = []
    allocated = [
        AllocatedPayment(
            NewPayment(
                tenant_id=tenant_id,
                amount_cents=cents,
                currency="AUD",
                received_on=given.clock().date(),
                method=PaymentMethod.BANK_TRANSFER,
                reference=f"{invoice_id} {cents}",
            ),
            (Allocation(invoice_id, cents),),
            "transfer",
        )
        for tenant_id, invoice_id in paid
    ]
    async with given.database.unit_of_work(PLATFORM) as unit:
        with unit.connection.query_logger(statements.append):
            ids = await enter_payments(unit, given.platform, allocated, given.clock())
    assert len(set(ids)) == len(paid)
    return len(statements)


async def test_four_payments_take_as_many_statements_as_one(given: Given) -> None:
    await figure_1(given)
    paid = [await issued(given, code) for code in ("a", "b", "c", "d", "e")]
    assert await entered(given, paid[:1], 7000) == await entered(given, paid[1:], 7000) == 7
    for _, invoice_id in paid:
        assert await balance(given, invoice_id) == ("ISSUED", 64, None)
    assert await entered(given, paid[:2], 64) == 8  # one reads what the events of paid invoices say
    row = await given.row("SELECT status, payment_reference FROM tenant_invoices WHERE id = $1", paid[0][1])
    assert row == {"status": "PAID", "payment_reference": "transfer"}
    assert [await credit_balance(given, tenant_id) for tenant_id, _ in paid] == [0] * 5
    await check_ledger(given)
