"""Payments, credit, write-offs and recoveries through the API: the worked figures of the receivables rules."""

from dataclasses import replace
from uuid import UUID

from tests.operations.months import MAY, roll_up
from tests.operations.receivables import check_ledger
from tests.schema.api import Api, refused
from tests.schema.receivables import (
    credit_balance,
    credit_overage,
    first_invoice,
    invoice,
    next_invoice,
    pay,
    payment,
)

LIQUIDATOR = {
    "amountCents": 1000,
    "receivedOn": "2026-05-01",
    "method": "BANK_TRANSFER",
    "reference": "liquidator-1",
}


async def test_receivables_figure_4_notes_payments_and_credit(api: Api) -> None:
    tenant_id, invoice_id = await first_invoice(api)
    assert await invoice(api, invoice_id) == {"status": "ISSUED", "balanceCents": 7064}
    await credit_overage(api, invoice_id)
    assert (await invoice(api, invoice_id))["balanceCents"] == 6325
    await pay(api, tenant_id, 4000, "bank-1")
    assert await invoice(api, invoice_id) == {"status": "ISSUED", "balanceCents": 2325, "paidCents": 4000}
    answer = await api.mutate(
        "recordPayment",
        payment(tenant_id, 3000, "bank-2", payerText="for April"),
        """... on PaymentRecorded { payment { amountCents currency receivedOn method reference payerText creditCents
            reversedAt tenant { creditBalanceCents } applications { nodes { amountCents undoneCents currency
            invoice { id } payment { reference } } } } }""",
    )
    assert answer["payment"] == {
        "amountCents": 3000,
        "currency": "AUD",
        "receivedOn": "2026-05-01",
        "method": "BANK_TRANSFER",
        "reference": "bank-2",
        "payerText": "for April",
        "creditCents": 675,
        "reversedAt": None,
        "tenant": {"creditBalanceCents": 675},
        "applications": {
            "nodes": [
                {
                    "amountCents": 2325,
                    "undoneCents": 0,
                    "currency": "AUD",
                    "invoice": {"id": invoice_id},
                    "payment": {"reference": "bank-2"},
                }
            ]
        },
    }
    assert await invoice(api, invoice_id) == {"status": "PAID", "paidCents": 6325, "settledBy": "PAYMENT"}
    second_id = await next_invoice(api, tenant_id)
    assert await invoice(api, second_id) == {"status": "ISSUED", "balanceCents": 6389, "appliedCreditCents": 675}
    assert await credit_balance(api, tenant_id) == 0
    text = "query ($id: ID!) { invoice(id: $id) { applications { nodes { amountCents payment { id } } } } }"
    applied = (await api.data(text, {"id": second_id}))["invoice"]["applications"]["nodes"]
    assert applied == [{"amountCents": 675, "payment": None}]
    await check_ledger(api.given)


async def test_credit_is_applied_at_issue_only_if_the_settings_say_so(api: Api) -> None:
    tenant_id, invoice_id = await first_invoice(api)
    await pay(api, tenant_id, 7064 + 675)
    api.given.settings = replace(api.given.settings, apply_credit=False)
    second_id = await next_invoice(api, tenant_id)
    assert await invoice(api, second_id) == {"status": "ISSUED", "balanceCents": 7064}
    assert await credit_balance(api, tenant_id) == 675
    answer = await api.mutate(
        "allocateCredit",
        {"tenantId": tenant_id},
        "... on CreditAllocated { tenant { creditBalanceCents openBalanceCents } }",
    )
    assert answer["tenant"] == {"creditBalanceCents": 0, "openBalanceCents": 6389}
    assert await invoice(api, second_id) == {"status": "ISSUED", "balanceCents": 6389, "appliedCreditCents": 675}
    assert await invoice(api, invoice_id) == {"status": "PAID", "paidCents": 7064, "settledBy": "PAYMENT"}
    await check_ledger(api.given)


async def test_a_reopened_invoice_takes_credit_only_if_the_settings_say_so(api: Api) -> None:
    tenant_id, invoice_id = await first_invoice(api)
    bounced = await pay(api, tenant_id, 7064, "bank-1")
    await pay(api, tenant_id, 500, "bank-2")
    api.given.settings = replace(api.given.settings, apply_credit=False)
    await api.mutate("reversePayment", {"paymentId": bounced, "reason": "dishonoured"})
    assert await invoice(api, invoice_id) == {"status": "ISSUED", "balanceCents": 7064}
    assert await credit_balance(api, tenant_id) == 500
    await check_ledger(api.given)


