"""Catalog files as text: what is read, every fault with its line, and that what is written reads as the same."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.billing import Aggregation, PriceModel, Proration, Tier
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.catalog import ResourceDraft
from app.operations.catalog_file import read_catalog
from app.operations.catalog_file.catalog_entries import AddonEntry, Catalog, KindEntry, PlanEntry, TermsEntry, by_kind
from app.operations.catalog_file.catalog_writing import catalog_text

EXAMPLE = Path(__file__).parents[3] / "examples/catalog.yaml"

FAULTY = """\
resource_kinds:
  - code: GPU hours
    unit: 1
    aggregation: AVERAGE
  - code: gpu-hours
    unit: hour
    aggregation: SUM
plans:
  - code: studio
    name: Studio
    nmae: Studio
    code: again
    terms:
      base_price_cents: 49.5
      currency: XXX
      resources:
        - resource_kind: droplet_hours
          included_quantity: "1488"
          tiers: none
  - name: [a, b]
    code: no
    terms:
      resources:
        - resource_kind: droplet_hours
          price_model: PACKAGE
          tiers:
            - {unit_price_cents: 1_000, flat_price_cents: 1e99}
  - code: starter
    name: " "
    terms:
      base_price_cents: -1
      currency: XXX
  - code: starter
    name: Starter
    terms:
      base_price_cents: -1
      resources:
        - {resource_kind: droplet_hours, price_model: PACKAGE, tiers: [{unit_price_cents: 1}]}
        - resource_kind: droplet_hours
          tiers: [{up_to: 3, unit_price_cents: 0.0000000000001}]
addons:
  code: storage
