"""A document as it reads: every text of its PDF and its HTML, so that their templates only place them."""

from typing import Any

from app.operations.documents.document_data import CreditedInvoice, DocumentData, DocumentKind, DocumentLine
from app.operations.documents.formatting import (
    abn_text,
    amount_text,
    day_text,
    month_text,
    percent_text,
    price_text,
    quantity_text,
)
from app.operations.documents.parties import AUSTRALIA, Buyer, Supplier

REASONS = {
    "SERVICE_FAULT": "Fault of the service",
    "PRICE_CHANGE": "Change of the price",
    "BILLING_ERROR": "Billing error",
    "CANCELLATION": "Cancellation",
    "GOODWILL": "Goodwill",
    "LATE_CORRECTION": "Correction of an earlier month",
}
"""The reasons for a credit note, in the words of a document."""

Texts = dict[str, Any]


def layout(document: DocumentData) -> Texts:
    """Returns the texts of a document, by their place on it."""
    currency, credited = document.currency, document.credited
    return {
        "title": document.title,
        "number": document.number or "Draft",
        "draft": document.draft,
        "void": document.void,
        "currency": currency,
        "supplier": _supplier(document.parties.supplier),
        "buyer": _buyer(document.parties.buyer),
        "facts": _facts(document),
        "statement": None if credited is None else _statement(credited),
        "columns": _columns(document),
        "groups": [
            {
                "title": group.title,
                "amount": amount_text(group.amount_cents, currency),
                "lines": [_line(document, line) for line in group.lines],
            }
            for group in document.groups
        ],
        "totals": _totals(document),
        "due": _due(document),
        "payment": _payment(document),
        "account": _account(document),
    }


def _supplier(supplier: Supplier) -> Texts:
    return {
        "name": supplier.name,
        "abn": None if supplier.abn is None else f"ABN {abn_text(supplier.abn)}",
        "address": list(supplier.address),
        "email": supplier.email,
    }


def _buyer(buyer: Buyer) -> Texts:
    address = [line.strip() for line in (buyer.address or "").splitlines() if line.strip()]
    return {
        "name": buyer.name,
        "abn": None if buyer.abn is None else f"ABN {abn_text(buyer.abn)}",
        "address": address if buyer.country == AUSTRALIA else [*address, buyer.country],
        "email": buyer.email,
    }


def _facts(document: DocumentData) -> list[list[str]]:
    """The document's facts, each with its name."""
    invoice = document.kind is DocumentKind.INVOICE
    facts = [["Invoice number" if invoice else "Note number", document.number or "none: this is a draft"]]
    if document.issued_on is not None:
        facts.append(["Date of issue", day_text(document.issued_on)])
    if document.period_start is not None:
        facts.append(["Billing period", month_text(document.period_start)])
    if document.due_on is not None:
        facts.append(["Due date", day_text(document.due_on)])
    if document.credited is not None:
        facts.append(["Adjusts invoice", document.credited.number])
        facts.append(["Invoice date", day_text(document.credited.issued_on)])
    if document.parties.buyer.reference:
        facts.append(["Your reference", document.parties.buyer.reference])
    facts.append(["Currency", document.currency])
    return facts


def _statement(credited: CreditedInvoice) -> list[str]:
    return ["Reason", f"{REASONS[credited.reason]}: {credited.description}"]


def _columns(document: DocumentData) -> list[str]:
    if document.kind is DocumentKind.INVOICE:
        return ["Description", "Quantity", "Unit price", "Tax", f"Amount {document.currency}"]
    return ["Description", "Price before", "Price after", "Tax", f"Decrease {document.currency}"]


