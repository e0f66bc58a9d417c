"""Exports: their columns and rows, both formats, texts like formulas, one tenant, flat memory."""

import csv
import io
import json
import tracemalloc
from datetime import date
from uuid import UUID

import pytest

from app.operations.calls.context import Context
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.charges import add_charge
from app.operations.exports import ExportedRecords, ExportFormat, ExportRequest, export_records
from app.operations.invoices import issue_invoice
from tests.operations.given import Given
from tests.operations.months import roll_up
from tests.operations.receivables import figure_1, issued, pay

MAY = (date(2026, 5, 1), date(2026, 6, 1))
INVOICES, LINES, PAYMENTS, LEDGER = ExportedRecords


async def exported(
    context: Context,
    records: ExportedRecords,
    export_format: ExportFormat = ExportFormat.CSV,
    *,
    period: tuple[date, date] = MAY,
    tenant_id: UUID | None = None,
) -> str:
    asked = ExportRequest(records, export_format, *period, tenant_id)
    return "".join([text async for text in export_records(context, asked)])


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


async def test_the_invoice_of_figure_1_in_both_formats(given: Given) -> None:
    await figure_1(given)
    tenant_id, invoice_id = await issued(given)
    await pay(given, tenant_id, 4000)
    (row,) = rows_of(await exported(given.platform, INVOICES))
    assert (row["id"], row["tenant"], row["number"]) == (str(invoice_id), "acme", "INV-2026-000001")
    amounts = ("subtotal_cents", "tax_cents", "total_cents", "paid_cents", "balance_cents", "currency", "voided_at")
    assert [row[name] for name in amounts] == ["6422", "642", "7064", "4000", "3064", "AUD", ""]
    (line,) = (await exported(given.platform, INVOICES, ExportFormat.JSONL)).splitlines()
    found = json.loads(line)
    assert list(found) == list(row)
    assert [found[name] for name in amounts] == [6422, 642, 7064, 4000, 3064, "AUD", None]
    assert (found["issued_on"], found["pdf_sha256"]) == ("2026-05-01", row["pdf_sha256"])


async def test_lines_are_in_the_order_of_the_invoice(given: Given) -> None:
    await figure_1(given)
    await issued(given)
    rows = rows_of(await exported(given.platform, LINES))
    assert [(row["kind"], row["quantity"], row["unit_price_cents"], row["amount_cents"]) for row in rows] == [
        ("PLAN_BASE", "1", "5000", "5000"),
        ("ADDON", "1", "750", "750"),
        ("OVERAGE", "672", "1", "672"),
        ("TAX", "1", "642.2", "642"),
    ]
    assert {row["invoice"] for row in rows} == {"INV-2026-000001"}


async def test_the_ledger_sums_to_zero(given: Given) -> None:
    await figure_1(given)
    tenant_id, _ = await issued(given)
    await pay(given, tenant_id, 4000)
    rows = rows_of(await exported(given.platform, LEDGER))
    assert sum(int(row["amount_cents"]) for row in rows) == 0
    assert [row["kind"] for row in rows] == ["INVOICE_ISSUED"] * 5 + ["PAYMENT_RECORDED"] * 2


@pytest.mark.parametrize("first", ["=", "+", "-", "@"])
async def test_a_text_like_a_formula_gets_an_apostrophe_in_csv_alone(given: Given, first: str) -> None:
    await figure_1(given)
    tenant_id, _ = await issued(given)
    await pay(given, tenant_id, 4000, reference=f"{first}1+1", payer_text='a "quoted", text')
    (row,) = rows_of(await exported(given.platform, PAYMENTS))
    assert (row["reference"], row["payer"], row["amount_cents"]) == (f"'{first}1+1", 'a "quoted", text', "4000")
    found = json.loads(await exported(given.platform, PAYMENTS, ExportFormat.JSONL))
    assert found["reference"] == f"{first}1+1"


async def test_a_negative_amount_is_a_number(given: Given) -> None:
    await figure_1(given)
    tenant_id = await given.tenant("corp")
    day = date(2026, 4, 1)
    await add_charge(given.platform, tenant_id=tenant_id, description="-5 for the outage", net_cents=-500, on=day)
    await add_charge(given.platform, tenant_id=tenant_id, description="Setup", net_cents=900, on=day)
    await roll_up(given, day, tenant_ids=[tenant_id])
    assert rows_of(await exported(given.platform, LINES)) == []  # a draft
    row = await given.row("SELECT id FROM tenant_invoices WHERE tenant_id = $1", tenant_id)
    await issue_invoice(given.platform, invoice_id=row["id"])
    rows = rows_of(await exported(given.platform, LINES))
    assert sorted((row["description"], row["amount_cents"]) for row in rows)[:2] == [
        ("'-5 for the outage", "-500"),
        ("GST 10%", "40"),
    ]


