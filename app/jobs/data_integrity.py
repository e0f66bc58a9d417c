"""Checks data integrity every night."""

import logging
from contextlib import aclosing

from app.jobs.context import JobContext
from app.jobs.log import Counts, logged
from app.metrics import INTEGRITY_VIOLATIONS
from app.operations import data_integrity
from app.queue import heartbeat

logger = logging.getLogger(__name__)


@logged
async def check_data_integrity(context: JobContext) -> Counts:
    """Runs the data-integrity checks and logs each violation as an error. The next night continues
    where this run ends.
    """
    violations = 0
    async with (
        heartbeat(context["job"]),
        aclosing(data_integrity.check_by_night(context["operations"])) as found_violations,
    ):
        async for check, row, message in found_violations:
            violations += 1
            INTEGRITY_VIOLATIONS.inc()
            logger.error("Data-integrity check failed: %s: %s (%s)", row, message, check)
    return {"violations": violations}