async def test_receivables_figure_5_write_off_recovery_and_a_note_after_it(api: Api) -> None:
    tenant_id, invoice_id = await first_invoice(api)
    await credit_overage(api, invoice_id)
    await pay(api, tenant_id, 4000)
    answer = await api.mutate(
        "writeOffInvoice",
        {"invoiceId": invoice_id, "reason": "insolvent"},
        """... on InvoiceWrittenOff { invoice { status balanceCents settledBy writtenOffCents
            writeOffs { amountCents restCents reason currency invoice { id } } } }""",
    )
    write_off = {"amountCents": 2325, "restCents": 2325, "reason": "insolvent", "currency": "AUD"}
    assert answer["invoice"] == {
        "status": "PAID",
        "balanceCents": 0,
        "settledBy": "WRITE_OFF",
        "writtenOffCents": 2325,
        "writeOffs": [{**write_off, "invoice": {"id": invoice_id}}],
    }
    assert await ledger(api) == {**EARNED, "BAD_DEBT": 2114, "TAX_PAYABLE": -575 + 211, "CASH_CLEARING": 4000}

    recovery = {"invoiceId": invoice_id, **LIQUIDATOR}
    selection = """... on RecoveryRecorded { recovery { id amountCents currency receivedOn method reference
        invoice { recoveredCents writeOffs { restCents } } } }"""
    first = await api.mutate("recordRecovery", recovery, selection)
    assert first["recovery"]["invoice"] == {"recoveredCents": 1000, "writeOffs": [{"restCents": 1325}]}
    assert await api.mutate("recordRecovery", recovery, selection) == first
    assert await ledger(api) == {**EARNED, "BAD_DEBT": 1205, "TAX_PAYABLE": -575 + 120, "CASH_CLEARING": 5000}

    other = {**recovery, "amountCents": 1001}
    assert await api.mutate("recordRecovery", other) == refused("CONFLICT", "reference")
    more = {**recovery, "amountCents": 1326, "reference": "liquidator-2"}
    assert await api.mutate("recordRecovery", more) == refused("VALIDATION_FAILED", "amountCents")
    assert await api.mutate("voidInvoice", {"invoiceId": invoice_id}) == refused("INVOICE_PAID", "invoiceId")
    await check_ledger(api.given)


EARNED = {"REVENUE": -5750}


async def ledger(api: Api) -> dict[str, int]:
    """The balance of each account that has one, over all tenants."""
    rows = await api.given.rows(
        "SELECT account, sum(amount_cents)::bigint AS cents FROM journal_postings GROUP BY 1"
        " HAVING sum(amount_cents) <> 0"
    )
    return {row["account"]: row["cents"] for row in rows}


async def test_receivables_figure_6_a_payment_bounces_after_a_note(api: Api) -> None:
    tenant_id, invoice_id = await first_invoice(api)
    payment_id = await pay(api, tenant_id, 7064)
    await credit_overage(api, invoice_id)
    assert await invoice(api, invoice_id) == {"status": "PAID", "paidCents": 7064, "settledBy": "PAYMENT"}
    assert await credit_balance(api, tenant_id) == 739
    answer = await api.mutate(
        "reversePayment",
        {"paymentId": payment_id, "reason": "dishonoured"},
        """... on PaymentReversed { payment { reversedAt reversalReason
            applications { nodes { amountCents undoneCents } } } }""",
    )
    assert answer["payment"] == {
        "reversedAt": "2026-05-01T03:00:00+00:00",
        "reversalReason": "dishonoured",
        "applications": {"nodes": [{"amountCents": 7064, "undoneCents": 7064}]},
    }
    assert await invoice(api, invoice_id) == {"status": "ISSUED", "balanceCents": 6325, "appliedCreditCents": 739}
    assert await credit_balance(api, tenant_id) == 0
    assert await ledger(api) == {"ACCOUNTS_RECEIVABLE": 6325, "REVENUE": -5750, "TAX_PAYABLE": -575}
    again = {"paymentId": payment_id, "reason": "dishonoured"}
    assert await api.mutate("reversePayment", again) == refused("CONFLICT", "paymentId")
    await check_ledger(api.given)


async def test_an_invoice_is_marked_as_paid_for_its_balance_and_again_after_a_reversal(api: Api) -> None:
    tenant_id, invoice_id = await first_invoice(api)
    await pay(api, tenant_id, 4000)
    paid = {"invoiceId": invoice_id, "reference": "transfer 7"}
    selection = "... on InvoiceMarkedPaid { invoice { status balanceCents paidCents paymentReference settledBy } }"
    answer = await api.mutate("markInvoicePaid", paid, selection)
    expected = {
        "status": "PAID",
        "balanceCents": 0,
        "paidCents": 7064,
        "paymentReference": "transfer 7",
        "settledBy": "PAYMENT",
    }
    assert answer["invoice"] == expected
    assert await api.mutate("markInvoicePaid", paid) == refused("INVOICE_PAID", "invoiceId")
    text = "{ payments { nodes { id amountCents method reference } } }"
    marked = (await api.data(text))["payments"]["nodes"][0]
    assert (marked["amountCents"], marked["method"]) == (3064, "OTHER")
    assert marked["reference"] == "INV-2026-000001 marked as paid: transfer 7"

    await api.mutate("reversePayment", {"paymentId": marked["id"], "reason": "dishonoured"})
    assert await api.mutate("markInvoicePaid", paid) == refused("CONFLICT", "reference")
    answer = await api.mutate("markInvoicePaid", {**paid, "reference": "transfer 8"}, selection)
    assert answer["invoice"] == {**expected, "paymentReference": "transfer 8"}
    await check_ledger(api.given)


