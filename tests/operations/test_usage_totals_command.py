"""`arcadia usage-totals` finds manipulated totals and recomputes them from the events."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.deployments import end_resource
from app.operations.usage import MeteredEvent, correct_usage, prove_totals, record_usage
from tests.cli.command import Command
from tests.conftest import SECRET
from tests.operations.data_integrity.test_checks import break_rows
from tests.operations.given import Given
from tests.operations.metering import metered, record, resource

BROKEN = {
    "a total": "UPDATE usage_daily_totals SET total = total + 1 WHERE resource_kind = 'droplet_hours'",
    "a peak": "UPDATE usage_daily_totals SET peak = 0 WHERE resource_kind = 'storage_gb'",
    "a level": "UPDATE usage_daily_totals SET level_microseconds = 1 WHERE resource_kind = 'storage_gb_hours'",
    "a last level": "UPDATE usage_daily_totals SET last_level = 1 WHERE resource_kind = 'storage_gb_hours'",
    "an instant": "UPDATE usage_daily_totals SET first_at = first_at + interval '1 second'",
    "a day lost": "DELETE FROM usage_daily_totals WHERE day = '2026-04-10'",
    "a day too many": """
        INSERT INTO usage_daily_totals (id, tenant_id, deployment_id, resource_kind, resource_id, day, total, peak,
                                        first_at, last_level, level_microseconds)
        SELECT gen_random_uuid(), tenant_id, deployment_id, resource_kind, resource_id, '2026-04-20', total, peak,
               first_at, last_level, level_microseconds
        FROM usage_daily_totals WHERE resource_kind = 'droplet_hours' AND day = '2026-04-10'
    """,
    "the end of a level": "DELETE FROM usage_daily_totals WHERE day = '2026-04-12'",
    "a correction": "UPDATE usage_daily_totals SET total = 101.5, peak = 70 WHERE day = '2026-04-10' AND peak = 30",
    "all of them": "DELETE FROM usage_daily_totals",
}
TOTALS = """
SELECT tenant_id, deployment_id, resource_kind, resource_id, day, total, peak, first_at, last_level, level_microseconds
FROM usage_daily_totals ORDER BY deployment_id, resource_kind, resource_id, day
"""


@pytest.fixture
async def totalled(given: Given) -> Given:
    deployments = [await given.deployment(await given.tenant(code)) for code in ("acme", "globex")]
    events = [
        MeteredEvent(
            id=f"{kind}/{day}/{hour}/{quantity}",
            deployment_id=deployment_id,
            resource_kind=kind,
            quantity=Decimal(quantity),
            occurred_at=datetime(2026, 4, day, hour, tzinfo=UTC),
        )
        for deployment_id in deployments
        for kind in ("droplet_hours", "storage_gb", "storage_gb_hours")
        for day, hour, quantity in [(10, 0, "1.5"), (10, 12, "30"), (10, 12, "70"), (11, 23, "0.25")]
    ]
    assert (await record_usage(given.meter(), events=events)).accepted == len(events)
    await _with_an_end_and_a_correction(given, deployments[0])
    return given


async def _with_an_end_and_a_correction(given: Given, deployment_id: UUID) -> None:
    """A volume that ends on 12 April, after a level of the 11th, and a reading that was too high."""
    volume = await resource(given, deployment_id)
    for kind in ("storage_gb", "storage_gb_hours"):
        for day, quantity in ((11, "5"), (13, "70")):
            await record(
                given, metered(deployment_id, kind, quantity, datetime(2026, 4, day, tzinfo=UTC), resource_id=volume)
            )
    await end_resource(given.platform, resource_id=volume, ended_at=datetime(2026, 4, 12, 6, tzinfo=UTC))
    tenant_id = (await given.row("SELECT tenant_id FROM cloud_deployments WHERE id = $1", deployment_id))["tenant_id"]
    await correct_usage(
        given.platform,
        tenant_id=tenant_id,
        source="api",
        event_id="storage_gb/10/12/70",
        quantity=Decimal(9),
        reason="misread",
    )


async def differences(given: Given, *, repair: bool = False) -> list[Any]:
    return [difference async for difference in prove_totals(given.platform, repair=repair)]


async def test_totals_that_are_right_are_left_alone(totalled: Given) -> None:
    before = await totalled.contents()
    assert await differences(totalled, repair=True) == []
    assert await totalled.contents() == before


@pytest.mark.parametrize("broken", BROKEN)
async def test_differing_totals_are_reported_and_repaired(
    totalled: Given, worker_database_url: str, broken: str
) -> None:
    before = await totalled.rows(TOTALS)
    break_rows(worker_database_url, BROKEN[broken])
    tampered = await totalled.rows(TOTALS)
    found = await differences(totalled)
    assert found
    assert await totalled.rows(TOTALS) == tampered
    repaired = await differences(totalled, repair=True)
    assert [difference.message for difference in repaired] == [difference.message for difference in found]
    assert await differences(totalled) == []
    assert await totalled.rows(TOTALS) == before


async def test_only_the_platforms_admin_may(totalled: Given) -> None:
    with pytest.raises(Refusal) as refused:
        [difference async for difference in prove_totals(totalled.meter(), repair=True)]
    assert refused.value.code is ProblemCode.PERMISSION_DENIED


async def test_the_command(totalled: Given, worker_database_url: str) -> None:
    arcadia = Command(
        {
            "ARCADIA_DATABASE_URL": worker_database_url,
            "ARCADIA_DATA_DIR": str(totalled.settings.data_dir),
            "ARCADIA_JWT_SECRET": SECRET,
        }
    )
    outcome = arcadia("usage-totals")
    assert (outcome.code, outcome.out) == (0, "No differences found.\n")
    break_rows(worker_database_url, BROKEN["a total"])
    outcome = arcadia("usage-totals")
    assert (outcome.code, outcome.err.splitlines()[1:]) == (1, ["Differences found: 4."])
    assert outcome.out.count("deployment ") == 4
    outcome = arcadia("usage-totals", "--repair")
    assert (outcome.code, outcome.out.splitlines()[-1]) == (0, "Differences repaired: 4.")
    outcome = arcadia("usage-totals")
    assert outcome.code == 0
