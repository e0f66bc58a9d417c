"""`arcadia rollup`: creates a month's invoices, in this process or in the workers."""

import asyncio
from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import rich_click as click
from click.exceptions import Exit
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from app.cli.invoice_table import money
from app.cli.operator_context import operator
from app.cli.parameter_types import MonthParameter
from app.cli.reading import read
from app.cli.value_table import AS_JSON, show_json, show_values
from app.operations.calls.context import Context
from app.operations.rollups import roll_up_period, roll_up_run, skip_reasons
from app.operations.tenants import tenant_id_of
from app.settings import Settings

RUN = """
query Run($id: ID!) {
  rollupRun(id: $id) {
    id status dryRun tenantsTotal tenantsDone invoicesCreated invoicesReplaced invoicesSkipped invoicesFailed totalCents
    failures(first: 100) { nodes { tenant { code } code message } }
  }
}
"""
SUCCEEDED = frozenset({"QUEUED", "RUNNING", "SUCCEEDED"})
PROGRESS_SECONDS = 0.5
SKIPPED = {
    "DRAFT": "has a draft (--force rates it again)",
    "ISSUED": "has an issued invoice (--force replaces it)",
    "PAID": "has a paid invoice",
    "WAIVED": "the month is waived",
    "ZERO": "closed with a zero amount (--force rates it again)",
}


@click.command()
@click.argument("month", type=MonthParameter(), metavar="YYYY-MM")
@click.option(
    "--tenant",
    "tenants",
    multiple=True,
    metavar="CODE",
    help="The code of a tenant to bill; may be repeated. Default: all tenants.",
)
@click.option("--force", is_flag=True, help="Rate drafts again, and replace issued invoices by drafts.")
@click.option("--dry-run", is_flag=True, help="Calculate the amounts without writing invoices. Any month may be given.")
@click.option("--enqueue", is_flag=True, help="Queue the run for the workers instead of processing it here.")
@AS_JSON
def rollup(month: date, tenants: tuple[str, ...], *, force: bool, dry_run: bool, enqueue: bool, as_json: bool) -> None:
    """Create the draft invoices of an ended month, such as 2026-04."""
    console = Console()
    run, skipped = asyncio.run(_rollup(console, month, tenants, force=force, dry_run=dry_run, enqueue=enqueue))
    if as_json:
        show_json({**run, "skipped": skipped})
    else:
        show_run(console, run, skipped)
    if run["status"] not in SUCCEEDED:
        raise Exit(1)


async def _rollup(
    console: Console, month: date, tenants: Sequence[str], *, force: bool, dry_run: bool, enqueue: bool
) -> tuple[dict[str, Any], dict[str, int]]:
    """Runs a rollup for the command line; returns the run, and the number of skipped tenants by reason."""
    async with operator(Settings.from_environment()) as context:
        tenant_ids = [await tenant_id_of(context, code=code) for code in tenants] or None
        run_id = await roll_up_period(context, period_start=month, tenant_ids=tenant_ids, force=force, dry_run=dry_run)
        if not enqueue:
            await _work(console, context, run_id)
        return await run_of(context, run_id), await skip_reasons(context, run_id=run_id)


async def run_of(context: Context, run_id: UUID) -> dict[str, Any]:
    run: dict[str, Any] = (await read(context, RUN, {"id": str(run_id)}))["rollupRun"]
    return run


async def _work(console: Console, context: Context, run_id: UUID) -> None:
    """Processes a rollup run in this process, with a progress bar on a terminal."""
    work = asyncio.create_task(roll_up_run(context, run_id=run_id))
    columns = (TextColumn("tenants"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task_id = progress.add_task("tenants", total=None)
        while not work.done():
            await asyncio.wait({work}, timeout=PROGRESS_SECONDS)
            if console.is_terminal:
                run = await run_of(context, run_id)
                progress.update(task_id, total=run["tenantsTotal"], completed=run["tenantsDone"])
    await work


def show_run(console: Console, run: dict[str, Any], skipped: dict[str, int]) -> None:
    """Prints the result of a rollup run: a table on a terminal, `name value` lines in a pipe."""
    rows = [
        ("run", run["id"]),
        ("status", run["status"].lower()),
        ("tenants", f"{run['tenantsDone']} of {run['tenantsTotal']}"),
        ("created", str(run["invoicesCreated"])),
        ("replaced", str(run["invoicesReplaced"])),
        ("skipped", str(run["invoicesSkipped"])),
        *((f"skipped, {SKIPPED[reason]}", str(tenants)) for reason, tenants in skipped.items()),
        ("failed", str(run["invoicesFailed"])),
        ("total (not billed)" if run["dryRun"] else "total", money(run["totalCents"])),
    ]
    rows += [
        (failure["tenant"]["code"], f"{failure['code']}: {failure['message']}") for failure in run["failures"]["nodes"]
    ]
    show_values(console, "Rollup", rows)
