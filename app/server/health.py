"""Liveness and readiness checks for load balancers and orchestrators."""

from collections.abc import Awaitable, Callable
from typing import Any

from litestar import HttpMethod, route
from litestar.handlers import HTTPRouteHandler

from app.database import PLATFORM, Database
from app.database.billing_time_zone import require_billing_time_zone, require_recorded_time_zone
from app.database.migrate import require_current
from app.operations.calls.context import Clock
from app.operations.finance.push_state import push_state
from app.operations.webhooks import delivery_state

METHODS = (HttpMethod.GET, HttpMethod.HEAD)


class Readiness:
    """Whether this process can serve requests: the schema is this version's and the billing time zone is recorded (both
    checked until they succeed once); the database answers in each role, isolates tenants, and still uses that zone.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._current = False

    async def __call__(self) -> str | None:
        """Returns what is degraded, if anything, while requests can still be served. Raises DatabaseUnavailable or
        DatabaseUnsuitable.
        """
        settings = self._database.settings
        if not self._current:
            await require_current(settings)
            await require_billing_time_zone(settings)
            self._current = True
        async with self._database.reading(PLATFORM) as connection:
            await require_recorded_time_zone(connection, settings)
        return await self._database.check()


class OutboundCounts:
    """The numbers of what leaves the system by state, and the age of the oldest that waits: events and deliveries, and
    pushes if there is a finance system.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def __call__(self) -> dict[str, Any]:
        now = self._clock()
        async with self._database.reading(PLATFORM) as connection:
            counts = {"events": (await delivery_state(connection, now))._asdict()}
            if self._database.settings.finance_url is not None:
                counts["finance"] = (await push_state(connection, now))._asdict()
        return counts


async def nothing_outbound() -> dict[str, Any]:
    return {}


def health_handlers(
    check: Callable[[], Awaitable[str | None]], outbound: Callable[[], Awaitable[dict[str, Any]]] = nothing_outbound
) -> list[HTTPRouteHandler]:
    """Returns the handlers of /health, for the process, and /ready, which runs `check`: it reports what is degraded,
    and an error becomes a 503 with Retry-After. `outbound` is what waits to be sent.
    """

    @route("/health", http_method=METHODS, sync_to_thread=False, name="health")
    def health() -> dict[str, str]:
        return {"status": "alive"}

    @route("/ready", http_method=METHODS, name="ready")
    async def ready() -> dict[str, Any]:
        degraded = await check()
        status = {"status": "ready"} if degraded is None else {"status": "degraded", "reason": degraded}
        return {**status, **await outbound()}

    return [health, ready]
