"""Inputs as exact, deterministic text, back again, and their SHA-256.

Compact JSON with sorted keys, decimals as plain text, instants in UTC: equal inputs have equal text. The header is one
document and each subscription another, whose usage names days of the header's month by their numbers. Late usage of a
subscription is a document that holds both, of the earlier month, and what was billed for it.
"""

import json
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from hashlib import sha256
from json.encoder import encode_basestring_ascii as _quoted
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from app.billing.daily import DailyQuantities, day_ranges, mask_of_ranges
from app.billing.inputs import PlanInForce, QuoteHeader, QuoteInputs, SubscriptionInputs
from app.billing.late import Billed, LateInputs
from app.billing.money import decimal_text
from app.billing.period import ActiveSpan, Period
from app.billing.terms import (
    AddonTerms,
    Aggregation,
    PlanTerms,
    PriceModel,
    Proration,
    ResourceTerms,
    TaxTerms,
    Tier,
)
from app.billing.usage import DailyLevel, LevelUsage, MaxUsage, SumUsage, Usage

FORMAT = 2

From = TypeVar("From")
To = TypeVar("To")


class InputHash:
    """SHA-256 over the header's text and the subscriptions' in line order, each on a line of its own."""

    def __init__(self, header: str) -> None:
        self._digest = sha256(header.encode())

    def add(self, document: str) -> None:
        self._digest.update(b"\n")
        self._digest.update(document.encode())

    def hexdigest(self) -> str:
        return self._digest.hexdigest()


def input_hash(inputs: QuoteInputs) -> str:
    """The hash of inputs held whole, whatever order their subscriptions are in."""
    digest = InputHash(header_text(inputs.header))
    for subscription in inputs.in_line_order():
        digest.add(subscription_text(subscription, inputs.header.period))
    return digest.hexdigest()


def header_text(header: QuoteHeader) -> str:
    return _text(
        {
            "v": FORMAT,
            "period_start": header.period.start.isoformat(),
            "zone": header.period.zone.key,
            "currency": header.currency,
            "taxes": [[tax.name, decimal_text(tax.rate)] for tax in header.taxes],
            "tax_exempt": header.tax_exempt,
        }
    )


def parse_header(text: str) -> QuoteHeader:
    """The header that header_text was given. Raises ValueError for another format."""
    return _header(_value(text))


def _header(value: dict[str, Any]) -> QuoteHeader:
    return QuoteHeader(
        period=Period(date.fromisoformat(value["period_start"]), ZoneInfo(value["zone"])),
        currency=value["currency"],
        taxes=tuple(TaxTerms(name, Decimal(rate)) for name, rate in value["taxes"]),
        tax_exempt=value["tax_exempt"],
    )


def subscription_text(subscription: SubscriptionInputs, period: Period) -> str:
    """Raises ValueError for usage outside the period, which day numbers could not tell."""
    # By hand, for there are as many as subscriptions: what json.dumps would make of it takes three times as long.
    spans = [
        f'["{span.first_day.isoformat()}",{_optional_text(_optional(date.isoformat, span.last_day))}]'
        for span in subscription.active_spans
    ]
    plans = [f'["{plan.first_day.isoformat()}",{_plan_text(plan.terms)}]' for plan in subscription.plans]
    return (
        f'{{"active_spans":{_list(spans)}'
        f',"addons":{_list(map(_addon_text, subscription.addons))}'
        f',"deployment_id":{_optional_text(subscription.deployment_id)}'
        f',"plans":{_list(plans)}'
        f',"slug":{_quoted(subscription.slug)}'
        f',"subscription_id":{_optional_text(subscription.subscription_id)}'
        f',"trial_ends_at":{_optional_text(_optional(_instant_text, subscription.trial_ends_at))}'
        f',"usage":{_list([_usage_text(usage, period) for usage in subscription.usage])}'
        f',"v":{FORMAT}}}'
    )


def parse_subscription(text: str, period: Period) -> SubscriptionInputs:
    """The subscription that subscription_text was given with the same period. Raises ValueError for another format."""
    return _subscription(_value(text), period)


def late_text(inputs: LateInputs) -> str:
    """Raises ValueError for usage outside the month."""
    billed = [
        f'[{_quoted(one.key)},{_quoted(one.resource_kind)},"{decimal_text(one.quantity)}"'
        f',"{decimal_text(one.unit_price_cents)}",{one.amount_cents}]'
        for one in inputs.billed
    ]
    return (
        f'{{"billed":{_list(billed)}'
        f',"header":{header_text(inputs.header)}'
        f',"subscription":{subscription_text(inputs.subscription, inputs.header.period)}'
        f',"v":{FORMAT}}}'
    )


def parse_document(text: str, period: Period) -> SubscriptionInputs | LateInputs:
    """What subscription_text was given with the same period, or late_text. Raises ValueError for another format."""
    value = _value(text)
    if "billed" not in value:
        return _subscription(value, period)
    header = _header(value["header"])
    billed = (
        Billed(key, kind, Decimal(quantity), Decimal(price), cents)
        for key, kind, quantity, price, cents in value["billed"]
    )
    return LateInputs(header, _subscription(value["subscription"], header.period), tuple(billed))


