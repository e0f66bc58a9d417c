"""The catalog in the database, as entries of a catalog file."""

from dataclasses import dataclass

from app.billing import Aggregation
from app.database import UnitOfWork
from app.operations.catalog_file.catalog_entries import AddonEntry, Catalog, KindEntry, PlanEntry, terms_entry
from app.operations.plan_terms import plan_terms

_KINDS = 'SELECT code, unit, aggregation, description FROM resource_kinds ORDER BY code COLLATE "C"'
_ADDONS = """
SELECT code, name, price_cents, currency, resource_kind, quantity, active FROM addons ORDER BY code COLLATE "C"
"""
_PLANS = """
SELECT p.code, p.name, p.description, p.archived_at IS NOT NULL AS archived, published.id, published.version,
       (SELECT coalesce(max(version), 0) FROM plan_versions WHERE plan_id = p.id) AS latest,
       ARRAY (SELECT version FROM plan_versions WHERE plan_id = p.id AND status = 'DRAFT' ORDER BY version) AS drafts
FROM plans p LEFT JOIN LATERAL (
    SELECT id, version FROM plan_versions WHERE plan_id = p.id AND status = 'PUBLISHED' ORDER BY version DESC LIMIT 1
) published ON true
ORDER BY p.code COLLATE "C"
"""


@dataclass(frozen=True, slots=True)
class PlanVersionNumbers:
    """A plan's current version, None if none is published; its latest, 0 if there is none; and its drafts."""

    current: int | None
    latest: int
    drafts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class StoredCatalog:
    """The catalog in the database. Archived plans are not in it, but a file cannot have a plan of the same code."""

    catalog: Catalog
    versions: dict[str, PlanVersionNumbers]
    archived_plans: frozenset[str]


async def stored_catalog(unit: UnitOfWork) -> StoredCatalog:
    """Reads the catalog."""
    fetch = unit.connection.fetch
    kinds = [
        KindEntry(row["code"], row["unit"], Aggregation(row["aggregation"]), row["description"])
        for row in await fetch(_KINDS)
    ]
    plans = await fetch(_PLANS)
    on_offer = [row for row in plans if not row["archived"]]
    terms = await plan_terms(unit, [row["id"] for row in on_offer if row["id"] is not None])
    entries = [
        PlanEntry(
            row["code"], row["name"], row["description"], terms_entry(terms[row["id"]]) if row["id"] in terms else None
        )
        for row in on_offer
    ]
    addons = [AddonEntry(**row) for row in await fetch(_ADDONS)]
    return StoredCatalog(
        catalog=Catalog(tuple(kinds), tuple(entries), tuple(addons)),
        versions={
            row["code"]: PlanVersionNumbers(row["version"], row["latest"], tuple(row["drafts"])) for row in on_offer
        },
        archived_plans=frozenset(row["code"] for row in plans if row["archived"]),
    )
