"""beancount and hledger accept the journal of a generated year, and report the balances that we do."""

import csv
import io
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from app.billing.period import ONE_DAY
from app.operations.currencies import CURRENCIES
from app.operations.journal_export import JournalFormat
from app.operations.ledger import account_balances
from app.operations.ledger.account_names import TENANT_ACCOUNTS, LedgerAccount
from app.tables.ledger import JournalEntryKind
from tests.operations.given import Given
from tests.operations.journal_export.exported import exported
from tests.operations.journal_export.year import Year
from tests.operations.receivables import check_ledger

HLEDGER = shutil.which("hledger")
pytestmark = pytest.mark.heavy
QUARTER = (date(2026, 6, 1), date(2026, 9, 1))
ALL = (date(2026, 1, 1), date(2027, 2, 1))

Balances = dict[str, Decimal]


async def ours(given: Given, at: date) -> Balances:
    """The balances that accountBalances reports, by the accounts' names; without those that are 0."""
    balances: Balances = {}
    for tenant in await given.rows("SELECT id, code FROM tenants"):
        for currency, account, line_kind, resource_kind, tax, cents in await account_balances(
            given.platform, at=at, tenant_id=tenant["id"]
        ):
            code = tenant["code"] if account in TENANT_ACCOUNTS else None
            name = LedgerAccount(account, currency, code, line_kind, resource_kind, tax).name
            unit = Decimal(1).scaleb(-CURRENCIES[currency].minor_units)
            balances[name] = balances.get(name, Decimal(0)) + cents * unit
    return {name: amount for name, amount in balances.items() if amount}


def bean_check(file: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("bean-check")
    return subprocess.run([program, str(file)], capture_output=True, text=True, check=False)


def by_beancount(file: Path) -> Balances:
    from beancount import loader
    from beancount.core.data import Transaction

    directives, errors, _ = loader.load_file(str(file))
    assert errors == []
    balances: Balances = defaultdict(Decimal)
    for directive in directives:
        if isinstance(directive, Transaction):
            for posting in directive.postings:
                assert posting.units is not None
                balances[posting.account] += Decimal(str(posting.units.number))
    return {name: amount for name, amount in balances.items() if amount}


def hledger(*arguments: str) -> subprocess.CompletedProcess[str]:
    assert HLEDGER is not None
    return subprocess.run([HLEDGER, *arguments], capture_output=True, text=True, check=False, env={"LC_ALL": "C.UTF-8"})


def by_hledger(file: Path) -> Balances:
    done = hledger("balance", "-f", str(file), "--flat", "--no-total", "--output-format", "csv")
    assert done.returncode == 0, done.stderr
    rows = list(csv.reader(io.StringIO(done.stdout)))[1:]
    return {name: Decimal(amount.split()[0]) for name, amount in rows if amount != "0"}


def by_spreadsheet(text: str) -> Balances:
    balances: Balances = defaultdict(Decimal)
    for row in csv.DictReader(io.StringIO(text)):
        if row["record"] != "CLOSING":
            balances[row["account"]] += Decimal(row["debit"] or 0) - Decimal(row["credit"] or 0)
    return {name: amount for name, amount in balances.items() if amount}


def one_cent_more(text: str, journal_format: JournalFormat) -> str:
    """The export with the last closing balance of Australian receivables higher by a cent."""
    assertion = {
        JournalFormat.BEANCOUNT: r"(balance Assets:Receivable:Acme:AUD  )(\S+)",
        JournalFormat.HLEDGER: r"(Assets:Receivable:Acme:AUD  0\.00 AUD = )(\S+)",
    }[journal_format]
    found = re.search(assertion, text)
    assert found is not None
    changed = f"{found[1]}{Decimal(found[2]) + Decimal('0.01')}"
    return text[: found.start()] + changed + text[found.end() :]


@pytest.fixture
async def year(given: Given) -> Year:
    year = Year(given)
    await year.play()
    return year


async def test_the_generated_year_has_every_event_and_balances(given: Given, year: Year) -> None:
    await check_ledger(given)
    kinds = await given.rows("SELECT DISTINCT kind FROM journal_entries")
    assert {row["kind"] for row in kinds} == set(JournalEntryKind)


async def test_bean_check_accepts_the_year_and_its_balances_are_ours(given: Given, year: Year, tmp_path: Path) -> None:
    file = tmp_path / "journal.beancount"
    for first_day, end in (ALL, QUARTER):
        text = await exported(given, JournalFormat.BEANCOUNT, first_day, end)
        file.write_text(text)
        done = bean_check(file)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        assert by_beancount(file) == await ours(given, end - ONE_DAY)
        file.write_text(one_cent_more(text, JournalFormat.BEANCOUNT))
        assert "Balance failed for 'Assets:Receivable:Acme:AUD'" in bean_check(file).stderr


@pytest.mark.skipif(HLEDGER is None, reason="hledger is not installed")
async def test_hledger_accepts_the_year_and_its_balances_are_ours(given: Given, year: Year, tmp_path: Path) -> None:
    file = tmp_path / "journal.hledger"
    for first_day, end in (ALL, QUARTER):
        text = await exported(given, JournalFormat.HLEDGER, first_day, end)
        file.write_text(text)
        done = hledger("check", "--strict", "ordereddates", "-f", str(file))
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        assert by_hledger(file) == await ours(given, end - ONE_DAY)
        file.write_text(one_cent_more(text, JournalFormat.HLEDGER))
        assert "balance assertion" in hledger("check", "-f", str(file)).stderr


async def test_the_rows_for_spreadsheets_add_up_to_our_balances(given: Given, year: Year) -> None:
    for first_day, end in (ALL, QUARTER):
        text = await exported(given, JournalFormat.CSV, first_day, end)
        assert by_spreadsheet(text) == await ours(given, end - ONE_DAY)
