"""The catalog: kinds, plans and their versions, add-ons."""

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from app.billing import Aggregation, PriceModel, Proration, Tier
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.catalog import (
    ResourceDraft,
    archive_plan,
    create_addon,
    create_plan,
    define_resource_kind,
    draft_plan_version,
    publish_plan_version,
    retire_plan_version,
    update_addon,
)
from app.tables.ids import new_id
from tests.operations.given import Given

FLAT = (Tier(None, ONE := Decimal(1)),)


async def test_a_kind_is_defined_once(given: Given) -> None:
    code = await define_resource_kind(
        given.platform, code="gpu_hours", unit="hour", aggregation=Aggregation.SUM, description="Hours of GPUs"
    )
    assert code == "gpu_hours"
    assert await given.row("SELECT * FROM resource_kinds WHERE code = 'gpu_hours'") == {
        "code": "gpu_hours",
        "unit": "hour",
        "aggregation": "SUM",
        "description": "Hours of GPUs",
        "created_at": given.clock(),
    }
    with pytest.raises(Refusal) as refused:
        await define_resource_kind(given.platform, code="gpu_hours", unit="h", aggregation=Aggregation.MAX)
    assert (refused.value.code, refused.value.path) == (ProblemCode.CONFLICT, ("code",))


@pytest.mark.parametrize("code", ["", "GPU", "1gpu", "gpu-hours", "g" * 64, "gpu\0"])
async def test_the_code_of_a_kind_is_a_word(given: Given, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        await define_resource_kind(given.platform, code=code, unit="hour", aggregation=Aggregation.SUM)
    assert (refused.value.code, refused.value.path) == (ProblemCode.VALIDATION_FAILED, ("code",))


async def test_a_plan_is_created_once(given: Given) -> None:
    plan_id = await create_plan(given.platform, code="studio", name="Studio", description="For studios")
    assert await given.row("SELECT id, code, name, description FROM plans") == {
        "id": plan_id,
        "code": "studio",
        "name": "Studio",
        "description": "For studios",
    }
    with pytest.raises(Refusal) as refused:
        await create_plan(given.platform, code="studio", name="Another")
    assert (refused.value.code, refused.value.path) == (ProblemCode.CONFLICT, ("code",))


async def test_a_draft_holds_its_terms(given: Given) -> None:
    await create_plan(given.platform, code="studio", name="Studio")
    version_id = await draft_plan_version(
        given.platform,
        plan_code="studio",
        base_price_cents=5000,
        currency="USD",
        proration=Proration.DAILY,
        resources=[
            ResourceDraft(
                "droplet_hours",
                Decimal("1488.5"),
                (Tier(Decimal(500), ONE, 10), Tier(None, Decimal("0.8"))),
                PriceModel.GRADUATED,
            ),
            ResourceDraft("egress_gb", Decimal(0), (Tier(None, Decimal(90)),), PriceModel.PACKAGE, Decimal(100)),
        ],
    )
    version = await given.row("SELECT * FROM plan_versions")
    assert (version["id"], version["version"], version["status"]) == (version_id, 1, "DRAFT")
    assert (version["currency"], version["base_price_cents"], version["proration"]) == ("USD", 5000, "DAILY")
    assert version["published_at"] is None
    terms = await given.rows(
        "SELECT resource_kind, included_quantity, price_model, package_size, position, up_to, unit_price_cents,"
        " flat_price_cents FROM plan_resources r JOIN plan_price_tiers t ON t.plan_resource_id = r.id"
        " ORDER BY resource_kind, position"
    )
    assert [tuple(row.values()) for row in terms] == [
        ("droplet_hours", Decimal("1488.5"), "GRADUATED", None, 0, Decimal(500), ONE, 10),
        ("droplet_hours", Decimal("1488.5"), "GRADUATED", None, 1, None, Decimal("0.8"), 0),
        ("egress_gb", Decimal(0), "PACKAGE", Decimal(100), 0, None, Decimal(90), 0),
    ]


@pytest.mark.parametrize(
    ("resources", "path", "message"),
    [
        ([ResourceDraft("droplet_hours", -ONE, FLAT)], "resources.0.includedQuantity", "must not be negative"),
        ([ResourceDraft("droplet_hours", Decimal("NaN"), FLAT)], "resources.0.includedQuantity", "must be a finite"),
        ([ResourceDraft("droplet_hours", ONE, ())], "resources.0.tiers", "must have at least one tier"),
        (
            [ResourceDraft("droplet_hours", ONE, (Tier(ONE, ONE), Tier(None, ONE)))],
            "resources.0.tiers",
            "must be a single tier for PER_UNIT",
        ),
        (
            [ResourceDraft("droplet_hours", ONE, (Tier(None, -ONE),))],
            "resources.0.tiers.0.unitPriceCents",
            "must not be negative",
        ),
        (
            [ResourceDraft("droplet_hours", ONE, (Tier(ONE, ONE),), PriceModel.VOLUME)],
            "resources.0.tiers.0.upTo",
            "the last tier must have no upper bound",
        ),
        (
            [ResourceDraft("droplet_hours", ONE, FLAT), ResourceDraft("droplet_hours", ONE, FLAT)],
            "resources.1.resourceKind",
            "appears twice",
        ),
        (
            [ResourceDraft("droplet_hours", ONE, FLAT, PriceModel.PACKAGE)],
            "resources.0.packageSize",
            "is required for PACKAGE",
        ),
        ([ResourceDraft("droplet_hours", ONE, FLAT)] * 101, "resources", "must be at most 100"),
        ([ResourceDraft("droplet_hours", ONE, FLAT * 51)], "resources.0.tiers", "must be at most 50"),
    ],
)
async def test_terms_that_cannot_be_rated_are_refused(
    given: Given, resources: Sequence[ResourceDraft], path: str, message: str
) -> None:
    await create_plan(given.platform, code="studio", name="Studio")
    before = await given.contents()
    with pytest.raises(Refusal) as refused:
        await given.draft(resources=resources)
    assert refused.value.code is ProblemCode.VALIDATION_FAILED
    assert ".".join(refused.value.path) == path
    assert refused.value.message.startswith(f"{path} {message}")
    assert await given.contents() == before


async def test_the_largest_draft_is_written(given: Given) -> None:
    await create_plan(given.platform, code="studio", name="Studio")
    kinds = [f"kind_{number}" for number in range(100)]
    for kind in kinds:
        await define_resource_kind(given.platform, code=kind, unit="unit", aggregation=Aggregation.SUM)
    tiers = (*(Tier(Decimal(bound), ONE) for bound in range(1, 50)), Tier(None, ONE))
    await given.draft(resources=[ResourceDraft(kind, ONE, tiers, PriceModel.GRADUATED) for kind in kinds])
    assert await given.row("SELECT count(*) FROM plan_price_tiers") == {"count": 5000}


async def test_a_base_price_is_no_refund(given: Given) -> None:
    await create_plan(given.platform, code="studio", name="Studio")
    with pytest.raises(Refusal) as refused:
        await given.draft(base_price_cents=-1)
    assert (refused.value.code, refused.value.path) == (ProblemCode.VALIDATION_FAILED, ("basePriceCents",))


async def test_a_draft_names_a_plan_and_kinds_that_exist(given: Given) -> None:
    for plan_code in ("nothing", "", "\0"):
        with pytest.raises(Refusal) as refused:
            await given.draft(plan_code)
        assert (refused.value.code, refused.value.path) == (ProblemCode.NOT_FOUND, ("planCode",))
    await create_plan(given.platform, code="studio", name="Studio")
    with pytest.raises(Refusal) as refused:
        await given.draft(resources=[ResourceDraft("gold_bars", ONE, FLAT)])
    assert (refused.value.code, refused.value.path) == (ProblemCode.NOT_FOUND, ("resources", "0", "resourceKind"))


async def test_versions_are_counted_per_plan(given: Given) -> None:
    await given.plan("studio")
    await given.plan("agency")
    await given.plan_version("studio", publish=False)
    versions = await given.rows(
        "SELECT code, version, status FROM plan_versions v JOIN plans p ON p.id = plan_id ORDER BY code, version"
    )
    assert [tuple(row.values()) for row in versions] == [
        ("agency", 1, "PUBLISHED"),
        ("studio", 1, "PUBLISHED"),
        ("studio", 2, "DRAFT"),
    ]


async def test_drafts_at_once_are_counted_one_after_the_other(given: Given) -> None:
    await create_plan(given.platform, code="studio", name="Studio")
    await asyncio.gather(*(given.draft() for _ in range(8)))
    versions = await given.rows("SELECT version FROM plan_versions ORDER BY version")
    assert [row["version"] for row in versions] == [1, 2, 3, 4, 5, 6, 7, 8]


async def test_publishing_freezes_once(given: Given) -> None:
    await create_plan(given.platform, code="studio", name="Studio")
    version_id = await given.draft()
    assert await publish_plan_version(given.platform, plan_version_id=version_id) == version_id
    assert await given.row("SELECT status, published_at FROM plan_versions") == {
        "status": "PUBLISHED",
        "published_at": given.clock(),
    }
    before = await given.contents()
    given.clock.advance(hours=1)
    with pytest.raises(Refusal) as refused:
        await publish_plan_version(given.platform, plan_version_id=version_id)
    assert (refused.value.code, refused.value.path) == (ProblemCode.CONFLICT, ("planVersionId",))
    assert await given.contents() == before


async def test_a_version_that_does_not_exist_is_not_published(given: Given) -> None:
    with pytest.raises(Refusal) as refused:
        await publish_plan_version(given.platform, plan_version_id=new_id())
    assert (refused.value.code, refused.value.path) == (ProblemCode.NOT_FOUND, ("planVersionId",))


async def test_an_addon_is_created_active_and_once(given: Given) -> None:
    addon_id = await given.addon("storage_50gb", price_cents=750, quantity="50")
    addon = await given.row("SELECT * FROM addons")
    assert (addon["id"], addon["price_cents"], addon["quantity"], addon["active"]) == (addon_id, 750, Decimal(50), True)
    with pytest.raises(Refusal) as refused:
        await given.addon("storage_50gb")
    assert (refused.value.code, refused.value.path) == (ProblemCode.CONFLICT, ("code",))


@pytest.mark.parametrize(
    ("field", "value", "path", "code"),
    [
        ("code", "Bad Code", "code", ProblemCode.VALIDATION_FAILED),
        ("name", "", "name", ProblemCode.VALIDATION_FAILED),
        ("price_cents", -1, "priceCents", ProblemCode.VALIDATION_FAILED),
        ("price_cents", 10**15, "priceCents", ProblemCode.VALIDATION_FAILED),
        ("quantity", Decimal("Infinity"), "quantity", ProblemCode.VALIDATION_FAILED),
        ("resource_kind", "gold_bars", "resourceKind", ProblemCode.NOT_FOUND),
    ],
)
async def test_a_bad_addon_is_refused(given: Given, field: str, value: object, path: str, code: ProblemCode) -> None:
    arguments: dict[str, Any] = {"code": "x", "name": "X", "price_cents": 1} | {field: value}
    with pytest.raises(Refusal) as refused:
        await create_addon(given.platform, **arguments)
    assert (refused.value.code, refused.value.path) == (code, (path,))
    assert await given.rows("SELECT id FROM addons") == []


async def test_updating_an_addon_changes_what_is_given(given: Given) -> None:
    addon_id = await given.addon("storage_50gb", price_cents=750, quantity="50")

    async def addon() -> tuple[int, Decimal, bool]:
        row = await given.row("SELECT price_cents, quantity, active FROM addons")
        return row["price_cents"], row["quantity"], row["active"]

    assert await update_addon(given.platform, code="storage_50gb") == addon_id
    assert await addon() == (750, Decimal(50), True)
    await update_addon(given.platform, code="storage_50gb", price_cents=0)
    assert await addon() == (0, Decimal(50), True)
    await update_addon(given.platform, code="storage_50gb", active=False, quantity=Decimal("0.5"))
    assert await addon() == (0, Decimal("0.5"), False)
    with pytest.raises(Refusal) as refused:
        await update_addon(given.platform, code="storage_50gb", price_cents=-1)
    assert (refused.value.code, refused.value.path) == (ProblemCode.VALIDATION_FAILED, ("priceCents",))


@pytest.mark.parametrize("code", ["nothing", "", "\0"])
async def test_an_unknown_addon_is_not_updated(given: Given, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        await update_addon(given.platform, code=code, active=False)
    assert (refused.value.code, refused.value.path) == (ProblemCode.NOT_FOUND, ("code",))


async def test_a_published_version_is_retired_once(given: Given) -> None:
    version_id = await given.plan(publish=False)
    for code in (ProblemCode.CONFLICT, None, ProblemCode.CONFLICT):
        if code is None:
            await publish_plan_version(given.platform, plan_version_id=version_id)
            assert await retire_plan_version(given.platform, plan_version_id=version_id) == version_id
            assert await given.row("SELECT status FROM plan_versions") == {"status": "RETIRED"}
            continue
        before = await given.contents()
        with pytest.raises(Refusal) as refused:
            await retire_plan_version(given.platform, plan_version_id=version_id)
        assert (refused.value.code, refused.value.path) == (code, ("planVersionId",))
        assert await given.contents() == before
    with pytest.raises(Refusal) as refused:
        await retire_plan_version(given.platform, plan_version_id=new_id())
    assert refused.value.code is ProblemCode.NOT_FOUND


async def test_a_plan_is_archived_once_and_gets_no_versions_then(given: Given) -> None:
    await given.plan("studio")
    await archive_plan(given.platform, plan_code="studio")
    assert await given.row("SELECT archived_at FROM plans") == {"archived_at": given.clock()}
    before = await given.contents()
    for act in (partial(archive_plan, given.platform, plan_code="studio"), partial(given.draft, "studio")):
        with pytest.raises(Refusal) as refused:
            await act()
        assert (refused.value.code, refused.value.path) == (ProblemCode.CONFLICT, ("planCode",))
    assert await given.contents() == before
