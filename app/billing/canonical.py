"""The inputs of an invoice as exact, deterministic text; reading them back; their SHA-256.

The text is compact JSON with sorted keys, plain decimals and instants in UTC: equal inputs have equal text. The header
is one document and each subscription another. A subscription's usage names days by their position in the header's
month. The one-off charges that belong to no subscription are one more document.
"""

import json
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from app.billing.canonical_terms import addon_of, addon_text, charge_of, charge_text, plan_of, plan_text
from app.billing.canonical_usage import usage_of, usage_text
from app.billing.inputs import (
    ChargeInputs,
    PlanInForce,
    QuoteHeader,
    QuoteInputs,
    SubscriptionInputs,
    UnsubscribedCharge,
)
from app.billing.json_text import compact_text, date_text, instant_text, list_text, optional, optional_text, quoted
from app.billing.money import decimal_text
from app.billing.period import ActiveSpan, Period
from app.billing.terms import TaxTerms

FORMAT = 3


class InputHash:
    """SHA-256 over the header's text, each subscription's text in line order, and the charges' text, one document per
    line.
    """

    def __init__(self, header: str) -> None:
        self._digest = sha256(header.encode())

    def add(self, document: str) -> None:
        self._digest.update(b"\n")
        self._digest.update(document.encode())

    def hexdigest(self) -> str:
        return self._digest.hexdigest()


def input_hash(inputs: QuoteInputs) -> str:
    """The hash of complete inputs. It does not depend on the order of the subscriptions."""
    digest = InputHash(header_text(inputs.header))
    for subscription in inputs.in_line_order():
        digest.add(subscription_text(subscription, inputs.header.period))
    if inputs.charges is not None:
        digest.add(charges_text(inputs.charges))
    return digest.hexdigest()


def header_text(header: QuoteHeader) -> str:
    return compact_text(
        {
            "v": FORMAT,
            "period_start": header.period.start.isoformat(),
            "zone": header.period.zone.key,
            "currency": header.currency,
            "taxes": [[tax.name, decimal_text(tax.rate)] for tax in header.taxes],
            "tax_exempt": header.tax_exempt,
            "rules": header.rules_version,
        }
    )


def parse_header(text: str) -> QuoteHeader:
    """Parses an invoice's header from the text that header_text wrote. Raises ValueError for another format or an
    unknown rules version.
    """
    return header_of(document_value(text))


def header_of(value: dict[str, Any]) -> QuoteHeader:
    """Returns the header contained in a parsed canonical document. Raises ValueError for an unknown rules version."""
    return QuoteHeader(
        period=Period(date.fromisoformat(value["period_start"]), ZoneInfo(value["zone"])),
        currency=value["currency"],
        taxes=tuple(TaxTerms(name, Decimal(rate)) for name, rate in value["taxes"]),
        tax_exempt=value["tax_exempt"],
        rules_version=value["rules"],
    )


def subscription_text(subscription: SubscriptionInputs, period: Period) -> str:
    """Encodes a subscription's inputs as canonical text. Raises ValueError for usage outside the period, which has no
    day number.
    """
    # Written by hand because there is one per subscription: json.dumps takes three times as long for the same text.
    spans = [f'["{span.first_day.isoformat()}",{date_text(span.last_day)}]' for span in subscription.active_spans]
    plans = [f'["{plan.first_day.isoformat()}",{plan_text(plan.terms)}]' for plan in subscription.plans]
    return (
        f'{{"active_spans":{list_text(spans)}'
        f',"addons":{list_text(map(addon_text, subscription.addons))}'
        f',"charges":{list_text(map(charge_text, subscription.charges)) if subscription.charges else "[]"}'
        f',"deployment_id":{optional_text(subscription.deployment_id)}'
        f',"plans":{list_text(plans)}'
        f',"slug":{quoted(subscription.slug)}'
        f',"subscription_id":{optional_text(subscription.subscription_id)}'
        f',"trial_ends_at":{optional_text(optional(instant_text, subscription.trial_ends_at))}'
        f',"usage":{list_text([usage_text(usage, period) for usage in subscription.usage])}'
        f',"v":{FORMAT}}}'
    )


def charges_text(charges: ChargeInputs) -> str:
    rows = [
        f'{{"charge":{charge_text(charge)},"deployment_id":{optional_text(deployment_id)}'
        f',"slug":{optional_text(slug)}}}'
        for slug, deployment_id, charge in charges.charges
    ]
    return f'{{"unsubscribed_charges":{list_text(rows)},"v":{FORMAT}}}'


def document_value(text: str) -> dict[str, Any]:
    """Parses the JSON of a canonical document. Raises ValueError for another format."""
    value: dict[str, Any] = json.loads(text)
    version = value["v"]
    if version == FORMAT:
        return value
    if version < FORMAT:
        raise ValueError(
            f"the inputs are kept in format {version}: they were made before format {FORMAT}, and this version of the "
            f"program cannot read them; roll the month up again, or use the version that made them"
        )
    raise ValueError(
        f"the inputs are in format {version}, written by a later version of the program;"
        f" this version reads format {FORMAT}"
    )


def charges_of(value: dict[str, Any]) -> ChargeInputs:
    """Returns the charges without a subscription from a parsed canonical document."""
    return ChargeInputs(
        tuple(
            UnsubscribedCharge(row["slug"], row["deployment_id"], charge_of(row["charge"]))
            for row in value["unsubscribed_charges"]
        )
    )


def subscription_of(value: dict[str, Any], period: Period) -> SubscriptionInputs:
    """Returns a subscription's inputs from a parsed canonical document. Its day numbers count from the start of
    `period`.
    """
    return SubscriptionInputs(
        slug=value["slug"],
        subscription_id=value["subscription_id"],
        deployment_id=value["deployment_id"],
        plans=tuple(PlanInForce(date.fromisoformat(first), plan_of(plan)) for first, plan in value["plans"]),
        active_spans=tuple(
            ActiveSpan(date.fromisoformat(first), optional(date.fromisoformat, last))
            for first, last in value["active_spans"]
        ),
        trial_ends_at=optional(datetime.fromisoformat, value["trial_ends_at"]),
        addons=tuple(addon_of(addon) for addon in value["addons"]),
        usage=tuple(usage_of(usage, period) for usage in value["usage"]),
        charges=tuple(map(charge_of, value["charges"])),
    )
