"""The buckets: a row for each tenant and subject, from which processes take points by the slice.

A bucket is one instant, `full_at`, at which it will be full again (the generic cell rate algorithm): it holds `burst`
less what is to flow in until then. Whatever the number of processes, what was ever granted, less what was given back,
is at most `burst` and what has flowed in since the first: one statement reads, decides and writes under the row's
lock, and rounds against the caller. The time is the database's: processes share it, and their own clocks may differ.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.database import PLATFORM, Database, Scope
from app.operations.calls.context import Context
from app.settings import Settings
from app.tables.ids import new_id

SLICES = 10
"""A process takes this part of a full bucket at a time, and less of one that runs dry: a quarter of what it holds."""

_TAKE = """
WITH asked AS MATERIALIZED (
    SELECT set_config('app.tenant_id', $1, true), coalesce($2::timestamptz, clock_timestamp()) AS now
)
INSERT INTO rate_limit_buckets AS bucket (id, tenant_id, subject, last_granted, full_at)
SELECT $3, $4, $5, greatest($6::integer, $7), now + ceil(greatest($6, $7) * 1e6 / $10) * interval '1 microsecond'
FROM asked
ON CONFLICT (tenant_id, subject) DO UPDATE SET (last_granted, full_at) = (
    SELECT part.points, held.full_at + ceil(part.points * 1e6 / $10) * interval '1 microsecond'
    FROM asked
    CROSS JOIN LATERAL (
        SELECT least(
            greatest(bucket.full_at - floor($8::integer * 1e6 / $10) * interval '1 microsecond', now),
            now + ceil($9::integer * 1e6 / $10 + 1) * interval '1 microsecond'
        ) AS full_at
    ) AS held
    CROSS JOIN LATERAL (
        SELECT $9 - ceil(extract(epoch FROM held.full_at - now) * $10::integer) AS points
    ) AS level
    CROSS JOIN LATERAL (
        SELECT CASE WHEN level.points < $6 THEN 0 ELSE greatest($6, least($7, div(level.points, 4))) END AS points
    ) AS part
)
RETURNING last_granted, full_at, (SELECT now FROM asked) AS now
"""
# A bucket that is full says no more than one that is not there.
_PURGE = "DELETE FROM rate_limit_buckets WHERE full_at < now()"


@dataclass(frozen=True, slots=True)
class Limit:
    """A caller's bucket, in points of cost: what it holds when full, and what flows in each second."""

    burst: int
    per_second: int

    @classmethod
    def from_settings(cls, settings: Settings) -> "Limit | None":
        """None: no limit."""
        default = PRODUCTION if settings.production else DEVELOPMENT
        burst = default.burst if settings.rate_limit_burst is None else settings.rate_limit_burst
        per_second = default.per_second if settings.rate_limit_per_second is None else settings.rate_limit_per_second
        return cls(burst, per_second) if burst and per_second else None


PRODUCTION = Limit(100_000, 10_000)
"""Some 300 requests a second, each of ten objects with their relations: no screen asks for as much, a loop does."""
DEVELOPMENT = Limit(10_000_000, 1_000_000)
"""More than one machine serves."""


@dataclass(frozen=True, slots=True)
class Grant:
    """Points that are this process's to spend; 0: the bucket did not hold the cost. `now` is the bucket's clock."""

    points: int
    full_at: datetime
    now: datetime


class Buckets:
    """The callers' buckets, all of one size. `clock`: for tests; None: the database's."""

    def __init__(self, database: Database, limit: Limit, clock: Callable[[], datetime] | None = None) -> None:
        self.limit = limit
        self._database = database
        self._clock = clock

    async def take(self, tenant_id: UUID | None, subject: str, cost: int, *, unspent: int = 0) -> Grant:
        """Gives back what is unspent of an earlier grant, then takes a slice that is at least the cost, which is at
        most `burst`. Raises DatabaseUnavailable, or what PostgreSQL raises.
        """
        limit = self.limit
        scope = PLATFORM if tenant_id is None else Scope.tenant(tenant_id)
        async with self._database.reading_written(scope) as connection:  # one statement, hence no unit of work
            row = await connection.fetchrow(
                _TAKE,
                scope.setting,
                self._clock() if self._clock else None,
                new_id(),
                tenant_id,
                subject,
                cost,
                limit.burst // SLICES,
                unspent,
                limit.burst,
                limit.per_second,
            )
        return Grant(row["last_granted"], row["full_at"], row["now"])


async def purge(context: Context) -> int:
    """Forgets the buckets that are full, and gives how many they were."""
    async with context.database.unit_of_work(PLATFORM) as unit:
        answer: str = await unit.connection.execute(_PURGE)
    return int(answer.rsplit(" ", 1)[-1])
