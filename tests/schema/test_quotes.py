"""Quotes through the API: of an assumed month, of the running month to date, and its forecast."""

from datetime import date
from typing import Any

import pytest

from tests.schema.api import Api
from tests.schema.example_data import create_example_data

QUOTE = """query ($input: QuoteInput!) { quote(input: $input) { currency periodStart periodEnd
    subtotalCents taxCents totalCents lines { kind description resourceKind quantity unitPriceCents amountCents } } }"""
LINES = "lines(first: 100) { nodes { kind description resourceKind quantity unitPriceCents amountCents } }"
DEMO = {
    "planCode": "studio",
    "addons": [{"code": "storage_50gb"}],
    "usage": [{"resourceKind": "droplet_hours", "quantity": "2160"}],
    "periodStart": "2026-04-01",
}


async def test_a_quote_has_the_lines_that_the_invoice_gets(api: Api) -> None:
    story = await create_example_data(api.given)
    text = f"query ($id: ID!) {{ invoice(id: $id) {{ {LINES} }} }}"
    billed = (await api.data(text, {"id": str(story.invoice)}))["invoice"]["lines"]["nodes"]
    quoted = (await api.data(QUOTE, {"input": DEMO}, caller=api.given.admin(story.acme)))["quote"]
    assert quoted.pop("lines") == billed
    assert quoted == {
        "currency": "AUD",
        "periodStart": "2026-04-01",
        "periodEnd": "2026-05-01",
        "subtotalCents": 6422,
        "taxCents": 642,
        "totalCents": 7064,
    }


async def test_everyone_who_is_signed_in_may_ask(api: Api) -> None:
    story = await create_example_data(api.given)
    asked = {"planCode": "studio"}
    for caller in (api.given.viewer(story.acme), api.given.meter(), api.given.meter(story.acme)):
        assert (await api.data(QUOTE, {"input": asked}, caller=caller))["quote"]["totalCents"] == 5500


@pytest.mark.parametrize(
    ("changes", "problem", "path"),
    [
        ({"planCode": "none"}, "NOT_FOUND", ["planCode"]),
        ({"planVersion": 9}, "NOT_FOUND", ["planVersion"]),
        ({"addons": [{"code": "none"}]}, "NOT_FOUND", ["addons", "0", "code"]),
        ({"usage": [{"resourceKind": "none", "quantity": 1}]}, "NOT_FOUND", ["usage", "0", "resourceKind"]),
        ({"usage": [{"resourceKind": "egress_gb", "quantity": -1}]}, "VALIDATION_FAILED", ["usage", "0", "quantity"]),
        (
            {"usage": [{"resourceKind": "egress_gb", "quantity": 1}, {"resourceKind": "egress_gb", "quantity": 2}]},
            "VALIDATION_FAILED",
            ["usage", "1", "resourceKind"],
        ),
        ({"tenantId": "019d4500-0000-7000-8000-000000000009"}, "NOT_FOUND", ["tenantId"]),
        ({"periodStart": "2026-04-02"}, "VALIDATION_FAILED", ["periodStart"]),
    ],
)
async def test_what_cannot_be_quoted_says_why(api: Api, changes: dict[str, Any], problem: str, path: list[str]) -> None:
    await api.given.plan("studio")
    await api.given.addon("storage_50gb")
    error = await api.error(QUOTE, {"input": DEMO | changes})
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "problem": problem, "path": path}


async def test_another_tenants_taxes_are_as_unknown_as_no_tenants(api: Api) -> None:
    story = await create_example_data(api.given)
    caller = api.given.admin(story.acme)
    unknown = "019d4500-0000-7000-8000-000000000009"
    others = await api.error(QUOTE, {"input": DEMO | {"tenantId": str(story.rival)}}, caller=caller)
    nobodys = await api.error(QUOTE, {"input": DEMO | {"tenantId": unknown}}, caller=caller)
    assert others == nobodys | {"message": nobodys["message"].replace(unknown, str(story.rival))}


async def test_the_running_month_is_rated_now_and_carried_on(api: Api) -> None:
    deployment = await api.given.deployment(await api.given.tenant("acme"))
    await api.given.deployment((await api.given.row("SELECT id FROM tenants"))["id"], "bare")
    await api.given.plan("studio")
    await api.given.subscription(deployment, starts_on=date(2026, 5, 1))
    api.given.clock.set(2026, 5, 11)
    metered = {
        "id": "1",
        "deploymentId": str(deployment),
        "resourceKind": "droplet_hours",
        "quantity": "1000",
        "occurredAt": "2026-05-10T12:00:00Z",
    }
    await api.mutate("recordUsage", {"events": [metered]})
    text = """{ deployments { nodes { slug
        monthToDate { totalCents lines { kind } } forecast { subtotalCents lines { kind quantity } } } } }"""
    bare, pilot = (await api.data(text))["deployments"]["nodes"]
    assert bare == {"slug": "bare", "monthToDate": None, "forecast": None}
    assert pilot["monthToDate"] == {"totalCents": 5500, "lines": [{"kind": "PLAN_BASE"}, {"kind": "TAX"}]}
    assert pilot["forecast"]["subtotalCents"] == 5000 + 3100 - 1488
    assert pilot["forecast"]["lines"][1] == {"kind": "OVERAGE", "quantity": "1612"}
