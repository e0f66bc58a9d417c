"""Drafts of plan versions: base price, included quantities and the prices above them."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from piccolo.query.functions import Max

from app.billing import Aggregation, InputFault, PlanTerms, PriceModel, Proration, ResourceTerms, Tier
from app.database import UnitOfWork
from app.operations.calls import validation
from app.operations.calls.access import Action, authorise, not_found
from app.operations.calls.context import Context
from app.operations.calls.transaction import transact
from app.operations.catalog.kinds import known_kinds
from app.operations.catalog.plans import find_plan, lock_unarchived
from app.tables.catalog import PlanPriceTiers, PlanResources, PlanVersions, PlanVersionStatus
from app.tables.ids import new_id

MAX_RESOURCES = 100
MAX_TIERS = 50


@dataclass(frozen=True, slots=True)
class ResourceDraft:
    """One resource kind in a draft of a plan version: the included quantity and the prices of usage above it."""

    resource_kind: str
    included_quantity: Decimal
    tiers: tuple[Tier, ...]
    price_model: PriceModel = PriceModel.PER_UNIT
    package_size: Decimal | None = None


async def draft_plan_version(
    context: Context,
    *,
    plan_code: str,
    base_price_cents: int,
    currency: str = "AUD",
    proration: Proration = Proration.NONE,
    resources: Sequence[ResourceDraft] = (),
) -> UUID:
    """Creates the next version of a plan as a draft. Raises VALIDATION_FAILED for terms that cannot be rated, CONFLICT
    for an archived plan.
    """
    authorise(context, Action.MANAGE_CATALOG)
    validation.refuse(
        version_faults(base_price_cents=base_price_cents, currency=currency, proration=proration, resources=resources)
    )

    async def work(_unit: UnitOfWork) -> UUID:
        plan_id: UUID = (await find_plan(plan_code))["id"]
        await lock_unarchived(plan_id, plan_code)
        version = await _next_version(plan_id)
        await _require_kinds(resources)
        draft = PlanVersions(
            id=new_id(),
            plan_id=plan_id,
            version=version,
            status=PlanVersionStatus.DRAFT,
            currency=currency,
            base_price_cents=base_price_cents,
            proration=proration,
            created_at=context.clock(),
            published_at=None,
        )
        await PlanVersions.insert(draft)
        await _insert_resources(draft.id, resources)
        return draft.id

    return await transact(context, work, UUID)


def version_faults(
    *, base_price_cents: int, currency: str, proration: Proration, resources: Sequence[ResourceDraft]
) -> list[InputFault]:
    """Returns the validation errors of a plan version's terms. Whether its resource kinds exist is not checked."""
    if faults := [*validation.currency("currency", currency), *_size_faults(resources)]:
        return faults
    return PlanTerms(
        plan="",
        version=1,
        currency=currency,
        base_price_cents=base_price_cents,
        proration=proration,
        resources=tuple(map(_terms_without_kind, resources)),
    ).faults()


async def _next_version(plan_id: UUID) -> int:
    """Returns the next version number, from 1. The plan is locked, so that two drafts created at once get different
    numbers.
    """
    latest = await PlanVersions.select(Max(PlanVersions.version)).where(PlanVersions.plan_id == plan_id).first()
    return 1 + ((latest and latest["max"]) or 0)


def _size_faults(resources: Sequence[ResourceDraft]) -> list[InputFault]:
    too_many_tiers = (
        InputFault(("resources", str(index), "tiers"), f"must be at most {MAX_TIERS}")
        for index, draft in enumerate(resources)
        if len(draft.tiers) > MAX_TIERS
    )
    return [*validation.at_most("resources", resources, MAX_RESOURCES), *too_many_tiers]


def _terms_without_kind(draft: ResourceDraft) -> ResourceTerms:
    """Returns the terms of a resource for validation, which needs neither the unit nor the aggregation of its kind."""
    return ResourceTerms(
        resource_kind=draft.resource_kind,
        unit="",
        aggregation=Aggregation.SUM,
        included_quantity=draft.included_quantity,
        price_model=draft.price_model,
        tiers=draft.tiers,
        package_size=draft.package_size,
    )


async def _require_kinds(resources: Sequence[ResourceDraft]) -> None:
    """Raises NOT_FOUND for the first resource kind that is not defined."""
    kinds = await known_kinds(draft.resource_kind for draft in resources)
    for index, draft in enumerate(resources):
        if draft.resource_kind not in kinds:
            raise not_found("resource kind", draft.resource_kind, ("resources", str(index), "resourceKind"))


async def _insert_resources(plan_version_id: UUID, resources: Sequence[ResourceDraft]) -> None:
    ids = [new_id() for _ in resources]
    rows = [
        PlanResources(
            id=resource_id,
            plan_version_id=plan_version_id,
            resource_kind=draft.resource_kind,
            included_quantity=draft.included_quantity,
            price_model=draft.price_model,
            package_size=draft.package_size,
        )
        for resource_id, draft in zip(ids, resources, strict=True)
    ]
    tiers = [
        PlanPriceTiers(
            id=new_id(),
            plan_resource_id=resource_id,
            position=position,
            up_to=tier.up_to,
            unit_price_cents=tier.unit_price_cents,
            flat_price_cents=tier.flat_price_cents,
        )
        for resource_id, draft in zip(ids, resources, strict=True)
        for position, tier in enumerate(draft.tiers)
    ]
    if rows:
        await PlanResources.insert(*rows)
        await PlanPriceTiers.insert(*tiers)
