"""Workers killed with SIGKILL while they deliver, and a receiver killed and restarted: no event is lost, none comes
before the one that it follows.
"""

import asyncio
import random
from collections import defaultdict
from urllib.parse import urlsplit

import pytest

from app.operations.data_integrity import check
from app.operations.webhooks import create_webhook_endpoint
from app.tables.ids import new_ids
from tests.faults.test_killed_processes import until
from tests.faults.workers import Workers
from tests.operations.given import Given
from tests.operations.webhooks.receiver import Answer, Delivered, receiving

CLAIM_SECONDS = 2
TENANTS = 20

# What update_tenant writes, for many changes at once.
_EVENTS = """
WITH taken AS (
    INSERT INTO event_sequences AS s (id, tenant_id, last_sequence)
    SELECT a.id, a.id, 1 FROM unnest($2::uuid[]) AS a (id)
    ON CONFLICT (id) DO UPDATE SET last_sequence = s.last_sequence + 1 RETURNING id, last_sequence
)
INSERT INTO events (id, tenant_id, type, aggregate_type, aggregate_id, sequence, occurred_at, version, data)
SELECT n.id, taken.id, 'tenant.updated', 'TENANT', taken.id, taken.last_sequence, now(), 1, '{}'
FROM unnest($1::uuid[], $2::uuid[]) AS n (id, tenant_id) JOIN taken ON taken.id = n.tenant_id
"""


def sometimes_lost(_request: Delivered) -> Answer:
    """Of a hundred answers some fail and some are lost."""
    drawn = random.random()  # noqa: S311 - any will do
    return Answer(500) if drawn < 0.02 else Answer(close=drawn < 0.04)


async def killed_while_delivering(given: Given, events: int, kills: int) -> None:
    tenants = [await given.tenant(f"tenant-{number}") for number in range(TENANTS)]
    assert given.settings.database_url is not None
    workers = Workers(
        "tests.faults.deliverer", given.settings.database_url, str(given.settings.data_dir), str(CLAIM_SECONDS)
    )
    got: list[Delivered] = []
    port = 0
    workers.start(3)
    try:
        for part in range(kills):
            async with receiving(sometimes_lost, port=port) as receiver:
                receiver.requests = got
                if not part:
                    port = urlsplit(receiver.url).port or 0
                    await create_webhook_endpoint(given.platform, url=receiver.url, event_types=["tenant.updated"])
                for _ in range(events // TENANTS // kills):
                    await given.rows(_EVENTS, new_ids(TENANTS), tenants)
                before = len(got)

                async def has_moved(before: int = before) -> bool:
                    return len(got) > before + 5

                await until(has_moved, 60)
                await asyncio.sleep(random.uniform(0, 0.2))  # noqa: S311 - at any moment
                workers.kill_one()
                workers.start()
        assert len(got) < events, "everything was delivered before the last process was killed"
        async with receiving(port=port) as receiver:
            receiver.requests = got

            async def is_delivered() -> bool:
                rows = await given.rows("SELECT FROM webhook_deliveries WHERE status = 'DELIVERED' LIMIT $1", events)
                return len(rows) == events

            await until(is_delivered, 60 + events / 20)
    finally:
        workers.stop()
    each_came_in_order(got, events)
    assert await check(given.platform) == []


def each_came_in_order(got: list[Delivered], events: int) -> None:
    """Each event came at least once; without those that came again, an aggregate's are in order."""
    seen: set[str] = set()
    sequences: dict[str, list[int]] = defaultdict(list)
    for request in got:
        if request.message_id not in seen:
            seen.add(request.message_id)
            sequences[request.event["aggregateId"]].append(request.event["sequence"])
    assert len(seen) == events
    for numbers in sequences.values():
        assert numbers == list(range(2, events // TENANTS + 2))


@pytest.mark.timeout(300)
async def test_workers_and_the_receiver_killed_during_1000_deliveries(given: Given) -> None:
    await killed_while_delivering(given, events=1_000, kills=5)


@pytest.mark.heavy
@pytest.mark.timeout(1800)
async def test_workers_and_the_receiver_killed_during_10000_deliveries(given: Given) -> None:
    await killed_while_delivering(given, events=10_000, kills=20)