async def test_one_tenants_records_alone(given: Given) -> None:
    await figure_1(given)
    acme, _ = await issued(given, "acme")
    await issued(given, "bolt")
    for records in ExportedRecords:
        every = rows_of(await exported(given.platform, records))
        own = rows_of(await exported(given.platform, records, tenant_id=acme))
        assert own == [row for row in every if row["tenant"] == "acme"]
    assert {row["tenant"] for row in rows_of(await exported(given.platform, INVOICES))} == {"acme", "bolt"}


async def test_the_period_ends_before_its_last_day(given: Given) -> None:
    await figure_1(given)
    await issued(given)
    for period, count in (((date(2026, 5, 1), date(2026, 5, 2)), 1), ((date(2026, 4, 1), date(2026, 5, 1)), 0)):
        assert len(rows_of(await exported(given.platform, INVOICES, period=period))) == count


async def test_a_tenants_users_get_their_own_records(given: Given) -> None:
    await figure_1(given)
    acme, _ = await issued(given, "acme")
    bolt, _ = await issued(given, "bolt")
    await pay(given, acme, 4000)
    await pay(given, bolt, 500)
    for records in (INVOICES, LINES, PAYMENTS):
        own = await exported(given.platform, records, tenant_id=acme)
        for caller in (given.admin(acme), given.viewer(acme)):
            rows = rows_of(await exported(caller, records))
            assert rows == [{key: row[key] for key in row if key != "recorded_by"} for row in rows_of(own)]
            assert rows == rows_of(await exported(caller, records, tenant_id=acme))
            assert len(rows) == {INVOICES: 1, LINES: 4, PAYMENTS: 1}[records]


async def test_who_recorded_a_payment_is_the_platforms_alone(given: Given) -> None:
    await figure_1(given)
    tenant_id, _ = await issued(given)
    await pay(given, tenant_id, 4000)
    (row,) = rows_of(await exported(given.platform, PAYMENTS))
    assert row["recorded_by"] == "platform_admin@example.com"
    assert "platform_admin" not in await exported(given.viewer(tenant_id), PAYMENTS)


async def test_what_is_refused(given: Given) -> None:
    tenant_id, other_id = await given.tenant(), await given.tenant("bolt")
    unknown = UUID("01890000-0000-7000-8000-000000000009")
    denied, missing, invalid = (
        ProblemCode.PERMISSION_DENIED,
        ProblemCode.NOT_FOUND,
        ProblemCode.VALIDATION_FAILED,
    )
    admin = given.admin(tenant_id)
    for caller, records, period, asked, code, path in (
        (admin, LEDGER, MAY, None, denied, ()),
        (given.viewer(tenant_id), LEDGER, MAY, None, denied, ()),
        (given.meter(tenant_id), INVOICES, MAY, None, denied, ()),
        (admin, INVOICES, MAY, other_id, missing, ("tenantId",)),
        (admin, INVOICES, MAY, unknown, missing, ("tenantId",)),
        (given.platform, INVOICES, MAY, unknown, missing, ("tenantId",)),
        (admin, INVOICES, (MAY[0], MAY[0]), None, invalid, ("to",)),
    ):
        with pytest.raises(Refusal) as refused:
            await exported(caller, records, period=period, tenant_id=asked)
        assert (refused.value.code, refused.value.path) == (code, path)


async def test_twenty_times_the_rows_take_no_more_memory(given: Given) -> None:
    """Payments are copied in SQL: 1,000 and then 20,000 rows of a period."""
    await figure_1(given)
    tenant_id, _ = await issued(given)
    await pay(given, tenant_id, 4000)
    copy = (
        "INSERT INTO payments (id, tenant_id, amount_cents, currency, received_on, method, reference, credit_cents,"
        " recorded_at, recorded_by) SELECT gen_random_uuid(), tenant_id, amount_cents, currency, $2::date, method,"
        " reference || n || $2, credit_cents, recorded_at, recorded_by FROM payments, generate_series(1, $1) AS n"
        " WHERE reference = 'bank-1'"
    )
    peaks = []
    for month, count in ((6, 1_000), (7, 20_000)):
        await given.rows(copy, count, date(2026, month, 1))
        period = (date(2026, month, 1), date(2026, month, 2))
        tracemalloc.start()
        written = 0
        async for text in export_records(given.platform, ExportRequest(PAYMENTS, ExportFormat.CSV, *period)):
            written += text.count("\n")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert written == count + 1
    assert peaks[1] < 1.5 * peaks[0]
