"""What a load balancer and an orchestrator ask: is the process alive, and can it do its work?"""

from collections.abc import Awaitable, Callable

from litestar import HttpMethod, route
from litestar.handlers import HTTPRouteHandler

from app.database import PLATFORM, Database
from app.database.billing_time_zone import require_billing_time_zone, require_recorded_time_zone
from app.database.migrate import require_current

METHODS = (HttpMethod.GET, HttpMethod.HEAD)


class Readiness:
    """Whether requests may be sent here: the schema is this version's and the billing time zone is recorded, both seen
    once; the database answers each role, isolates tenants, and still uses that zone.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._current = False

    async def __call__(self) -> str | None:
        """What is degraded, though requests may be sent here. Raises DatabaseUnavailable or DatabaseUnsuitable."""
        settings = self._database.settings
        if not self._current:
            await require_current(settings)
            await require_billing_time_zone(settings)
            self._current = True
        async with self._database.reading(PLATFORM) as connection:
            await require_recorded_time_zone(connection, settings)
        return await self._database.check()


def health_handlers(check: Callable[[], Awaitable[str | None]]) -> list[HTTPRouteHandler]:
    """/health for the process, /ready for what `check` finds: what is degraded, and its errors become
    a 503 with Retry-After.
    """

    @route("/health", http_method=METHODS, sync_to_thread=False, name="health")
    def health() -> dict[str, str]:
        return {"status": "alive"}

    @route("/ready", http_method=METHODS, name="ready")
    async def ready() -> dict[str, str]:
        degraded = await check()
        return {"status": "ready"} if degraded is None else {"status": "degraded", "reason": degraded}

    return [health, ready]
