from dataclasses import replace
from decimal import Decimal

import pytest

from app.billing import InputFault, PriceModel, Tier, cents_fault, quantity_fault
from tests.billing.examples import STUDIO, D, plan, resource

OPEN = Tier(None, D(1))
HUNDRED = Tier(D(100), D(2))


def test_sound_terms_have_no_faults() -> None:
    graduated = resource("a", tiers=(HUNDRED, Tier(D(200), D(1), 50), OPEN), model=PriceModel.GRADUATED)
    package = resource("b", model=PriceModel.PACKAGE, package_size=D("0.5"))
    assert plan(graduated, package, replace(graduated, resource_kind="c", price_model=PriceModel.VOLUME)).faults() == []


@pytest.mark.parametrize(
    ("tiers", "model", "faults"),
    [
        ((), PriceModel.GRADUATED, [((), "must have at least one tier")]),
        ((HUNDRED,), PriceModel.VOLUME, [(("0", "up_to"), "the last tier must have no upper bound")]),
        ((OPEN, OPEN), PriceModel.VOLUME, [(("0", "up_to"), "only the last tier may have no upper bound")]),
        (
            (HUNDRED, HUNDRED, OPEN),
            PriceModel.GRADUATED,
            [(("1", "up_to"), "must be above the upper bound of the previous tier")],
        ),
        (
            (Tier(D(0), D(1)), OPEN),
            PriceModel.GRADUATED,
            [(("0", "up_to"), "must be above the upper bound of the previous tier")],
        ),
        ((Tier(D(-1), D(1)), OPEN), PriceModel.GRADUATED, [(("0", "up_to"), "must not be negative")]),
        ((HUNDRED, OPEN), PriceModel.PER_UNIT, [((), "must be a single tier for PER_UNIT")]),
        ((Tier(None, D(-1)),), PriceModel.PER_UNIT, [(("0", "unit_price_cents"), "must not be negative")]),
        ((Tier(None, D(1), -5),), PriceModel.VOLUME, [(("0", "flat_price_cents"), "must not be negative")]),
        ((Tier(None, D(1), 5),), PriceModel.PER_UNIT, [(("0", "flat_price_cents"), "must be 0 for PER_UNIT")]),
    ],
)
def test_tier_faults(tiers: tuple[Tier, ...], model: PriceModel, faults: list[tuple[tuple[str, ...], str]]) -> None:
    found = plan(resource(tiers=tiers, model=model)).faults()
    assert found == [InputFault(("resources", "0", "tiers", *path), message) for path, message in faults]


@pytest.mark.parametrize(
    ("model", "size", "message"),
    [
        (PriceModel.PACKAGE, None, "is required for PACKAGE"),
        (PriceModel.PACKAGE, D(0), "must be positive"),
        (PriceModel.PACKAGE, D(-1), "must not be negative"),
        (PriceModel.PER_UNIT, D(10), "is allowed for PACKAGE only"),
    ],
)
def test_package_size_faults(model: PriceModel, size: Decimal | None, message: str) -> None:
    found = plan(resource(model=model, package_size=size)).faults()
    assert found == [InputFault(("resources", "0", "package_size"), message)]


def test_all_faults_are_collected_in_reading_order() -> None:
    twice = resource(included="-1", tiers=(HUNDRED,))
    assert [fault.path for fault in plan(resource(), twice, base=-1).faults()] == [
        ("base_price_cents",),
        ("resources", "1", "resource_kind"),
        ("resources", "1", "included_quantity"),
        ("resources", "1", "tiers", "0", "up_to"),
    ]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("0", None),
        ("0.000000000001", None),
        ("0.0000000000010", None),
        ("999999999999999.999999999999", None),
        ("0.0000000000001", "must have at most 12 fractional digits"),
        ("1E+15", "must be below 10^15"),
        ("1E+999999", "must be below 10^15"),
        ("-0.1", "must not be negative"),
        ("NaN", "must be a finite number"),
        ("sNaN", "must be a finite number"),
        ("Infinity", "must be a finite number"),
    ],
)
def test_what_can_be_a_quantity(value: str, message: str | None) -> None:
    assert quantity_fault(Decimal(value)) == message


def test_what_can_be_a_price_in_cents() -> None:
    assert [cents_fault(value) for value in (-1, 0, 10**15 - 1, 10**15)] == [
        "must not be negative",
        None,
        None,
        "must be below 10^15",
    ]


def test_a_plan_finds_its_resources() -> None:
    assert STUDIO.resource("droplet_hours") == resource()
    assert STUDIO.resource("egress_gb") is None
