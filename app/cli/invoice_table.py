"""Prints an invoice: a table on a terminal, one plain line per invoice line in a pipe."""

from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.table import Table

INVOICE = """
query Invoice($tenant: String!, $month: Date!) {
  tenant(code: $tenant) {
    invoices(first: 1, filter: {periodStart: $month, status: [DRAFT, ISSUED, PAID]}) {
      nodes {
        id status currency subtotalCents taxCents totalCents periodStart inputHash
        lines(first: 100) {
          nodes { kind description resourceKind amountCents explanation { formula } }
        }
      }
    }
  }
}
"""


def money(cents: int) -> str:
    """Formats an amount in a currency with two decimal digits, such as AUD: 642 is $6.42."""
    sign = "-" if cents < 0 else ""
    units, hundredths = divmod(abs(cents), 100)
    return f"{sign}${units:,}.{hundredths:02d}"


def show_invoice(console: Console, invoice: dict[str, Any]) -> None:
    if not console.is_terminal:
        for row in _rows(invoice):
            console.print(" ".join(filter(None, row)), soft_wrap=True, highlight=False, markup=False)
        return
    table = Table(title=f"Invoice {invoice['periodStart'][:7]} ({invoice['status'].lower()}, {invoice['currency']})")
    table.add_column("line")
    table.add_column("amount", justify="right")
    table.add_column("calculation")
    rows = list(_rows(invoice))
    for position, row in enumerate(rows):
        table.add_row(*row, end_section=position in {len(rows) - 4, len(rows) - 2})
    console.print(table)


def _rows(invoice: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    for line in invoice["lines"]["nodes"]:
        if line["kind"] != "TAX":
            yield _line(line)
    yield "subtotal", money(invoice["subtotalCents"]), ""
    for line in invoice["lines"]["nodes"]:
        if line["kind"] == "TAX":
            yield line["description"].split()[0], money(line["amountCents"]), f"({line['explanation']['formula']})"
    yield "total", money(invoice["totalCents"]), ""


def _line(line: dict[str, Any]) -> tuple[str, str, str]:
    amount = money(line["amountCents"])
    match line["kind"]:
        case "PLAN_BASE":
            return "plan_base", amount, ""
        case "OVERAGE":
            return f"overage {line['resourceKind']}", amount, f"({line['description']})"
        case _:
            return "addon", amount, f"({line['description']})"
