"""The terms a month is rated on: plan versions with their resources and tiers, add-ons as attached, taxes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Context, Decimal
from enum import StrEnum
from typing import NamedTuple


class Proration(StrEnum):
    NONE = "NONE"
    DAILY = "DAILY"


class PriceModel(StrEnum):
    PER_UNIT = "PER_UNIT"
    GRADUATED = "GRADUATED"
    VOLUME = "VOLUME"
    PACKAGE = "PACKAGE"


class Aggregation(StrEnum):
    SUM = "SUM"
    MAX = "MAX"
    TIME_WEIGHTED = "TIME_WEIGHTED"


class Fault(NamedTuple):
    """What is wrong with some terms; `path` leads to it by field names and indexes: ("resources", "0", "tiers")."""

    path: tuple[str, ...]
    message: str


@dataclass(frozen=True, slots=True)
class Tier:
    """Prices of the quantities in (the previous tier's up_to, up_to]; up_to None has no bound."""

    up_to: Decimal | None
    unit_price_cents: Decimal
    flat_price_cents: int = 0


@dataclass(frozen=True, slots=True)
class ResourceTerms:
    """What a plan version includes of one resource kind and what it charges beyond that."""

    resource_kind: str
    unit: str
    aggregation: Aggregation
    included_quantity: Decimal
    price_model: PriceModel
    tiers: tuple[Tier, ...]
    package_size: Decimal | None = None


@dataclass(frozen=True, slots=True)
class PlanTerms:
    """One published plan version. `faults()` says what keeps a draft from being one."""

    plan: str
    version: int
    currency: str
    base_price_cents: int
    proration: Proration
    resources: tuple[ResourceTerms, ...] = ()
    _by_kind: Mapping[str, ResourceTerms] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_kind", {resource.resource_kind: resource for resource in self.resources})

    def __hash__(self) -> int:
        return hash(self.identity)  # enough to tell them apart, at the price of two fields

    @property
    def identity(self) -> tuple[str, int]:
        return self.plan, self.version

    def resource(self, kind: str) -> ResourceTerms | None:
        return self._by_kind.get(kind)

    def faults(self) -> list[Fault]:
        """All faults, in reading order; none means the terms can be rated. Paths use the names of these fields."""
        return list(_plan_faults(self))


@dataclass(frozen=True, slots=True)
class AddonTerms:
    """An add-on as it stood when it was attached: the price of the whole, and how much of a kind it grants."""

    id: str
    code: str
    price_cents: int
    attached_at: datetime
    attached_on: date
    resource_kind: str | None = None
    quantity: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class TaxTerms:
    """A tax by name and rate: ("GST", Decimal("0.1")) is GST 10%."""

    name: str
    rate: Decimal


LARGEST = Decimal(10) ** 15
FRACTIONAL_DIGITS = 12
_FINEST = Decimal(1).scaleb(-FRACTIONAL_DIGITS)
_WIDE = Context(prec=40)


def quantity_fault(value: Decimal) -> str | None:
    """Why `value` can be no quantity or unit price (not finite, negative, too large or too fine), or None."""
    if not value.is_finite():
        return "must be a finite number"
    if value < 0:
        return "must not be negative"
    if value >= LARGEST:
        return "must be below 10^15"
    if _WIDE.quantize(value, _FINEST) != value:
        return f"must have at most {FRACTIONAL_DIGITS} fractional digits"
    return None


def cents_fault(value: int) -> str | None:
    """Why `value` can be no price in cents, or None."""
    if value < 0:
        return "must not be negative"
    if value >= LARGEST:
        return "must be below 10^15"
    return None


def _plan_faults(plan: PlanTerms) -> Iterator[Fault]:
    if message := cents_fault(plan.base_price_cents):
        yield Fault(("base_price_cents",), message)
    seen: set[str] = set()
    for index, resource in enumerate(plan.resources):
        path = ("resources", str(index))
        if resource.resource_kind in seen:
            yield Fault((*path, "resource_kind"), "is given twice")
        seen.add(resource.resource_kind)
        yield from _resource_faults(resource, path)


def _resource_faults(resource: ResourceTerms, path: tuple[str, ...]) -> Iterator[Fault]:
    if message := quantity_fault(resource.included_quantity):
        yield Fault((*path, "included_quantity"), message)
    size = resource.package_size
    if resource.price_model is PriceModel.PACKAGE:
        if size is None:
            yield Fault((*path, "package_size"), "is required for PACKAGE")
        elif message := quantity_fault(size):
            yield Fault((*path, "package_size"), message)
        elif size == 0:
            yield Fault((*path, "package_size"), "must be positive")
    elif size is not None:
        yield Fault((*path, "package_size"), "is for PACKAGE only")
    yield from _tier_faults(resource, (*path, "tiers"))


def _tier_faults(resource: ResourceTerms, path: tuple[str, ...]) -> Iterator[Fault]:
    model = resource.price_model
    single = model in {PriceModel.PER_UNIT, PriceModel.PACKAGE}
    if not resource.tiers:
        yield Fault(path, "must have at least one tier")
    if single and len(resource.tiers) > 1:
        yield Fault(path, f"must be a single tier for {model}")
    below = Decimal(0)
    for index, tier in enumerate(resource.tiers):
        at = (*path, str(index))
        if message := _bound_fault(tier.up_to, below, last=index == len(resource.tiers) - 1):
            yield Fault((*at, "up_to"), message)
        below = tier.up_to or below
        if message := quantity_fault(tier.unit_price_cents):
            yield Fault((*at, "unit_price_cents"), message)
        if message := cents_fault(tier.flat_price_cents):
            yield Fault((*at, "flat_price_cents"), message)
        elif single and tier.flat_price_cents:
            yield Fault((*at, "flat_price_cents"), f"must be 0 for {model}")


def _bound_fault(up_to: Decimal | None, below: Decimal, *, last: bool) -> str | None:
    if up_to is None:
        return None if last else "only the last tier has no bound"
    if last:
        return "the last tier must have no bound"
    if message := quantity_fault(up_to):
        return message
    return None if up_to > below else "must be above the bound of the tier before"
