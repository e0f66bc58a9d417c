"""Subscriptions through the API."""

from datetime import date
from uuid import UUID

from app.billing import DeploymentState
from tests.schema.api import Api, refused


async def on_offer(api: Api) -> UUID:
    """A deployment of acme's, with Studio and an add-on to subscribe to."""
    await api.given.plan("studio")
    await api.given.addon("storage_50gb")
    return await api.given.deployment(await api.given.tenant("acme"))


async def test_a_deployment_is_subscribed_with_its_addons(api: Api) -> None:
    deployment = await on_offer(api)
    asked = {"deploymentId": str(deployment), "planCode": "studio", "addons": [{"code": "storage_50gb"}]}
    answer = await api.mutate(
        "subscribe",
        asked,
        """... on Subscribed { subscription { status startedOn endedOn currentPeriodStart currentPeriodEnd trialEndsAt
            deployment { slug } planVersion { version plan { code } }
            addons { priceCents quantity attachedAt addon { code } subscription { startedOn } }
            invoiceLines { totalCount } } }""",
    )
    assert answer["subscription"] == {
        "status": "ACTIVE",
        "startedOn": "2026-05-01",
        "endedOn": None,
        "currentPeriodStart": "2026-05-01",
        "currentPeriodEnd": "2026-06-01",
        "trialEndsAt": None,
        "deployment": {"slug": "pilot"},
        "planVersion": {"version": 1, "plan": {"code": "studio"}},
        "addons": [
            {
                "priceCents": 750,
                "quantity": "50",
                "attachedAt": "2026-05-01T03:00:00+00:00",
                "addon": {"code": "storage_50gb"},
                "subscription": {"startedOn": "2026-05-01"},
            }
        ],
        "invoiceLines": {"totalCount": 0},
    }
    assert await api.mutate("subscribe", asked) == refused("ALREADY_SUBSCRIBED", "deploymentId")


async def test_the_current_period_follows_the_clock_until_the_end(api: Api) -> None:
    deployment = await on_offer(api)
    await api.given.subscription(deployment, starts_on=date(2026, 4, 20))
    text = "{ deployments { nodes { subscription { currentPeriodStart currentPeriodEnd } } } }"

    async def period() -> tuple[str, str]:
        (node,) = (await api.data(text))["deployments"]["nodes"]
        return tuple(node["subscription"].values())

    for now, expected in (
        ((2026, 4, 1), ("2026-04-01", "2026-05-01")),
        ((2026, 4, 30, 23), ("2026-04-01", "2026-05-01")),
        ((2026, 12, 1), ("2026-12-01", "2027-01-01")),
    ):
        api.given.clock.set(*now)
        assert await period() == expected
    cancelled = {"deploymentId": str(deployment), "to": DeploymentState.CANCELLED}
    await api.mutate("transitionDeployment", cancelled)
    api.given.clock.set(2027, 6, 1)
    assert await period() == ("2026-12-01", "2027-01-01")


async def test_the_start_is_the_platforms_to_choose(api: Api) -> None:
    deployment = await on_offer(api)
    asked = {"deploymentId": str(deployment), "planCode": "studio", "startsOn": "2026-04-01"}
    acme = await api.given.row("SELECT id FROM tenants")
    answer = await api.mutate("subscribe", asked, caller=api.given.admin(acme["id"]))
    assert answer == refused("PERMISSION_DENIED", "startsOn")
    answer = await api.mutate("subscribe", asked, "... on Subscribed { subscription { startedOn } }")
    assert answer["subscription"] == {"startedOn": "2026-04-01"}


async def test_only_what_is_on_offer_can_be_subscribed_to(api: Api) -> None:
    deployment = await on_offer(api)
    await api.given.plan_version("studio", publish=False)
    asked = {"deploymentId": str(deployment), "planCode": "studio"}
    assert await api.mutate("subscribe", asked | {"planCode": "none"}) == refused("NOT_FOUND", "planCode")
    assert await api.mutate("subscribe", asked | {"planVersion": 2}) == refused("PLAN_NOT_PUBLISHED", "planVersion")
    unknown = asked | {"addons": [{"code": "storage_50gb"}, {"code": "none"}]}
    assert await api.mutate("subscribe", unknown) == refused("NOT_FOUND", "addons", "1", "code")
    await api.mutate("updateAddon", {"code": "storage_50gb", "active": False})
    retired = asked | {"addons": [{"code": "storage_50gb"}]}
    assert await api.mutate("subscribe", retired) == refused("ADDON_INACTIVE", "addons", "0", "code")


