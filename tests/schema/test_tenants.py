"""Tenants, the viewer and objects by their id, through the API."""

from typing import Any
from uuid import UUID

from tests.schema.api import Api, refused
from tests.schema.example_data import create_example_data

UNKNOWN = "019d4500-0000-7000-8000-000000000009"


async def test_a_tenant_is_created_with_the_contracts_defaults(api: Api) -> None:
    answer = await api.mutate(
        "createTenant",
        {"code": "acme", "name": "Acme"},
        "... on TenantCreated { tenant { id code name country currency taxExempt createdAt } }",
    )
    assert UUID(answer["tenant"].pop("id")).version == 7
    assert answer["tenant"] == {
        "code": "acme",
        "name": "Acme",
        "country": "AU",
        "currency": "AUD",
        "taxExempt": False,
        "createdAt": "2026-05-01T03:00:00+00:00",
    }


async def test_a_bad_tenant_is_refused_where_it_is_bad(api: Api) -> None:
    await api.given.tenant("acme")
    assert await api.mutate("createTenant", {"code": "acme", "name": "Acme"}) == refused("CONFLICT", "code")
    bad = {"code": "b", "name": "B", "country": "Australia"}
    assert await api.mutate("createTenant", bad) == refused("VALIDATION_FAILED", "country")


async def test_a_tenant_is_found_by_its_id_or_its_code(api: Api) -> None:
    acme = str(await api.given.tenant("acme"))
    text = "query ($id: ID, $code: String) { tenant(id: $id, code: $code) { id code } }"
    found = {"tenant": {"id": acme, "code": "acme"}}
    assert await api.data(text, {"id": acme.upper()}) == found
    assert await api.data(text, {"code": "acme"}) == found
    assert await api.data(text, {"code": "none"}) == {"tenant": None}
    for given in ({}, {"id": acme, "code": "acme"}):
        assert (await api.error(text, given))["extensions"] == {"code": "BAD_USER_INPUT"}


async def test_the_viewer_is_whom_the_token_names(api: Api) -> None:
    acme = await api.given.tenant("acme")
    text = "{ viewer { subject roles tenant { code } } }"
    assert await api.data(text) == {
        "viewer": {"subject": "platform_admin@example.com", "roles": ["PLATFORM_ADMIN"], "tenant": None}
    }
    assert len(api.statements) == 0
    assert await api.data(text, caller=api.given.viewer(acme)) == {
        "viewer": {"subject": "tenant_viewer@example.com", "roles": ["TENANT_VIEWER"], "tenant": {"code": "acme"}}
    }
    assert len(api.statements) == 1


async def test_every_kind_of_object_is_found_by_its_id(api: Api) -> None:
    await create_example_data(api.given)
    ids: dict[str, str] = {}
    for table in _TABLES:
        row = await api.given.row(f"SELECT id FROM {table} ORDER BY id LIMIT 1")
        ids[table] = str(row["id"])
    nodes = (await api.data("query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }", {"ids": [*ids.values()]}))[
        "nodes"
    ]
    assert [(node["__typename"], node["id"]) for node in nodes] == [(_TABLES[table], key) for table, key in ids.items()]
    assert len(api.statements) == 1


async def test_what_is_not_there_is_null_among_the_nodes(api: Api) -> None:
    acme = str(await api.given.tenant("acme"))
    text = "query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on Tenant { code } } }"
    answer: dict[str, Any] = await api.data(text, {"ids": [UNKNOWN, acme, UNKNOWN, acme]})
    tenant = {"id": acme, "code": "acme"}
    assert answer == {"nodes": [None, tenant, None, tenant]}


async def test_a_tenant_is_changed_and_null_clears_where_absence_does_not(api: Api) -> None:
    tenant = {"tenantId": str(await api.given.tenant("acme"))}
    changes = {
        "email": "accounts@example.com",
        "billingAddress": "1 High Street",
        "abn": "51 824 753 556",
        "buyerReference": "PO 7",
        "taxExempt": True,
        "taxExemptReason": "a charity",
        "taxExemptFrom": "2026-04-15",
    }
    selection = """... on TenantUpdated { tenant { name email billingAddress abn buyerReference taxExempt closedAt
        taxExemptions { firstDay taxExempt reason } } }"""
    expected = {
        "name": "Acme",
        "email": "accounts@example.com",
        "billingAddress": "1 High Street",
        "abn": "51824753556",
        "buyerReference": "PO 7",
        "taxExempt": True,
        "closedAt": None,
        "taxExemptions": [{"firstDay": "2026-04-15", "taxExempt": True, "reason": "a charity"}],
    }
    assert (await api.mutate("updateTenant", tenant | changes, selection))["tenant"] == expected
    cleared = {"email": None, "name": None, "taxExempt": None}
    expected |= {"email": None}
    assert (await api.mutate("updateTenant", tenant | cleared, selection))["tenant"] == expected
    assert await api.mutate("updateTenant", tenant | {"abn": "51824753557"}) == refused("VALIDATION_FAILED", "abn")


