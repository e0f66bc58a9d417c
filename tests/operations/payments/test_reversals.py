"""Reversing payments: what is taken back, and which invoices take the tenant's credit then."""

from uuid import UUID

from app.operations.payments import allocate_credit, reverse_payment
from tests.operations.given import Given
from tests.operations.months import MAY, invoices, issue_last, meter, roll_up
from tests.operations.receivables import balance, check_ledger, credit_balance, figure_1, issued, pay


async def two_invoices(given: Given) -> tuple[UUID, UUID, UUID]:
    """A tenant with an issued invoice for April and one for May, each of 7064."""
    await figure_1(given)
    tenant_id, april = await issued(given)
    deployment = await given.row("SELECT id FROM cloud_deployments")
    given.clock.set(2026, 6, 1)
    await meter(given, deployment["id"], "3", 2026, 5, 1, count=720)
    await roll_up(given, MAY)
    may = await issue_last(given, MAY)
    assert len(await invoices(given, MAY)) == 1
    return tenant_id, april, may


async def test_credit_goes_to_the_reopened_invoice_and_to_no_other(given: Given) -> None:
    tenant_id, april, may = await two_invoices(given)
    await pay(given, tenant_id, 500, "bank-1", allocations=[])
    await allocate_credit(given.platform, tenant_id=tenant_id, invoice_ids=[april])
    bounced = await pay(given, tenant_id, 7064, "bank-2", allocations=[(may, 7064)])
    await pay(given, tenant_id, 600, "bank-3", allocations=[])
    await reverse_payment(given.platform, payment_id=bounced, reason="dishonoured")
    assert await balance(given, april) == ("ISSUED", 6564, None)
    assert await balance(given, may) == ("ISSUED", 6464, None)
    assert await credit_balance(given, tenant_id) == 0
    await check_ledger(given)


async def test_an_invoice_that_was_paid_in_part_is_not_reopened_and_takes_no_credit(given: Given) -> None:
    tenant_id, april, may = await two_invoices(given)
    bounced = await pay(given, tenant_id, 64, "bank-1", allocations=[(may, 64)])
    await pay(given, tenant_id, 600, "bank-2", allocations=[])
    await reverse_payment(given.platform, payment_id=bounced, reason="dishonoured")
    assert await balance(given, april) == ("ISSUED", 7064, None)
    assert await balance(given, may) == ("ISSUED", 7064, None)
    assert await credit_balance(given, tenant_id) == 600
    await check_ledger(given)


async def test_applied_credit_of_a_bounced_payment_is_taken_back_latest_first(given: Given) -> None:
    tenant_id, april, may = await two_invoices(given)
    bounced = await pay(given, tenant_id, 1000, "bank-1", allocations=[])
    await allocate_credit(given.platform, tenant_id=tenant_id, invoice_ids=[may])
    await pay(given, tenant_id, 300, "bank-2", allocations=[])
    await allocate_credit(given.platform, tenant_id=tenant_id, invoice_ids=[april])
    await reverse_payment(given.platform, payment_id=bounced, reason="dishonoured")
    assert await balance(given, april) == ("ISSUED", 7064, None)
    assert await balance(given, may) == ("ISSUED", 7064 - 300, None)
    assert await credit_balance(given, tenant_id) == 0
    undone = await given.rows("SELECT amount_cents FROM invoice_application_reversals ORDER BY id")
    assert [row["amount_cents"] for row in undone] == [300, 700]
    await check_ledger(given)
