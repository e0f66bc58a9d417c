"""`arcadia costs`: a bill imported from a file, matched again, withdrawn and listed, in a pipe."""

import asyncio
import gzip
import json
import os
import re
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from click.testing import CliRunner, Result

from app.cli import arcadia as program
from app.database import Database
from app.operations.calls.refusal import Refusal
from app.queue import Queue
from app.settings import Settings
from tests.cli.command import Command
from tests.clock import Clock
from tests.operations.costs.bills import HEADER, bill, droplet, row
from tests.operations.given import Given

ROWS = 100_000
TERMS = ("--external-id", "2026-04", "--exchange-rate", "1.5")
BILL = bill(row("web-1 (s-1vcpu-2gb)", "$1200.00"), row("GST", "$0.00000123", hours="")).replace("category", "Kind")


@pytest.fixture
async def given(database: Database, clock: Clock, settings: Settings) -> AsyncIterator[Given]:
    async with Queue(settings) as queue:
        yield Given(database, clock, settings, queue)


async def run(arcadia: Command, *arguments: str) -> Result:
    """The command, in this process to be quick, on a loop of its own."""
    runner = CliRunner(env=arcadia.environment)
    return await asyncio.to_thread(runner.invoke, program, ["costs", *arguments])


def written(folder: Path, text: str) -> str:
    path = folder / "bill.csv"
    path.write_text(text)
    return str(path)


async def test_a_bill_from_its_import_to_its_withdrawal(arcadia: Command, given: Given, tmp_path: Path) -> None:
    file = written(tmp_path, BILL)
    imported = await run(arcadia, "import", file, *TERMS)
    bill_id = UUID(re.match("id (.*)", imported.stdout)[1])  # type: ignore[index]  # it is asserted next
    assert (imported.exit_code, imported.stderr) == (0, "Ignored columns: Kind.\n")
    assert imported.stdout == (
        f"id {bill_id}\n"
        "bill digitalocean 2026-04\n"
        "period 2026-04-01 to 2026-05-01, exclusive\n"
        "rows 2\n"
        "total 1,200.00 USD\n"
        "allocated 0.00 USD\n"
        "unallocated 1,200.00 USD\n"
        "exchange rate 1.5 AUD for 1 USD\n"
    )
    again = await run(arcadia, "import", file, *TERMS)
    assert isinstance(again.exception, Refusal)
    assert str(again.exception) == (
        "this bill of the provider was already imported; withdraw it before importing it again"
    )

    await droplet(given, await given.deployment(await given.tenant()), "web-1")
    rematched = await run(arcadia, "rematch", str(bill_id))
    assert (rematched.exit_code, rematched.stderr) == (0, "Rows with a changed match: 1.\n")
    assert "\nallocated 1,200.00 USD\nunallocated 0.00 USD\n" in rematched.stdout

    withdrawn = await run(arcadia, "withdraw", str(bill_id), "--reason", "wrong rate")
    assert withdrawn.exit_code == 0
    assert re.search(r"\nwithdrawn 20.* by arcadia: wrong rate\n$", withdrawn.stdout)
    (as_json,) = json.loads((await run(arcadia, "list", "--json")).stdout)
    assert (as_json["id"], as_json["totalCents"], as_json["currency"]) == (str(bill_id), 120_000, "USD")
    listed = await run(arcadia, "list")
    assert listed.stdout == (
        f"{bill_id} digitalocean 2026-04 from 2026-04-01: 1,200.00 USD, 1,200.00 USD allocated, withdrawn\n"
    )
    entries = await given.rows("SELECT action, outcome, subject, input FROM audit_log ORDER BY occurred_at, id")
    assert [(entry["action"], entry["outcome"], entry["subject"]) for entry in entries] == [
        ("arcadia costs import", "DONE", "arcadia"),
        ("arcadia costs import", "CONFLICT", "arcadia"),
        ("arcadia costs rematch", "DONE", "arcadia"),
        ("arcadia costs withdraw", "DONE", "arcadia"),
    ]
    assert json.loads(entries[0]["input"]) == {
        "file": file,
        "provider": "digitalocean",
        "external_id": "2026-04",
        "currency": "USD",
        "exchange_rate": "1.5",
        "columns": [],
    }


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["import", "FILE"], "Missing option '--external-id'"),
        (["import", "nowhere.csv", *TERMS], "File 'nowhere.csv' does not exist."),
        (["import", "FILE", "--external-id", "1", "--exchange-rate", "much"], "'much' is not a number such as 1.53"),
        (
            ["import", "FILE", *TERMS, "--column", "cost=x"],
            "'cost=x' is not FIELD=COLUMN, where FIELD is one of product",
        ),
        (["rematch", "1"], "'1' is not a valid UUID"),
        (["withdraw", "019d4500-0000-7000-8000-000000000009"], "Missing option '--reason'"),
    ],
)
def test_what_is_wrong_usage(tmp_path: Path, arguments: list[str], said: str) -> None:
    file = written(tmp_path, BILL)
    given = [file if argument == "FILE" else argument for argument in arguments]
    outcome = CliRunner(env={"COLUMNS": "300"}).invoke(program, ["costs", *given])
    assert outcome.exit_code == 2
    assert said in outcome.output


