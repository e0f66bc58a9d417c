"""`arcadia demo`: one tenant from its first deployment to its paid invoice, by the operations that the API calls."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import rich_click as click
from rich.console import Console

from app.billing import DeploymentState
from app.cli import demo_data
from app.cli.command_refused import CommandRefusedError
from app.cli.demo_webhook import demo_endpoint, show_delivery
from app.cli.invoice_table import INVOICE, show_invoice
from app.cli.operator_context import now, operator
from app.cli.reading import read
from app.cli.rollup import run_of
from app.cli.settling import settle, show_receivable
from app.database.migrate import migrate
from app.operations.calls.context import Context
from app.operations.calls.principal import Role
from app.operations.calls.refusal import InvalidTransitionRefusal
from app.operations.deployments import transition_deployment
from app.operations.documents.document_files import read_document
from app.operations.documents.links import DocumentFormat
from app.operations.rollups import ROLLUPS, roll_up_period
from app.server.logs import configure_logging
from app.server.signing import sign_token
from app.settings import LogLevel, Settings
from app.worker import working

MAX_WAIT_SECONDS = 120

_LAST_EVENT = """
query LastEvent($id: ID!) {
  deployment(id: $id) { events(first: 1) { nodes { fromState toState actor } } }
}
"""


@click.command()
def demo() -> None:
    """Create a demo tenant and run one month: usage, rollup, invoice, credit note and payments. May be repeated."""
    settings = Settings.from_environment()
    if settings.production:
        raise CommandRefusedError(
            "`arcadia demo` creates a tenant and prints a platform admin's token, so it is refused in production."
        )
    configure_logging(replace(settings, log_level=LogLevel.ERROR))
    asyncio.run(_run_demo(Console(highlight=False), settings))


async def _run_demo(console: Console, settings: Settings) -> None:
    with console.status("Starting PostgreSQL…"):
        await migrate(settings)
    async with operator(settings) as context:
        tenant_id, deployment_id = await demo_data.set_up(context)
        accepted, known = await demo_data.meter(context, deployment_id)
        console.print(f"Metered: {accepted + known:,} usage events, {accepted:,} new and {known:,} already recorded.")
        _print_run(console, "Rollup of April 2026", await _roll_up(context, tenant_id))
        invoice = await _invoice(context)
        show_invoice(console, invoice)
        _print_run(console, "The same rollup again", await _roll_up(context, tenant_id))
        async with demo_endpoint(context, tenant_id) as receiver:
            await settle(context, tenant_id, UUID(invoice["id"]))
            await show_delivery(console, context, receiver, UUID(invoice["id"]))
        await show_receivable(console, context, tenant_id, UUID(invoice["id"]))
        await _pause(console, context, deployment_id)
        await _save_document(console, context, UUID(invoice["id"]))
    _print_next_steps(console, settings)


async def _roll_up(context: Context, tenant_id: UUID) -> dict[str, Any]:
    """Runs the rollup as a job: a worker takes its chunk from the queue."""
    async with working(context, catching_up=False), context.database.listen(ROLLUPS.channel) as notices:
        run_id = await roll_up_period(context, period_start=demo_data.APRIL, tenant_ids=[tenant_id])
        async with asyncio.timeout(MAX_WAIT_SECONDS):
            async for _ in notices:
                run = await run_of(context, run_id)
                if run["status"] not in {"QUEUED", "RUNNING"}:
                    return run
    raise AssertionError("the notifications of the rollup ended before the run did")


def _print_run(console: Console, title: str, run: dict[str, Any]) -> None:
    console.print(
        f"{title}: {run['invoicesCreated']} created, {run['invoicesSkipped']} skipped, {run['status'].lower()}."
    )


async def _invoice(context: Context) -> dict[str, Any]:
    data = await read(context, INVOICE, {"tenant": demo_data.TENANT, "month": demo_data.APRIL.isoformat()})
    invoice: dict[str, Any] = data["tenant"]["invoices"]["nodes"][0]
    return invoice


async def _pause(console: Console, context: Context, deployment_id: UUID) -> None:
    """Demonstrates state transitions of a deployment: requests one that is allowed, and one that is refused."""
    await demo_data.activate(context, deployment_id)
    await transition_deployment(context, deployment_id=deployment_id, to=DeploymentState.PAUSED, reason="demo")
    data = await read(context, _LAST_EVENT, {"id": str(deployment_id)})
    event = data["deployment"]["events"]["nodes"][0]
    console.print(f"{event['fromState'].lower()} → {event['toState'].lower()}, by {event['actor']}.")
    try:
        await transition_deployment(context, deployment_id=deployment_id, to=DeploymentState.ARCHIVED, reason="demo")
    except InvalidTransitionRefusal as refused:
        console.print(f"paused → archived refused: {refused}.", soft_wrap=True)
    else:
        raise RuntimeError("a paused deployment was archived")


async def _save_document(console: Console, context: Context, invoice_id: UUID) -> None:
    """Writes the invoice's PDF into the data directory, and prints its path."""
    document = await read_document(context, invoice_id, DocumentFormat.PDF)
    file = context.settings.data_dir / document.name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(document.content)
    console.print(f"The invoice as PDF: {file}", soft_wrap=True)


def _print_next_steps(console: Console, settings: Settings) -> None:
    token = sign_token(settings, "demo", {Role.PLATFORM_ADMIN}, None, timedelta(hours=8), now())
    console.print(
        "\nTo explore the demo, run `make serve`, open http://127.0.0.1:8000/graphql and use this token:\n",
        soft_wrap=True,
    )
    console.print(token, soft_wrap=True)
