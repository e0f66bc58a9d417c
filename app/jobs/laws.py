"""Every night: whether the data break a law."""

import logging

from app.jobs.rollups import JobContext
from app.operations import laws
from app.queue import heartbeat

logger = logging.getLogger(__name__)


async def check_laws(context: JobContext) -> None:
    """Logs each violation as an error, for whoever watches the log."""
    async with heartbeat(context["job"]):
        for law, row, message in await laws.check(context["operations"]):
            logger.error("A law is broken: %s: %s (%s)", row, message, law)
