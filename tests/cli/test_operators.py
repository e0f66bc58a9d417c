"""What operators do with invoices, runs and tenants, in a pipe."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.database import Database
from app.operations.issue_runs import issue_invoices
from app.operations.rollups import roll_up_period, roll_up_run
from app.queue import Queue
from app.settings import Settings
from tests.cli.command import ROOT, Command, Outcome
from tests.clock import Clock
from tests.operations.given import Given
from tests.operations.months import APRIL
from tests.operations.receivables import drafted, figure_1

NUMBER = "INV-2026-000001"


@pytest.fixture
async def given(database: Database, clock: Clock, settings: Settings) -> AsyncIterator[Given]:
    async with Queue(settings) as queue:
        yield Given(database, clock, settings, queue)


async def run(arcadia: Command, *arguments: str) -> Outcome:
    return await asyncio.to_thread(arcadia.here, *arguments)


async def test_an_invoice_from_its_draft_to_its_payment(given: Given, arcadia: Command, tmp_path: Path) -> None:
    await figure_1(given)
    await drafted(given)
    (draft,) = json.loads((await run(arcadia, "invoices", "list", "--month", "2026-04", "--json")).out)
    assert (draft["status"], draft["number"], draft["tenant"]) == ("DRAFT", None, {"code": "acme"})
    issued = await run(arcadia, "invoices", "issue", draft["id"])
    assert (issued.code, issued.err) == (0, "")
    assert issued.out.startswith(f"id {draft['id']}\nnumber INV-20")
    number = issued.out.splitlines()[1].removeprefix("number ")
    credited = await run(
        arcadia, "invoices", "credit", number, "--cents", "739", "--reason", "goodwill", "--description", "The overage"
    )
    assert credited.out.endswith(
        "tax 6.42 AUD (GST 10%)\nsubtotal 64.22 AUD\ntax 6.42 AUD\ntotal 70.64 AUD\npaid 0.00 AUD\n"
        "credit applied 0.00 AUD\ncredit notes 7.39 AUD\nwritten off 0.00 AUD\nbalance 63.25 AUD\n"
    )
    paid = json.loads((await run(arcadia, "invoices", "pay", number, "--reference", "bank-1", "--json")).out)
    assert (paid["status"], paid["paidCents"], paid["balanceCents"]) == ("PAID", 6325, 0)
    again = await run(arcadia, "invoices", "pay", number, "--reference", "bank-1")
    assert (again.code, again.out, again.err) == (
        1,
        "",
        "the invoice is paid; this is possible only while it is issued\n",
    )
    row = f"{number}\tacme\t2026-04\tpaid\t{paid['dueOn']}\t70.64 AUD\t0.00 AUD\n"
    listed = await run(arcadia, "invoices", "list", "--status", "paid", "--tenant", "acme")
    assert listed.out == f"invoice\ttenant\tmonth\tstatus\tdue\ttotal\tbalance\n{row}"
    assert (await run(arcadia, "invoices", "list", "--status", "draft", "--json")).out == "[]\n"
    file = tmp_path / "invoice.pdf"
    assert (await run(arcadia, "invoices", "pdf", number, str(file))).out == f"Wrote {file}.\n"
    assert file.read_bytes().startswith(b"%PDF-")
    entries = await given.rows("SELECT action, outcome FROM audit_log ORDER BY occurred_at, id")
    assert [tuple(entry.values()) for entry in entries] == [
        ("arcadia invoices issue", "DONE"),
        ("arcadia invoices credit", "DONE"),
        ("arcadia invoices pay", "DONE"),
        ("arcadia invoices pay", "INVOICE_PAID"),
    ]


async def test_runs_are_listed_and_followed_to_their_end(given: Given, arcadia: Command) -> None:
    await figure_1(given)
    await drafted(given)
    rollup_id = (await given.row("SELECT id FROM rollup_runs"))["id"]
    given.clock.advance(minutes=1)
    issue_id = await issue_invoices(given.platform, period_start=APRIL)
    listed = (await run(arcadia, "runs", "list")).out.splitlines()
    assert [line.split("\t") for line in listed[1:]] == [
        [str(issue_id), "issue", "2026-04", "queued", "0 of 1", "0"],
        [str(rollup_id), "rollup", "2026-04", "succeeded", "1 of 1", "0"],
    ]
    finished = await run(arcadia, "runs", "follow", str(rollup_id))
    assert (finished.code, finished.err) == (0, "")
    assert "\nstatus succeeded\ndone 1 of 1\ncreated 1\nreplaced 0\nskipped 0\nfailed 0\n" in finished.out
    run_id = await roll_up_period(given.platform, period_start=APRIL)
    following = asyncio.create_task(run(arcadia, "runs", "follow", str(run_id), "--json"))
    await roll_up_run(given.platform, run_id=run_id)
    followed = json.loads((await following).out)
    assert (followed["status"], followed["invoicesSkipped"]) == ("SUCCEEDED", 1)
    status = json.loads((await run(arcadia, "runs", "status", str(issue_id), "--json")).out)
    assert (status["kind"], status["status"], status["total"]) == ("IssueRun", "QUEUED", 1)


async def test_a_tenant_with_its_deployments_and_what_it_owes(given: Given, arcadia: Command) -> None:
    await figure_1(given)
    tenant_id, _ = await drafted(given)
    listed = await run(arcadia, "tenants", "list", "--search", "ACM")
    assert listed.out == (
        "tenant\tname\tstate\topen\toverdue\tcredit\nacme\tAcme\topen\t0.00 AUD\t0.00 AUD\t0.00 AUD\n"
    )
    shown = await run(arcadia, "tenants", "show", "acme")
    assert shown.out.startswith(f"id {tenant_id}\ncode acme\nname Acme\ncountry AU\n")
    assert shown.out.endswith("\ndeployment pilot (active, syd1): studio version 1, storage_50gb\n")
    assert json.loads((await run(arcadia, "tenants", "show", "acme", "--json")).out)["openBalanceCents"] == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("invoices", "show", NUMBER), f"invoice '{NUMBER}' does not exist"),
        (("invoices", "list", "--tenant", "nobody"), "tenant 'nobody' does not exist"),
        (("tenants", "show", "nobody"), "tenant 'nobody' does not exist"),
        (
            ("runs", "follow", "00000000-0000-0000-0000-000000000001"),
            "run '00000000-0000-0000-0000-000000000001' does not exist",
        ),
    ],
)
def test_what_does_not_exist_is_refused(arcadia: Command, arguments: tuple[str, ...], message: str) -> None:
    outcome = arcadia.here(*arguments)
    assert (outcome.code, outcome.out, outcome.err) == (1, "", f"{message}\n")


def test_the_shell_completes_commands_and_values() -> None:
    words = {"_ARCADIA_COMPLETE": "bash_complete", "COMP_WORDS": "arcadia invoices credit --reason ", "COMP_CWORD": "4"}
    program = "import sys; sys.argv[0] = 'arcadia'; from app.cli import main; main()"
    completed = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **words},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "plain,goodwill" in completed.stdout.splitlines()
