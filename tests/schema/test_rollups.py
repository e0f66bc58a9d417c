"""Rollups through the API."""

from typing import Any

import pytest

from app.operations.rollups import roll_up_run
from tests.schema.api import Api, refused
from tests.schema.example_data import APRIL, create_example_data

STARTED = "... on RollupStarted { run { id status periodStart periodEnd force dryRun requestedBy tenantsTotal } }"


async def subscribed(api: Api) -> None:
    deployment = await api.given.deployment(await api.given.tenant("acme"))
    await api.given.plan("studio")
    await api.given.subscription(deployment, starts_on=APRIL)


async def test_a_month_is_billed_and_then_skipped(api: Api) -> None:
    await subscribed(api)
    text = """query ($id: ID!) { rollupRun(id: $id) { status tenantsDone invoicesCreated invoicesSkipped totalCents
        outcomes { nodes { outcome tenant { code } invoice { status } totalCents } } failures { totalCount } } }"""

    async def billed() -> dict[str, Any]:
        started = (await api.mutate("rollUpPeriod", {"periodStart": "2026-04-01"}, STARTED))["run"]
        await roll_up_run(api.given.platform, run_id=started["id"])
        run: dict[str, Any] = (await api.data(text, {"id": started.pop("id")}))["rollupRun"]
        assert started == {
            "status": "QUEUED",
            "periodStart": "2026-04-01",
            "periodEnd": "2026-05-01",
            "force": False,
            "dryRun": False,
            "requestedBy": "platform_admin@example.com",
            "tenantsTotal": 1,
        }
        return run

    assert await billed() == {
        "status": "SUCCEEDED",
        "tenantsDone": 1,
        "invoicesCreated": 1,
        "invoicesSkipped": 0,
        "totalCents": 5500,
        "outcomes": {
            "nodes": [
                {
                    "outcome": "CREATED",
                    "tenant": {"code": "acme"},
                    "invoice": {"status": "DRAFT"},
                    "totalCents": 5500,
                }
            ]
        },
        "failures": {"totalCount": 0},
    }
    again = await billed()
    assert (again["status"], again["invoicesCreated"], again["invoicesSkipped"]) == ("SUCCEEDED", 0, 1)


async def test_a_month_that_goes_on_is_refused_but_for_a_dry_run(api: Api) -> None:
    await subscribed(api)
    may = {"periodStart": "2026-05-01"}
    assert await api.mutate("rollUpPeriod", may) == refused("PERIOD_NOT_ENDED", "periodStart")
    dry = await api.mutate("rollUpPeriod", may | {"dryRun": True}, STARTED)
    assert dry["run"]["dryRun"] is True


async def test_only_known_tenants_and_whole_months_are_rolled_up(api: Api) -> None:
    unknown = {"periodStart": "2026-04-01", "tenantIds": ["019d4500-0000-7000-8000-000000000009"]}
    assert (await api.mutate("rollUpPeriod", unknown))["code"] == "NOT_FOUND"
    answer = await api.mutate("rollUpPeriod", {"periodStart": "2026-04-02"})
    assert answer == refused("VALIDATION_FAILED", "periodStart")


async def test_failures_and_unpriced_usage_are_listed_on_the_run(api: Api) -> None:
    await create_example_data(api.given)
    text = """{ rollupRuns { nodes { status failures { nodes { code message tenant { code } attempts } }
        unpricedUsage { nodes { resourceKind quantity deployment { slug } tenant { code } } } } } }"""
    forced, first = (await api.data(text))["rollupRuns"]["nodes"]
    unpriced = {
        "resourceKind": "egress_gb",
        "quantity": "7",
        "deployment": {"slug": "pilot"},
        "tenant": {"code": "acme"},
    }
    assert first == {"status": "SUCCEEDED", "failures": {"nodes": []}, "unpricedUsage": {"nodes": [unpriced]}}
    assert forced["status"] == "PARTIAL"
    (failure,) = forced["failures"]["nodes"]
    assert failure.pop("message") != ""
    assert failure == {"code": "INVOICE_PAID", "tenant": {"code": "acme"}, "attempts": 1}


async def test_what_nobody_billed_is_listed(api: Api) -> None:
    await create_example_data(api.given)
    data = await api.data("{ unbilledPeriods { tenant { code } periodStart reason } }")
    assert [(each["tenant"]["code"], each["periodStart"]) for each in data["unbilledPeriods"]] == [
        ("rival", "2026-03-01"),
        ("rival", "2026-04-01"),  # its draft is stale
    ]
    assert len(api.statements) == 1  # all tenants at once


@pytest.mark.parametrize("role", ["admin", "viewer", "meter"])
@pytest.mark.parametrize(
    "field",
    [
        "rollupRuns { totalCount }",
        'rollupRun(id: "019d4500-0000-7000-8000-000000000009") { id }',
        "unbilledPeriods { reason }",
        "cloudInvoices { totalCount }",
        'margin(from: "2026-04-01", to: "2026-05-01", groupBy: []) { currency }',
    ],
)
async def test_what_is_the_platforms_is_forbidden_to_others(api: Api, role: str, field: str) -> None:
    acme = await api.given.tenant("acme")
    error = await api.error(f"{{ {field} }}", caller=getattr(api.given, role)(acme))
    assert error["extensions"]["code"] == "FORBIDDEN"
