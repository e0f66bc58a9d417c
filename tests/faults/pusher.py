"""Pushes to the finance system by the time of day, as a process of its own that is killed and started again.

    python -m tests.faults.pusher DATABASE_URL DATA_DIR FINANCE_URL SECRET CLAIM_SECONDS

CLAIM_SECONDS: so that what a killed process had claimed is soon attempted by another.
"""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

from app.database import Database
from app.jobs import SYSTEM
from app.operations.calls.context import Context
from app.operations.finance import answers, push_queue
from app.operations.finance.pushing import FinancePushing, finance_sender
from app.queue import Queue
from app.settings import Settings


async def main(database_url: str, data_dir: str, finance_url: str, secret: str, claim_seconds: str) -> None:
    push_queue.CLAIM_SECONDS = int(claim_seconds)
    answers.FIRST_PAUSE_SECONDS = answers.MAX_PAUSE_SECONDS = 1  # the finance system is down for seconds here
    settings = Settings(
        database_url=database_url, data_dir=Path(data_dir), finance_url=finance_url, finance_secret=(secret,)
    )
    async with Database(settings) as database, Queue(settings) as queue, finance_sender() as sender:
        pushing = FinancePushing(Context(SYSTEM, database, lambda: datetime.now(UTC), settings, queue), sender)
        while True:
            await pushing.run()
            await asyncio.sleep(0.1)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