taxes: []
"""
FAULTS = """\
line 3: resource_kinds.0.unit must be text; put it in quotation marks
line 4: resource_kinds.0.aggregation must be one of SUM, MAX, TIME_WEIGHTED
line 5: resource_kinds.1.code must be 1 to 63 lower-case letters, digits and _, beginning with a letter
line 11: plans.0.nmae is not known here; the keys are code, name, description, terms
line 12: plans.0.code appears twice
line 14: plans.0.terms.base_price_cents must be a whole number such as 5000, without quotation marks and separators
line 18: plans.0.terms.resources.0.included_quantity must be a number such as 1488 or 0.015, without quotation marks \
and separators
line 19: plans.0.terms.resources.0.tiers must be a list
line 20: plans.1.name must be text
line 21: plans.1.code must be text; put it in quotation marks
line 22: plans.1.terms.base_price_cents is required
line 27: plans.1.terms.resources.0.tiers.0.flat_price_cents must be a whole number such as 5000, without quotation \
marks and separators
line 27: plans.1.terms.resources.0.tiers.0.unit_price_cents must be a number such as 1488 or 0.015, without quotation \
marks and separators
line 29: plans.2.name must not be blank
line 32: plans.2.terms.currency must be a current ISO 4217 code such as AUD
line 36: plans.3.terms.base_price_cents must not be negative
line 38: plans.3.terms.resources.0.package_size is required for PACKAGE
line 39: plans.3.terms.resources.1.resource_kind appears twice
line 40: plans.3.terms.resources.1.tiers.0.unit_price_cents must have at most 12 fractional digits
line 40: plans.3.terms.resources.1.tiers.0.up_to the last tier must have no upper bound
line 41: addons must be a list
line 43: taxes is not known here; the keys are resource_kinds, plans, addons
"""


def faults_of(text: str) -> str:
    with pytest.raises(Refusal) as refused:
        read_catalog(text, "c.yaml")
    assert refused.value.code is ProblemCode.VALIDATION_FAILED
    return refused.value.message.replace("c.yaml, ", "") + "\n"


def test_every_fault_is_reported_with_its_line() -> None:
    assert faults_of(FAULTY) == FAULTS


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("# nothing\n", "c.yaml: the file is empty"),
        ("[" * 5_000, "c.yaml: the file is nested too deeply"),
        ("- 1", "line 1: the file must be a mapping of names to values"),
        ("plans:\n  - *nowhere", "line 2 is not YAML: found undefined alias 'nowhere'"),
        ("plans:\n\t- 1", "line 2 is not YAML: found character '\\t' that cannot start any token"),
        ("plans: [", "line 1 is not YAML: expected the node content, but found '<stream end>'"),
        ("? [a]\n: 1", "line 1: ? is not known here; the keys are resource_kinds, plans, addons"),
        ("addons:\n- {code: a, name: a, price_cents: 1, active: yes}", "line 2: addons.0.active must be true or false"),
        ("plans:\n- {code: a, name: a}\n- {code: a, name: b}", "line 3: plans.1.code a appears twice"),
    ],
)
def test_a_file_that_is_refused(text: str, fault: str) -> None:
    assert faults_of(text) == f"{fault}\n"


def test_numbers_are_exact_decimals() -> None:
    text = "addons:\n- {code: a, name: a, price_cents: 5e2, quantity: 0.100000000005}\n"
    (addon,) = read_catalog(text, "c.yaml").catalog.addons
    assert (addon.price_cents, addon.quantity) == (500, Decimal("0.100000000005"))


def test_the_example_has_three_plans_six_kinds_and_four_addons() -> None:
    catalog = read_catalog(EXAMPLE.read_text(), "c.yaml").catalog
    assert (len(catalog.plans), len(catalog.resource_kinds), len(catalog.addons)) == (3, 6, 4)
    terms = {plan.code: plan.terms for plan in catalog.plans}["team"]
    assert terms is not None
    prices = {resource.resource_kind: resource.tiers for resource in terms.resources}
    assert prices["llm_input_tokens"] == (Tier(None, Decimal("0.00045")),)


codes = st.from_regex("[a-z][a-z0-9_]{0,4}[a-z0-9]", fullmatch=True)
lines = st.text(st.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=9) | st.sampled_from(
    ["no", "1.5", "null", "a: b", "# a", " a ", "'", "2026-04-01", "- a", "über €"]
)
cents = st.integers(0, 10**15 - 1)
quantities = st.decimals(0, 10**14, places=12) | st.decimals(0, 1, places=12) | st.integers(0, 10**14).map(Decimal)
sizes = st.decimals("0.000000000001", 10**9, places=12)


def resource(kind: str) -> st.SearchStrategy[ResourceDraft]:
    single = st.builds(Tier, st.none(), quantities)
    bounds = st.lists(st.integers(1, 10**9), max_size=3, unique=True).map(sorted)
    several = bounds.flatmap(
        lambda upper: st.tuples(
            *(st.builds(Tier, st.just(end), quantities, cents) for end in [*map(Decimal, upper), None])
        )
    )
    return (
        st.builds(ResourceDraft, st.just(kind), quantities, st.tuples(single))
        | st.builds(ResourceDraft, st.just(kind), quantities, st.tuples(single), st.just(PriceModel.PACKAGE), sizes)
        | st.builds(
            ResourceDraft, st.just(kind), quantities, several, st.sampled_from(["GRADUATED", "VOLUME"]).map(PriceModel)
        )
    )


resources = st.lists(codes, max_size=3, unique=True).flatmap(
    lambda kinds: st.tuples(*map(resource, kinds)).map(lambda drafts: tuple(sorted(drafts, key=by_kind)))
)
terms = st.builds(TermsEntry, cents, st.sampled_from(["AUD", "JPY"]), st.sampled_from(Proration), resources)
catalogs = st.builds(
    Catalog,
    st.lists(
        st.builds(KindEntry, codes, lines, st.sampled_from(Aggregation), lines | st.just("")),
        unique_by=lambda kind: kind.code,
        max_size=3,
    ).map(tuple),
    st.lists(
        st.builds(PlanEntry, codes, lines, st.none() | lines, st.none() | terms),
        unique_by=lambda plan: plan.code,
        max_size=3,
    ).map(tuple),
    st.lists(
        st.builds(AddonEntry, codes, lines, cents, st.just("USD"), st.none() | codes, quantities, st.booleans()),
        unique_by=lambda addon: addon.code,
        max_size=3,
    ).map(tuple),
)


@settings(deadline=None, max_examples=50)
@given(catalogs)
def test_a_written_catalog_reads_as_the_same(catalog: Catalog) -> None:
    assert read_catalog(catalog_text(catalog), "c.yaml").catalog == catalog
