"""Every night: whether the data break a law."""

import logging
from contextlib import aclosing

from app.jobs.rollups import JobContext
from app.operations import laws
from app.queue import heartbeat

logger = logging.getLogger(__name__)


async def check_laws(context: JobContext) -> None:
    """Logs each violation as an error, for whoever watches the log. The next night goes on where this one stops."""
    async with heartbeat(context["job"]), aclosing(laws.check_by_night(context["operations"])) as each:
        async for law, row, message in each:
            logger.error("A law is broken: %s: %s (%s)", row, message, law)
