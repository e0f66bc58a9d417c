"""Pushes to the finance system and comparisons with it through the API."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from app.operations.calls.context import Context
from app.operations.finance.pushing import FinancePushing, finance_sender
from app.operations.finance.reconciling import reconcile
from app.operations.webhooks.endpoint_secrets import new_secret
from app.operations.webhooks.sending import Sender
from tests.operations.receivables import figure_1, issued
from tests.operations.webhooks.receiver import Answer, Receiver, receiving
from tests.schema.api import Api

PUSHES = """query ($filter: FinancePushFilter) { financePushes(filter: $filter) { nodes { id kind status sequence
    attempts balanceChangeCents responseStatus error externalId invoice { number } tenant { code } } } }"""
RETRY = """mutation ($id: ID!) { retryFinancePush(input: {pushId: $id}) { __typename
    ... on FinancePushRetried { push { status attempts } } ... on Problem { code path } } }"""
RECONCILE = """mutation { reconcileFinance(input: {reason: "month end"}) {
    ... on FinanceReconciliationRequested { reconciliation { id reason finishedAt } } } }"""
OUT_OF_STEP = """{ receivablesOutOfStep { nodes { invoice { number } currency balanceCents financeBalanceCents } }
    financeReconciliations { nodes { id compared outOfStep error } } }"""
OF_PLATFORM = ("financePushes", "financeReconciliations", "receivablesOutOfStep")


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving(lambda _request: Answer(422)) as receiver:
        yield receiver


@pytest.fixture
async def sender() -> AsyncIterator[Sender]:
    async with finance_sender() as sender:
        yield sender


def context_of(api: Api, receiver: Receiver) -> Context:
    url, secret = receiver.url.removesuffix("/hook"), new_secret()
    settings = replace(api.given.settings, finance_url=url, finance_secret=(secret,))
    return replace(api.given.platform, settings=settings)


async def test_a_blocked_push_is_found_and_retried(api: Api, receiver: Receiver, sender: Sender) -> None:
    await figure_1(api.given)
    tenant_id, invoice_id = await issued(api.given)
    pushing = FinancePushing(context_of(api, receiver), sender)
    await pushing.run()
    of_invoice = {"tenantId": str(tenant_id), "invoiceId": str(invoice_id), "status": ["BLOCKED"]}
    (push,) = (await api.data(PUSHES, {"filter": of_invoice}))["financePushes"]["nodes"]
    assert push | {"id": ""} == {
        "id": "",
        "kind": "INVOICE_ISSUED",
        "status": "BLOCKED",
        "sequence": 1,
        "attempts": 1,
        "balanceChangeCents": 7064,
        "responseStatus": 422,
        "error": "the finance system answered 422",
        "externalId": None,
        "invoice": {"number": "INV-2026-000001"},
        "tenant": {"code": "acme"},
    }
    retried = (await api.data(RETRY, {"id": push["id"]}))["retryFinancePush"]
    assert retried == {"__typename": "FinancePushRetried", "push": {"status": "PENDING", "attempts": 0}}
    again = (await api.data(RETRY, {"id": push["id"]}))["retryFinancePush"]
    assert (again["code"], again["path"]) == ("CONFLICT", ["pushId"])
    receiver.behaviour = lambda _request: Answer(201, body=b'{"externalId": "AR-1"}')
    assert await pushing.run() == 1
    nodes = (await api.data(PUSHES, {"filter": {"status": ["SENT"]}}))["financePushes"]["nodes"]
    assert [(one["id"], one["externalId"]) for one in nodes] == [(push["id"], "AR-1")]


async def test_a_difference_is_listed(api: Api, receiver: Receiver, sender: Sender) -> None:
    await figure_1(api.given)
    tenant_id, _ = await issued(api.given)
    context = context_of(api, receiver)
    receiver.behaviour = lambda _request: Answer(200, body=b'{"receivables": []}')
    await FinancePushing(context, sender).run()
    await issued(api.given, "other")  # which is not sent yet, and so not compared
    requested = (await api.data(RECONCILE))["reconcileFinance"]["reconciliation"]
    assert (requested["reason"], requested["finishedAt"]) == ("month end", None)
    assert await reconcile(context, sender) == 1
    listed = {
        "invoice": {"number": "INV-2026-000001"},
        "currency": "AUD",
        "balanceCents": 7064,
        "financeBalanceCents": None,
    }
    made = {"id": requested["id"], "compared": 1, "outOfStep": 1, "error": None}
    assert await api.data(OUT_OF_STEP) == {
        "receivablesOutOfStep": {"nodes": [listed]},
        "financeReconciliations": {"nodes": [made]},
    }
    for name in OF_PLATFORM:
        body = await api.body(f"{{ {name} {{ nodes {{ id }} }} }}", caller=api.given.admin(tenant_id))
        assert [error["extensions"]["code"] for error in body["errors"]] == ["FORBIDDEN"], name
