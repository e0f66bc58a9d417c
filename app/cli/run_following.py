"""`arcadia runs`: lists rollup runs and issue runs, shows their state, and follows one until it has finished."""

import asyncio
from typing import Any
from uuid import UUID

import rich_click as click
from click.exceptions import Exit
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from app.cli.command_refused import CommandRefusedError
from app.cli.operator_context import operator
from app.cli.reading import read
from app.cli.value_table import AS_JSON, show_json, show_rows, show_values
from app.operations.calls.context import Context
from app.settings import Settings

POLL_SECONDS = 0.5
_ROLLUP = """
  kind: __typename id status periodStart dryRun requestedBy createdAt startedAt finishedAt
  done: tenantsDone total: tenantsTotal
  invoicesCreated invoicesReplaced invoicesSkipped invoicesFailed
"""
_ISSUE = """
  kind: __typename id status periodStart exceptStale requestedBy createdAt startedAt finishedAt
  done: draftsDone total: draftsTotal
  invoicesIssued invoicesStale invoicesSkipped invoicesFailed
"""
_LIST = f"""
query List($first: Int!) {{
  rollupRuns(first: $first) {{ nodes {{ {_ROLLUP} }} }}
  issueRuns(first: $first) {{ nodes {{ {_ISSUE} }} }}
}}
"""
_ONE = f"query One($id: ID!) {{ rollupRun(id: $id) {{ {_ROLLUP} }} issueRun(id: $id) {{ {_ISSUE} }} }}"
_NAMES = {"RollupRun": "rollup", "IssueRun": "issue"}
_COUNTS = {
    "invoicesCreated": "created",
    "invoicesReplaced": "replaced",
    "invoicesIssued": "issued",
    "invoicesStale": "stale",
    "invoicesSkipped": "skipped",
    "invoicesFailed": "failed",
}
_FAILED = frozenset({"FAILED", "PARTIAL"})
RUN = click.argument("run", type=click.UUID, metavar="RUN")


@click.group()
def runs() -> None:
    """Show rollup runs and issue runs. RUN is the id that `arcadia runs list` prints."""


@runs.command("list")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 100), help="How many at most.")
@AS_JSON
def list_(limit: int, *, as_json: bool) -> None:
    """List runs, the latest first."""
    asyncio.run(_list(limit, as_json=as_json))


@runs.command()
@RUN
@AS_JSON
def status(run: UUID, *, as_json: bool) -> None:
    """Show the state of a run."""
    asyncio.run(_status(run, as_json=as_json))


@runs.command()
@RUN
@AS_JSON
def follow(run: UUID, *, as_json: bool) -> None:
    """Show the progress of a run until it has finished; exit code 1 if an invoice failed.

    A worker must be running. In a pipe, only the final state is printed.
    """
    finished = asyncio.run(_follow(run, as_json=as_json))
    if finished["status"] in _FAILED:
        raise Exit(1)


async def _list(limit: int, *, as_json: bool) -> None:
    async with operator(Settings.from_environment()) as context:
        found = await read(context, _LIST, {"first": limit})
    nodes = [*found["rollupRuns"]["nodes"], *found["issueRuns"]["nodes"]]
    latest = sorted(nodes, key=lambda node: str(node["createdAt"]), reverse=True)[:limit]
    if as_json:
        show_json(latest)
        return
    columns = ("run", "kind", "month", "status", "done", "failed")
    show_rows(Console(), "Runs", columns, map(_row, latest))


def _row(run: dict[str, Any]) -> tuple[str, ...]:
    return (
        run["id"],
        _kind(run),
        run["periodStart"][:7],
        run["status"].lower(),
        f"{run['done']} of {run['total']}",
        str(run["invoicesFailed"]),
    )


def _kind(run: dict[str, Any]) -> str:
    return _NAMES[run["kind"]] + (", dry run" if run.get("dryRun") else "")


async def _status(run_id: UUID, *, as_json: bool) -> None:
    async with operator(Settings.from_environment()) as context:
        _show(await _find(context, run_id), as_json=as_json)


async def _follow(run_id: UUID, *, as_json: bool) -> dict[str, Any]:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    async with operator(Settings.from_environment()) as context:
        run = await _find(context, run_id)
        with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
            task_id = progress.add_task(f"{_kind(run)} {run['periodStart'][:7]}", total=run["total"])
            while run["finishedAt"] is None:
                progress.update(task_id, completed=run["done"])
                await asyncio.sleep(POLL_SECONDS)
                run = await _find(context, run_id)
    _show(run, as_json=as_json)
    return run


async def _find(context: Context, run_id: UUID) -> dict[str, Any]:
    found = await read(context, _ONE, {"id": str(run_id)})
    run: dict[str, Any] | None = found["rollupRun"] or found["issueRun"]
    if run is None:
        raise CommandRefusedError(f"run '{run_id}' does not exist")
    return run


def _show(run: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        show_json(run)
        return
    values = [
        ("run", run["id"]),
        ("kind", _kind(run)),
        ("month", run["periodStart"][:7]),
        ("status", run["status"].lower()),
        ("done", f"{run['done']} of {run['total']}"),
        *((text, str(run[name])) for name, text in _COUNTS.items() if name in run),
        ("requested by", run["requestedBy"]),
        *((name, run[field]) for name, field in (("started", "startedAt"), ("finished", "finishedAt")) if run[field]),
    ]
    show_values(Console(), "Run", values)
