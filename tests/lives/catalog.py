"""The plans and add-ons of the lives: each price model with each aggregation, under both prorations."""

from decimal import Decimal
from fractions import Fraction

from tests.lives.terms import KindPrice, Plan, Tier

AGGREGATIONS = {
    "droplet_hours": "SUM",
    "egress_gb": "SUM",
    "storage_gb": "MAX",
    "storage_gb_hours": "TIME_WEIGHTED",
}


def _price(
    kind: str, included: str, model: str, *tiers: tuple[str | None, str, int], package: int | None = None
) -> KindPrice:
    bounds = [Tier(None if top is None else Fraction(top), Fraction(unit), flat) for top, unit, flat in tiers]
    size = None if package is None else Fraction(package)
    return KindPrice(kind, AGGREGATIONS[kind], Fraction(included), model, tuple(bounds), size)


_HOURS = _price("droplet_hours", "40", "GRADUATED", ("50", "0.7", 3), ("120", "0.45", 90), (None, "0.3", 0))
_HOURS_BY_UNIT = _price("droplet_hours", "25.5", "PER_UNIT", (None, "1.25", 0))
# Of this one more usage costs less: 1000 GB cost 10000, 1001 GB 500.50.
_EGRESS = _price("egress_gb", "0", "VOLUME", ("100", "1", 0), ("1000", "10", 0), (None, "0.5", 0))
_EGRESS_IN_PACKAGES = _price("egress_gb", "10", "PACKAGE", (None, "90", 0), package=50)
_STORAGE = _price("storage_gb", "20", "PER_UNIT", (None, "10", 0))
_STORAGE_BY_VOLUME = _price("storage_gb", "10", "VOLUME", ("60", "12.5", 40), (None, "4", 200))
_LEVEL = _price("storage_gb_hours", "1000", "VOLUME", ("30000", "0.03", 0), (None, "0.01", 25))
_LEVEL_BY_UNIT = _price("storage_gb_hours", "0", "PER_UNIT", (None, "0.0125", 0))

PLANS = (
    Plan("whole", 1, 5000, "NONE", (_HOURS, _EGRESS_IN_PACKAGES, _STORAGE, _LEVEL)),
    Plan("whole", 2, 90_000, "NONE", (_HOURS, _EGRESS, _STORAGE_BY_VOLUME, _LEVEL_BY_UNIT)),
    Plan("small", 1, 500, "NONE", (_HOURS_BY_UNIT, _STORAGE)),
    Plan("free", 1, 0, "NONE", (_EGRESS, _LEVEL)),
    Plan("daily", 1, 4700, "DAILY", (_HOURS, _EGRESS, _STORAGE, _LEVEL)),
    Plan("daily", 2, 5001, "DAILY", (_HOURS, _EGRESS, _STORAGE_BY_VOLUME, _LEVEL_BY_UNIT)),
    Plan("daily", 3, 5001, "DAILY", (_HOURS_BY_UNIT, _EGRESS_IN_PACKAGES, _STORAGE_BY_VOLUME)),
    Plan("metered", 1, 0, "DAILY", (_EGRESS, _LEVEL_BY_UNIT)),
)
ADDONS: dict[str, tuple[int, str | None, Fraction]] = {
    "storage": (750, "storage_gb", Fraction(50)),
    "support": (1999, None, Fraction(1)),
    "hours": (301, "droplet_hours", Fraction(100)),
    "volume": (120, "storage_gb_hours", Fraction(5000)),
}


def exact_decimal(number: Fraction) -> Decimal:
    """Converts a fraction to a decimal, exactly."""
    value = Decimal(number.numerator) / Decimal(number.denominator)
    assert Fraction(value) == number
    return value