def _line(document: DocumentData, line: DocumentLine) -> Texts:
    if line.before_cents is None:
        quantity = f"{quantity_text(line.quantity)}{f' {line.unit}' if line.unit else ''}"
        price = "" if line.unit_price_cents is None else price_text(line.unit_price_cents, document.currency)
    else:
        quantity = amount_text(line.before_cents, document.currency)
        price = amount_text(line.before_cents - line.amount_cents, document.currency)
    months = [] if line.month is None else [f"For {month_text(line.month)}"]
    return {
        "description": line.description,
        "notes": [*months, *([line.explanation] if line.explanation else [])],
        "quantity": quantity,
        "price": price,
        "tax": _tax(document, line),
        "amount": amount_text(line.amount_cents, document.currency),
    }


def _tax(document: DocumentData, line: DocumentLine) -> str:
    """The extent to which a line is taxable."""
    if line.taxes:
        return " + ".join(f"{name} {percent_text(rate)}" for name, rate in line.taxes)
    return "GST-free" if document.parties.buyer.country == AUSTRALIA else "none"


def _totals(document: DocumentData) -> list[list[str]]:
    """The rows below the lines; the last is the total."""
    currency, credited = document.currency, document.credited
    rows = [["Subtotal without tax", amount_text(document.subtotal_cents, currency)]]
    rows += [
        [
            f"{tax.name} ({percent_text(tax.rate)} of {amount_text(tax.taxable_cents, currency)})",
            amount_text(tax.tax_cents, currency),
        ]
        for tax in document.taxes
    ]
    if credited is None:
        return [
            *rows,
            ["Total including tax" if document.taxes else "Total", amount_text(document.total_cents, currency)],
        ]
    before = credited.before_net_cents + credited.before_tax_cents
    return [
        ["Price before, including tax", amount_text(before, currency)],
        ["Price after, including tax", amount_text(before - document.total_cents, currency)],
        *[["Decrease without tax", row[1]] if row is rows[0] else [f"Decrease of {row[0]}", row[1]] for row in rows],
        ["Total decrease, including tax", amount_text(document.total_cents, currency)],
    ]


def _due(document: DocumentData) -> list[list[str]]:
    """What is paid and due at issue; the last row is what is due. Of a credit note: where its total went."""
    currency = document.currency
    if (credited := document.credited) is not None:
        parts = [
            (f"Taken off {credited.number}", credited.to_balance_cents),
            ("Added to your credit balance", credited.to_credit_cents),
        ]
        return [[name, f"{currency} {amount_text(cents, currency)}"] for name, cents in parts if cents]
    rows = []
    if document.applied_credit_cents:
        rows.append(["Paid from your credit balance", amount_text(-document.applied_credit_cents, currency)])
    due = f"Amount due by {day_text(document.due_on)}" if document.due_on else "Amount due"
    return [*rows, [due, f"{currency} {amount_text(document.due_cents, currency)}"]]


def _payment(document: DocumentData) -> Texts | None:
    """How to pay, if anything is to be paid."""
    supplier = document.parties.supplier
    if document.kind is not DocumentKind.INVOICE or document.draft or document.due_cents <= 0:
        return None
    facts = [
        ["Account name", supplier.account_name],
        ["BSB", supplier.bsb],
        ["Account number", supplier.account_number],
    ]
    shown = [[name, text] for name, text in facts if text]
    if not shown:
        return None
    return {"facts": [*shown, ["Reference", document.number]], "email": supplier.email}


def _account(document: DocumentData) -> Texts | None:
    """What is paid and due now: for the HTML alone."""
    account, currency = document.account, document.currency
    if account is None:
        return None
    rows = [
        ("Total", document.total_cents),
        ("Paid", -account.paid_cents),
        ("Paid from your credit balance", -account.credit_cents),
        ("Credit notes", -account.credited_cents),
        ("Written off", -account.written_off_cents),
    ]
    shown = [[name, amount_text(cents, currency)] for name, cents in rows if cents or name == "Total"]
    return {
        "day": day_text(account.day),
        "rows": [*shown, ["Balance", f"{currency} {amount_text(account.balance_cents, currency)}"]],
    }
