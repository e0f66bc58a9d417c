"""Any value that the schema accepts leads to a result, a problem or an error with a code, never to an
internal error.
"""

from collections.abc import Iterator
from typing import Any, cast

import pytest
from graphql import (
    GraphQLInputObjectType,
    GraphQLInputType,
    get_named_type,
    is_enum_type,
    is_list_type,
    is_non_null_type,
    parse_type,
    type_from_ast,
)

from app.schema.schema import schema
from tests.schema.api import Api
from tests.schema.example_data import BILL, ExampleData, create_example_data
from tests.schema.extreme_queries import QUERIES
from tests.schema.inputs import mutation_type

_UNKNOWN = "019d4500-0000-7000-8000-000000000009"

_EXTREMES: dict[str, tuple[Any, ...]] = {
    "String": ("", " ", "\0", "\ud800", "'; --", "%", "\u202e", "x" * 100_000),
    "Int": (-(2**31), -1, 0, 2**31 - 1),
    "Boolean": (True, False),
    "Cents": (-(2**63) + 1, -1, 0, 2**63 - 1),
    "Decimal": ("NaN", "Infinity", "-Infinity", "-1", "-0", "9" * 40, "0." + "0" * 39 + "1"),
    "Date": ("0001-01-01", "9999-12-31", "2026-02-28"),
    "DateTime": ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "2026-04-01T00:00:00.123456789Z"),
    "ID": ("00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"),
}


_TERMS = {
    "resourceKind": "egress_gb",
    "includedQuantity": "1",
    "priceModel": "GRADUATED",
    "packageSize": None,
    "tiers": [
        {"upTo": "2", "unitPriceCents": "1", "flatPriceCents": 1},
        {"upTo": None, "unitPriceCents": "1", "flatPriceCents": 0},
    ],
}

_EVENT = {
    "id": "1",
    "source": "api",
    "deploymentId": "@rivals_deployment",
    "resourceKind": "egress_gb",
    "quantity": "1",
    "occurredAt": "2026-04-09T00:00:00Z",
    "resourceId": None,
}

