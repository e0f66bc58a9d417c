"""A consumer that reads from a cursor on gets every event once, in the order of each aggregate, however transactions
commit.
"""

import asyncio
from uuid import UUID

import pytest

from app.database import PLATFORM, Scope, UnitOfWork
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.events import publish_events, read_events, record_tenant
from app.operations.tenants import update_tenant
from app.tables.events import EventType
from tests.operations.given import Given


async def follow(given: Given, after: UUID | None, *, limit: int = 3) -> list[tuple[UUID, UUID, int]]:
    """Reads on to the end, as a consumer would: event, aggregate and sequence."""
    read: list[tuple[UUID, UUID, int]] = []
    while batch := await read_events(given.platform, PLATFORM, after=after, limit=limit):
        read += [(one.id, one.aggregate_id, one.sequence) for one in batch]
        after = batch[-1].id
    return read


async def change(given: Given, tenant_id: UUID, name: str) -> None:
    await update_tenant(given.platform, tenant_id=tenant_id, name=name)


async def test_an_event_is_read_once_it_is_published_and_not_before(given: Given) -> None:
    tenant_id = await given.tenant()
    assert await follow(given, None) == []
    assert await publish_events(given.platform) == 1
    ((event_id, aggregate_id, sequence),) = await follow(given, None)
    assert (aggregate_id, sequence) == (tenant_id, 1)
    assert await publish_events(given.platform) == 0
    assert await follow(given, event_id) == []


async def test_an_event_with_a_lower_id_that_commits_later_is_not_skipped(given: Given) -> None:
    early, late = await given.tenant("early"), await given.tenant("late")
    await publish_events(given.platform)
    seen = await follow(given, None)
    written, may_commit = asyncio.Event(), asyncio.Event()

    async def hold_back(_unit: UnitOfWork, _items: list[object]) -> None:
        written.set()  # the event has its id and its row
        await may_commit.wait()

    async def change_slowly(unit: UnitOfWork) -> None:
        await record_tenant(unit, EventType.TENANT_UPDATED, early, given.clock())
        unit.collect(hold_back, [None])

    slow = asyncio.create_task(given.database.run_in_transaction(PLATFORM, change_slowly))
    await written.wait()
    await change(given, late, "Late")
    await publish_events(given.platform)
    between = await follow(given, seen[-1][0])
    assert [aggregate_id for _, aggregate_id, _ in between] == [late]
    may_commit.set()
    await slow
    await publish_events(given.platform)
    after = await follow(given, between[-1][0])
    assert [aggregate_id for _, aggregate_id, _ in after] == [early]
    assert after[0][0] < between[0][0]  # a cursor by id has passed it: the bug that this design avoids


async def test_racing_writers_publishers_and_a_consumer(given: Given) -> None:
    tenants = [await given.tenant(f"tenant-{number}") for number in range(4)]
    done = asyncio.Event()

    async def write(number: int) -> None:
        for at in range(10):
            await change(given, tenants[(number + at) % 4], f"Name {number} {at}")

    async def publish() -> None:
        while not done.is_set():
            await publish_events(given.platform)

    async def consume() -> list[tuple[UUID, UUID, int]]:
        read: list[tuple[UUID, UUID, int]] = []
        while not done.is_set():
            read += await follow(given, read[-1][0] if read else None)
            await asyncio.sleep(0)
        return read

    publishing = [asyncio.create_task(publish()) for _ in range(2)]
    consuming = asyncio.create_task(consume())
    await asyncio.gather(*(write(number) for number in range(6)))
    await publish_events(given.platform)
    done.set()
    await asyncio.gather(*publishing)
    read = await consuming
    read += await follow(given, read[-1][0] if read else None)
    assert len({event_id for event_id, _, _ in read}) == len(read) == 4 + 60
    for tenant_id in tenants:
        sequences = [sequence for _, aggregate_id, sequence in read if aggregate_id == tenant_id]
        assert sequences == list(range(1, len(sequences) + 1))


async def test_more_events_than_a_batch_are_published_in_the_order_of_each_aggregate(
    given: Given, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.operations.events.publishing.BATCH", 4)
    tenants = [await given.tenant(f"tenant-{number}") for number in range(3)]
    for at in range(4):
        for tenant_id in tenants:
            await change(given, tenant_id, f"Name {at}")
    assert await publish_events(given.platform) == 15
    read = await follow(given, None)
    for tenant_id in tenants:
        assert [sequence for _, aggregate_id, sequence in read if aggregate_id == tenant_id] == [1, 2, 3, 4, 5]


async def test_a_tenant_reads_its_own_events_only(given: Given) -> None:
    ours, theirs = await given.tenant("ours"), await given.tenant("theirs")
    await publish_events(given.platform)
    (own,) = await read_events(given.viewer(ours), Scope.tenant(ours), after=None, limit=10)
    assert own.aggregate_id == ours
    (others,) = await read_events(given.viewer(theirs), Scope.tenant(theirs), after=None, limit=10)
    with pytest.raises(Refusal) as refused:
        await read_events(given.viewer(ours), Scope.tenant(ours), after=others.id, limit=10)
    assert refused.value.code is ProblemCode.NOT_FOUND
