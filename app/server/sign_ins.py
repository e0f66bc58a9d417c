"""Collects refused sign-ins for some seconds before writing them to the audit log, so that a flood needs only a few
rows.
"""

import asyncio
import logging
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from ipaddress import IPv6Network

from app.database import Database
from app.operations.calls.audit import enter_refused_sign_ins
from app.operations.calls.context import Clock

WRITE_INTERVAL_SECONDS = 2.0
MAX_REASONS = 3
"""The number of different reasons counted for one address; all others are counted as one."""
OTHER_REASONS = "Other reasons."
REPORT_INTERVAL = timedelta(minutes=1)
MAX_HELD_BACK = 1_000
MAX_ENTRIES = 100
"""The number of addresses and reasons distinguished between two writes; all others are counted without an address."""

logger = logging.getLogger(__name__)


class RefusedSignIns:
    """The refused sign-ins of a process since the last write. An address that was written is not written again for a
    minute: its refusals are counted meanwhile, and written then.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._refused: Counter[tuple[str, str]] = Counter()
        self._held_back: Counter[tuple[str, str]] = Counter()
        self._reasons: Counter[str] = Counter()
        self._written: OrderedDict[str, datetime] = OrderedDict()

    def add(self, address: str, reason: str) -> None:
        """Counts a refused sign-in. `address` is the peer's, or the one that a trusted proxy names."""
        address = _network(address)
        held_back = address in self._written
        entries = self._held_back if held_back else self._refused
        entry = address, reason
        if entry not in entries and not held_back and len(entries) >= MAX_ENTRIES:
            entry = "", reason
        elif entry not in entries and self._reasons[address] >= MAX_REASONS:
            entry = address, OTHER_REASONS
        if entry not in entries:
            self._reasons[entry[0]] += 1
        entries[entry] += 1

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[None]:
        """During the block, writes the refused sign-ins every few seconds; at its end, writes the rest."""
        writing = asyncio.create_task(self._write_regularly(), name="refused-sign-ins")
        try:
            yield
        finally:
            writing.cancel()
            with suppress(asyncio.CancelledError):
                await writing
            await self._write(everything=True)

    async def _write_regularly(self) -> None:
        while True:
            await asyncio.sleep(WRITE_INTERVAL_SECONDS)
            await self._write()

    async def _write(self, *, everything: bool = False) -> None:
        now = self._clock()
        while self._written and (everything or next(iter(self._written.values())) <= now - REPORT_INTERVAL):
            self._written.popitem(last=False)
        refused, held_back = self._refused, self._held_back
        self._held_back = Counter({entry: count for entry, count in held_back.items() if entry[0] in self._written})
        self._refused = Counter()
        refused.update({entry: count for entry, count in held_back.items() if entry not in self._held_back})
        self._reasons = Counter(address for address, _ in self._held_back)
        if not refused:
            return
        for address, _ in refused:
            if address and len(self._written) < MAX_HELD_BACK:
                self._written.setdefault(address, now)
        try:
            await enter_refused_sign_ins(self._database, refused, now)
        except Exception:
            logger.exception("Refused sign-ins could not be written to the audit log: %s", dict(refused))


def _network(address: str) -> str:
    """Returns the network of an IPv6 address, because a client has 2^64 addresses; other addresses unchanged."""
    if ":" not in address:
        return address
    try:
        return str(IPv6Network((address.partition("%")[0], 64), strict=False))
    except ValueError:
        return address
