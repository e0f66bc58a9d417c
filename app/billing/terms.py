"""The terms by which a month is rated: plan versions with their resources and tiers, attached add-ons,
charges, taxes.
"""

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


class InputFault(NamedTuple):
    """A validation error in the terms of a plan version or add-on. `path` leads to the invalid value by field names and
    indexes: ("resources", "0", "tiers").
    """

    path: tuple[str, ...]
    message: str


@dataclass(frozen=True, slots=True)
class Tier:
    """The prices of the quantities in (the previous tier's up_to, up_to]; up_to None means no upper bound."""

    up_to: Decimal | None
    unit_price_cents: Decimal
    flat_price_cents: int = 0


@dataclass(frozen=True, slots=True)
class ResourceTerms:
    """The quantity that a plan version includes of one resource kind, and the prices above it."""

    resource_kind: str
    unit: str
    aggregation: Aggregation
    included_quantity: Decimal
    price_model: PriceModel
    tiers: tuple[Tier, ...]
    package_size: Decimal | None = None

    @property
    def pricing(self) -> tuple[object, ...]:
        """Returns the fields that decide an amount: plan versions in which they are equal are rated together. The unit
        is only displayed.
        """
        return self.aggregation, self.included_quantity, self.price_model, self.tiers, self.package_size


@dataclass(frozen=True, slots=True)
class PlanTerms:
    """One published plan version. `faults()` returns the validation errors that prevent a draft
    from being published.
    """

    plan: str
    version: int
    currency: str
    base_price_cents: int
    proration: Proration
    resources: tuple[ResourceTerms, ...] = ()
    resources_by_kind: tuple[ResourceTerms, ...] = field(init=False, repr=False, compare=False)
    _by_kind: Mapping[str, ResourceTerms] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        in_order = sorted(self.resources, key=lambda resource: resource.resource_kind)
        object.__setattr__(self, "resources_by_kind", tuple(in_order))
        object.__setattr__(self, "_by_kind", {resource.resource_kind: resource for resource in self.resources})

    def __hash__(self) -> int:
        return hash(self.identity)  # equal objects have an equal identity, and hashing two fields is fast

    @property
    def identity(self) -> tuple[str, int]:
        return self.plan, self.version

    def resource(self, kind: str) -> ResourceTerms | None:
        return self._by_kind.get(kind)

    def faults(self) -> list[InputFault]:
        """Returns all validation errors of the terms, in the order of the fields; if there are none, the terms can be
        rated. Paths use this class's field names.
        """
        return list(_plan_faults(self))


@dataclass(frozen=True, slots=True)
class AddonTerms:
    """An attached add-on, with the price and included quantity that were fixed when it was attached.

    detached_on is its last day, which is billable; None while it is attached.
    """

    id: str
    code: str
    price_cents: int
    attached_at: datetime
    attached_on: date
    resource_kind: str | None = None
    quantity: Decimal = Decimal(1)
    detached_on: date | None = None


@dataclass(frozen=True, slots=True)
class ChargeTerms:
    """A one-off charge, or a credit if its amount is negative, on the invoice of the month that contains charged_on.

    taken_cents is the part of a credit that this invoice applies; None for all of it.
    """

    id: str
    description: str
    net_cents: int
    charged_on: date
    taken_cents: int | None = None

    @property
    def billed_cents(self) -> int:
        """Returns the amount that this invoice bills: the whole charge, or the applied part of a credit. Raises
        ValueError if that part is larger than the credit, or if a part is given for a charge above 0.
        """
        if self.taken_cents is None:
            return self.net_cents
        if not self.net_cents <= self.taken_cents <= 0:
            raise ValueError(
                f"charge {self.id} of {self.net_cents} cents cannot be applied as {self.taken_cents} cents"
            )
        return self.taken_cents


@dataclass(frozen=True, slots=True)
class TaxTerms:
    """A tax by name and rate: ("GST", Decimal("0.1")) is GST of 10%."""

    name: str
    rate: Decimal


MAX_QUANTITY = Decimal(10) ** 15
FRACTIONAL_DIGITS = 12
_MIN_STEP = Decimal(1).scaleb(-FRACTIONAL_DIGITS)
_WIDE_CONTEXT = Context(prec=40)


def quantity_fault(value: Decimal) -> str | None:
    """Returns why `value` is not valid as a quantity or unit price (not finite, negative, too large, too many digits),
    or None.
    """
    if not value.is_finite():
        return "must be a finite number"
    if value < 0:
        return "must not be negative"
    if value >= MAX_QUANTITY:
        return "must be below 10^15"
    if _WIDE_CONTEXT.quantize(value, _MIN_STEP) != value:
        return f"must have at most {FRACTIONAL_DIGITS} fractional digits"
    return None


def cents_fault(value: int) -> str | None:
    """Returns why `value` is not valid as a price in cents, or None."""
    if value < 0:
        return "must not be negative"
    if value >= MAX_QUANTITY:
        return "must be below 10^15"
    return None


def _plan_faults(plan: PlanTerms) -> Iterator[InputFault]:
    if message := cents_fault(plan.base_price_cents):
        yield InputFault(("base_price_cents",), message)
    seen: set[str] = set()
    for index, resource in enumerate(plan.resources):
        path = ("resources", str(index))
        if resource.resource_kind in seen:
            yield InputFault((*path, "resource_kind"), "appears twice")
        seen.add(resource.resource_kind)
        yield from _resource_faults(resource, path)


def _resource_faults(resource: ResourceTerms, path: tuple[str, ...]) -> Iterator[InputFault]:
    if message := quantity_fault(resource.included_quantity):
        yield InputFault((*path, "included_quantity"), message)
    size = resource.package_size
    if resource.price_model is PriceModel.PACKAGE:
        if size is None:
            yield InputFault((*path, "package_size"), "is required for PACKAGE")
        elif message := quantity_fault(size):
            yield InputFault((*path, "package_size"), message)
        elif size == 0:
            yield InputFault((*path, "package_size"), "must be positive")
    elif size is not None:
        yield InputFault((*path, "package_size"), "is allowed for PACKAGE only")
    yield from _tier_faults(resource, (*path, "tiers"))


def _tier_faults(resource: ResourceTerms, path: tuple[str, ...]) -> Iterator[InputFault]:
    model = resource.price_model
    single = model in {PriceModel.PER_UNIT, PriceModel.PACKAGE}
    if not resource.tiers:
        yield InputFault(path, "must have at least one tier")
    if single and len(resource.tiers) > 1:
        yield InputFault(path, f"must be a single tier for {model}")
    lower_bound = Decimal(0)
    for index, tier in enumerate(resource.tiers):
        tier_path = (*path, str(index))
        if message := _bound_fault(tier.up_to, lower_bound, last=index == len(resource.tiers) - 1):
            yield InputFault((*tier_path, "up_to"), message)
        lower_bound = tier.up_to or lower_bound
        if message := quantity_fault(tier.unit_price_cents):
            yield InputFault((*tier_path, "unit_price_cents"), message)
        if message := cents_fault(tier.flat_price_cents):
            yield InputFault((*tier_path, "flat_price_cents"), message)
        elif single and tier.flat_price_cents:
            yield InputFault((*tier_path, "flat_price_cents"), f"must be 0 for {model}")


def _bound_fault(up_to: Decimal | None, lower_bound: Decimal, *, last: bool) -> str | None:
    if up_to is None:
        return None if last else "only the last tier may have no upper bound"
    if last:
        return "the last tier must have no upper bound"
    if message := quantity_fault(up_to):
        return message
    return None if up_to > lower_bound else "must be above the upper bound of the previous tier"