# Every field of every mutation's input: asked like this, most would be done. `@` begins an id of the story.
INPUTS: dict[str, dict[str, Any]] = {
    "createTenant": {"code": "c", "name": "C", "country": "AU", "currency": "AUD", "taxExempt": False},
    "updateTenant": {
        "tenantId": "@acme",
        "name": "Acme",
        "legalName": "Acme Pty Ltd",
        "email": "accounts@example.com",
        "billingAddress": "1 High Street",
        "abn": "51824753556",
        "buyerReference": "PO 7",
        "taxExempt": True,
        "taxExemptReason": "a charity",
        "taxExemptFrom": "2026-04-01",
    },
    "closeTenant": {"tenantId": "@rival"},
    "setTaxRate": {"country": "AU", "name": "GST", "rate": "0.12", "validFrom": "2026-07-01"},
    "addCharge": {
        "tenantId": "@rival",
        "deploymentId": "@rivals_deployment",
        "description": "Setup",
        "netCents": 5,
        "on": "2026-04-01",
    },
    "createDeployment": {
        "tenantId": "@acme",
        "slug": "new",
        "displayName": "New",
        "region": "syd1",
        "llmMode": "BYOK",
        "templateCode": "wiki",
        "templateVersion": "1",
    },
    "updateDeployment": {
        "deploymentId": "@rivals_deployment",
        "displayName": "New",
        "llmMode": "BYOK",
        "billingActionSuspended": True,
    },
    "transitionDeployment": {"deploymentId": "@rivals_deployment", "to": "PAUSED", "reason": "a rest"},
    "subscribe": {
        "deploymentId": "@bare_deployment",
        "planCode": "studio",
        "planVersion": 1,
        "addons": [{"code": "storage_50gb", "additional": False}],
        "startsOn": "2026-05-01",
        "trialEndsAt": "2026-05-08T00:00:00Z",
        "confirmBackdating": True,
    },
    "attachAddon": {"deploymentId": "@rivals_deployment", "addonCode": "storage_50gb", "additional": True},
    "detachAddon": {"subscriptionAddonId": "@attached", "lastDay": "2026-05-01"},
    "changePlanVersion": {
        "deploymentId": "@rivals_deployment",
        "planCode": "scale",
        "planVersion": 1,
        "effectiveOn": "2026-05-01",
    },
    "createPlan": {"code": "p", "name": "P", "description": "P"},
    "draftPlanVersion": {
        "planCode": "studio",
        "basePriceCents": 1,
        "currency": "AUD",
        "proration": "DAILY",
        "resources": [_TERMS],
    },
    "publishPlanVersion": {"planVersionId": "@rivals_deployment"},
    "retirePlanVersion": {"planVersionId": "@rivals_deployment"},
    "archivePlan": {"planCode": "scale"},
    "createAddon": {
        "code": "a",
        "name": "A",
        "priceCents": 1,
        "currency": "JPY",
        "resourceKind": "egress_gb",
        "quantity": "1",
    },
    "updateAddon": {"code": "storage_50gb", "priceCents": 1, "quantity": "1", "active": False},
    "defineResourceKind": {"code": "k", "unit": "k", "aggregation": "MAX", "description": "k"},
    "registerResource": {
        "deploymentId": "@rivals_deployment",
        "provider": "digitalocean",
        "externalId": "7",
        "resourceKind": "egress_gb",
        "name": "web-7",
        "createdAt": "2026-04-01T00:00:00Z",
    },
    "endResource": {"resourceId": "@resource", "endedAt": "2026-05-01T00:00:00Z"},
    "moveResource": {
        "resourceId": "@resource",
        "deploymentId": "@rivals_deployment",
        "movedAt": "2026-05-01T00:00:00Z",
    },
    "recordUsage": {"events": [_EVENT]},
    "correctUsage": {"tenantId": "@acme", "source": "api", "eventId": "1", "quantity": "1", "reason": "r"},
    "issueInvoices": {"periodStart": None, "rollupRunId": "@run", "exceptStale": True},
    "rollUpPeriod": {"periodStart": "2026-03-01", "tenantIds": ["@acme"], "force": True, "dryRun": False},
    "issueInvoice": {"invoiceId": "@rivals_invoice", "reason": "r", "issueStale": True},
    "markInvoicePaid": {"invoiceId": "@rivals_invoice", "paidAt": "2026-05-01T00:00:00Z", "reference": "r"},
    "voidInvoice": {"invoiceId": "@rivals_invoice", "reason": "r", "issueStale": False},
    "issueCreditNote": {
        "invoiceId": "@invoice",
        "reason": "GOODWILL",
        "description": "d",
        "lines": [{"lineId": "@invoice", "netCents": 1}],
        "grossCents": 11,
        "grossLineId": "@invoice",
    },
    "creditInvoice": {"invoiceId": "@invoice", "reason": "GOODWILL", "description": "d"},
    "verifyInvoice": {"invoiceId": "@rivals_invoice", "reason": "r", "issueStale": False},
    "setDunningPolicy": {"tenantId": "@rival", "steps": [{"kind": "NOTICE", "days": 3}], "minimumCents": 100},
    "holdDunning": {"tenantId": "@rival", "until": "2026-06-01", "reason": "r"},
    "releaseDunning": {"tenantId": "@rival"},
    "disputeInvoice": {"invoiceId": "@rivals_invoice", "reason": "r"},
    "resolveDispute": {"invoiceId": "@rivals_invoice"},
    "createWebhookEndpoint": {
        "tenantId": "@acme",
        "url": "http://127.0.0.1:9/hook",
        "eventTypes": ["invoice.paid"],
        "description": "d",
    },
    "updateWebhookEndpoint": {
        "endpointId": "@endpoint",
        "url": "http://127.0.0.1:9/hook",
        "eventTypes": ["invoice.paid"],
        "description": "d",
        "enabled": True,
    },
    "deleteWebhookEndpoint": {"endpointId": "@endpoint"},
    "rotateWebhookSecret": {"endpointId": "@endpoint"},
    "sendTestEvent": {"endpointId": "@endpoint"},
    "redeliver": {
        "endpointId": "@endpoint",
        "deliveryIds": None,
        "since": "2026-05-01T00:00:00Z",
        "until": "2026-05-02T00:00:00Z",
    },
    "retryFinancePush": {"pushId": "@push"},
    "reconcileFinance": {"reason": "r"},
    "waiveMonth": {"tenantId": "@rival", "periodStart": "2026-02-01", "reason": "r"},
    "recordPayment": {
        "tenantId": "@acme",
        "amountCents": 5,
        "currency": "AUD",
        "receivedOn": "2026-05-01",
        "method": "CARD",
        "reference": "card-1",
        "payerText": "for May",
        "allocations": [{"invoiceId": "@invoice", "amountCents": 1}],
    },
    "allocateCredit": {"tenantId": "@acme", "invoiceIds": ["@invoice"]},
    "reversePayment": {"paymentId": "@payment", "reason": "dishonoured"},
    "refundCredit": {"tenantId": "@acme", "amountCents": 1, "paidOutOn": "2026-05-01", "reference": "out-1"},
    "writeOffInvoice": {"invoiceId": "@invoice", "reason": "insolvent"},
    "recordRecovery": {
        "invoiceId": "@invoice",
        "amountCents": 1,
        "receivedOn": "2026-05-01",
        "method": "CARD",
        "reference": "card-2",
    },
    "importBankStatement": {
        "csv": "date,amount,description,reference\n2026-05-01,70.64,INV-2026-000001,t\n",
        "currency": "AUD",
    },
    "importCloudInvoice": {
        "provider": "digitalocean",
        "externalId": "new",
        "csv": BILL,
        "currency": "USD",
        "exchangeRate": "1",
        "columns": [{"field": "AMOUNT", "column": "USD"}],
    },
    "rematchCloudInvoice": {"cloudInvoiceId": "@bill"},
    "withdrawCloudInvoice": {"cloudInvoiceId": "@bill", "reason": "r"},
}


