"""docs/receivables.md says what the system posts, and its commands run."""

import asyncio
import os
import re
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from app.operations.invoices import void_invoice
from app.operations.journal_export import JournalFormat
from app.operations.payments import NewRecovery, record_recovery, refund_credit, reverse_payment, write_off_invoice
from app.tables.payments import PaymentMethod
from tests.conftest import SECRET
from tests.operations.given import Given
from tests.operations.journal_export.exported import exported
from tests.operations.receivables import check_ledger, credit, figure_1, issued, pay

DOCUMENT = (Path(__file__).parents[3] / "docs" / "receivables.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"(?m)^    ((?:arcadia|bean-check|hledger) .*)$", DOCUMENT)


@pytest.fixture
async def story(given: Given) -> None:
    """The page from its beginning to its end."""
    await figure_1(given)
    today = given.clock().date()
    acme, invoice_id = await issued(given, "acme")
    await credit(given, invoice_id, (3, 672))
    await pay(given, acme, 4000, "bank-1")
    await pay(given, acme, 3000, "bank-2")
    await refund_credit(given.platform, tenant_id=acme, amount_cents=500, paid_out_on=today, reference="out-1")
    omega, invoice_id = await issued(given, "omega")
    await credit(given, invoice_id, (3, 672))
    await pay(given, omega, 4000, "bank-3")
    await write_off_invoice(given.platform, invoice_id=invoice_id, reason="insolvent")
    recovery = NewRecovery(invoice_id, 1000, today, PaymentMethod.BANK_TRANSFER, "liquidator-1")
    await record_recovery(given.platform, recovery)
    bounced, invoice_id = await issued(given, "bounced")
    payment_id = await pay(given, bounced, 7064, "bank-4")
    await credit(given, invoice_id, (3, 672))
    await reverse_payment(given.platform, payment_id=payment_id, reason="dishonoured")
    _, invoice_id = await issued(given, "void")
    await void_invoice(given.platform, invoice_id=invoice_id)


async def test_the_postings_of_the_page_are_the_systems(given: Given, story: None) -> None:
    text = await exported(given, JournalFormat.HLEDGER, date(2026, 5, 1), date(2026, 6, 1))
    entries = re.findall(r"(?m)^2026-05-01 \* (\w+ \| .*)\n    ; .*\n((?:    \w.*\n)+)", text)
    page = re.findall(r"(?m)^    (\w+ \| .*)\n((?:        \w.*\n)+)", DOCUMENT)
    assert len(page) == 17
    assert [(title, re.sub(r"(?m)^ +", "", postings)) for title, postings in page] == [
        (title, re.sub(r"(?m)^ +", "", postings)) for title, postings in entries
    ]
    await check_ledger(given)


async def test_the_commands_of_the_page_run(given: Given, story: None, tmp_path: Path) -> None:
    assert len(COMMANDS) == 7
    outputs = {}
    for command in COMMANDS:
        if command.startswith("hledger") and shutil.which("hledger") is None:
            continue
        done = await asyncio.to_thread(run, command, tmp_path, given)
        assert done.returncode == 0, (command, done.stderr)
        outputs[command] = done.stdout
    assert outputs["arcadia check"] == "No violations found.\n"
    assert outputs["bean-check may.beancount"] == ""
    assert (tmp_path / "may.csv").read_text().count("POSTING") == 55


def run(command: str, folder: Path, given: Given) -> subprocess.CompletedProcess[str]:
    """As a shell would, with our programs first on its PATH."""
    url = given.settings.database_url
    assert url is not None
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "LC_ALL": "C.UTF-8",
        "ARCADIA_DATABASE_URL": url,
        "ARCADIA_DATA_DIR": str(given.settings.data_dir),
        "ARCADIA_JWT_SECRET": SECRET,
    }
    return subprocess.run(
        ["/bin/bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
