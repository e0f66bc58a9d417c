"""The largest body that POST /usage takes, in memory that does not grow with it."""

import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from app.operations.calls.principal import Role
from app.operations.data_integrity import check
from tests.faults.api import apis
from tests.operations.given import Given
from tests.server.usage_bodies import event, lines

MAX_LINES = 100_000
MAX_MEGABYTES = 24
"""More than for a tenth of it: some blocks of half a megabyte, their events and their rows."""


def body(deployment: UUID, first: int, count: int, at: datetime) -> bytes:
    metered = {"resourceKind": "egress_gb", "quantity": "0.25", "occurredAt": at.isoformat()}
    return lines(*(event(deployment, number, **metered) for number in range(first, first + count)))


async def test_a_hundred_thousand_lines_take_the_memory_of_some(given: Given, tmp_path: Path) -> None:
    deployment = await given.deployment(await given.tenant())
    yesterday = datetime.now(UTC) - timedelta(days=1)
    async with apis(given.settings, tmp_path) as (api,), api.client(Role.METER, timeout=120) as meter:
        headers = {"content-type": "application/x-ndjson"}
        warm = await meter.post("/usage", content=body(deployment, 0, MAX_LINES // 10, yesterday), headers=headers)
        assert warm.json()["accepted"] == MAX_LINES // 10
        before = api.memory("VmHWM")
        packed = gzip.compress(body(deployment, MAX_LINES // 10, MAX_LINES, yesterday), compresslevel=1)
        answer = await meter.post("/usage", content=packed, headers=headers | {"content-encoding": "gzip"})
        assert answer.json() == {"accepted": MAX_LINES, "duplicates": 0, "rejectedTotal": 0, "rejected": []}
        assert api.memory("VmHWM") - before < MAX_MEGABYTES * 1024 * 1024
        one_more = body(deployment, 0, MAX_LINES + 1, yesterday)
        refused = await meter.post("/usage", content=one_more, headers=headers)
        assert (refused.status_code, refused.json()["errors"][0]["extensions"]["code"]) == (413, "PAYLOAD_TOO_LARGE")
    kept = await given.row("SELECT count(*) AS events, sum(quantity) AS quantity FROM usage_records")
    assert kept == {"events": 110_000, "quantity": 27_500}
    assert await given.row("SELECT sum(total) AS total FROM usage_daily_totals") == {"total": 27_500}
    assert await check(given.platform) == []
