"""What the API's process and a worker's do before they begin."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from app.cli.command_refused import CommandRefusedError
from app.database.billing_time_zone import require_billing_time_zone
from app.database.migrate import migrate, require_current
from app.metrics import serving_metrics
from app.queue import require_redis
from app.settings import Settings


@contextmanager
def served_metrics(settings: Settings) -> Iterator[None]:
    """Serves the metrics of the process during the block, if a port is set. Raises CommandRefusedError."""
    with ExitStack() as stack:
        try:
            stack.enter_context(serving_metrics(settings.metrics_host, settings.metrics_port))
        except OSError as error:
            place = f"ARCADIA_METRICS_HOST {settings.metrics_host} and ARCADIA_METRICS_PORT {settings.metrics_port}"
            raise CommandRefusedError(f"The metrics cannot be served on {place}: {error.strerror}.") from error
        yield


async def make_ready(settings: Settings) -> None:
    """Migrates the embedded database. Another database may be used by other processes too, so it is only checked."""
    await require_redis(settings)
    if settings.database_url is None:
        await migrate(settings)
    else:
        await require_current(settings)
    await require_billing_time_zone(settings)
