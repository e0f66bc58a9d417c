"""The text of an export, in each format, and the names of accounts."""

import csv
import io
import re
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from app.billing import Account, LineKind
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.journal_export import JournalFormat, export_journal
from app.operations.journal_export.csv_rows import CsvText
from app.operations.journal_export.entry_rows import ExportedEntry, ExportedPosting
from app.operations.journal_export.text import ExportPeriod, units
from app.operations.ledger.account_names import LedgerAccount
from app.tables.ledger import JournalEntryKind
from tests.operations.given import Given
from tests.operations.journal_export.exported import exported
from tests.operations.receivables import credit, figure_1, issued, pay

MAY, JUNE, JULY = date(2026, 5, 1), date(2026, 6, 1), date(2026, 7, 1)


@pytest.fixture
async def two_months(given: Given) -> None:
    """7064 issued and credited by 739 in May; 4000 paid in June."""
    await figure_1(given)
    tenant_id, invoice_id = await issued(given)
    await credit(given, invoice_id, (3, 672))
    given.clock.set(2026, 6, 3)
    await pay(given, tenant_id, 4000, '=1+"1"; x')


async def text_of(given: Given, journal_format: JournalFormat, first_day: date, end: date) -> list[str]:
    """The lines, with every id as ID."""
    text = await exported(given, journal_format, first_day, end)
    return re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID", text).splitlines()