async def test_an_invoice_is_overdue_from_the_day_after_its_due_date(api: Api) -> None:
    tenant_id, invoice_id = await first_invoice(api)
    text = "query ($id: ID!) { tenant(id: $id) { openBalanceCents overdueCents } }"
    api.given.clock.set(2026, 5, 15, 23)
    assert (await invoice(api, invoice_id)).get("overdueSince") is None
    assert (await api.data(text, {"id": tenant_id}))["tenant"] == {"openBalanceCents": 7064, "overdueCents": 0}
    api.given.clock.set(2026, 5, 16)
    assert (await invoice(api, invoice_id))["overdueSince"] == "2026-05-16"
    assert (await api.data(text, {"id": tenant_id}))["tenant"] == {"openBalanceCents": 7064, "overdueCents": 7064}
    await pay(api, tenant_id, 7063)
    assert (await invoice(api, invoice_id))["overdueSince"] == "2026-05-16"
    await pay(api, tenant_id, 1, "bank-2")
    assert (await invoice(api, invoice_id)).get("overdueSince") is None
    assert (await api.data(text, {"id": tenant_id}))["tenant"] == {"openBalanceCents": 0, "overdueCents": 0}


async def test_a_draft_has_no_balance(api: Api) -> None:
    tenant_id, _ = await first_invoice(api)
    text = """query ($id: ID!) { tenant(id: $id) { invoices(filter: {status: [DRAFT]}) { nodes {
        balanceCents paidCents settledBy overdueSince } } } }"""
    api.given.clock.set(2026, 6, 1)
    await roll_up(api.given, MAY)
    drafts = (await api.data(text, {"id": tenant_id}))["tenant"]["invoices"]["nodes"]
    assert drafts == [{"balanceCents": None, "paidCents": None, "settledBy": None, "overdueSince": None}]


async def test_credit_is_paid_out_once_for_a_reference(api: Api) -> None:
    tenant_id, _ = await first_invoice(api)
    await pay(api, tenant_id, 7064 + 675)
    refund = {"tenantId": tenant_id, "amountCents": 600, "paidOutOn": "2026-05-01", "reference": "out-1"}
    selection = """... on CreditRefunded { refund { id amountCents currency paidOutOn reference
        tenant { creditBalanceCents refunds { nodes { reference } } } } }"""
    first = await api.mutate("refundCredit", refund, selection)
    assert first["refund"]["tenant"] == {"creditBalanceCents": 75, "refunds": {"nodes": [{"reference": "out-1"}]}}
    assert await api.mutate("refundCredit", refund, selection) == first
    other = {**refund, "amountCents": 75}
    assert await api.mutate("refundCredit", other) == refused("CONFLICT", "reference")
    more = {**refund, "amountCents": 76, "reference": "out-2"}
    assert await api.mutate("refundCredit", more) == refused("CREDIT_TOO_SMALL", "amountCents")
    await check_ledger(api.given)


async def test_payments_are_found_by_what_is_asked_for(api: Api) -> None:
    tenant_id, _ = await first_invoice(api)
    rival_id, _ = await first_invoice(api, "rival")
    await pay(api, tenant_id, 1, "bank-1", receivedOn="2026-04-30")
    await pay(api, tenant_id, 2, "card-1", method="CARD")
    await pay(api, rival_id, 3, "bank-1")
    text = """query ($filter: PaymentFilter) { payments(filter: $filter) { nodes { amountCents } } }"""
    for condition, expected in (
        ({}, [3, 2, 1]),
        ({"tenantId": tenant_id}, [2, 1]),
        ({"method": ["CARD"]}, [2]),
        ({"reference": "bank-1"}, [3, 1]),
        ({"receivedFrom": "2026-05-01"}, [3, 2]),
        ({"receivedTo": "2026-05-01"}, [1]),
    ):
        nodes = (await api.data(text, {"filter": condition}))["payments"]["nodes"]
        assert [node["amountCents"] for node in nodes] == expected, condition
    own = "{ viewer { tenant { payments { nodes { amountCents } } } } payments { totalCount } }"
    answer = await api.data(own, caller=api.given.viewer(UUID(tenant_id)))
    assert answer["payments"] == {"totalCount": 2}
    assert answer["viewer"]["tenant"]["payments"]["nodes"] == [{"amountCents": 2}, {"amountCents": 1}]
