"""The entries of a catalog file. The names of their fields are the file's keys."""

from dataclasses import dataclass
from decimal import Decimal

from app.billing import Aggregation, PlanTerms, Proration
from app.operations.catalog import ResourceDraft


@dataclass(frozen=True, slots=True)
class KindEntry:
    """A resource kind."""

    code: str
    unit: str
    aggregation: Aggregation
    description: str = ""


@dataclass(frozen=True, slots=True)
class TermsEntry:
    """The terms of a plan's current version. Their resources are in the order of their kinds, so that equal terms are
    equal entries.
    """

    base_price_cents: int
    currency: str = "AUD"
    proration: Proration = Proration.NONE
    resources: tuple[ResourceDraft, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanEntry:
    """A plan. terms: None if it has no published version."""

    code: str
    name: str
    description: str | None = None
    terms: TermsEntry | None = None


@dataclass(frozen=True, slots=True)
class AddonEntry:
    """An add-on."""

    code: str
    name: str
    price_cents: int
    currency: str = "AUD"
    resource_kind: str | None = None
    quantity: Decimal = Decimal(1)
    active: bool = True


@dataclass(frozen=True, slots=True)
class Catalog:
    """A whole catalog."""

    resource_kinds: tuple[KindEntry, ...] = ()
    plans: tuple[PlanEntry, ...] = ()
    addons: tuple[AddonEntry, ...] = ()


def by_kind(resource: ResourceDraft) -> str:
    return resource.resource_kind


def terms_entry(terms: PlanTerms) -> TermsEntry:
    """Returns the entry of a plan version in the database."""
    return TermsEntry(
        base_price_cents=terms.base_price_cents,
        currency=terms.currency,
        proration=terms.proration,
        resources=tuple(
            ResourceDraft(
                resource.resource_kind,
                resource.included_quantity,
                resource.tiers,
                resource.price_model,
                resource.package_size,
            )
            for resource in terms.resources_by_kind
        ),
    )
