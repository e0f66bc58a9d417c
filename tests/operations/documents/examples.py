"""Documents as data, for tests and for looking at them."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from app.operations.documents.document_data import (
    CreditedInvoice,
    DocumentData,
    DocumentKind,
    DocumentLine,
    DocumentTax,
    LineGroup,
)
from app.operations.documents.parties import Buyer, Parties, Supplier

GST = ("GST", Decimal("0.1"))
SUPPLIER = Supplier(
    "Arcadia Cloud Pty Ltd",
    "51824753556",
    ("Level 1, 1 Example Street", "Sydney NSW 2000"),
    "accounts@arcadia.example",
    "Arcadia Cloud Pty Ltd",
    "062-000",
    "12345678",
)
BUYER = Buyer(
    "Demo Studio Pty Ltd",
    "AU",
    "Studio 4\n12 Harbour Road\nMelbourne VIC 3000",
    "53004085616",
    "bills@demo.example",
    "PO-2026-117",
)


def line(description: str, cents: int, **other: Any) -> DocumentLine:
    """A line of quantity 1 with GST."""
    plain = DocumentLine(description, description, None, Decimal(1), None, Decimal(cents), cents, (GST,))
    return plain._replace(**other)


def figure_1() -> DocumentData:
    """The invoice of the first worked figure: 5000 + 750 + 672 = 6422, GST 642, total 7064."""
    lines = (
        line("Plan: studio v1", 5000),
        line("Add-on: Storage, 50 GB", 750),
        line(
            "droplet_hours: 672 h over 1488 h included",
            672,
            explanation="Used 2,160 h, of which 1,488 h included; charged: 672 at 0.01",
            quantity=Decimal(672),
            unit="h",
            unit_price_cents=Decimal(1),
        ),
    )
    return DocumentData(
        kind=DocumentKind.INVOICE,
        number="INV-2026-000001",
        void=False,
        issued_on=date(2026, 5, 1),
        due_on=date(2026, 5, 15),
        period_start=date(2026, 4, 1),
        period_end=date(2026, 5, 1),
        currency="AUD",
        parties=Parties(SUPPLIER, BUYER),
        groups=(LineGroup("Pilot (pilot)", lines, 6422),),
        subtotal_cents=6422,
        taxes=(DocumentTax("GST", Decimal("0.1"), 6422, 642),),
        tax_cents=642,
        total_cents=7064,
    )


def of_lines(count: int, of_group: int = 5) -> DocumentData:
    """An invoice of `count` lines of 1.00, `of_group` to a deployment."""
    groups = []
    for first in range(0, count, of_group):
        lines = tuple(
            line(
                f"droplet_hours: {100 + number} h over 1488 h included",
                100,
                quantity=Decimal(100),
                unit="h",
                unit_price_cents=Decimal(1),
                explanation=f"Used {1588 + number:,} h, of which 1,488 h included",
            )
            for number in range(first, min(first + of_group, count))
        )
        groups.append(
            LineGroup(f"Deployment {first // of_group + 1} (app-{first // of_group + 1})", lines, 100 * len(lines))
        )
    net = 100 * count
    return replace(
        figure_1(),
        groups=tuple(groups),
        subtotal_cents=net,
        taxes=(DocumentTax("GST", Decimal("0.1"), net, net // 10),),
        tax_cents=net // 10,
        total_cents=net + net // 10,
    )


def draft() -> DocumentData:
    """The first figure's invoice before it is issued."""
    return replace(figure_1(), number=None, issued_on=None, due_on=None)


def credit_note() -> DocumentData:
    """The note over the overage of the first figure: 672, tax 67, total 739."""
    overage = line("droplet_hours: 672 h over 1488 h included", 672, unit_price_cents=None, before_cents=672)
    return replace(
        figure_1(),
        kind=DocumentKind.CREDIT_NOTE,
        number="CRN-2026-000001",
        issued_on=date(2026, 5, 20),
        due_on=None,
        period_start=None,
        period_end=None,
        groups=(LineGroup("Pilot (pilot)", (overage,), 672),),
        subtotal_cents=672,
        taxes=(DocumentTax("GST", Decimal("0.1"), 672, 67),),
        tax_cents=67,
        total_cents=739,
        credited=CreditedInvoice(
            "INV-2026-000001", date(2026, 5, 1), "GOODWILL", "The overage of April 2026", 6422, 642, 739, 0
        ),
    )
