"""Reads the terms of plan versions. Published ones never change, so a process reads each of them once."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from app.billing import Aggregation, PlanTerms, PriceModel, Proration, ResourceTerms, Tier
from app.database import UnitOfWork
from app.lru_cache import LRUCache

_published: LRUCache[UUID, PlanTerms] = LRUCache(1024)

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
    """Returns the terms of each of these published or retired plan versions."""
    wanted = set(version_ids)
    known = {version_id: terms for version_id in wanted if (terms := _published.get(version_id)) is not None}
    if missing := wanted - known.keys():
        loaded = await _load(unit, list(missing))
        for version_id, terms in loaded.items():
            _published.put(version_id, terms)
        known |= loaded
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
