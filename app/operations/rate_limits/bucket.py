"""The buckets: a row for each tenant and subject, from which processes lease slices of points.

A bucket is stored as one instant, `full_at`, at which it will be full again (the generic cell rate algorithm): it holds
`burst` less the points that will flow in until then. However many processes there are, the points ever granted, less
those returned, never exceed `burst` plus the points that have flowed in since the first grant: one statement reads,
decides and writes while the row is locked, and rounds against the caller. The time is the database's, because the
clocks of the processes may differ.
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
"""A process takes 1/SLICES of a full bucket at a time, and less from a bucket that is nearly empty: a quarter of its
points.
"""

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
# A full bucket is equivalent to a missing one.
_PURGE = "DELETE FROM rate_limit_buckets WHERE full_at < now()"


@dataclass(frozen=True, slots=True)
class Limit:
    """A rate limit: the capacity of each caller's bucket in points (`burst`), and the points added
    to it each second.
    """

    burst: int
    per_second: int

    @classmethod
    def from_settings(cls, settings: Settings) -> "Limit | None":
        """Returns the configured rate limit; None: no limit."""
        default = PRODUCTION if settings.production else DEVELOPMENT
        burst = default.burst if settings.rate_limit_burst is None else settings.rate_limit_burst
        per_second = default.per_second if settings.rate_limit_per_second is None else settings.rate_limit_per_second
        return cls(burst, per_second) if burst and per_second else None


PRODUCTION = Limit(100_000, 10_000)
"""Some 300 requests a second, each for ten objects with their relations: more than any user interface sends, but not
more than a program in a loop.
"""
DEVELOPMENT = Limit(10_000_000, 1_000_000)
"""More than one machine can serve."""


@dataclass(frozen=True, slots=True)
class Grant:
    """Points that this process may spend; 0: the bucket did not hold the cost. `now` is the time of the
    bucket's clock.
    """

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
        """Puts the unspent points of an earlier grant back into the bucket, then takes a slice of points: at least the
        cost, which is at most `burst`. Raises DatabaseUnavailable, or what PostgreSQL raises.
        """
        limit = self.limit
        scope = PLATFORM if tenant_id is None else Scope.tenant(tenant_id)
        async with self._database.reading_written(scope) as connection:  # one statement needs no unit of work
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
    """Deletes the rate-limit buckets that are full; returns how many."""
    async with context.database.unit_of_work(PLATFORM) as unit:
        answer: str = await unit.connection.execute(_PURGE)
    return int(answer.rsplit(" ", 1)[-1])
