"""Importing bank statements through the API."""

import re
from typing import Any

import pytest

from app.operations.bank_statements import MAX_ROWS
from tests.operations.receivables import check_ledger
from tests.schema.api import Api, refused
from tests.schema.receivables import first_invoice, invoice, next_invoice, pay, payment

HEADER = "date,amount,description,reference\n"
IMPORTED = """... on BankStatementImported {
    recorded { line payment { id amountCents receivedOn payerText applications { nodes { invoice { number } } } } }
    recordedBefore { line payment { id } }
    proposals { line bookedOn amountCents description reference paymentReference reason candidates { number } } }"""


async def imports(api: Api, rows: str, currency: str = "AUD") -> dict[str, Any]:
    answer = await api.mutate("importBankStatement", {"csv": HEADER + rows, "currency": currency}, IMPORTED)
    assert answer.pop("__typename") == "BankStatementImported", answer
    return answer


def decided(imported: dict[str, Any]) -> list[tuple[int, str, list[str]]]:
    """Line, reason and candidates' numbers of each proposal."""
    return [
        (one["line"], one["reason"], [candidate["number"] for candidate in one["candidates"]])
        for one in imported["proposals"]
    ]


async def test_a_row_with_a_number_and_its_exact_balance_is_a_payment(api: Api) -> None:
    _, invoice_id = await first_invoice(api)
    _, rivals_id = await first_invoice(api, "rival")
    rows = '2026-05-01,70.64,"Acme, inv-2026-000001",\n2026-04-30,70.6400,Rival,ref INV-2026-000002.\n'
    imported = await imports(api, rows)
    payments = [row["payment"] for row in imported["recorded"]]
    assert [row["line"] for row in imported["recorded"]] == [2, 3]
    assert [one.pop("id") for one in payments] != []
    assert payments == [
        {
            "amountCents": 7064,
            "receivedOn": "2026-05-01",
            "payerText": "Acme, inv-2026-000001",
            "applications": {"nodes": [{"invoice": {"number": "INV-2026-000001"}}]},
        },
        {
            "amountCents": 7064,
            "receivedOn": "2026-04-30",
            "payerText": "Rival",
            "applications": {"nodes": [{"invoice": {"number": "INV-2026-000002"}}]},
        },
    ]
    assert imported["recordedBefore"] == imported["proposals"] == []
    for one in (invoice_id, rivals_id):
        assert await invoice(api, one) == {"status": "PAID", "paidCents": 7064, "settledBy": "PAYMENT"}
    await check_ledger(api.given)


async def test_what_is_not_certain_is_proposed_with_its_reason(api: Api) -> None:
    tenant_id, _ = await first_invoice(api)
    await first_invoice(api, "rival")
    await next_invoice(api, tenant_id)
    await pay(api, tenant_id, 7064 + 64)
    rows = (
        "2026-05-01,-70.64,INV-2026-000002,\n"
        "2026-05-01,0,INV-2026-000002,\n"
        "2026-05-01,70.64,no number,x\n"
        "2026-05-01,5,INV-2026-000002,INV-2026-000003\n"
        "2026-05-01,5,INV-2026-000009,\n"
        "2026-05-01,5,INV-2026-000001,\n"
        "2026-05-01,70.63,INV-2026-000002,\n"
        "2026-05-01,70.00,INV-2026-0000021 XINV-2026-000002,\n"
    )
    before = await api.given.contents()
    imported = await imports(api, rows)
    assert decided(imported) == [
        (2, "MONEY_OUT", []),
        (3, "MONEY_OUT", []),
        (4, "NO_INVOICE_NAMED", ["INV-2026-000002"]),
        (5, "SEVERAL_INVOICES_NAMED", ["INV-2026-000002", "INV-2026-000003"]),
        (6, "UNKNOWN_INVOICE", []),
        (7, "INVOICE_NOT_OPEN", []),
        (8, "AMOUNT_DIFFERS", ["INV-2026-000002"]),
        (9, "UNKNOWN_INVOICE", ["INV-2026-000003"]),
    ]
    assert imported["recorded"] == imported["recordedBefore"] == []
    assert imported["proposals"][0] | {"paymentReference": ""} == {
        "line": 2,
        "bookedOn": "2026-05-01",
        "amountCents": -7064,
        "description": "INV-2026-000002",
        "reference": "",
        "paymentReference": "",
        "reason": "MONEY_OUT",
        "candidates": [],
    }
    assert await api.given.contents() == before


async def test_an_account_in_another_currency_pays_nothing_by_itself(api: Api) -> None:
    await first_invoice(api)
    imported = await imports(api, "2026-05-01,70.64,INV-2026-000001,\n", "USD")
    assert decided(imported) == [(2, "CURRENCY_MISMATCH", ["INV-2026-000001"])]
    yen = await imports(api, "2026-05-01,7064,INV-2026-000001,\n", "JPY")
    assert decided(yen) == [(2, "CURRENCY_MISMATCH", ["INV-2026-000001"])]
    assert yen["proposals"][0]["amountCents"] == 7064


