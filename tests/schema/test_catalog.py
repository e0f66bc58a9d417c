"""The catalog through the API."""

from typing import Any

from tests.schema.api import Api, refused

HOURS = {"resourceKind": "droplet_hours", "includedQuantity": "1488", "tiers": [{"unitPriceCents": "1"}]}


async def drafted(api: Api, terms: dict[str, Any]) -> dict[str, Any]:
    return await api.mutate(
        "draftPlanVersion",
        {"planCode": "studio", "basePriceCents": 5000} | terms,
        """... on PlanVersionDrafted { planVersion { id version status currency basePriceCents proration publishedAt
            resources { includedQuantity priceModel packageSize resourceKind { code unit aggregation }
                tiers { upTo unitPriceCents flatPriceCents } } } }""",
    )


async def test_a_plan_is_created_drafted_and_published(api: Api) -> None:
    created = await api.mutate(
        "createPlan",
        {"code": "studio", "name": "Studio"},
        "... on PlanCreated { plan { code name description versions { id } currentVersion { id } } }",
    )
    assert created["plan"] == {
        "code": "studio",
        "name": "Studio",
        "description": None,
        "versions": [],
        "currentVersion": None,
    }
    draft = (await drafted(api, {"resources": [HOURS]}))["planVersion"]
    draft_id = draft.pop("id")
    assert draft == {
        "version": 1,
        "status": "DRAFT",
        "currency": "AUD",
        "basePriceCents": 5000,
        "proration": "NONE",
        "publishedAt": None,
        "resources": [
            {
                "includedQuantity": "1488",
                "priceModel": "PER_UNIT",
                "packageSize": None,
                "resourceKind": {"code": "droplet_hours", "unit": "hour", "aggregation": "SUM"},
                "tiers": [{"upTo": None, "unitPriceCents": "1", "flatPriceCents": 0}],
            }
        ],
    }
    published = await api.mutate(
        "publishPlanVersion",
        {"planVersionId": draft_id},
        "... on PlanVersionPublished { planVersion { status publishedAt plan { currentVersion { id } } } }",
    )
    assert published["planVersion"] == {
        "status": "PUBLISHED",
        "publishedAt": "2026-05-01T03:00:00+00:00",
        "plan": {"currentVersion": {"id": draft_id}},
    }


async def test_the_current_version_is_the_highest_published_one(api: Api) -> None:
    await api.given.plan("studio")
    await api.given.plan_version("studio", base_price_cents=6000)
    await api.given.plan_version("studio", base_price_cents=7000, publish=False)
    data = await api.data('{ plan(code: "studio") { versions { version status } currentVersion { version } } }')
    assert data["plan"] == {
        "versions": [
            {"version": 1, "status": "PUBLISHED"},
            {"version": 2, "status": "PUBLISHED"},
            {"version": 3, "status": "DRAFT"},
        ],
        "currentVersion": {"version": 2},
    }


async def test_every_price_model_comes_back_as_it_was_drafted(api: Api) -> None:
    await api.given.plan("studio")
    graduated = {
        "resourceKind": "egress_gb",
        "includedQuantity": "0.5",
        "priceModel": "GRADUATED",
        "tiers": [{"upTo": "99.5", "unitPriceCents": "1", "flatPriceCents": 10}, {"unitPriceCents": "0.8"}],
    }
    package = {
        "resourceKind": "llm_input_tokens",
        "includedQuantity": 0,
        "priceModel": "PACKAGE",
        "packageSize": "1000",
        "tiers": [{"unitPriceCents": "90"}],
    }
    draft = (await drafted(api, {"proration": "DAILY", "resources": [package, graduated]}))["planVersion"]
    assert draft["proration"] == "DAILY"
    assert [
        (resource["resourceKind"]["code"], resource["packageSize"], resource["tiers"])
        for resource in draft["resources"]
    ] == [
        (
            "egress_gb",
            None,
            [
                {"upTo": "99.5", "unitPriceCents": "1", "flatPriceCents": 10},
                {"upTo": None, "unitPriceCents": "0.8", "flatPriceCents": 0},
            ],
        ),
        ("llm_input_tokens", "1000", [{"upTo": None, "unitPriceCents": "90", "flatPriceCents": 0}]),
    ]


async def test_faults_of_a_draft_are_found_by_their_path(api: Api) -> None:
    await api.given.plan("studio")
    for terms, path in (
        ({"basePriceCents": -1}, ["basePriceCents"]),
        ({"resources": [HOURS, HOURS]}, ["resources", "1", "resourceKind"]),
        ({"resources": [HOURS | {"tiers": []}]}, ["resources", "0", "tiers"]),
        ({"resources": [HOURS | {"includedQuantity": "NaN"}]}, ["resources", "0", "includedQuantity"]),
        ({"resources": [HOURS | {"packageSize": "1"}]}, ["resources", "0", "packageSize"]),
        (
            {"resources": [HOURS | {"tiers": [{"unitPriceCents": "-1"}]}]},
            ["resources", "0", "tiers", "0", "unitPriceCents"],
        ),
    ):
        assert await drafted(api, terms) == refused("VALIDATION_FAILED", *path)
    assert await drafted(api, {"planCode": "none"}) == refused("NOT_FOUND", "planCode")