BEANCOUNT_JUNE = r"""
option "title" "ArcadiaCloud journal, 2026-06-01 until 2026-07-01"
option "operating_currency" "AUD"

2026-06-01 open Assets:Receivable:Acme:AUD AUD
2026-06-01 open Assets:CashClearing:AUD AUD
2026-06-01 open Income:Revenue:Addon:Storage-gb:AUD AUD
2026-06-01 open Income:Revenue:PlanBase:AUD AUD
2026-06-01 open Liabilities:TaxPayable:GST:10-Percent:AUD AUD

2026-06-01 * "Opening balances, AUD"
  Assets:Receivable:Acme:AUD  63.25 AUD
  Income:Revenue:Addon:Storage-gb:AUD  -7.50 AUD
  Income:Revenue:PlanBase:AUD  -50.00 AUD
  Liabilities:TaxPayable:GST:10-Percent:AUD  -5.75 AUD

2026-06-03 * "acme" "Payment =1+\"1\"; x"
  entry: "ID"
  kind: "PAYMENT_RECORDED"
  document: "ID"
  Assets:CashClearing:AUD  40.00 AUD
  Assets:Receivable:Acme:AUD  -40.00 AUD

; Closing balances, AUD
2026-07-01 balance Assets:Receivable:Acme:AUD  23.25 ~ 0 AUD
2026-07-01 balance Assets:CashClearing:AUD  40.00 ~ 0 AUD
2026-07-01 balance Income:Revenue:Addon:Storage-gb:AUD  -7.50 ~ 0 AUD
2026-07-01 balance Income:Revenue:PlanBase:AUD  -50.00 ~ 0 AUD
2026-07-01 balance Liabilities:TaxPayable:GST:10-Percent:AUD  -5.75 ~ 0 AUD
"""
HLEDGER_JUNE = """
; ArcadiaCloud journal, 2026-06-01 until 2026-07-01
decimal-mark .
commodity 0.00 AUD

account Assets:Receivable:Acme:AUD
account Assets:CashClearing:AUD
account Income:Revenue:Addon:Storage-gb:AUD
account Income:Revenue:PlanBase:AUD
account Liabilities:TaxPayable:GST:10-Percent:AUD

2026-06-01 * Opening balances, AUD
    Assets:Receivable:Acme:AUD  63.25 AUD
    Income:Revenue:Addon:Storage-gb:AUD  -7.50 AUD
    Income:Revenue:PlanBase:AUD  -50.00 AUD
    Liabilities:TaxPayable:GST:10-Percent:AUD  -5.75 AUD

2026-06-03 * acme | Payment =1+"1", x
    ; entry:ID, kind:PAYMENT_RECORDED, document:ID
    Assets:CashClearing:AUD  40.00 AUD
    Assets:Receivable:Acme:AUD  -40.00 AUD

2026-06-30 * Closing balances, AUD
    Assets:Receivable:Acme:AUD  0.00 AUD = 23.25 AUD
    Assets:CashClearing:AUD  0.00 AUD = 40.00 AUD
    Income:Revenue:Addon:Storage-gb:AUD  0.00 AUD = -7.50 AUD
    Income:Revenue:PlanBase:AUD  0.00 AUD = -50.00 AUD
    Liabilities:TaxPayable:GST:10-Percent:AUD  0.00 AUD = -5.75 AUD
"""
CSV_JUNE = """
record,date,recorded_at,entry,kind,description,document,tenant,account,line_kind,resource_kind,tax,currency,debit,credit
OPENING,2026-06-01,,,,,,acme,Assets:Receivable:Acme:AUD,,,,AUD,63.25,
OPENING,2026-06-01,,,,,,,Income:Revenue:Addon:Storage-gb:AUD,ADDON,storage_gb,,AUD,,7.50
OPENING,2026-06-01,,,,,,,Income:Revenue:PlanBase:AUD,PLAN_BASE,,,AUD,,50.00
OPENING,2026-06-01,,,,,,,Liabilities:TaxPayable:GST:10-Percent:AUD,,,tax:GST:0.1,AUD,,5.75
POSTING,2026-06-03,2026-06-03T00:00:00+00:00,ID,PAYMENT_RECORDED,"Payment =1+""1""; x",ID,acme,Assets:CashClearing:AUD,,,,AUD,40.00,
POSTING,2026-06-03,2026-06-03T00:00:00+00:00,ID,PAYMENT_RECORDED,"Payment =1+""1""; x",ID,acme,Assets:Receivable:Acme:AUD,,,,AUD,,40.00
CLOSING,2026-06-30,,,,,,acme,Assets:Receivable:Acme:AUD,,,,AUD,23.25,
CLOSING,2026-06-30,,,,,,,Assets:CashClearing:AUD,,,,AUD,40.00,
CLOSING,2026-06-30,,,,,,,Income:Revenue:Addon:Storage-gb:AUD,ADDON,storage_gb,,AUD,,7.50
CLOSING,2026-06-30,,,,,,,Income:Revenue:PlanBase:AUD,PLAN_BASE,,,AUD,,50.00
CLOSING,2026-06-30,,,,,,,Liabilities:TaxPayable:GST:10-Percent:AUD,,,tax:GST:0.1,AUD,,5.75
"""  # noqa: E501 - rows


async def test_a_month_begins_with_what_stood_before_and_ends_with_what_stands_after(
    given: Given, two_months: None
) -> None:
    assert await text_of(given, JournalFormat.BEANCOUNT, JUNE, JULY) == BEANCOUNT_JUNE.strip().splitlines()
    assert await text_of(given, JournalFormat.HLEDGER, JUNE, JULY) == HLEDGER_JUNE.strip().splitlines()
    assert await text_of(given, JournalFormat.CSV, JUNE, JULY) == CSV_JUNE.strip().splitlines()


async def test_what_is_not_named_by_an_opening_balance_is_in_the_entries(given: Given, two_months: None) -> None:
    may = await text_of(given, JournalFormat.BEANCOUNT, MAY, JUNE)
    assert not [line for line in may if "Opening balances" in line]
    assert [line for line in may if "Droplet-hours" in line] == [
        "2026-05-01 open Income:Revenue:Overage:Droplet-hours:AUD AUD",
        "  Income:Revenue:Overage:Droplet-hours:AUD  -6.72 AUD",
        "  Income:Revenue:Overage:Droplet-hours:AUD  6.72 AUD",
        "2026-06-01 balance Income:Revenue:Overage:Droplet-hours:AUD  0.00 ~ 0 AUD",
    ]


