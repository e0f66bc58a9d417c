"""Corrections as canonical text and back: see canonical.py. The month's own header and inputs are in it."""

import json
from decimal import Decimal
from json.encoder import encode_basestring_ascii as _quoted
from typing import Any

from app.billing.canonical import (
    FORMAT,
    charges_of,
    charges_text,
    document_value,
    header_of,
    header_text,
    subscription_of,
    subscription_text,
)
from app.billing.corrections import Billed, CorrectionInputs, Series
from app.billing.inputs import ChargeInputs, QuoteHeader, SubscriptionInputs
from app.billing.lines import LineKind
from app.billing.money import decimal_text

Document = SubscriptionInputs | ChargeInputs | CorrectionInputs
"""What the documents after an invoice's header hold."""


def correction_text(inputs: CorrectionInputs) -> str:
    """Raises ValueError for usage outside the month."""
    billed = [[*one.series, decimal_text(one.quantity), one.amount_cents] for one in inputs.billed]
    taken = [[*series, cents] for series, cents in inputs.taken]
    subject = inputs.subject
    if isinstance(subject, ChargeInputs):
        name, text = "charges", charges_text(subject)
    else:
        name, text = "subscription", subscription_text(subject, inputs.header.period)
    members = {
        "billed": _text(billed),
        "header": header_text(inputs.header),
        name: text,
        "taken": _text(taken),
        "v": str(FORMAT),
        "waived": _text(inputs.waived),
    }
    return f"{{{','.join(f'{_quoted(key)}:{members[key]}' for key in sorted(members))}}}"


def parse_document(text: str, header: QuoteHeader) -> Document:
    """What a document of an invoice with that header holds. Raises ValueError for another format."""
    value = document_value(text)
    if "billed" in value:
        return _correction(value)
    if "charges" in value and "slug" not in value:
        return charges_of(value)
    return subscription_of(value, header.period)


def _correction(value: dict[str, Any]) -> CorrectionInputs:
    header = header_of(value["header"])
    subject: SubscriptionInputs | ChargeInputs
    if "subscription" in value:
        subject = subscription_of(value["subscription"], header.period)
    else:
        subject = charges_of(value["charges"])
    return CorrectionInputs(
        header=header,
        subject=subject,
        billed=tuple(
            Billed(Series(LineKind(kind), part), Decimal(quantity), cents)
            for kind, part, quantity, cents in value["billed"]
        ),
        taken=tuple((Series(LineKind(kind), part), cents) for kind, part, cents in value["taken"]),
        waived=value["waived"],
    )


def _text(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
