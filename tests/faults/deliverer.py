"""Publishes and delivers events by the time of day, as a process of its own that is killed and started again.

    python -m tests.faults.deliverer DATABASE_URL DATA_DIR SECONDS

SECONDS: how long a claim lasts, so that what a killed process had claimed is soon attempted by another.
"""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

from app.database import Database
from app.jobs import SYSTEM
from app.operations.calls.context import Context
from app.operations.webhooks import Delivery, WebhookSender, attempt_results, delivery_queue
from app.queue import Queue
from app.settings import Settings


async def main(database_url: str, data_dir: str, claim_seconds: str) -> None:
    delivery_queue.CLAIM_SECONDS = int(claim_seconds)
    attempt_results.RETRY_SECONDS = (1,) * 60  # receivers are down for seconds here
    settings = Settings(database_url=database_url, data_dir=Path(data_dir))
    async with Database(settings) as database, Queue(settings) as queue:
        context = Context(SYSTEM, database, lambda: datetime.now(UTC), settings, queue)
        async with WebhookSender(allow_loopback=True) as sender:
            delivery = Delivery(context, sender)
            while True:
                await delivery.run()
                await asyncio.sleep(0.1)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
