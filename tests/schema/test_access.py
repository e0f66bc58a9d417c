"""Permissions on every root field: another tenant's objects look as if they did not exist."""

from typing import Any
from uuid import UUID

import pytest

from app.operations.subscriptions import attach_addon
from tests.schema.api import Api, refused
from tests.schema.example_data import ExampleData, create_example_data
from tests.schema.inputs import mutation_type, some_value

_PLATFORM = {"PLATFORM_ADMIN"}
FORBIDDEN = {"code": "FORBIDDEN", "problem": "PERMISSION_DENIED", "path": []}
_TENANT_ADMINS = _PLATFORM | {"TENANT_ADMIN"}

ALLOWED_ROLES = {
    "createTenant": _PLATFORM,
    "updateTenant": _PLATFORM,
    "closeTenant": _PLATFORM,
    "setTaxRate": _PLATFORM,
    "addCharge": _PLATFORM,
    "createDeployment": _TENANT_ADMINS,
    "updateDeployment": _TENANT_ADMINS,
    "transitionDeployment": _TENANT_ADMINS,
    "subscribe": _TENANT_ADMINS,
    "attachAddon": _TENANT_ADMINS,
    "detachAddon": _TENANT_ADMINS,
    "changePlanVersion": _TENANT_ADMINS,
    "createPlan": _PLATFORM,
    "draftPlanVersion": _PLATFORM,
    "publishPlanVersion": _PLATFORM,
    "retirePlanVersion": _PLATFORM,
    "archivePlan": _PLATFORM,
    "createAddon": _PLATFORM,
    "updateAddon": _PLATFORM,
    "defineResourceKind": _PLATFORM,
    "registerResource": _PLATFORM,
    "endResource": _PLATFORM,
    "moveResource": _PLATFORM,
    "recordUsage": _PLATFORM | {"METER"},
    "correctUsage": _PLATFORM | {"METER"},
    "rollUpPeriod": _PLATFORM,
    "issueInvoices": _PLATFORM,
    "issueInvoice": _PLATFORM,
    "markInvoicePaid": _PLATFORM,
    "voidInvoice": _PLATFORM,
    "verifyInvoice": _PLATFORM,
    "issueCreditNote": _PLATFORM,
    "creditInvoice": _PLATFORM,
    "waiveMonth": _PLATFORM,
    "recordPayment": _PLATFORM,
    "allocateCredit": _PLATFORM,
    "reversePayment": _PLATFORM,
    "refundCredit": _PLATFORM,
    "writeOffInvoice": _PLATFORM,
    "recordRecovery": _PLATFORM,
    "importBankStatement": _PLATFORM,
    "setDunningPolicy": _PLATFORM,
    "holdDunning": _PLATFORM,
    "releaseDunning": _PLATFORM,
    "disputeInvoice": _PLATFORM,
    "resolveDispute": _PLATFORM,
    "createWebhookEndpoint": _TENANT_ADMINS,
    "updateWebhookEndpoint": _TENANT_ADMINS,
    "deleteWebhookEndpoint": _TENANT_ADMINS,
    "rotateWebhookSecret": _TENANT_ADMINS,
    "sendTestEvent": _TENANT_ADMINS,
    "redeliver": _TENANT_ADMINS,
    "retryFinancePush": _PLATFORM,
    "reconcileFinance": _PLATFORM,
    "importCloudInvoice": _PLATFORM,
    "rematchCloudInvoice": _PLATFORM,
    "withdrawCloudInvoice": _PLATFORM,
}


def test_every_mutation_says_who_may_use_it() -> None:
    assert mutation_type().fields.keys() == ALLOWED_ROLES.keys()


@pytest.mark.parametrize("name", ALLOWED_ROLES)
async def test_a_mutation_is_denied_to_every_other_role(api: Api, name: str) -> None:
    acme = await api.given.tenant("acme")
    given = some_value(mutation_type().fields[name].args["input"].type)
    for role, caller in {
        "PLATFORM_ADMIN": api.given.platform,
        "TENANT_ADMIN": api.given.admin(acme),
        "TENANT_VIEWER": api.given.viewer(acme),
        "METER": api.given.meter(acme),
    }.items():
        answer = await api.mutate(name, given, caller=caller)
        assert (answer.get("code") == "PERMISSION_DENIED") == (role not in ALLOWED_ROLES[name]), role


