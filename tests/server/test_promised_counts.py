"""Every list may hold as many items as are promised: the largest request of each fits into a body and a message."""

import json
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from graphql import GraphQLInputType, is_input_object_type, is_list_type, is_non_null_type

from app.billing import StepKind
from app.database import Database
from app.operations.calls.principal import Role
from app.operations.catalog.versions import MAX_RESOURCES, MAX_TIERS
from app.operations.costs import BillField
from app.operations.credit_notes.requests import MAX_LINES
from app.operations.quotes.quote import MAX_ADDONS
from app.operations.usage.record import MAX_EVENTS
from app.schema.limits import MAX_INPUT_LIST
from app.server.http import MAX_BODY_BYTES
from app.server.sockets import MAX_MESSAGE_BYTES
from app.settings import Settings
from app.tables.events import EventType
from tests.clock import Clock
from tests.operations.given import Given
from tests.operations.metering import resource
from tests.schema.conftest import given, queue
from tests.schema.inputs import mutation_type
from tests.server.served_api import ServedApi, serve_api
from tests.server.test_sockets import connected

__all__ = ["given", "queue"]

ID = "019d4500-0000-7000-8000-000000000001"
DECIMAL = "999999999999999.999999999999"
KIND, CODE = "k" * 63, "c" * 64
RECORD_USAGE = (
    "mutation ($input: RecordUsageInput!) { recordUsage(input: $input)"
    " { ... on UsageRecorded { accepted duplicates rejected { code message } } } }"
)


def events(deployment_id: object = ID, resource_id: object = ID) -> list[dict[str, Any]]:
    """Returns events of the largest size: texts of 200 characters of four bytes in UTF-8."""
    return [
        {
            "id": f"{number:04}" + "\U0001f4be" * 196,
            "source": "\U0001f4be" * 200,
            "deploymentId": str(deployment_id),
            "resourceKind": "droplet_hours",
            "quantity": DECIMAL,
            "occurredAt": "2026-04-10T12:00:00.123456789+00:00",
            "resourceId": str(resource_id),
        }
        for number in range(MAX_EVENTS)
    ]


def resources() -> list[dict[str, Any]]:
    """Returns the resources of a drafted version, with the maximum of tiers."""
    tier = {"upTo": DECIMAL, "unitPriceCents": DECIMAL, "flatPriceCents": 999_999_999_999_999}
    return [
        {"resourceKind": KIND, "includedQuantity": DECIMAL, "priceModel": "GRADUATED", "tiers": [tier] * MAX_TIERS}
    ] * MAX_RESOURCES


LARGEST: dict[str, Callable[[], Any]] = {
    "recordUsage.events": events,
    "draftPlanVersion.resources": resources,
    "draftPlanVersion.resources.tiers": resources,
    "subscribe.addons": lambda: [{"addonCode": CODE, "priceCents": 999_999_999_999_999}] * MAX_ADDONS,
    "importCloudInvoice.columns": lambda: [{"field": field.value, "column": CODE} for field in BillField],
    "rollUpPeriod.tenantIds": lambda: [ID] * MAX_INPUT_LIST,
    "allocateCredit.invoiceIds": lambda: [ID] * MAX_INPUT_LIST,
    "recordPayment.allocations": lambda: [{"invoiceId": ID, "amountCents": 999_999_999_999_999}] * MAX_INPUT_LIST,
    "issueCreditNote.lines": lambda: [{"lineId": ID, "netCents": 999_999_999_999_999}] * MAX_LINES,
    "createWebhookEndpoint.eventTypes": lambda: [event_type.value for event_type in EventType],
    "updateWebhookEndpoint.eventTypes": lambda: [event_type.value for event_type in EventType],
    "redeliver.deliveryIds": lambda: [ID] * MAX_INPUT_LIST,
    "setDunningPolicy.steps": lambda: [{"kind": kind.value, "days": 3_650} for kind in StepKind],
}


def lists_of(type_: GraphQLInputType, path: str) -> Iterator[str]:
    if is_non_null_type(type_):
        yield from lists_of(type_.of_type, path)
    elif is_list_type(type_):
        yield path
        yield from lists_of(type_.of_type, path)
    elif is_input_object_type(type_):
        for name, field in type_.fields.items():
            yield from lists_of(field.type, f"{path}.{name}")


def encoded(document: str, value: object) -> bytes:
    return json.dumps({"query": document, "variables": {"input": value}}, ensure_ascii=False).encode()


def test_every_list_of_a_mutation_is_among_them() -> None:
    found = {
        path
        for name, mutation in mutation_type().fields.items()
        for argument in mutation.args.values()
        for path in lists_of(argument.type, name)
    }
    assert found == LARGEST.keys()


def test_the_largest_request_fits() -> None:
    sizes = {path: len(encoded(" " * 10_000, make())) for path, make in LARGEST.items()}
    assert {path: size for path, size in sizes.items() if size > min(MAX_BODY_BYTES, MAX_MESSAGE_BYTES)} == {}


@pytest.fixture
async def served_api(settings: Settings, database: Database, clock: Clock) -> AsyncIterator[ServedApi]:
    async with serve_api(settings, clock) as served:
        yield served


@pytest.fixture
async def metered(given: Given) -> tuple[UUID, UUID]:
    deployment_id = await given.deployment(await given.tenant())
    return deployment_id, await resource(given, deployment_id)


async def test_a_thousand_of_the_largest_events(served_api: ServedApi, metered: tuple[UUID, UUID]) -> None:
    body = encoded(RECORD_USAGE, {"events": events(*metered)})
    async with served_api.client(Role.METER, subject="m", content_type="application/json") as client:
        answer = (await client.post("/graphql", content=body)).json()
        assert answer["data"]["recordUsage"] == {"accepted": MAX_EVENTS, "duplicates": 0, "rejected": []}
        async with connected(served_api.url) as socket:
            await socket.initialise(client.headers["authorization"].removeprefix("Bearer "))
            await socket.connection.send(f'{{"type": "subscribe", "id": "1", "payload": {body.decode()}}}')
            recorded = (await socket.receive())["payload"]["data"]["recordUsage"]
            assert recorded == {"accepted": 0, "duplicates": MAX_EVENTS, "rejected": []}