def large(folder: Path, rows: int) -> str:
    """Returns a bill with this number of rows, compressed with gzip."""
    path = folder / "bill.csv.gz"
    with gzip.open(path, "wt", compresslevel=1) as file:
        file.write(f"{HEADER}\n")
        file.writelines(f"{row(f'web-{number} (s-1vcpu-2gb)', '$0.00000123')}\n" for number in range(rows))
    return str(path)


@pytest.mark.heavy
@pytest.mark.timeout(600)
async def test_a_bill_of_100_000_rows_is_imported_in_bounded_memory(
    arcadia: Command, given: Given, tmp_path: Path
) -> None:
    """The process needs at most 64 MB more for 100,000 rows than for 1,000."""
    peaks = []
    for rows in (1_000, ROWS):
        file = large(tmp_path, rows)
        process = arcadia.start("costs", "import", file, "--external-id", str(rows), "--exchange-rate", "1.5")
        peaks.append(await asyncio.to_thread(_peak, process.pid))
        process.communicate()
    assert peaks[1] - peaks[0] < 64 * 1024
    found = await given.rows("SELECT total_cents FROM cloud_invoices ORDER BY total_cents")
    assert [each["total_cents"] for each in found] == [0, 12]
    exact = await given.row("SELECT sum(exact_cents)::text AS exact FROM cloud_invoice_lines")
    assert exact == {"exact": "12.423000"}


def _peak(pid: int) -> int:
    """Waits for the process and returns the most memory it held, in KB."""
    _, status, usage = os.wait4(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    return int(usage.ru_maxrss)


async def test_an_import_that_is_killed_leaves_nothing_and_may_be_repeated(
    arcadia: Command, given: Given, tmp_path: Path, worker_database_url: str
) -> None:
    """Killed while it waits, in the middle of its rows, for a lock that the test holds."""
    await droplet(given, await given.deployment(await given.tenant()), "web-700")
    file = large(tmp_path, 1_000)
    with psycopg.connect(worker_database_url) as blocker, psycopg.connect(worker_database_url, autocommit=True) as seen:
        blocker.execute("SELECT FROM cloud_resources FOR UPDATE")  # a row that references it must wait
        process = arcadia.start("costs", "import", file, *TERMS)
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            " AND query LIKE 'INSERT INTO%'"
        )
        while seen.execute(waiting).fetchone() == (0,):
            assert process.poll() is None
            await asyncio.sleep(0.05)
        process.kill()
        process.communicate()
        assert process.returncode == -signal.SIGKILL
    counts = (
        "SELECT (SELECT count(*) FROM cloud_invoices) AS bills, (SELECT count(*) FROM cloud_invoice_lines) AS lines"
    )
    assert await given.row(counts) == {"bills": 0, "lines": 0}
    assert (await run(arcadia, "import", file, *TERMS)).exit_code == 0
    assert await given.row(counts) == {"bills": 1, "lines": 1_000}