def mutations_on(story: ExampleData, attached: UUID) -> dict[str, dict[str, Any]]:
    """Returns mutations that acme's admin may call, with rival's objects as input."""
    deployment = str(story.rivals_deployment)
    return {
        "createDeployment": {"tenantId": str(story.rival), "slug": "x", "displayName": "X", "region": "syd1"},
        "updateDeployment": {"deploymentId": deployment, "displayName": "Mine"},
        "transitionDeployment": {"deploymentId": deployment, "to": "PAUSED"},
        "subscribe": {"deploymentId": deployment, "planCode": "studio"},
        "attachAddon": {"deploymentId": deployment, "addonCode": "storage_50gb"},
        "changePlanVersion": {"deploymentId": deployment, "planCode": "studio"},
        "detachAddon": {"subscriptionAddonId": str(attached)},
    }


async def test_another_tenants_rows_cannot_be_changed_and_look_missing(api: Api) -> None:
    story = await create_example_data(api.given)
    attached = await attach_addon(api.given.platform, deployment_id=story.rivals_deployment, addon_code="storage_50gb")
    before = await api.given.contents()
    unknown = "019d4500-0000-7000-8000-000000000009"
    for name, given in mutations_on(story, attached).items():
        key = next(iter(given))
        answers = [
            await api.mutate(
                name, given | {key: key_value}, "... on Problem { message }", caller=api.given.admin(story.acme)
            )
            for key_value in (given[key], unknown)
        ]
        messages = [answer.pop("message").replace(unknown, given[key]) for answer in answers]
        assert answers == [refused("NOT_FOUND", key)] * 2
        assert messages[0] == messages[1]
    assert await api.given.contents() == before


def roots_of(story: ExampleData) -> dict[str, tuple[str, Any]]:
    """Returns the root fields with arguments that name acme, and what rival's viewer must get; the counts are rival's
    own.
    """
    acme, deployment, invoice = str(story.acme), str(story.deployment), str(story.invoice)
    return {
        f'tenant(id: "{acme}") {{ code }}': ("tenant", None),
        'tenant(code: "acme") { code }': ("tenant", None),
        "tenants { nodes { code } totalCount }": ("tenants", {"nodes": [{"code": "rival"}], "totalCount": 1}),
        f'deployment(id: "{deployment}") {{ slug }}': ("deployment", None),
        "deployments { totalCount }": ("deployments", {"totalCount": 2}),
        f'deployments(filter: {{tenantId: "{acme}"}}) {{ nodes {{ slug }} totalCount }}': (
            "deployments",
            {"nodes": [], "totalCount": 0},
        ),
        f'invoice(id: "{invoice}") {{ number }}': ("invoice", None),
        "invoices { totalCount }": ("invoices", {"totalCount": 2}),
        f'invoices(filter: {{tenantId: "{acme}"}}) {{ totalCount }}': ("invoices", {"totalCount": 0}),
        f'node(id: "{acme}") {{ id }}': ("node", None),
        f'node(id: "{story.run}") {{ id }}': ("node", None),
        f'node(id: "{story.bill}") {{ id }}': ("node", None),
        f'nodes(ids: ["{deployment}", "{story.rivals_deployment}"]) {{ id }}': (
            "nodes",
            [None, {"id": str(story.rivals_deployment)}],
        ),
    }


async def test_a_tenant_sees_its_own_and_nothing_else(api: Api) -> None:
    story = await create_example_data(api.given)
    for field, (key, expected) in roots_of(story).items():
        for caller in (api.given.viewer(story.rival), api.given.admin(story.rival)):
            assert await api.data(f"{{ {field} }}", caller=caller) == {key: expected}, field
            assert len(api.statements) == 1


async def test_what_the_platform_alone_may_see_is_no_node_of_a_tenants(api: Api) -> None:
    """Failures, outcomes and unpriced usage name a tenant, and are not its to see."""
    story = await create_example_data(api.given)
    text = "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename } }"
    for table in ("rollup_failures", "rollup_outcomes", "rollup_unpriced_usage", "cloud_invoice_lines"):
        rows = await api.given.rows(f"SELECT id FROM {table} WHERE tenant_id = $1", story.acme)
        ids = [str(row["id"]) for row in rows]
        assert ids
        data = await api.data(text, {"ids": ids}, caller=api.given.admin(story.acme))
        assert data == {"nodes": [None] * len(ids)}


async def test_a_meter_reads_nothing_but_the_catalog(api: Api) -> None:
    story = await create_example_data(api.given)
    for caller in (api.given.meter(), api.given.meter(story.rival)):
        for field in roots_of(story):
            body = await api.body(f"{{ {field} }}", caller=caller)
            if field.startswith("node"):
                assert not any(body["data"]["nodes"] if field.startswith("nodes") else [body["data"]["node"]])
            else:
                assert body["errors"][0]["extensions"] == FORBIDDEN, field
        data = await api.data("{ viewer { roles tenant { code } } plans { code } }", caller=caller)
        assert data == {
            "viewer": {"roles": ["METER"], "tenant": None},
            "plans": [{"code": "scale"}, {"code": "studio"}],
        }