async def test_a_tenant_is_closed(api: Api) -> None:
    acme = await api.given.tenant("acme")
    deployment = await api.given.deployment(acme)
    asked = {"tenantId": str(acme)}
    assert await api.mutate("closeTenant", asked) == refused("CONFLICT", "tenantId")
    await api.mutate("transitionDeployment", {"deploymentId": str(deployment), "to": "CANCELLED"})
    answer = await api.mutate("closeTenant", asked, "... on TenantClosed { tenant { closedAt } }")
    assert answer["tenant"] == {"closedAt": "2026-05-01T03:00:00+00:00"}
    charge = asked | {"description": "Setup", "netCents": 5, "on": "2026-05-01"}
    assert await api.mutate("addCharge", charge) == refused("TENANT_CLOSED", "tenantId")


async def test_charges_are_listed_with_their_tenant_the_latest_day_first(api: Api) -> None:
    acme = await api.given.tenant("acme")
    deployment = await api.given.deployment(acme)
    charge = {"tenantId": str(acme), "description": "Setup", "netCents": 5, "on": "2026-04-30"}
    credit = charge | {"description": "Goodwill", "netCents": -7, "on": "2026-05-01", "deploymentId": str(deployment)}
    selection = "... on ChargeAdded { charge { description netCents on deployment { slug } tenant { code } } }"
    added = [(await api.mutate("addCharge", each, selection))["charge"] for each in (charge, credit)]
    assert added == [
        {"description": "Setup", "netCents": 5, "on": "2026-04-30", "deployment": None, "tenant": {"code": "acme"}},
        {
            "description": "Goodwill",
            "netCents": -7,
            "on": "2026-05-01",
            "deployment": {"slug": "pilot"},
            "tenant": {"code": "acme"},
        },
    ]
    text = "{ tenants { nodes { charges { nodes { description } totalCount } } } }"
    listed = {"charges": {"nodes": [{"description": "Goodwill"}, {"description": "Setup"}], "totalCount": 2}}
    assert (await api.data(text, caller=api.given.viewer(acme)))["tenants"] == {"nodes": [listed]}
    assert await api.mutate("addCharge", charge | {"netCents": 0}) == refused("VALIDATION_FAILED", "netCents")


async def test_tax_rates_are_set_by_day_and_listed(api: Api) -> None:
    asked = {"country": "AU", "name": "GST", "rate": "0.12", "validFrom": "2026-07-01"}
    raised = {"country": "AU", "name": "GST", "rate": "0.12", "validFrom": "2026-07-01"}
    answer = await api.mutate("setTaxRate", asked, "... on TaxRateSet { taxRate { country name rate validFrom } }")
    assert answer["taxRate"] == raised
    await api.mutate("setTaxRate", asked | {"country": "NZ", "rate": "0.15"})
    text = "query ($country: String) { taxRates(country: $country) { country name rate validFrom } }"
    gst = raised | {"rate": "0.1", "validFrom": "2000-07-01"}
    new_zealands = raised | {"country": "NZ", "rate": "0.15"}
    for caller in (api.given.meter(), api.given.platform):
        for country, rates in (("AU", [gst, raised]), (None, [gst, raised, new_zealands]), ("FR", [])):
            assert await api.data(text, {"country": country}, caller=caller) == {"taxRates": rates}
    assert len(await api.data("{ taxRates { rate } }")) == 1
    early = asked | {"validFrom": "2026-04-30"}
    assert await api.mutate("setTaxRate", early) == refused("VALIDATION_FAILED", "validFrom")


_TABLES = {
    "tenants": "Tenant",
    "plans": "Plan",
    "plan_versions": "PlanVersion",
    "addons": "Addon",
    "cloud_deployments": "Deployment",
    "cloud_deployment_events": "DeploymentEvent",
    "cloud_resources": "CloudResource",
    "usage_corrections": "UsageCorrection",
    "subscriptions": "PlanSubscription",
    "subscription_addons": "SubscriptionAddon",
    "tenant_invoices": "Invoice",
    "tenant_invoice_lines": "InvoiceLine",
    "rollup_runs": "RollupRun",
    "rollup_failures": "RollupFailure",
    "rollup_outcomes": "RollupOutcome",
    "rollup_unpriced_usage": "UnpricedUsage",
    "cloud_invoices": "CloudInvoice",
    "cloud_invoice_lines": "CloudInvoiceLine",
}
