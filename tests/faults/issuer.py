"""Issues every draft there is, one after the other: started and killed by tests.

python -m tests.faults.issuer DATABASE_URL DATA_DIR 2026-05-01T03:00:00+00:00
"""

import asyncio
import sys
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from app.database import PLATFORM, Database
from app.jobs import SYSTEM
from app.operations.calls.context import Context
from app.operations.calls.refusal import Refusal
from app.operations.invoices import issue_invoice
from app.queue import Queue
from app.settings import Settings


async def main(database_url: str, data_dir: str, now: str) -> None:
    settings = Settings(database_url=database_url, data_dir=Path(data_dir))
    moment = datetime.fromisoformat(now)
    async with Database(settings) as database, Queue(settings) as queue:
        context = Context(SYSTEM, database, lambda: moment, settings, queue)
        async with database.unit_of_work(PLATFORM) as unit:
            drafts = await unit.connection.fetch("SELECT id FROM tenant_invoices WHERE status = 'DRAFT' ORDER BY id")
        for draft in drafts:
            with suppress(Refusal):  # the other process was first
                await issue_invoice(context, invoice_id=draft["id"])


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