async def test_a_file_twice_changes_nothing(api: Api) -> None:
    tenant_id, _ = await first_invoice(api)
    row = "2026-05-01,70.64,INV-2026-000001,t7\n"
    first = await imports(api, row + row)
    assert [one["line"] for one in first["recorded"]] == [2]
    assert decided(first) == [(3, "INVOICE_NOT_OPEN", [])]
    before = await api.given.contents()
    again = await imports(api, row + row)
    payment_id = first["recorded"][0]["payment"]["id"]
    recorded = [{"line": 2, "payment": {"id": payment_id}}]
    assert again == {"recorded": [], "recordedBefore": recorded, "proposals": first["proposals"]}
    moved = await imports(api, "2026-05-01,1,other,\n" + row.replace("t7", " t7  ").replace("70.64", "+70.640"))
    assert [one["line"] for one in moved["recordedBefore"]] == [3]
    assert await api.given.contents() == before

    proposed = first["proposals"][0]["paymentReference"]
    second = await pay(api, tenant_id, 7064, proposed)
    assert (await imports(api, row + row))["recordedBefore"] == [*recorded, {"line": 3, "payment": {"id": second}}]
    await api.mutate("reversePayment", {"paymentId": second, "reason": "dishonoured"})
    assert (await imports(api, row + row))["recordedBefore"] == [*recorded, {"line": 3, "payment": {"id": second}}]
    await api.mutate("reversePayment", {"paymentId": payment_id, "reason": "dishonoured"})
    assert (await imports(api, row))["recordedBefore"] == recorded
    await check_ledger(api.given)


@pytest.mark.parametrize(
    ("csv", "path"),
    [
        ("", []),
        (HEADER, []),
        ("date,amount,description\n2026-05-01,1,x\n", ["1"]),
        ("date,amount,amount,description,reference\n2026-05-01,1,1,x,y\n", ["1"]),
        (HEADER + "\n2026-05-01,1,x\n", ["3"]),
        (HEADER + '2026-05-01,1,"two\nlines",x\n2026-05-01,1.5.0,x,\n', ["4", "amount"]),
        (HEADER + "2026-05-01,1.005,x,\n", ["2", "amount"]),
        (HEADER + '2026-05-01,"1,000.00",x,\n', ["2", "amount"]),
        (HEADER + "2026-05-01,1e3,x,\n", ["2", "amount"]),
        (HEADER + "2026-05-01,,x,\n", ["2", "amount"]),
        (HEADER + "2026-05-01,\u0661,x,\n", ["2", "amount"]),
        (HEADER + "2026-05-01,99999999999999999.99,x,\n", ["2", "amount"]),
        (HEADER + "2026-05-02,1,x,\n", ["2", "date"]),
        (HEADER + "01/05/2026,1,x,\n", ["2", "date"]),
        (HEADER + "20260501,1,x,\n", ["2", "date"]),
        (HEADER + "1999-12-31,1,x,\n", ["2", "date"]),
        (HEADER + "2026-05-01,1,a\u202eb,\n", ["2", "description"]),
        (HEADER + "2026-05-01,1,x," + "y" * 401 + "\n", ["2", "reference"]),
        (HEADER + '2026-05-01,1,"x"y,\n', ["2"]),
        (HEADER + '2026-05-01,1,"x,\n', ["2"]),
        (HEADER + "2026-05-01,1,x,\n" * (MAX_ROWS + 1), []),
    ],
)
async def test_a_malformed_file_is_refused_whole_with_its_line(api: Api, csv: str, path: list[str]) -> None:
    asked = {"csv": csv, "currency": "AUD"}
    assert await api.mutate("importBankStatement", asked) == refused("VALIDATION_FAILED", "csv", *path)


async def test_every_line_at_fault_is_named_up_to_a_number(api: Api) -> None:
    csv = HEADER + "2026-05-01,x,y,\n2026-05-01,1,y,\n2026-05-02,x,y,\n" + "2026-05-01,x,y,\n" * 30
    answer = await api.mutate("importBankStatement", {"csv": csv, "currency": "AUD"}, "... on Problem { message }")
    faults = re.findall(r"csv\.\S+", answer["message"])
    assert len(faults) == 20
    assert faults[:4] == ["csv.2.amount", "csv.4.date", "csv.4.amount", "csv.5.amount"]
    asked = {"csv": csv, "currency": "AUx"}
    assert await api.mutate("importBankStatement", asked) == refused("VALIDATION_FAILED", "currency")


async def test_a_malformed_row_keeps_the_others_from_being_recorded(api: Api) -> None:
    _, invoice_id = await first_invoice(api)
    csv = HEADER + "2026-05-01,70.64,INV-2026-000001,\n2026-05-01,x,y,\n"
    answer = await api.mutate("importBankStatement", {"csv": csv, "currency": "AUD"})
    assert answer == refused("VALIDATION_FAILED", "csv", "3", "amount")
    assert await invoice(api, invoice_id) == {"status": "ISSUED", "balanceCents": 7064}


async def test_columns_are_found_by_name_in_any_order(api: Api) -> None:
    await first_invoice(api)
    csv = "\ufeffBalance, Reference ,AMOUNT,Date,description\n1,INV-2026-000001,70.64,2026-05-01,\n"
    answer = await api.mutate("importBankStatement", {"csv": csv, "currency": "AUD"}, IMPORTED)
    assert [row["line"] for row in answer["recorded"]] == [2]
    assert answer["recorded"][0]["payment"]["payerText"] is None
    paid = await api.data("{ invoices { nodes { paymentReference } } }")
    assert paid["invoices"]["nodes"] == [{"paymentReference": "INV-2026-000001"}]
    assert await api.mutate("recordPayment", payment("019d4500-0000-7000-8000-000000000009", 1)) == refused(
        "NOT_FOUND", "tenantId"
    )
