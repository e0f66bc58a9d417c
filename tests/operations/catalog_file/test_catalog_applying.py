"""A catalog file against the database: its differences, its changes in one transaction, and its export."""

import asyncio
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from app.operations.calls.call import Call, RequestMetadata
from app.operations.calls.context import Context
from app.operations.calls.refusal import Refusal
from app.operations.catalog import archive_plan
from app.operations.catalog_file import (
    CatalogChange,
    ChangedValue,
    StoredItem,
    apply_catalog,
    compare_catalog,
    export_catalog,
    read_catalog,
)
from app.operations.catalog_file.catalog_differences import Item
from tests.operations.given import Given

EXAMPLE = (Path(__file__).parents[3] / "examples/catalog.yaml").read_text()
STUDIO = """
plans:
  - code: studio
    name: Studio
    terms:
      base_price_cents: {price}
      resources:
        - {{resource_kind: droplet_hours, included_quantity: 1488, tiers: [{{unit_price_cents: {unit}}}]}}
"""


def titles(changes: tuple[CatalogChange, ...]) -> list[tuple[str, str, int | None]]:
    return [(change.item, change.entry.code, change.version) for change in changes]


def called(context: Context) -> Context:
    return replace(context, call=Call("arcadia catalog apply", "", None, RequestMetadata()))


async def test_the_example_is_applied_once_by_the_operations_and_exported(given: Given) -> None:
    example = read_catalog(EXAMPLE, "c.yaml")
    planned = await compare_catalog(given.platform, example)
    assert titles(planned.changes)[:2] == [(Item.PLAN, "starter", None), (Item.PLAN_VERSION, "starter", 1)]
    first, second = await asyncio.gather(*(apply_catalog(called(given.platform), example) for _ in range(2)))
    assert sorted((first.changes, second.changes), key=len) == [(), planned.changes]
    entries = await given.rows("SELECT action, count(*) FROM audit_log GROUP BY action ORDER BY action")
    assert [tuple(entry.values()) for entry in entries] == [
        ("arcadia catalog apply", 2),
        ("createAddon", 4),
        ("createPlan", 3),
        ("draftPlanVersion", 3),
        ("publishPlanVersion", 3),
    ]
    exported = read_catalog(await export_catalog(given.platform), "c.yaml")
    again = await compare_catalog(given.platform, exported)
    assert (again.changes, again.left_alone) == ((), ())
    price = "SELECT unit_price_cents::text FROM plan_price_tiers t JOIN plan_resources r ON r.id = t.plan_resource_id"
    assert await given.rows(f"{price} WHERE r.resource_kind = 'llm_input_tokens' ORDER BY 1 LIMIT 1") == [
        {"unit_price_cents": "0.00035"}
    ]


async def test_a_changed_price_is_a_new_version_and_subscriptions_keep_theirs(given: Given) -> None:
    kept = await given.plan()
    await given.draft()
    deployment_id = await given.deployment(await given.tenant())
    await given.subscription(deployment_id)
    await given.addon()
    found = await apply_catalog(given.platform, read_catalog(STUDIO.format(price=5500, unit=1.2), "c.yaml"))
    (change,) = found.changes
    assert titles(found.changes) == [(Item.PLAN_VERSION, "studio", 3)]
    assert change.values == (
        ChangedValue("base_price_cents", "5000", "5500"),
        ChangedValue("droplet_hours.tiers.0.unit_price_cents", "1", "1.2"),
    )
    assert found.left_alone[-2:] == (
        StoredItem(Item.ADDON, "storage_50gb"),
        StoredItem(Item.PLAN_VERSION, "studio", 2),
    )
    assert await given.rows("SELECT plan_version_id FROM subscriptions") == [{"plan_version_id": kept}]
    assert await given.rows("SELECT version, status, base_price_cents FROM plan_versions ORDER BY version") == [
        {"version": 1, "status": "PUBLISHED", "base_price_cents": 5000},
        {"version": 2, "status": "DRAFT", "base_price_cents": 5000},
        {"version": 3, "status": "PUBLISHED", "base_price_cents": 5500},
    ]


async def test_addons_change_and_new_ones_may_be_inactive(given: Given) -> None:
    await given.addon()
    text = """
addons:
- {code: storage_50gb, name: storage_50gb, price_cents: 800, resource_kind: storage_gb, quantity: 50, active: false}
- {code: support, name: Support, price_cents: 4900, active: false}
"""
    found = await apply_catalog(given.platform, read_catalog(text, "c.yaml"))
    assert found.changes[0].values == (
        ChangedValue("price_cents", "750", "800"),
        ChangedValue("active", "true", "false"),
    )
    rows = await given.rows("SELECT code, price_cents, active FROM addons ORDER BY code")
    assert [tuple(row.values()) for row in rows] == [("storage_50gb", 800, False), ("support", 4900, False)]


async def test_what_cannot_be_changed_is_reported_with_its_lines(given: Given) -> None:
    await given.plan("old")
    await archive_plan(given.platform, plan_code="old")
    await given.addon()
    text = """\
resource_kinds:
- {code: droplet_hours, unit: minute, aggregation: SUM}
plans:
- {code: old, name: Old}
- code: new
  name: New
  terms:
    base_price_cents: 1
    resources:
    - {resource_kind: gpu_hours, tiers: [{unit_price_cents: 1}]}
addons:
- {code: storage_50gb, name: Storage, price_cents: 750, currency: USD}
"""
    with pytest.raises(Refusal) as refused:
        await apply_catalog(given.platform, read_catalog(text, "c.yaml"))
    assert refused.value.message.splitlines() == [
        "c.yaml, line 2: resource_kinds.0.unit cannot be changed: it is hour in the database",
        "c.yaml, line 4: plans.0.code old is archived and cannot be changed",
        "c.yaml, line 9: plans.1.terms.resources names the resource kind gpu_hours, which is not defined",
        "c.yaml, line 12: addons.0.currency cannot be changed: it is AUD in the database",
        "c.yaml, line 12: addons.0.name cannot be changed: it is storage_50gb in the database",
        "c.yaml, line 12: addons.0.resource_kind cannot be changed: it is storage_gb in the database",
    ]
    assert await given.rows("SELECT code FROM plans WHERE code = 'new'") == []


async def test_a_failure_at_the_last_change_undoes_all(given: Given) -> None:
    calls = 0

    def failing_clock() -> datetime:
        nonlocal calls
        calls += 1
        if calls == 12:
            raise RuntimeError("the last add-on fails")
        return given.clock()

    with pytest.raises(RuntimeError, match="the last add-on fails"):
        await apply_catalog(replace(given.platform, clock=failing_clock), read_catalog(EXAMPLE, "c.yaml"))
    assert await given.rows("SELECT code FROM plans UNION ALL SELECT code FROM addons") == []
