"""`arcadia invoices`: lists and shows invoices, issues them, records their payment, credits them, saves their PDF."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import rich_click as click
from rich.console import Console

from app.cli.command_refused import CommandRefusedError
from app.cli.operator_context import call_of, operator
from app.cli.parameter_types import MonthParameter
from app.cli.reading import read, read_nodes
from app.cli.value_table import AS_JSON, amount_text, show_json, show_rows, show_values
from app.operations import invoices as operations
from app.operations.calls.audit import auditing
from app.operations.calls.context import Context
from app.operations.credit_notes import CreditRequest, credit_invoice, issue_credit_note
from app.operations.documents.document_files import DocumentFile, read_document
from app.operations.documents.links import DocumentFormat
from app.operations.tenants import tenant_id_of
from app.settings import Settings
from app.tables.credit_notes import CreditReason
from app.tables.invoices import InvoiceStatus

_LIST = """
query List($after: String, $filter: InvoiceFilter) {
  invoices(first: 100, after: $after, filter: $filter) {
    nodes { id number status stale periodStart dueOn currency totalCents balanceCents tenant { code } }
    pageInfo { hasNextPage endCursor }
  }
}
"""
_SHOW = """
query Show($id: ID, $number: String) {
  invoice(id: $id, number: $number) {
    id number status stale periodStart periodEnd issuedAt dueOn overdueSince currency subtotalCents taxCents totalCents
    paidCents appliedCreditCents creditedCents writtenOffCents balanceCents settledBy
    tenant { code name }
    lines(first: 100) { nodes { kind description amountCents } }
  }
}
"""
_REASONS = [reason.value for reason in CreditReason if reason is not CreditReason.LATE_CORRECTION]
INVOICE = click.argument("invoice", metavar="INVOICE")


@click.group()
def invoices() -> None:
    """List, show, issue, pay and credit invoices, and save their PDF.

    INVOICE is a number such as INV-2026-000001, or the id of a draft, which has no number.
    """


@invoices.command("list")
@click.option("--month", type=MonthParameter(), metavar="YYYY-MM", help="Only invoices of this month.")
@click.option(
    "--status",
    "statuses",
    multiple=True,
    type=click.Choice([status.value.lower() for status in InvoiceStatus]),
    help="Only invoices with this status; may be repeated.",
)
@click.option("--tenant", metavar="CODE", help="Only this tenant's invoices.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1), help="How many at most.")
@AS_JSON
def list_(month: date | None, statuses: tuple[str, ...], tenant: str | None, limit: int, *, as_json: bool) -> None:
    """List invoices, the latest month first."""
    asyncio.run(_list(month, [status.upper() for status in statuses], tenant, limit, as_json=as_json))


async def _list(month: date | None, statuses: list[str], tenant: str | None, limit: int, *, as_json: bool) -> None:
    async with operator(Settings.from_environment()) as context:
        wanted: dict[str, Any] = {}
        if month is not None:
            wanted["periodStart"] = month.isoformat()
        if statuses:
            wanted["status"] = statuses
        if tenant is not None:
            wanted["tenantId"] = str(await tenant_id_of(context, code=tenant))
        nodes = await read_nodes(context, _LIST, {"filter": wanted}, limit=limit)
    if as_json:
        show_json(nodes)
        return
    columns = ("invoice", "tenant", "month", "status", "due", "total", "balance")
    show_rows(Console(), "Invoices", columns, map(_row, nodes))


def _row(invoice: dict[str, Any]) -> tuple[str, ...]:
    currency, balance = invoice["currency"], invoice["balanceCents"]
    return (
        invoice["number"] or invoice["id"],
        invoice["tenant"]["code"],
        invoice["periodStart"][:7],
        invoice["status"].lower() + (", stale" if invoice["stale"] else ""),
        invoice["dueOn"] or "-",
        amount_text(invoice["totalCents"], currency),
        "-" if balance is None else amount_text(balance, currency),
    )


@invoices.command()
@INVOICE
@AS_JSON
def show(invoice: str, *, as_json: bool) -> None:
    """Show an invoice with its lines and its balance."""
    asyncio.run(_show(invoice, as_json=as_json))


@invoices.command()
@INVOICE
@click.option("--stale", is_flag=True, help="Issue it although its month changed; the next rollup corrects the month.")
@AS_JSON
def issue(invoice: str, *, stale: bool, as_json: bool) -> None:
    """Issue a draft: it gets a number and a due date, and cannot change any more."""

    async def work(context: Context, invoice_id: UUID) -> None:
        await operations.issue_invoice(context, invoice_id=invoice_id, issue_stale=stale)

    asyncio.run(_change(invoice, "issue", {"stale": stale}, work, as_json=as_json))


@invoices.command()
@INVOICE
@click.option("--reference", required=True, help="The bank's or processor's id of the payment.")
@AS_JSON
def pay(invoice: str, reference: str, *, as_json: bool) -> None:
    """Record a payment of the whole balance of an issued invoice, received today."""

    async def work(context: Context, invoice_id: UUID) -> None:
        await operations.mark_invoice_paid(context, invoice_id=invoice_id, reference=reference)

    asyncio.run(_change(invoice, "pay", {"reference": reference}, work, as_json=as_json))


@invoices.command()
@INVOICE
@click.option("--cents", type=click.IntRange(1), help="The amount to credit, with tax, in the currency's minor unit.")
@click.option("--all", "everything", is_flag=True, help="Credit everything that is left, instead of --cents.")
@click.option("--reason", required=True, type=click.Choice(_REASONS, case_sensitive=False), help="The kind of reason.")
@click.option("--description", required=True, help="The reason in words, for the reader of the credit note.")
@AS_JSON
def credit(invoice: str, cents: int | None, reason: str, description: str, *, everything: bool, as_json: bool) -> None:
    """Issue a credit note on an invoice, from its last line backwards."""
    if (cents is None) is not everything:
        raise click.UsageError("Give either --cents or --all.")
    why = CreditReason(reason)

    async def work(context: Context, invoice_id: UUID) -> None:
        if cents is None:
            await credit_invoice(context, invoice_id=invoice_id, reason=why, description=description)
        else:
            await issue_credit_note(
                context,
                CreditRequest(invoice_id=invoice_id, reason=why, description=description, gross_cents=cents),
            )

    audited_input = {"cents": cents, "reason": reason, "description": description}
    asyncio.run(_change(invoice, "credit", audited_input, work, as_json=as_json))


@invoices.command()
@INVOICE
@click.argument("file", required=False, type=click.Path(dir_okay=False, allow_dash=True), metavar="[FILE]")
def pdf(invoice: str, file: str | None) -> None:
    """Save an invoice's PDF as FILE, by default NUMBER.pdf in the current directory; - is standard output."""
    document = asyncio.run(_pdf_of(invoice))
    if file == "-":
        sys.stdout.buffer.write(document.content)
        return
    path = Path(file or document.name)
    try:
        path.write_bytes(document.content)
    except OSError as error:
        raise CommandRefusedError(f"{path} cannot be written: {error.strerror}") from error
    click.echo(f"Wrote {path}.")