def with_ids(value: Any, story: ExampleData) -> Any:
    if isinstance(value, dict):
        return {name: with_ids(item, story) for name, item in value.items()}
    if isinstance(value, list):
        return [with_ids(item, story) for item in value]
    return str(getattr(story, value[1:])) if isinstance(value, str) and value.startswith("@") else value


def _extremes(type_: GraphQLInputType, value: Any) -> Iterator[Any]:
    """Yields variants of the value: each part is replaced in turn by every extreme value of its type, and by null where
    that is allowed.
    """
    if not is_non_null_type(type_):
        yield None
        yield from _extremes_given(type_, value)
    else:
        yield from _extremes_given(type_.of_type, value)


def _extremes_given(type_: GraphQLInputType, value: Any) -> Iterator[Any]:
    if is_list_type(type_):
        items = value or []
        yield []
        yield items * 101
        if value is None:
            yield from ([extreme] for extreme in _extremes(type_.of_type, None))
        for index, item in enumerate(items):
            yield from ([*items[:index], extreme, *items[index + 1 :]] for extreme in _extremes(type_.of_type, item))
    elif isinstance(type_, GraphQLInputObjectType):
        assert value.keys() == type_.fields.keys()
        for name, field in type_.fields.items():
            yield from (value | {name: extreme} for extreme in _extremes(field.type, value[name]))
    elif is_enum_type(type_):
        yield from type_.values
    else:
        yield from _EXTREMES[get_named_type(type_).name]


@pytest.mark.parametrize("name", mutation_type().fields)
async def test_a_mutation_answers_whatever_it_is_given(api: Api, name: str) -> None:
    given = with_ids(INPUTS[name], await create_example_data(api.given))
    for extreme in _extremes(mutation_type().fields[name].args["input"].type, given):
        body = await api.mutate_body(name, extreme)
        codes = [error.get("extensions", {}).get("code") for error in body.get("errors", ())]
        assert codes in ([], ["BAD_USER_INPUT"]), (extreme, body)


@pytest.mark.parametrize("selection", QUERIES)
async def test_a_query_answers_whatever_it_is_given(api: Api, selection: str) -> None:
    await create_example_data(api.given)
    declared, given = QUERIES[selection]
    type_ = type_from_ast(schema._schema, parse_type(declared))
    for extreme in _extremes(cast("GraphQLInputType", type_), given):
        body = await api.body(f"query ($v: {declared}) {selection}", {"v": extreme})
        codes = {error.get("extensions", {}).get("code") for error in body.get("errors", ())}
        assert codes <= {"BAD_USER_INPUT"}, (extreme, body)