async def test_codes_are_given_once(api: Api) -> None:
    await api.given.plan("studio")
    await api.given.addon("storage_50gb")
    kind = {"code": "droplet_hours", "unit": "hour", "aggregation": "SUM"}
    addon = {"code": "storage_50gb", "name": "Storage", "priceCents": 1}
    assert await api.mutate("createPlan", {"code": "studio", "name": "Studio"}) == refused("CONFLICT", "code")
    assert await api.mutate("createAddon", addon) == refused("CONFLICT", "code")
    assert await api.mutate("defineResourceKind", kind) == refused("CONFLICT", "code")


async def test_an_addon_is_created_and_updated(api: Api) -> None:
    selection = "addon { code name priceCents quantity active resourceKind { code } }"
    created = await api.mutate(
        "createAddon",
        {"code": "support", "name": "Support", "priceCents": 3_000_000_000},
        f"... on AddonCreated {{ {selection} }}",
    )
    assert created["addon"] == {
        "code": "support",
        "name": "Support",
        "priceCents": 3_000_000_000,
        "quantity": "1",
        "active": True,
        "resourceKind": None,
    }
    updated = await api.mutate(
        "updateAddon",
        {"code": "support", "active": False, "quantity": "2.50"},
        f"... on AddonUpdated {{ {selection} }}",
    )
    assert updated["addon"] == created["addon"] | {"active": False, "quantity": "2.5"}
    assert await api.mutate("updateAddon", {"code": "none"}) == refused("NOT_FOUND", "code")


async def test_a_resource_kind_is_defined(api: Api) -> None:
    answer = await api.mutate(
        "defineResourceKind",
        {"code": "gpu_hours", "unit": "hour", "aggregation": "SUM"},
        "... on ResourceKindDefined { resourceKind { code unit aggregation description } }",
    )
    assert answer["resourceKind"] == {"code": "gpu_hours", "unit": "hour", "aggregation": "SUM", "description": ""}
    codes = [kind["code"] for kind in (await api.data("{ resourceKinds { code } }"))["resourceKinds"]]
    assert codes == sorted(codes)
    assert "gpu_hours" in codes


async def test_a_version_is_retired_and_a_plan_archived(api: Api) -> None:
    version = {"planVersionId": str(await api.given.plan("studio"))}
    answer = await api.mutate(
        "retirePlanVersion", version, "... on PlanVersionRetired { planVersion { version status plan { archivedAt } } }"
    )
    assert answer["planVersion"] == {"version": 1, "status": "RETIRED", "plan": {"archivedAt": None}}
    assert await api.mutate("retirePlanVersion", version) == refused("CONFLICT", "planVersionId")
    plan = {"planCode": "studio"}
    answer = await api.mutate("archivePlan", plan, "... on PlanArchived { plan { code archivedAt } }")
    assert answer["plan"] == {"code": "studio", "archivedAt": "2026-05-01T03:00:00+00:00"}
    assert await api.mutate("archivePlan", plan) == refused("CONFLICT", "planCode")
    assert await api.mutate("archivePlan", {"planCode": "none"}) == refused("NOT_FOUND", "planCode")


async def test_an_addon_has_a_currency(api: Api) -> None:
    asked = {"code": "support", "name": "Support", "priceCents": 100}
    selection = "... on AddonCreated { addon { currency } }"
    assert (await api.mutate("createAddon", asked, selection))["addon"] == {"currency": "AUD"}
    yen = asked | {"code": "support_jp", "currency": "JPY"}
    assert (await api.mutate("createAddon", yen, selection))["addon"] == {"currency": "JPY"}
    assert await api.mutate("createAddon", yen | {"currency": "YEN"}) == refused("VALIDATION_FAILED", "currency")


async def test_the_currencies_are_those_of_iso_4217_with_their_minor_units(api: Api) -> None:
    currencies = (await api.data("{ currencies { code name minorUnits } }"))["currencies"]
    codes = [currency["code"] for currency in currencies]
    assert codes == sorted(set(codes))
    digits = {currency["code"]: currency["minorUnits"] for currency in currencies}
    assert [digits.get(code) for code in ("AUD", "EUR", "JPY", "KWD", "CLF")] == [2, 2, 0, 3, 4]
    assert not digits.keys() & {"XAU", "XXX", "XTS", "DEM", "AUE"}
    assert {"code": "AUD", "name": "Australian Dollar", "minorUnits": 2} in currencies