async def _pdf_of(invoice: str) -> DocumentFile:
    async with operator(Settings.from_environment()) as context:
        found = await _find(context, invoice)
        return await read_document(context, UUID(found["id"]), DocumentFormat.PDF)


async def _show(invoice: str, *, as_json: bool) -> None:
    async with operator(Settings.from_environment()) as context:
        _print(await _find(context, invoice), as_json=as_json)


async def _change(
    invoice: str,
    command: str,
    audited_input: dict[str, Any],
    work: Callable[[Context, UUID], Awaitable[None]],
    *,
    as_json: bool,
) -> None:
    """Does the work about an invoice as an audited call, and prints the invoice as it is then."""
    async with operator(Settings.from_environment()) as context:
        invoice_id = (await _find(context, invoice))["id"]
        call = call_of(f"invoices {command}", {"invoice": invoice, **audited_input})
        async with auditing(context, call) as audited:
            await work(audited, UUID(invoice_id))
        _print(await _find(context, invoice_id), as_json=as_json)


def _print(invoice: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        show_json(invoice)
    else:
        show_values(Console(), "Invoice", _values(invoice))


async def _find(context: Context, invoice: str) -> dict[str, Any]:
    try:
        variables = {"id": str(UUID(invoice))}
    except ValueError:
        variables = {"number": invoice}
    found: dict[str, Any] | None = (await read(context, _SHOW, variables))["invoice"]
    if found is None:
        raise CommandRefusedError(f"invoice {invoice!r} does not exist")
    return found


def _values(invoice: dict[str, Any]) -> list[tuple[str, str]]:
    currency = invoice["currency"]
    amounts = (
        ("subtotal", "subtotalCents"),
        ("tax", "taxCents"),
        ("total", "totalCents"),
        ("paid", "paidCents"),
        ("credit applied", "appliedCreditCents"),
        ("credit notes", "creditedCents"),
        ("written off", "writtenOffCents"),
        ("balance", "balanceCents"),
    )
    texts = (
        ("id", invoice["id"]),
        ("number", invoice["number"]),
        ("tenant", f"{invoice['tenant']['code']} ({invoice['tenant']['name']})"),
        ("month", invoice["periodStart"][:7]),
        ("status", invoice["status"].lower() + (", stale" if invoice["stale"] else "")),
        ("due", invoice["dueOn"]),
        ("overdue since", invoice["overdueSince"]),
    )
    lines = [
        (line["kind"].lower(), f"{amount_text(line['amountCents'], currency)} ({line['description']})")
        for line in invoice["lines"]["nodes"]
    ]
    values = [(name, text) for name, text in texts if text is not None]
    totals = [(name, amount_text(invoice[field], currency)) for name, field in amounts if invoice[field] is not None]
    return [*values, *lines, *totals]