async def test_an_attached_addon_keeps_its_terms(api: Api) -> None:
    deployment = await on_offer(api)
    asked = {"deploymentId": str(deployment), "addonCode": "storage_50gb"}
    assert await api.mutate("attachAddon", asked) == refused("NOT_SUBSCRIBED", "deploymentId")
    await api.given.subscription(deployment)
    answer = await api.mutate(
        "attachAddon", asked, "... on AddonAttached { subscriptionAddon { id priceCents quantity } }"
    )
    attached = answer["subscriptionAddon"]
    assert (attached["priceCents"], attached["quantity"]) == (750, "50")
    await api.mutate("updateAddon", {"code": "storage_50gb", "priceCents": 9_900, "quantity": "0.5"})
    text = """query ($id: ID!) { node(id: $id) {
        ... on SubscriptionAddon { priceCents quantity addon { priceCents quantity } } } }"""
    assert (await api.data(text, {"id": attached["id"]}))["node"] == {
        "priceCents": 750,
        "quantity": "50",
        "addon": {"priceCents": 9_900, "quantity": "0.5"},
    }


async def test_the_plan_version_is_changed(api: Api) -> None:
    deployment = await on_offer(api)
    asked = {"deploymentId": str(deployment), "planCode": "studio"}
    assert await api.mutate("changePlanVersion", asked) == refused("NOT_SUBSCRIBED", "deploymentId")
    await api.given.subscription(deployment)
    await api.given.plan_version("studio", base_price_cents=6000)
    answer = await api.mutate(
        "changePlanVersion",
        asked,
        "... on PlanVersionChanged { subscription { planVersion { version basePriceCents } } }",
    )
    assert answer["subscription"] == {"planVersion": {"version": 2, "basePriceCents": 6000}}


async def test_a_change_to_a_lower_base_price_is_pending_until_the_next_month(api: Api) -> None:
    deployment = await on_offer(api)
    await api.given.subscription(deployment)
    await api.given.plan_version("studio", base_price_cents=4000)
    (acme,) = await api.given.rows("SELECT id FROM tenants")
    answer = await api.mutate(
        "changePlanVersion",
        {"deploymentId": str(deployment), "planCode": "studio"},
        """... on PlanVersionChanged { subscription {
            planVersion { version } pendingPlanVersion { version basePriceCents } pendingFrom } }""",
        caller=api.given.admin(acme["id"]),
    )
    assert answer["subscription"] == {
        "planVersion": {"version": 1},
        "pendingPlanVersion": {"version": 2, "basePriceCents": 4000},
        "pendingFrom": "2026-06-01",
    }
    answer = await api.mutate(
        "changePlanVersion",
        {"deploymentId": str(deployment), "planCode": "studio", "effectiveOn": "9999-12-31"},
    )
    assert answer == refused("VALIDATION_FAILED", "effectiveOn")


async def test_an_addon_is_attached_once_and_detached(api: Api) -> None:
    deployment = await on_offer(api)
    await api.given.subscription(deployment, addons=["storage_50gb"])
    asked = {"deploymentId": str(deployment), "addonCode": "storage_50gb"}
    assert await api.mutate("attachAddon", asked) == refused("ALREADY_ATTACHED", "addonCode")
    attached = await api.mutate(
        "attachAddon", asked | {"additional": True}, "... on AddonAttached { subscriptionAddon { id detachedOn } }"
    )
    assert attached["subscriptionAddon"].pop("detachedOn") is None
    detached = await api.mutate(
        "detachAddon",
        {"subscriptionAddonId": attached["subscriptionAddon"]["id"]},
        "... on AddonDetached { subscriptionAddon { id detachedOn } }",
    )
    assert detached["subscriptionAddon"] == attached["subscriptionAddon"] | {"detachedOn": "2026-05-01"}
    again = {"subscriptionAddonId": attached["subscriptionAddon"]["id"], "lastDay": "2026-04-30"}
    assert await api.mutate("detachAddon", again) == refused("CONFLICT", "lastDay")


async def test_a_subscription_is_in_one_currency_with_each_addon_once(api: Api) -> None:
    deployment = await on_offer(api)
    await api.given.addon("in_yen", currency="JPY")
    await api.given.plan("yen", currency="JPY")
    asked = {"deploymentId": str(deployment), "planCode": "studio"}
    storage = {"code": "storage_50gb"}
    for wrong, answer in (
        ({"planCode": "yen"}, refused("CURRENCY_MISMATCH", "planCode")),
        ({"addons": [{"code": "in_yen"}]}, refused("CURRENCY_MISMATCH", "addons", "0", "code")),
        ({"addons": [storage, storage]}, refused("ALREADY_ATTACHED", "addons", "1", "code")),
        ({"startsOn": "2002-04-01"}, refused("CONFIRMATION_REQUIRED", "startsOn")),
    ):
        assert await api.mutate("subscribe", asked | wrong) == answer
    confirmed = {
        "startsOn": "2002-04-01",
        "confirmBackdating": True,
        "addons": [storage, storage | {"additional": True}],
    }
    answer = await api.mutate(
        "subscribe", asked | confirmed, "... on Subscribed { subscription { startedOn addons { addon { code } } } }"
    )
    assert answer["subscription"] == {"startedOn": "2002-04-01", "addons": [{"addon": storage}, {"addon": storage}]}
