"""What a load balancer and an orchestrator ask: is the process alive, and can it do its work?"""

from collections.abc import Awaitable, Callable

from litestar import HttpMethod, route
from litestar.handlers import HTTPRouteHandler

from app.database import Database
from app.database.billing_time_zone import require_billing_time_zone, require_recorded_time_zone
from app.database.migrate import require_current

ASKED = (HttpMethod.GET, HttpMethod.HEAD)


class Readiness:
    """Whether requests may be sent here: the schema is this version's and the billing time zone is recorded, both seen
    once; the database answers, and it still uses that zone.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._current = False

    async def __call__(self) -> None:
        """Raises DatabaseUnavailable or DatabaseUnsuitable."""
        settings = self._database.settings
        if not self._current:
            await require_current(settings)
            await require_billing_time_zone(settings)
            self._current = True
        async with self._database.reading() as connection:
            await require_recorded_time_zone(connection, settings)


def health_handlers(check: Callable[[], Awaitable[None]]) -> list[HTTPRouteHandler]:
    """/health for the process, /ready for what `check` finds; its errors become a 503 with Retry-After."""

    @route("/health", http_method=ASKED, sync_to_thread=False, name="health")
    def health() -> dict[str, str]:
        return {"status": "alive"}

    @route("/ready", http_method=ASKED, name="ready")
    async def ready() -> dict[str, str]:
        await check()
        return {"status": "ready"}

    return [health, ready]
