"""The worked figures 4, 5 and 6 of the receivables rules, through the operations."""

from datetime import date

from app.billing import Account
from app.operations.invoices import issue_invoice
from app.operations.payments import NewRecovery, record_recovery, refund_credit, reverse_payment, write_off_invoice
from app.tables.payments import PaymentMethod
from tests.operations.given import Given
from tests.operations.months import APRIL, MAY, invoices, meter, roll_up
from tests.operations.receivables import accounts, balance, check_ledger, credit, credit_balance, figure_1, issued, pay


async def test_receivables_figure_4_notes_payments_and_credit(given: Given) -> None:
    await figure_1(given)
    tenant_id, invoice_id = await issued(given)
    assert await balance(given, invoice_id) == ("ISSUED", 7064, None)
    await credit(given, invoice_id, (3, 672))
    assert await balance(given, invoice_id) == ("ISSUED", 6325, None)
    await pay(given, tenant_id, 4000, "bank-1")
    assert await balance(given, invoice_id) == ("ISSUED", 2325, None)
    await pay(given, tenant_id, 3000, "bank-2")
    assert await balance(given, invoice_id) == ("PAID", 0, "PAYMENT")
    assert await credit_balance(given, tenant_id) == 675

    deployment = await given.row("SELECT id FROM cloud_deployments WHERE tenant_id = $1", tenant_id)
    given.clock.set(2026, 6, 1)
    await meter(given, deployment["id"], "3", 2026, 5, 1, count=720)
    await roll_up(given, MAY)
    [next_invoice] = await invoices(given, MAY)
    assert next_invoice["total_cents"] == 7064
    await issue_invoice(given.platform, invoice_id=next_invoice["id"])
    assert await balance(given, next_invoice["id"]) == ("ISSUED", 6389, None)
    assert await credit_balance(given, tenant_id) == 0
    await check_ledger(given)


async def test_receivables_figure_5_write_off_recovery_and_a_note_after_it(given: Given) -> None:
    await figure_1(given)
    tenant_id, invoice_id = await issued(given)
    await credit(given, invoice_id, (3, 672))
    await pay(given, tenant_id, 4000)
    before = await accounts(given, tenant_id)
    await write_off_invoice(given.platform, invoice_id=invoice_id, reason="insolvent")
    assert await balance(given, invoice_id) == ("PAID", 0, "WRITE_OFF")
    after = await accounts(given, tenant_id)
    assert after[Account.BAD_DEBT] == 2114
    assert after[Account.TAX_PAYABLE] - before[Account.TAX_PAYABLE] == 211
    assert Account.ACCOUNTS_RECEIVABLE not in after

    recovery = NewRecovery(invoice_id, 1000, date(2026, 5, 1), PaymentMethod.BANK_TRANSFER, "liquidator-1")
    first = await record_recovery(given.platform, recovery)
    assert await record_recovery(given.platform, recovery) == first
    recovered = await accounts(given, tenant_id)
    assert after[Account.BAD_DEBT] - recovered[Account.BAD_DEBT] == 909
    assert after[Account.TAX_PAYABLE] - recovered[Account.TAX_PAYABLE] == 91

    await credit(given, invoice_id, gross=739)
    noted = await accounts(given, tenant_id)
    assert await credit_balance(given, tenant_id) == 0
    # 1325 were written off still, tax 120; 586 remain, tax 53: 672 of bad debt and 67 of tax come back.
    assert recovered[Account.BAD_DEBT] - noted[Account.BAD_DEBT] == 672
    assert await balance(given, invoice_id) == ("PAID", 0, "WRITE_OFF")
    await check_ledger(given)


async def test_receivables_figure_6_a_payment_bounces_after_a_note(given: Given) -> None:
    await figure_1(given)
    tenant_id, invoice_id = await issued(given)
    payment_id = await pay(given, tenant_id, 7064)
    await credit(given, invoice_id, (3, 672))
    assert await balance(given, invoice_id) == ("PAID", 0, "PAYMENT")
    assert await credit_balance(given, tenant_id) == 739
    await reverse_payment(given.platform, payment_id=payment_id, reason="dishonoured")
    assert await balance(given, invoice_id) == ("ISSUED", 6325, None)
    assert await credit_balance(given, tenant_id) == 0
    assert await accounts(given, tenant_id) == {
        Account.ACCOUNTS_RECEIVABLE: 6325,
        Account.REVENUE: -5750,
        Account.TAX_PAYABLE: -575,
    }
    await check_ledger(given)


async def test_what_is_owed_above_the_rest_of_an_invoice_is_written_off_without_tax(given: Given) -> None:
    await figure_1(given)
    tenant_id, invoice_id = await issued(given)
    payment_id = await pay(given, tenant_id, 7064)
    await credit(given, invoice_id, (3, 672))
    await refund_credit(
        given.platform, tenant_id=tenant_id, amount_cents=739, paid_out_on=date(2026, 5, 1), reference="out-1"
    )
    await reverse_payment(given.platform, payment_id=payment_id, reason="dishonoured")
    assert await balance(given, invoice_id) == ("ISSUED", 7064, None)
    await write_off_invoice(given.platform, invoice_id=invoice_id, reason="insolvent")
    after = await accounts(given, tenant_id)
    # The tenant had 739 paid out: bad debt is that and the net 5750, and no tax is left.
    assert after == {Account.BAD_DEBT: 6489, Account.REVENUE: -5750, Account.CASH_CLEARING: -739}
    await credit(given, invoice_id)
    assert await accounts(given, tenant_id) == {Account.BAD_DEBT: 739, Account.CASH_CLEARING: -739}
    await check_ledger(given)


async def test_the_notes_of_an_invoice_add_up_to_it(given: Given) -> None:
    await figure_1(given)
    tenant_id, invoice_id = await issued(given)
    for line in ((3, 672), (2, 750), (1, 5000)):
        await credit(given, invoice_id, line)
    totals = await given.rows("SELECT net_cents, tax_cents, total_cents, number FROM credit_notes ORDER BY number")
    assert [tuple(row.values()) for row in totals] == [
        (672, 67, 739, "CRN-2026-000001"),
        (750, 75, 825, "CRN-2026-000002"),
        (5000, 500, 5500, "CRN-2026-000003"),
    ]
    assert await balance(given, invoice_id) == ("PAID", 0, "CREDIT_NOTE")
    assert await accounts(given, tenant_id) == {}
    assert await invoices(given, APRIL) != []
    await check_ledger(given)
