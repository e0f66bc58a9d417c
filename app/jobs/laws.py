"""Every night: whether the data break a law."""

import logging
from contextlib import aclosing

from app.jobs.log import Counts, logged
from app.jobs.rollups import JobContext
from app.operations import laws
from app.queue import heartbeat

logger = logging.getLogger(__name__)


@logged
async def check_laws(context: JobContext) -> Counts:
    """Logs each violation as an error, for whoever watches the log. The next night goes on where this one stops."""
    violations = 0
    async with heartbeat(context["job"]), aclosing(laws.check_by_night(context["operations"])) as each:
        async for law, row, message in each:
            violations += 1
            logger.error("A law is broken: %s: %s (%s)", row, message, law)
    return {"violations": violations}