def _subscription(value: dict[str, Any], period: Period) -> SubscriptionInputs:
    return SubscriptionInputs(
        slug=value["slug"],
        subscription_id=value["subscription_id"],
        deployment_id=value["deployment_id"],
        plans=tuple(PlanInForce(date.fromisoformat(first), _plan(plan)) for first, plan in value["plans"]),
        active_spans=tuple(
            ActiveSpan(date.fromisoformat(first), _optional(date.fromisoformat, last))
            for first, last in value["active_spans"]
        ),
        trial_ends_at=_optional(datetime.fromisoformat, value["trial_ends_at"]),
        addons=tuple(_addon(addon) for addon in value["addons"]),
        usage=tuple(_usage(usage, period) for usage in value["usage"]),
    )


def _text(value: dict[str, Any]) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _value(text: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(text)
    if value["v"] != FORMAT:
        raise ValueError(f"inputs in format {value['v']}, not {FORMAT}")
    return value


def _optional(convert: Callable[[From], To], value: From | None) -> To | None:
    return None if value is None else convert(value)


def _instant_text(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat()


def _list(texts: Iterable[str]) -> str:
    return f"[{','.join(texts)}]"


def _optional_text(text: str | None) -> str:
    return "null" if text is None else _quoted(text)


@lru_cache(maxsize=1024)
def _plan_text(plan: PlanTerms) -> str:
    return _text(
        {
            "plan": plan.plan,
            "version": plan.version,
            "currency": plan.currency,
            "base_price_cents": plan.base_price_cents,
            "proration": plan.proration,
            "resources": [_resource_value(resource) for resource in plan.resources],
        }
    )


def _plan(value: dict[str, Any]) -> PlanTerms:
    return PlanTerms(
        plan=value["plan"],
        version=value["version"],
        currency=value["currency"],
        base_price_cents=value["base_price_cents"],
        proration=Proration(value["proration"]),
        resources=tuple(_resource(resource) for resource in value["resources"]),
    )


def _resource_value(resource: ResourceTerms) -> dict[str, Any]:
    return {
        "kind": resource.resource_kind,
        "unit": resource.unit,
        "aggregation": resource.aggregation,
        "included": decimal_text(resource.included_quantity),
        "model": resource.price_model,
        "package_size": _optional(decimal_text, resource.package_size),
        "tiers": [
            [_optional(decimal_text, tier.up_to), decimal_text(tier.unit_price_cents), tier.flat_price_cents]
            for tier in resource.tiers
        ],
    }


def _resource(value: dict[str, Any]) -> ResourceTerms:
    return ResourceTerms(
        resource_kind=value["kind"],
        unit=value["unit"],
        aggregation=Aggregation(value["aggregation"]),
        included_quantity=Decimal(value["included"]),
        price_model=PriceModel(value["model"]),
        package_size=_optional(Decimal, value["package_size"]),
        tiers=tuple(Tier(_optional(Decimal, up_to), Decimal(price), flat) for up_to, price, flat in value["tiers"]),
    )


def _addon_text(addon: AddonTerms) -> str:
    return (
        f'{{"attached_at":"{_instant_text(addon.attached_at)}"'
        f',"attached_on":"{addon.attached_on.isoformat()}"'
        f',"code":{_quoted(addon.code)}'
        f',"id":{_quoted(addon.id)}'
        f',"kind":{_optional_text(addon.resource_kind)}'
        f',"price_cents":{addon.price_cents}'
        f',"quantity":"{decimal_text(addon.quantity)}"}}'
    )


def _addon(value: dict[str, Any]) -> AddonTerms:
    return AddonTerms(
        id=value["id"],
        code=value["code"],
        price_cents=value["price_cents"],
        attached_at=datetime.fromisoformat(value["attached_at"]),
        attached_on=date.fromisoformat(value["attached_on"]),
        resource_kind=value["kind"],
        quantity=Decimal(value["quantity"]),
    )


def _usage_text(usage: Usage, period: Period) -> str:
    kind = f'{_quoted(usage.resource_kind)},"{usage.aggregation}"'
    if not isinstance(usage, LevelUsage):
        days = DailyQuantities.of(usage.days, period)
        return f'[{kind},"{day_ranges(days.mask)}","{days.text}"]'
    if any(not period.start <= row.date < period.end for row in usage.days):
        raise ValueError(f"usage of {usage.resource_kind} is outside the period from {period.start}")
    levels = [
        f'[{row.date.day},"{_instant_text(row.first_at)}"'
        f',"{decimal_text(row.last_level)}","{decimal_text(row.level_microseconds)}"]'
        for row in usage.days
    ]
    return f'[{kind},{_list(levels)},"{decimal_text(usage.carried_level)}"]'


def _usage(value: list[Any], period: Period) -> Usage:
    match value:
        case [str(kind), Aggregation.TIME_WEIGHTED, list(rows), str(carried)]:
            levels = tuple(
                DailyLevel(period.days[day - 1], datetime.fromisoformat(first_at), Decimal(last_level), Decimal(level))
                for day, first_at, last_level, level in rows
            )
            return LevelUsage(kind, levels, Decimal(carried))
        case [str(kind), Aggregation.SUM | Aggregation.MAX as aggregation, str(ranges), str(text)]:
            days = DailyQuantities(period.start, mask_of_ranges(ranges), text)
            if len(text.split()) != len(days) or days.mask.bit_length() > len(period.days):
                raise ValueError(f"usage of {kind} does not fit its days")
            return SumUsage(kind, days) if aggregation == Aggregation.SUM else MaxUsage(kind, days)
        case _:
            raise ValueError(f"not usage: {value!r}")
