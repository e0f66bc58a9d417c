import asyncio
from contextlib import AsyncExitStack

import asyncpg

from app.database import PLATFORM, Database
from app.database.listener import MAX_PENDING_NOTIFICATIONS, ChannelSubscription
from tests.database.faults import past_the_pooler


async def notify(database: Database, channel: str, *payloads: str) -> None:
    async with database.unit_of_work(PLATFORM) as unit:
        for payload in payloads:
            await unit.connection.execute("SELECT pg_notify($1, $2)", channel, payload)


async def receive(subscription: ChannelSubscription, count: int) -> list[str | None]:
    async with asyncio.timeout(10):
        return [await anext(subscription) for _ in range(count)]


async def listening_backends(database: Database) -> list[int]:
    owner = await asyncpg.connect(past_the_pooler(database))
    try:
        rows = await owner.fetch(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'"
        )
        return [row["pid"] for row in rows]
    finally:
        await owner.close()


async def test_every_subscriber_of_a_channel_is_served_by_one_connection(database: Database) -> None:
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(database.listen("events"))
        second = await stack.enter_async_context(database.listen("events"))
        other = await stack.enter_async_context(database.listen("Roll ups"))
        await notify(database, "events", "a", "b")
        await notify(database, "Roll ups", "c")
        assert await receive(first, 2) == ["a", "b"]
        assert await receive(second, 2) == ["a", "b"]
        assert await receive(other, 1) == ["c"]
        assert len(await listening_backends(database)) == 1


async def test_no_notification_of_what_was_rolled_back_or_came_before(database: Database) -> None:
    await notify(database, "unheard", "before")  # a channel that no other test may still be listening to
    async with database.listen("unheard") as events:
        await notify(database, "unheard", "after")
        assert await receive(events, 1) == ["after"]


async def test_a_lost_connection_is_a_gap_and_then_goes_on(database: Database) -> None:
    async with database.listen("events") as events:
        owner = await asyncpg.connect(past_the_pooler(database))
        [backend] = await listening_backends(database)
        await owner.fetchval("SELECT pg_terminate_backend($1, 5000)", backend)
        await owner.close()
        assert await receive(events, 1) == [None]
        async with database.listen("fresh"):  # waits until the new connection listens
            await notify(database, "events", "again")
            assert await receive(events, 1) == ["again"]


async def test_a_reader_too_slow_gets_one_gap() -> None:
    subscription = ChannelSubscription()
    for number in range(MAX_PENDING_NOTIFICATIONS):
        subscription.put(str(number))
    assert await anext(subscription) == "0"
    subscription.put("full")
    subscription.put("one too many")
    subscription.put("after")
    assert await receive(subscription, 2) == [None, "after"]
