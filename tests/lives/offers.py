"""Puts plans, and the add-ons of the lives, on offer in the real system."""

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from app.billing import PriceModel, Proration, Tier
from app.operations import catalog
from app.operations.calls.context import Context
from tests.lives.catalog import ADDONS, exact_decimal
from tests.lives.terms import KindPrice, Plan


async def create_catalog(context: Context, plans: Iterable[Plan]) -> None:
    """Publishes the plans (the versions of each plan in order) and creates the add-ons."""
    versions = list(plans)
    for code in sorted({plan.code for plan in versions}):
        await catalog.create_plan(context, code=code, name=code)
    for plan in versions:
        version_id = await catalog.draft_plan_version(
            context,
            plan_code=plan.code,
            base_price_cents=plan.base_cents,
            proration=Proration(plan.proration),
            resources=[_resource(price) for price in plan.kinds],
        )
        await catalog.publish_plan_version(context, plan_version_id=version_id)
    for code, (price, kind, quantity) in ADDONS.items():
        await catalog.create_addon(
            context,
            code=code,
            name=code,
            price_cents=price,
            resource_kind=kind,
            quantity=exact_decimal(quantity),
        )


def _resource(price: KindPrice) -> catalog.ResourceDraft:
    def optional(number: Fraction | None) -> Any:
        return None if number is None else exact_decimal(number)

    return catalog.ResourceDraft(
        price.kind,
        exact_decimal(price.included),
        tuple(Tier(optional(tier.up_to), exact_decimal(tier.unit_cents), tier.flat_cents) for tier in price.tiers),
        PriceModel(price.model),
        optional(price.package_size),
    )
