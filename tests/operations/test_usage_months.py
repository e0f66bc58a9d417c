"""Partitions of events by month: every event has one, and an id is unique over all months."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from app.operations.usage import MeteredEvent, RecordingOutcome, UsageFault, make_months, record_usage
from tests.operations.given import Given

PARTITIONS = """
SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = 'usage_records'::regclass ORDER BY c.relname
"""


def event(deployment_id: UUID, occurred_at: datetime, **content: Any) -> MeteredEvent:
    metered: dict[str, Any] = {"id": "1", "resource_kind": "droplet_hours", "quantity": Decimal(1)}
    return MeteredEvent(deployment_id=deployment_id, occurred_at=occurred_at, **metered | content)


async def months(given: Given) -> list[str]:
    return [row["relname"].removeprefix("usage_records_") for row in await given.rows(PARTITIONS)]


async def test_an_id_is_taken_in_every_month(given: Given) -> None:
    deployment_id = await given.deployment(await given.tenant())
    april = event(deployment_id, datetime(2026, 4, 10, tzinfo=UTC))
    march = event(deployment_id, datetime(2026, 3, 10, tzinfo=UTC))
    assert await record_usage(given.meter(), events=[april]) == RecordingOutcome(1, 0, ())
    assert await record_usage(given.meter(), events=[april]) == RecordingOutcome(0, 1, ())
    recorded = await record_usage(given.meter(), events=[march])
    assert [rejection.code for rejection in recorded.rejected] == [UsageFault.ID_REUSED]
    assert await given.row("SELECT count(*) FROM usage_records") == {"count": 1}


async def test_every_instant_has_its_month(given: Given) -> None:
    deployment_id = await given.deployment(await given.tenant())
    instants = [
        datetime(2000, 1, 1, tzinfo=UTC),
        datetime(2019, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        datetime(2026, 3, 31, 23, 59, 59, 999999, tzinfo=UTC),
        datetime(2026, 4, 1, tzinfo=UTC),
        given.clock() + timedelta(minutes=5),
    ]
    events = [event(deployment_id, instant, id=str(number)) for number, instant in enumerate(instants)]
    assert (await record_usage(given.meter(), events=events)).accepted == len(events)
    kept = await given.rows(
        "SELECT tableoid::regclass::text AS month, occurred_at FROM usage_records ORDER BY event_id"
    )
    assert [row["occurred_at"] for row in kept] == instants
    assert [row["month"].removeprefix("usage_records_") for row in kept] == [
        "earlier",
        "earlier",
        "2026_03",
        "2026_04",
        "2026_05",
    ]


async def test_a_month_that_nobody_made_is_made_by_its_first_events(given: Given) -> None:
    deployment_id = await given.deployment(await given.tenant())
    last = (await months(given))[-2]  # the last but "earlier"
    year, month = map(int, last.split("_"))
    given.clock.set(year + 1, month, 28)  # a year without the job that creates partitions
    assert f"{year + 1}_{month:02}" not in await months(given)
    batches = [[event(deployment_id, given.clock(), id=f"{number}")] for number in range(4)]
    answers = await asyncio.gather(*(record_usage(given.meter(), events=batch) for batch in batches))
    assert [answer.accepted for answer in answers] == [1, 1, 1, 1]
    made = [name for name in await months(given) if name != "earlier"]
    first = datetime.strptime(made[0], "%Y_%m").replace(tzinfo=UTC)
    expected = [
        f"{first.year + (first.month - 1 + k) // 12}_{(first.month - 1 + k) % 12 + 1:02}" for k in range(len(made))
    ]
    assert made == expected
    assert made[-1] == f"{year + 1}_{month:02}"


async def test_the_job_makes_the_next_months(given: Given) -> None:
    year, month = map(int, (await months(given))[-2].split("_"))
    given.clock.set(year, month, 20)
    await make_months(given.platform)
    ahead = given.clock() + timedelta(days=62)
    assert (await months(given))[-2] == f"{ahead:%Y_%m}"
    before = await months(given)
    await make_months(given.platform)
    assert await months(given) == before


async def test_a_deployments_month_is_looked_up_by_the_key(given: Given) -> None:
    plan = await given.rows(
        "EXPLAIN SELECT quantity FROM usage_records WHERE tenant_id = gen_random_uuid() AND deployment_id = $1"
        " AND resource_kind = 'droplet_hours' AND occurred_at >= '2026-04-01Z' AND occurred_at < '2026-05-01Z'",
        UUID(int=1),
    )
    text = "\n".join(row["QUERY PLAN"] for row in plan)
    assert "usage_records_2026_04" in text
    assert "usage_records_2026_03" not in text


async def test_the_fingerprint_is_the_migrations(given: Given) -> None:
    """Events recorded before fingerprints existed got theirs from SQL, which must compute the same."""
    deployment_id = await given.deployment(await given.tenant())
    quantities = ["0", "1.50", "999999999999999.999999999999", "0.000000000001", "-0", "1E+3"]
    events = [
        event(deployment_id, datetime(2026, 4, 10, 1, 2, 3, 45, tzinfo=UTC), id=quantity, quantity=Decimal(quantity))
        for quantity in quantities
    ]
    assert (await record_usage(given.meter(), events=events)).accepted == len(events)
    other = await given.rows(
        """
        SELECT event_id FROM usage_records r JOIN usage_event_keys k USING (tenant_id, source, event_id, occurred_at)
        WHERE k.id <> r.id OR k.fingerprint <> substring(sha256(convert_to(concat_ws(' ', deployment_id, resource_kind,
            trim_scale(quantity), (extract(epoch FROM occurred_at) * 1000000)::bigint, resource_id), 'UTF8')) FOR 16)
        """
    )
    assert other == []
