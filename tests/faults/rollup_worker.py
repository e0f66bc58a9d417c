"""A worker as a process of its own, on a database that is named, with a clock that is told: started and killed by
tests.

    python -m tests.faults.rollup_worker DATABASE_URL DATA_DIR 2026-05-01T03:00:00+00:00 [QUEUE_URL]
"""

import asyncio
import sys
from datetime import datetime
from pathlib import Path

import app.queue
from app.database import Database
from app.jobs import SYSTEM, create_worker
from app.operations.calls.context import Context
from app.operations.rollups import chunk
from app.queue import Queue
from app.settings import Settings


async def main(database_url: str, data_dir: str, now: str, queue_url: str | None = None) -> None:
    app.queue.HEARTBEAT_SECONDS = 2
    chunk.BATCH_TENANTS = 5  # many transactions, to be killed in and between
    settings = Settings(database_url=database_url, data_dir=Path(data_dir), queue_url=queue_url)
    moment = datetime.fromisoformat(now)
    async with Database(settings) as database, Queue(settings) as queue:
        await create_worker(Context(SYSTEM, database, lambda: moment, settings, queue)).start()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
