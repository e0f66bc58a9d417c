"""Refused sign-ins on their way into the audit log: gathered for some seconds, so that a flood is a few rows."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from app.database import Database
from app.operations.audit import enter_refused_sign_ins
from app.operations.context import Clock

GATHERED_SECONDS = 2.0
MOST_ENTRIES = 100
"""Addresses and reasons told apart between two writings; what is beyond is counted under no address."""

logger = logging.getLogger(__name__)


class RefusedSignIns:
    """A process's refusals since it last wrote them."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._refused: Counter[tuple[str, str]] = Counter()

    def add(self, address: str, reason: str) -> None:
        entry = address, reason
        if entry not in self._refused and len(self._refused) >= MOST_ENTRIES:
            entry = "", reason
        self._refused[entry] += 1

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Writes them every few seconds, and at the end what is left."""
        writing = asyncio.create_task(self._write_regularly(), name="refused-sign-ins")
        try:
            yield
        finally:
            writing.cancel()
            with suppress(asyncio.CancelledError):
                await writing
            await self._write()

    async def _write_regularly(self) -> None:
        while True:
            await asyncio.sleep(GATHERED_SECONDS)
            await self._write()

    async def _write(self) -> None:
        if not self._refused:
            return
        refused, self._refused = self._refused, Counter()
        try:
            await enter_refused_sign_ins(self._database, refused, self._clock())
        except Exception:
            logger.exception("Refused sign-ins could not be entered in the audit log: %s", dict(refused))
