"""The terms of plan versions. Published ones never change, so a process reads each of them once."""

from collections import OrderedDict, defaultdict
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from app.billing import Aggregation, PlanTerms, PriceModel, Proration, ResourceTerms, Tier
from app.database import UnitOfWork

_CACHE_SIZE = 1024
_published: OrderedDict[UUID, PlanTerms] = OrderedDict()

_VERSIONS = """
SELECT v.id, p.code, v.version, v.currency, v.base_price_cents, v.proration
FROM plan_versions v JOIN plans p ON p.id = v.plan_id
WHERE v.id = any($1::uuid[]) AND v.status <> 'DRAFT'
"""
_RESOURCES = """
SELECT r.plan_version_id, r.id, r.resource_kind, k.unit, k.aggregation, r.included_quantity, r.price_model,
       r.package_size
FROM plan_resources r JOIN resource_kinds k ON k.code = r.resource_kind
WHERE r.plan_version_id = any($1::uuid[])
ORDER BY r.resource_kind COLLATE "C"
"""
_TIERS = """
SELECT t.plan_resource_id, t.up_to, t.unit_price_cents, t.flat_price_cents
FROM plan_price_tiers t JOIN plan_resources r ON r.id = t.plan_resource_id
WHERE r.plan_version_id = any($1::uuid[])
ORDER BY t.plan_resource_id, t.position
"""


async def plan_terms(unit: UnitOfWork, version_ids: Iterable[UUID]) -> dict[UUID, PlanTerms]:
    """The terms of each of these published (or since retired) plan versions."""
    wanted = set(version_ids)
    known = {version_id: _published[version_id] for version_id in wanted if version_id in _published}
    if missing := wanted - known.keys():
        known |= await _load(unit, list(missing))
    for version_id, terms in known.items():
        _published[version_id] = terms
        _published.move_to_end(version_id)
    while len(_published) > _CACHE_SIZE:
        _published.popitem(last=False)
    return known


async def _load(unit: UnitOfWork, version_ids: list[UUID]) -> dict[UUID, PlanTerms]:
    tiers = defaultdict(list)
    for row in await unit.connection.fetch(_TIERS, version_ids):
        tiers[row["plan_resource_id"]].append(Tier(row["up_to"], row["unit_price_cents"], row["flat_price_cents"]))
    resources = defaultdict(list)
    for row in await unit.connection.fetch(_RESOURCES, version_ids):
        resources[row["plan_version_id"]].append(_resource(row, tuple(tiers[row["id"]])))
    return {
        row["id"]: PlanTerms(
            plan=row["code"],
            version=row["version"],
            currency=row["currency"],
            base_price_cents=row["base_price_cents"],
            proration=Proration(row["proration"]),
            resources=tuple(resources[row["id"]]),
        )
        for row in await unit.connection.fetch(_VERSIONS, version_ids)
    }


def _resource(row: Any, tiers: tuple[Tier, ...]) -> ResourceTerms:
    return ResourceTerms(
        resource_kind=row["resource_kind"],
        unit=row["unit"],
        aggregation=Aggregation(row["aggregation"]),
        included_quantity=row["included_quantity"],
        price_model=PriceModel(row["price_model"]),
        tiers=tiers,
        package_size=row["package_size"],
    )