async def test_a_period_without_a_day_and_other_roles_are_refused(given: Given) -> None:
    with pytest.raises(Refusal, match="to must be after the first day of the period") as refused:
        await exported(given, JournalFormat.CSV, JUNE, JUNE)
    assert (refused.value.code, refused.value.path) == (ProblemCode.VALIDATION_FAILED, ("to",))
    tenant_id = await given.tenant()
    for context in (given.admin(tenant_id), given.viewer(tenant_id), given.meter()):
        with pytest.raises(Refusal, match="your role may not see the ledger"):
            await export_journal(
                context, first_day=MAY, end=JUNE, journal_format=JournalFormat.CSV, write=lambda _: None
            )


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_a_text_that_a_spreadsheet_takes_for_a_formula_gets_an_apostrophe(text: str) -> None:
    receivable = LedgerAccount(Account.ACCOUNTS_RECEIVABLE, "AUD", "acme")
    entry = ExportedEntry(
        UUID(int=1),
        JUNE,
        datetime(2026, 6, 1, tzinfo=UTC),
        JournalEntryKind.PAYMENT_RECORDED,
        text,
        UUID(int=2),
        "acme",
        "AUD",
        [ExportedPosting(receivable, -705)],
    )
    (row,) = csv.reader(io.StringIO("".join(CsvText(ExportPeriod(JUNE, JULY)).entry(entry)), newline=""))
    assert row[5] == f"'{text}"
    assert row[-2:] == ["", "7.05"]


@pytest.mark.parametrize(
    ("cents", "currency", "text"),
    [
        (7064, "AUD", "70.64"),
        (-5, "AUD", "-0.05"),
        (0, "AUD", "0.00"),
        (7064, "JPY", "7064"),
        (-7064, "KWD", "-7.064"),
        (2**63 - 1, "AUD", "92233720368547758.07"),
    ],
)
def test_an_amount_is_exact_in_the_units_of_its_currency(cents: int, currency: str, text: str) -> None:
    assert units(cents, currency) == text


@pytest.mark.parametrize(
    ("account", "name"),
    [
        (LedgerAccount(Account.CUSTOMER_CREDIT, "AUD", "acme-two"), "Liabilities:CustomerCredit:Acme-two:AUD"),
        (LedgerAccount(Account.CUSTOMER_CREDIT, "AUD", "acme_two"), "Liabilities:CustomerCredit:Acme-two-18095837:AUD"),
        (LedgerAccount(Account.BAD_DEBT, "JPY", "9lives"), "Expenses:BadDebt:9lives:JPY"),
        (LedgerAccount(Account.CASH_CLEARING, "AUD"), "Assets:CashClearing:AUD"),
        (
            LedgerAccount(Account.REVENUE, "AUD", line_kind=LineKind.OVERAGE, resource_kind="droplet_hours"),
            "Income:Revenue:Overage:Droplet-hours:AUD",
        ),
        (LedgerAccount(Account.REVENUE, "AUD", line_kind=LineKind.PLAN_BASE), "Income:Revenue:PlanBase:AUD"),
        (LedgerAccount(Account.TAX_PAYABLE, "AUD", tax="tax:GST:0.1"), "Liabilities:TaxPayable:GST:10-Percent:AUD"),
        (
            LedgerAccount(Account.TAX_PAYABLE, "EUR", tax="tax:VAT: reduced:0.075"),
            "Liabilities:TaxPayable:VAT-reduced-b0442a29:7-5-Percent:EUR",
        ),
        (
            LedgerAccount(Account.TAX_PAYABLE, "EUR", tax="tax:VAT reduced:1"),
            "Liabilities:TaxPayable:VAT-reduced:100-Percent:EUR",
        ),
        (
            LedgerAccount(Account.TAX_PAYABLE, "JPY", tax="tax:消費税:0.08"),
            "Liabilities:TaxPayable:X-d61f6574:8-Percent:JPY",
        ),
    ],
)
def test_an_account_has_a_name_that_is_its_own(account: LedgerAccount, name: str) -> None:
    assert account.name == name
