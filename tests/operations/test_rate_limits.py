"""A caller's bucket, whatever the number of processes, on real PostgreSQL; its clock is the tests'."""

import asyncio
import math
import sys
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from hypothesis import HealthCheck
from hypothesis import given as given_data
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from app.database import PLATFORM, Database
from app.operations.calls.principal import Principal, Role
from app.operations.rate_limits import Buckets, Limit, RateLimitedError, RateLimiter, limiter, purge
from app.settings import Environment, Settings
from app.tables.ids import new_id
from tests.operations.given import Given

TENANT, ANOTHER = UUID(int=1), UUID(int=2)
PROCESSES = 3


class Time:
    """The clock that the buckets and all processes share."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds

    def clock(self) -> datetime:
        return datetime(2026, 5, 1, tzinfo=UTC) + timedelta(seconds=self.seconds)


def caller(subject: str = "ada", tenant_id: UUID | None = TENANT) -> Principal:
    role = Role.PLATFORM_ADMIN if tenant_id is None else Role.TENANT_VIEWER
    return Principal(subject, frozenset({role}), tenant_id)


def new_caller() -> Principal:
    return caller(str(new_id()))


async def admitted(process: RateLimiter, principal: Principal, cost: int) -> bool:
    try:
        await process.spend(principal, cost)
    except RateLimitedError:
        return False
    return True


async def admitted_in_a_row(process: RateLimiter, principal: Principal, cost: int) -> int:
    count = 0
    while await admitted(process, principal, cost):
        count += 1
    return count


limits = st.builds(Limit, burst=st.integers(1, 2_000), per_second=st.sampled_from([1, 3, 7, 50, 999, 10_000_000]))
PROPERTY = hypothesis_settings(
    deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), st.integers(0, PROCESSES - 1), st.integers(0, 2_500)),
        st.tuples(st.just("wait"), st.just(0), st.sampled_from([1, 10, 999, 20_000, 61_000, 300_000])),  # milliseconds
        st.tuples(st.just("die"), st.integers(0, PROCESSES - 1), st.just(0)),
    ),
    max_size=40,
)


@PROPERTY
@given_data(limit=limits, steps=steps)
async def test_no_more_is_granted_than_the_bucket_held(
    database: Database, limit: Limit, steps: list[tuple[str, int, int]]
) -> None:
    """In every span of time: at most a full bucket, the points that flowed in, and the slices that processes held at
    its beginning.
    """
    time, principal = Time(), new_caller()
    buckets = Buckets(database, limit, time.clock)
    processes = [RateLimiter(buckets, time.monotonic) for _ in range(PROCESSES)]
    spent: list[tuple[float, int]] = []
    for step, process, amount in steps:
        if step == "wait":
            time.seconds += amount / 1_000
        elif step == "die":
            processes[process] = RateLimiter(buckets, time.monotonic)
        elif await admitted(processes[process], principal, amount):
            spent.append((time.seconds, min(max(1, amount), limit.burst)))
    slices = PROCESSES * max(limit.burst // 10, 1)
    for first in range(len(spent)):
        total = 0
        for at, cost in spent[first:]:
            total += cost
            flowed = (at - spent[first][0]) * limit.per_second
            held = 0 if first == 0 else slices
            assert total <= limit.burst + flowed + held + 1e-6


@PROPERTY
@given_data(limit=limits, steps=steps)
async def test_no_one_is_refused_who_has_enough(
    database: Database, limit: Limit, steps: list[tuple[str, int, int]]
) -> None:
    """Tests one process: no caller with enough points is refused, and after waiting for Retry-After a caller has
    enough.
    """
    time, principal = Time(), new_caller()
    process = RateLimiter(Buckets(database, limit, time.clock), time.monotonic)
    level, rounding = float(limit.burst), 2
    for step, _, amount in steps:
        if step == "wait":
            time.seconds += amount / 1_000
            level = min(limit.burst, level + amount / 1_000 * limit.per_second)
        elif step == "ask":
            cost = min(max(1, amount), limit.burst)
            try:
                await process.spend(principal, amount)
            except RateLimitedError as refused:
                assert level < cost + rounding
                waited = refused.retry_after
                assert waited <= math.ceil(limit.burst / limit.per_second) + 1
                time.seconds += waited
                level = min(limit.burst, level + waited * limit.per_second)
                await process.spend(principal, amount)
            level -= cost


async def test_connections_that_race(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock is the database's; the bucket hardly refills. No lease is given up, however busy the machine is."""
    monkeypatch.setattr(limiter, "MAX_WAIT_SECONDS", 60.0)
    principal, limit = new_caller(), Limit(burst=1_000, per_second=1)
    processes = [RateLimiter(Buckets(database, limit)) for _ in range(8)]
    answers = await asyncio.gather(*(admitted(process, principal, 5) for process in processes * 100))
    assert 1_000 - 8 * 100 <= 5 * sum(answers) <= 1_000 + 60


@pytest.mark.usefixtures("database")
async def test_processes_that_race(worker_database_url: str) -> None:
    """Of 2,000 points that four processes request, the bucket's 1,000 are granted; at most one slice per process is
    unspent.
    """
    command = [sys.executable, "-m", "tests.operations.spending", worker_database_url, str(new_id())]
    running = [await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE) for _ in range(4)]
    admitted_each = [int((await process.communicate())[0]) for process in running]
    assert min(admitted_each) >= 0
    assert 1_000 - 4 * 100 <= 5 * sum(admitted_each) <= 1_000 + 60


async def test_a_bucket_runs_dry_to_the_last_point(database: Database) -> None:
    time = Time()
    process = RateLimiter(Buckets(database, Limit(100, 10), time.clock), time.monotonic)
    assert await admitted_in_a_row(process, caller(), 7) == 14
    assert await admitted_in_a_row(process, caller(), 1) == 2
    time.seconds = 1
    assert await admitted_in_a_row(process, caller(), 1) == 10


