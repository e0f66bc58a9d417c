"""The documents that follow an invoice's header (subscriptions, charges, corrections): writing, reading and rating
them.

A correction's document contains the header and inputs of its month and what was billed; see canonical.py.
"""

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
from app.billing.corrections import BilledSeries, CorrectionInputs, Series, rate_correction
from app.billing.inputs import ChargeInputs, QuoteHeader, SubscriptionInputs
from app.billing.lines import Line, LineKind
from app.billing.money import decimal_text
from app.billing.rating import rate_charges, rate_subscription

Document = SubscriptionInputs | ChargeInputs | CorrectionInputs
"""The types of document that follow the header."""


def correction_text(inputs: CorrectionInputs) -> str:
    """Encodes a correction as canonical text. Raises ValueError for usage outside the month."""
    billed = [
        [*series_billed.series, decimal_text(series_billed.quantity), series_billed.amount_cents]
        for series_billed in inputs.billed
    ]
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
    """Parses a document of an invoice with that header. Raises ValueError for another format."""
    value = document_value(text)
    if "billed" in value:
        return _correction(value)
    if "unsubscribed_charges" in value:
        return charges_of(value)
    return subscription_of(value, header.period)


def rate_parsed(header: QuoteHeader, document: Document) -> list[Line]:
    """Returns the lines of a parsed document of an invoice with that header. Raises as rate_subscription does."""
    if isinstance(document, CorrectionInputs):
        return rate_correction(document)
    return rate_charges(header, document) if isinstance(document, ChargeInputs) else rate_subscription(header, document)


def rate_document(header: QuoteHeader, text: str) -> list[Line]:
    """Parses and rates a document of an invoice with that header. Raises ValueError for another format."""
    return rate_parsed(header, parse_document(text, header))


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
            BilledSeries(Series(LineKind(kind), part), Decimal(quantity), cents)
            for kind, part, quantity, cents in value["billed"]
        ),
        taken=tuple((Series(LineKind(kind), part), cents) for kind, part, cents in value["taken"]),
        waived=value["waived"],
    )


def _text(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
