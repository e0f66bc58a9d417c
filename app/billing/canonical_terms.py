"""Writes plan versions, add-ons and one-off charges as canonical text, and reads them back."""

from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from app.billing.json_text import compact_text, date_text, instant_text, optional, optional_text, quoted
from app.billing.money import decimal_text
from app.billing.terms import (
    AddonTerms,
    Aggregation,
    ChargeTerms,
    PlanTerms,
    PriceModel,
    Proration,
    ResourceTerms,
    Tier,
)


@lru_cache(maxsize=1024)
def plan_text(plan: PlanTerms) -> str:
    return compact_text(
        {
            "plan": plan.plan,
            "version": plan.version,
            "currency": plan.currency,
            "base_price_cents": plan.base_price_cents,
            "proration": plan.proration,
            "resources": [_resource_value(resource) for resource in plan.resources],
        }
    )


def plan_of(value: dict[str, Any]) -> PlanTerms:
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
        "package_size": optional(decimal_text, resource.package_size),
        "tiers": [
            [optional(decimal_text, tier.up_to), decimal_text(tier.unit_price_cents), tier.flat_price_cents]
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
        package_size=optional(Decimal, value["package_size"]),
        tiers=tuple(Tier(optional(Decimal, up_to), Decimal(price), flat) for up_to, price, flat in value["tiers"]),
    )


def addon_text(addon: AddonTerms) -> str:
    return (
        f'{{"attached_at":"{instant_text(addon.attached_at)}"'
        f',"attached_on":"{addon.attached_on.isoformat()}"'
        f',"code":{quoted(addon.code)}'
        f',"detached_on":{date_text(addon.detached_on)}'
        f',"id":{quoted(addon.id)}'
        f',"kind":{optional_text(addon.resource_kind)}'
        f',"price_cents":{addon.price_cents}'
        f',"quantity":"{decimal_text(addon.quantity)}"}}'
    )


def addon_of(value: dict[str, Any]) -> AddonTerms:
    return AddonTerms(
        id=value["id"],
        code=value["code"],
        price_cents=value["price_cents"],
        attached_at=datetime.fromisoformat(value["attached_at"]),
        attached_on=date.fromisoformat(value["attached_on"]),
        resource_kind=value["kind"],
        quantity=Decimal(value["quantity"]),
        detached_on=optional(date.fromisoformat, value["detached_on"]),
    )


def charge_text(charge: ChargeTerms) -> str:
    return compact_text(
        {
            "id": charge.id,
            "description": charge.description,
            "net_cents": charge.net_cents,
            "charged_on": charge.charged_on.isoformat(),
            "taken_cents": charge.taken_cents,
        }
    )


def charge_of(value: dict[str, Any]) -> ChargeTerms:
    return ChargeTerms(
        id=value["id"],
        description=value["description"],
        net_cents=value["net_cents"],
        charged_on=date.fromisoformat(value["charged_on"]),
        taken_cents=value["taken_cents"],
    )