async def test_callers_have_separate_buckets(database: Database) -> None:
    time = Time()
    process = RateLimiter(Buckets(database, Limit(100, 10), time.clock), time.monotonic)
    callers = [caller(), caller("bob"), caller(tenant_id=ANOTHER), caller(tenant_id=None), caller("bob", None)]
    for principal in callers:
        assert await admitted_in_a_row(process, principal, 20) == 5
        assert await admitted_in_a_row(RateLimiter(Buckets(database, Limit(100, 10), time.clock)), principal, 20) == 0


async def test_a_cost_beyond_the_bucket_is_the_whole_bucket(database: Database) -> None:
    time = Time()
    process = RateLimiter(Buckets(database, Limit(100, 10), time.clock), time.monotonic)
    assert await admitted(process, caller(), 5_000)
    with pytest.raises(RateLimitedError) as refused:
        await process.spend(caller(), 5_000)
    assert refused.value.retry_after == 10


async def test_the_remaining_balance_is_reported(database: Database) -> None:
    time = Time()
    process = RateLimiter(Buckets(database, Limit(100, 10), time.clock), time.monotonic)
    fresh = process.charge(caller()).balance
    assert fresh
    assert (fresh.limit, fresh.remaining) == (100, 100)
    await process.spend(caller(), 30)
    balance = process.charge(caller()).balance
    assert balance
    assert (balance.limit, balance.remaining) == (100, 70)
    assert balance.full_at == pytest.approx(time.clock().timestamp() + 3, abs=0.01)
    time.seconds = 2
    later = process.charge(caller()).balance
    assert later
    assert later.remaining == 90


class Counted(Buckets):
    """Rate limit buckets that count their queries of PostgreSQL."""

    asked = 0

    async def take(self, *given: Any, **named: Any) -> Any:
        self.asked += 1
        return await super().take(*given, **named)


async def test_a_lease_saves_the_round_trips(database: Database) -> None:
    time = Time()
    buckets = Counted(database, Limit(1_000, 10), time.clock)
    process = RateLimiter(buckets, time.monotonic)
    await asyncio.gather(*(process.spend(caller(), 1) for _ in range(100)))
    assert buckets.asked == 1
    time.seconds = limiter.LEASE_SECONDS
    await process.spend(caller(), 1)
    assert buckets.asked == 2
    assert await admitted_in_a_row(process, caller(), 1_000) == 0
    asked = buckets.asked
    with pytest.raises(RateLimitedError):
        await process.spend(caller(), 1_000)
    assert buckets.asked == asked, "who is known to have too little is refused without asking"


async def test_the_least_recently_seen_are_forgotten(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limiter, "MAX_CALLERS", 2)
    time = Time()
    buckets = Counted(database, Limit(1_000, 10), time.clock)
    process = RateLimiter(buckets, time.monotonic)
    for subject, asked in (("a", 1), ("b", 2), ("a", 2), ("c", 3), ("a", 3), ("b", 4)):
        await process.spend(caller(subject), 1)
        assert buckets.asked == asked


async def test_everyone_is_admitted_while_the_buckets_are_unavailable(
    database: Database, worker_database_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(limiter, "MAX_WAIT_SECONDS", 0.2)
    time = Time()
    buckets = Counted(database, Limit(100, 10), time.clock)
    process = RateLimiter(buckets, time.monotonic)
    owner = await asyncpg.connect(worker_database_url)
    try:
        async with owner.transaction():
            await owner.execute("LOCK TABLE rate_limit_buckets")
            for _ in range(5):
                await process.spend(caller(), 100)
        assert (buckets.asked, len(caplog.records)) == (1, 1)
        time.seconds = 0.3
        assert await admitted_in_a_row(process, caller(), 10) == 10
    finally:
        await owner.close()


async def test_a_failing_statement_gives_no_access(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    time = Time()
    process = RateLimiter(Buckets(database, Limit(100, 10), time.clock), time.monotonic)
    with pytest.raises(asyncpg.PostgresError):
        await process.spend(caller("a\0b"), 1)
    assert await admitted_in_a_row(process, caller(), 10) == 10
    assert caplog.records == []


async def test_full_buckets_are_purged(given: Given, database: Database) -> None:
    process = RateLimiter(Buckets(database, Limit(100, 1)))
    quick = RateLimiter(Buckets(database, Limit(100, 100_000)))
    await process.spend(caller("slow"), 50)
    await quick.spend(caller("quick", ANOTHER), 50)
    await asyncio.sleep(0.01)
    assert await purge(given.platform) == 1
    async with database.unit_of_work(PLATFORM) as unit:
        rows = await unit.connection.fetch("SELECT subject FROM rate_limit_buckets")
    assert [row["subject"] for row in rows] == ["slow"]


async def test_without_buckets_there_is_no_limit() -> None:
    process = RateLimiter(None)
    charge = process.charge(caller())
    await charge.pay(1_000_000)
    charge.check()
    assert (charge.requested, charge.balance) == (1_000_000, None)


def test_limits_come_from_the_settings() -> None:
    assert Limit.from_settings(Settings()) == Limit(10_000_000, 1_000_000)
    assert Limit.from_settings(Settings(environment=Environment.PRODUCTION)) == Limit(100_000, 10_000)
    assert Limit.from_settings(Settings(rate_limit_burst=7)) == Limit(7, 1_000_000)
    assert Limit.from_settings(Settings(rate_limit_burst=0)) is None
    assert Limit.from_settings(Settings(rate_limit_per_second=0)) is None
