"""Inputs as exact, deterministic text, back again, and their SHA-256.

Compact JSON with sorted keys, decimals as plain text, instants in UTC: equal inputs have equal text. The header is one
document and each subscription another, whose usage rows name their day of the header's month by its number.
"""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from app.billing.inputs import PlanInForce, QuoteHeader, QuoteInputs, SubscriptionInputs
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
from app.billing.usage import DailyLevel, DailyQuantity, LevelUsage, MaxUsage, SumUsage, Usage

FORMAT = 1

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
    value = _value(text)
    return QuoteHeader(
        period=Period(date.fromisoformat(value["period_start"]), ZoneInfo(value["zone"])),
        currency=value["currency"],
        taxes=tuple(TaxTerms(name, Decimal(rate)) for name, rate in value["taxes"]),
        tax_exempt=value["tax_exempt"],
    )


def subscription_text(subscription: SubscriptionInputs, period: Period) -> str:
    """Raises ValueError for usage outside the period, which day numbers could not tell."""
    return _text(
        {
            "v": FORMAT,
            "slug": subscription.slug,
            "subscription_id": subscription.subscription_id,
            "deployment_id": subscription.deployment_id,
            "plans": [[plan.first_day.isoformat(), _plan_value(plan.terms)] for plan in subscription.plans],
            "active_spans": [
                [span.first_day.isoformat(), _optional(date.isoformat, span.last_day)]
                for span in subscription.active_spans
            ],
            "trial_ends_at": _optional(_instant_text, subscription.trial_ends_at),
            "addons": [_addon_value(addon) for addon in subscription.addons],
            "usage": [_usage_value(usage, period) for usage in subscription.usage],
        }
    )


def parse_subscription(text: str, period: Period) -> SubscriptionInputs:
    """The subscription that subscription_text was given with the same period. Raises ValueError for another format."""
    value = _value(text)
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


def _plan_value(plan: PlanTerms) -> dict[str, Any]:
    return {
        "plan": plan.plan,
        "version": plan.version,
        "currency": plan.currency,
        "base_price_cents": plan.base_price_cents,
        "proration": plan.proration,
        "resources": [_resource_value(resource) for resource in plan.resources],
    }


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


def _addon_value(addon: AddonTerms) -> dict[str, Any]:
    return {
        "id": addon.id,
        "code": addon.code,
        "price_cents": addon.price_cents,
        "attached_at": _instant_text(addon.attached_at),
        "attached_on": addon.attached_on.isoformat(),
        "kind": addon.resource_kind,
        "quantity": decimal_text(addon.quantity),
    }


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


def _usage_value(usage: Usage, period: Period) -> list[Any]:
    if any(not period.start <= row.date < period.end for row in usage.days):
        raise ValueError(f"usage of {usage.resource_kind} outside the period from {period.start}")
    if isinstance(usage, LevelUsage):
        levels = [
            [
                row.date.day,
                _instant_text(row.first_at),
                decimal_text(row.last_level),
                decimal_text(row.level_microseconds),
            ]
            for row in usage.days
        ]
        return [usage.resource_kind, usage.aggregation, levels, decimal_text(usage.carried_level)]
    return [usage.resource_kind, usage.aggregation, [[row.date.day, decimal_text(row.quantity)] for row in usage.days]]


def _usage(value: list[Any], period: Period) -> Usage:
    kind, aggregation, rows, *carried = value
    if carried:
        levels = tuple(
            DailyLevel(period.days[day - 1], datetime.fromisoformat(first_at), Decimal(last_level), Decimal(level))
            for day, first_at, last_level, level in rows
        )
        return LevelUsage(kind, levels, Decimal(carried[0]))
    days = tuple(DailyQuantity(period.days[day - 1], Decimal(quantity)) for day, quantity in rows)
    return SumUsage(kind, days) if aggregation == Aggregation.SUM else MaxUsage(kind, days)
