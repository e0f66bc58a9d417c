"""Correcting usage through the API, and looking at the corrections."""

from typing import Any
from uuid import UUID

from tests.schema.api import Api, refused
from tests.schema.test_usage import SELECTION, event

CORRECTED = """... on UsageCorrected { previousQuantity quantity deployment { slug }
    correction { source eventId resourceKind occurredAt day previousQuantity quantity reason actor } }"""


async def metered(api: Api) -> tuple[UUID, UUID]:
    acme = await api.given.tenant("acme")
    deployment = await api.given.deployment(acme)
    await api.mutate("recordUsage", {"events": [event(deployment, quantity="500")]}, SELECTION)
    return acme, deployment


async def test_an_event_is_corrected_and_the_correction_is_listed(api: Api) -> None:
    acme, deployment = await metered(api)
    asked = {"tenantId": str(acme), "eventId": "1", "quantity": "50", "reason": "a decimal point"}
    correction = {
        "source": "api",
        "eventId": "1",
        "resourceKind": "droplet_hours",
        "occurredAt": "2026-05-01T02:00:00+00:00",
        "day": "2026-05-01",
        "previousQuantity": "500",
        "quantity": "50",
        "reason": "a decimal point",
        "actor": "platform_admin@example.com",
    }
    assert await api.mutate("correctUsage", asked, CORRECTED) == {
        "__typename": "UsageCorrected",
        "previousQuantity": "500",
        "quantity": "50",
        "deployment": {"slug": "pilot"},
        "correction": correction,
    }
    await api.mutate("correctUsage", asked | {"quantity": "49.5"}, CORRECTED)

    async def listed(caller: Any, filter_: dict[str, str]) -> list[tuple[str, str]]:
        text = """query ($filter: UsageCorrectionFilter) { usageCorrections(filter: $filter) {
            nodes { previousQuantity quantity tenant { code } deployment { slug } } } }"""
        data = await api.data(text, {"filter": filter_}, caller=caller)
        return [(node["previousQuantity"], node["quantity"]) for node in data["usageCorrections"]["nodes"]]

    both = [("50", "49.5"), ("500", "50")]
    rival = await api.given.tenant("rival")
    assert await listed(api.given.platform, {}) == both
    assert await listed(api.given.viewer(acme), {"tenantId": str(acme), "deploymentId": str(deployment)}) == both
    assert await listed(api.given.platform, {"deploymentId": str(acme)}) == []
    assert await listed(api.given.viewer(rival), {}) == []


async def test_a_meter_corrects_and_reads_nothing(api: Api) -> None:
    acme, _ = await metered(api)
    asked = {"tenantId": str(acme), "source": "api", "eventId": "1", "quantity": "0", "reason": "sent by mistake"}
    for caller, previous in ((api.given.meter(), "500"), (api.given.meter(acme), "0")):
        assert await api.mutate("correctUsage", asked, CORRECTED, caller=caller) == {
            "__typename": "UsageCorrected",
            "previousQuantity": previous,
            "quantity": "0",
            "deployment": None,
            "correction": None,
        }


async def test_a_fault_is_reported_with_its_input_path(api: Api) -> None:
    acme, _ = await metered(api)
    asked = {"tenantId": str(acme), "eventId": "1", "quantity": "1", "reason": "misread"}
    assert await api.mutate("correctUsage", asked | {"eventId": "2"}) == refused("NOT_FOUND", "eventId")
    assert await api.mutate("correctUsage", asked | {"tenantId": None}) == refused("VALIDATION_FAILED", "tenantId")
    assert await api.mutate("correctUsage", asked | {"quantity": "-1"}) == refused("VALIDATION_FAILED", "quantity")
    assert await api.mutate("correctUsage", asked | {"reason": " "}) == refused("VALIDATION_FAILED", "reason")
