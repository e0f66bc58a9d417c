"""Liveness and readiness checks for load balancers and orchestrators."""

from collections.abc import Awaitable, Callable
from typing import Any

from litestar import HttpMethod, route
from litestar.handlers import HTTPRouteHandler

from app.database import PLATFORM, Database
from app.database.billing_time_zone import require_billing_time_zone, require_recorded_time_zone
from app.database.migrate import require_current
from app.operations.calls.context import Clock
from app.operations.webhooks import DeliveryState, delivery_state

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


class EventCounts:
    """The numbers of events and deliveries by state, and the age of the oldest that waits."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def __call__(self) -> DeliveryState:
        async with self._database.reading(PLATFORM) as connection:
            return await delivery_state(connection, self._clock())


async def no_events() -> None:
    return None


def health_handlers(
    check: Callable[[], Awaitable[str | None]], events: Callable[[], Awaitable[DeliveryState | None]] = no_events
) -> list[HTTPRouteHandler]:
    """Returns the handlers of /health, for the process, and /ready, which runs `check`: it reports what is degraded,
    and an error becomes a 503 with Retry-After. `events` are what waits to be delivered.
    """

    @route("/health", http_method=METHODS, sync_to_thread=False, name="health")
    def health() -> dict[str, str]:
        return {"status": "alive"}

    @route("/ready", http_method=METHODS, name="ready")
    async def ready() -> dict[str, Any]:
        degraded = await check()
        status = {"status": "ready"} if degraded is None else {"status": "degraded", "reason": degraded}
        waiting = await events()
        return status if waiting is None else {**status, "events": waiting._asdict()}

    return [health, ready]
