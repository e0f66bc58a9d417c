"""`arcadia usage-totals`: totals that were tampered with are found, and made again from the events."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from app.operations.refusal import ProblemCode, Refusal
from app.operations.usage import MeteredEvent, prove_totals, record_usage
from tests.cli.command import Command
from tests.conftest import SECRET
from tests.operations.given import Given
from tests.operations.laws.test_laws import break_rows

BROKEN = {
    "a total": "UPDATE usage_daily_totals SET total = total + 1 WHERE resource_kind = 'droplet_hours'",
    "a peak": "UPDATE usage_daily_totals SET peak = 0 WHERE resource_kind = 'storage_gb'",
    "a level": "UPDATE usage_daily_totals SET level_microseconds = 1 WHERE resource_kind = 'storage_gb_hours'",
    "a last level": "UPDATE usage_daily_totals SET last_level = 1 WHERE resource_kind = 'storage_gb_hours'",
    "an instant": "UPDATE usage_daily_totals SET first_at = first_at + interval '1 second'",
    "a day lost": "DELETE FROM usage_daily_totals WHERE day = '2026-04-10'",
    "a day too many": """
        INSERT INTO usage_daily_totals (
            id, tenant_id, deployment_id, resource_kind, resource_id, day, total, peak, first_at, last_level,
            level_microseconds
        )
        SELECT gen_random_uuid(), tenant_id, deployment_id, resource_kind, resource_id, '2026-04-20', total, peak,
               first_at, last_level, level_microseconds
        FROM usage_daily_totals WHERE resource_kind = 'droplet_hours' AND day = '2026-04-10'
    """,
    "all of them": "DELETE FROM usage_daily_totals",
}
TOTALS = """
SELECT tenant_id, deployment_id, resource_kind, day, total, peak, first_at, last_level, level_microseconds
FROM usage_daily_totals ORDER BY deployment_id, resource_kind, day
"""


@pytest.fixture
async def metered(given: Given) -> Given:
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
    return given


async def differences(given: Given, *, repair: bool = False) -> list[Any]:
    return [difference async for difference in prove_totals(given.platform, repair=repair)]


async def test_totals_that_are_right_are_left_alone(metered: Given) -> None:
    before = await metered.contents()
    assert await differences(metered, repair=True) == []
    assert await metered.contents() == before


@pytest.mark.parametrize("broken", BROKEN)
async def test_what_differs_is_told_and_made_again(metered: Given, worker_database_url: str, broken: str) -> None:
    before = await metered.rows(TOTALS)
    break_rows(worker_database_url, BROKEN[broken])
    tampered = await metered.rows(TOTALS)
    found = await differences(metered)
    assert found
    assert await metered.rows(TOTALS) == tampered
    repaired = await differences(metered, repair=True)
    assert [difference.message for difference in repaired] == [difference.message for difference in found]
    assert await differences(metered) == []
    assert await metered.rows(TOTALS) == before


async def test_only_the_platforms_admin_may(metered: Given) -> None:
    with pytest.raises(Refusal) as refused:
        [difference async for difference in prove_totals(metered.meter(), repair=True)]
    assert refused.value.code is ProblemCode.PERMISSION_DENIED


async def test_the_command(metered: Given, worker_database_url: str) -> None:
    arcadia = Command(
        {
            "ARCADIA_DATABASE_URL": worker_database_url,
            "ARCADIA_DATA_DIR": str(metered.settings.data_dir),
            "ARCADIA_JWT_SECRET": SECRET,
        }
    )
    outcome = arcadia("usage-totals")
    assert (outcome.code, outcome.out) == (0, "Every total is its events, folded.\n")
    break_rows(worker_database_url, BROKEN["a total"])
    outcome = arcadia("usage-totals")
    assert (outcome.code, outcome.err) == (1, "4 differences.\n")
    assert outcome.out.count("deployment ") == 4
    outcome = arcadia("usage-totals", "--repair")
    assert (outcome.code, outcome.out.splitlines()[-1]) == (0, "4 differences, repaired.")
    outcome = arcadia("usage-totals")
    assert outcome.code == 0
