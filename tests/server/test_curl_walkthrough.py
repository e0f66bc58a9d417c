"""A whole use with curl only: from an empty database to an invoice whose lines equal the quote's."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from app.database import Database
from app.operations.calls.context import Context
from app.operations.calls.principal import Principal, Role
from app.queue import Queue
from app.server.application import create_application
from app.server.signing import sign_token
from app.settings import Settings
from app.worker import working
from tests.clock import Clock
from tests.server.serving import served

SETTING_UP = (
    'createTenant(input: {code: "acme", name: "Acme"}) { ... on TenantCreated { tenant { id } } }',
    'createPlan(input: {code: "studio", name: "Studio"}) { ... on PlanCreated { plan { id } } }',
    (
        'draftPlanVersion(input: {planCode: "studio", basePriceCents: 5000, proration: DAILY, resources: ['
        '{resourceKind: "droplet_hours", includedQuantity: "1488", tiers: [{unitPriceCents: "1"}]},'
        '{resourceKind: "storage_gb", includedQuantity: "50", tiers: [{unitPriceCents: "10"}]},'
        '{resourceKind: "llm_input_tokens", includedQuantity: "0", priceModel: GRADUATED, tiers: ['
        '{upTo: "1000000", unitPriceCents: "0.00015"}, {unitPriceCents: "0.0001", flatPriceCents: 3}]}'
        "]}) { ... on PlanVersionDrafted { planVersion { id } } }"
    ),
)
USAGE = {"droplet_hours": "2160", "storage_gb": "130", "llm_input_tokens": "1234567"}
LINE = "kind description resourceKind quantity unitPriceCents amountCents explanation { formula exactCents }"
CREATE = """
mutation($tenant: ID!) {
  createDeployment(input: {tenantId: $tenant, slug: "pilot", displayName: "Pilot", region: "syd1"}) {
    ... on DeploymentCreated { deployment { id state } }
  }
}
"""
SUBSCRIBE = """
mutation($id: ID!) { subscribe(input: {deploymentId: $id, planCode: "studio", startsOn: "2026-04-01",
  addons: [{code: "storage_50gb"}]}) { ... on Subscribed { subscription { status planVersion { version } } } } }
"""
RECORD = """
mutation($events: [UsageEventInput!]!) {
  recordUsage(input: {events: $events}) { ... on UsageRecorded { accepted duplicates rejected { code } } }
}
"""
QUOTE = (
    'query($usage: [UsageQuantityInput!]!, $tenant: ID!) { quote(input: {planCode: "studio", tenantId: $tenant,'
    ' periodStart: "2026-04-01", addons: [{code: "storage_50gb"}], usage: $usage})'
    f" {{ totalCents lines {{ {LINE} }} }} }}"
)
ROLL_UP = """
mutation { rollUpPeriod(input: {periodStart: "2026-04-01"}) { ... on RollupStarted { run { id } } } }
"""
INVOICE = (
    "query($tenant: ID!) { tenant(id: $tenant) { invoices { nodes { totalCents status lines(first: 50) {"
    f" nodes {{ {LINE} }} }} }} }} }} }}"
)


class Hand:
    """A user of curl with a token and the API's address."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def __call__(self, query: str, **variables: Any) -> Any:
        response = await self._client.post("/graphql", json={"query": query, "variables": variables})
        body = response.json()
        assert "errors" not in body, body
        return body["data"]


@pytest.fixture
async def hand(settings: Settings, database: Database, clock: Clock) -> AsyncIterator[Hand]:
    token = sign_token(settings, "ada", {Role.PLATFORM_ADMIN}, None, timedelta(hours=1), clock())
    async with AsyncExitStack() as stack:
        queue = await stack.enter_async_context(Queue(settings))
        worker = Context(Principal("worker", frozenset({Role.PLATFORM_ADMIN})), database, clock, settings, queue)
        await stack.enter_async_context(working(worker, catching_up=False))
        url = await stack.enter_async_context(served(create_application(settings, clock)))
        client = httpx.AsyncClient(base_url=url, headers={"authorization": f"Bearer {token}"}, timeout=30)
        yield Hand(await stack.enter_async_context(client))


async def test_by_hand_the_quote_is_the_invoice(hand: Hand) -> None:
    tenant, _, version = [await hand(f"mutation {{ made: {field} }}") for field in SETTING_UP]
    tenant_id = tenant["made"]["tenant"]["id"]
    await hand(
        "mutation($id: ID!) { publishPlanVersion(input: {planVersionId: $id}) { __typename } createAddon(input: {"
        'code: "storage_50gb", name: "Storage", priceCents: 750, resourceKind: "storage_gb", quantity: "50"'
        "}) { __typename } }",
        id=version["made"]["planVersion"]["id"],
    )
    deployment = (await hand(CREATE, tenant=tenant_id))["createDeployment"]["deployment"]
    subscribed = (await hand(SUBSCRIBE, id=deployment["id"]))["subscribe"]["subscription"]
    assert (deployment["state"], subscribed) == ("ACTIVE", {"status": "ACTIVE", "planVersion": {"version": 1}})

    recorded = await hand(RECORD, events=list(_metered(deployment["id"])))
    assert recorded["recordUsage"] == {"accepted": 723, "duplicates": 0, "rejected": []}

    usage = [{"resourceKind": kind, "quantity": quantity} for kind, quantity in USAGE.items()]
    quote = (await hand(QUOTE, tenant=tenant_id, usage=usage))["quote"]
    assert quote["totalCents"] == 7588
    assert [(line["kind"], line["resourceKind"], line["amountCents"]) for line in quote["lines"]] == [
        ("PLAN_BASE", None, 5000),
        ("ADDON", "storage_gb", 750),
        ("OVERAGE", "droplet_hours", 672),
        ("OVERAGE", "llm_input_tokens", 176),
        ("OVERAGE", "storage_gb", 300),
        ("TAX", None, 690),
    ]

    run_id = (await hand(ROLL_UP))["rollUpPeriod"]["run"]["id"]
    await _finished(hand, run_id)
    (invoice,) = (await hand(INVOICE, tenant=tenant_id))["tenant"]["invoices"]["nodes"]
    assert (invoice["status"], invoice["totalCents"]) == ("DRAFT", quote["totalCents"])
    assert invoice["lines"]["nodes"] == quote["lines"]


def _metered(deployment_id: str) -> Any:
    """Returns usage events that add up to the quoted quantities: one per hour, or one per reading."""
    start = datetime(2026, 4, 1, tzinfo=UTC)
    events = [("droplet_hours", "3", hour) for hour in range(720)]
    events += [("storage_gb", "130", 5), ("storage_gb", "80", 400), ("llm_input_tokens", USAGE["llm_input_tokens"], 9)]
    for number, (kind, quantity, hour) in enumerate(events):
        at = (start + timedelta(hours=hour)).isoformat()
        yield {
            "id": str(number),
            "deploymentId": deployment_id,
            "resourceKind": kind,
            "quantity": quantity,
            "occurredAt": at,
        }


async def _finished(hand: Hand, run_id: str) -> None:
    async with asyncio.timeout(60):
        status = "QUEUED"
        while status in {"QUEUED", "RUNNING"}:
            status = (await hand("query($id: ID!) { rollupRun(id: $id) { status } }", id=run_id))["rollupRun"]["status"]
    assert status == "SUCCEEDED"
