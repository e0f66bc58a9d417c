"""Tenants, the viewer and objects by their id, through the API."""

from typing import Any
from uuid import UUID

from tests.schema.api import Api, refused
from tests.schema.story import tell

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
    await tell(api.given)
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
