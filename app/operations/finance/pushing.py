"""Pushes to the finance system what is due, until nothing is or the finance system is unavailable."""

import asyncio
import logging
import ssl
import time
from datetime import datetime
from uuid import UUID

from app.database import PLATFORM
from app.operations.calls.access import Action, authorise
from app.operations.calls.context import Context
from app.operations.finance.answers import FIRST_PAUSE_SECONDS, judge, pause_after
from app.operations.finance.payloads import path_of
from app.operations.finance.push_queue import ClaimedPush, claim_pushes, record_attempts
from app.operations.finance.push_recording import PUSH_JOB
from app.operations.finance.push_state import push_state
from app.operations.webhooks.endpoint_secrets import signature_of
from app.operations.webhooks.sending import Attempt, Sender
from app.settings import Settings
from app.tables.ids import new_id

logger = logging.getLogger(__name__)

MAX_CONCURRENT_PUSHES = 20
MAX_SECONDS = 60
"""After this long a job ends, and leaves the rest to the next."""


def finance_sender() -> Sender:
    """Sends to the URL of the settings, which may be a private address. The machine's certificate authorities count.

    No connection is kept: each push has a URL of its own, so that it would serve no other.
    """
    return Sender(ssl.create_default_context(), reuse=False)


class FinancePushing:
    """Pushes in one process, with one loop, whatever number of jobs call it."""

    def __init__(self, context: Context, sender: Sender) -> None:
        self._context = context
        self._sender = sender
        self._running = False
        self._woken = False
        self._resume_at: datetime | None = None

    async def run(self) -> int:
        """Pushes what is due, and returns how many pushes were sent: 0 if there is no finance system, or if the loop
        runs already, which then looks again.
        """
        authorise(self._context, Action.PUSH_TO_FINANCE)
        self._woken = True
        if self._running or self._context.settings.finance_url is None:
            return 0
        self._running, sent, end = True, 0, time.monotonic() + MAX_SECONDS
        try:
            while self._woken:
                self._woken = False
                sent += await self._push_due(end)
        finally:
            self._running = False
        if time.monotonic() >= end:
            await self._context.queue.enqueue(PUSH_JOB, str(new_id()))
        await self._log_overdue()
        return sent

    async def _push_due(self, end: float) -> int:
        """One push is attempted first: while the finance system is unavailable, a run costs it one request."""
        places, sent = 1, 0
        while time.monotonic() < end and not self._is_pausing():
            count, claimed = await self._claim(places)
            if not count:
                break
            attempts = await asyncio.gather(*(self._attempt(push) for push in claimed))
            await self._record(list(zip(claimed, attempts, strict=True)))
            sent += sum(judge(attempt).error is None for attempt in attempts)
            places = MAX_CONCURRENT_PUSHES
        return sent

    def _is_pausing(self) -> bool:
        return self._resume_at is not None and self._context.clock() < self._resume_at

    async def _claim(self, places: int) -> tuple[int, list[ClaimedPush]]:
        now, settings = self._context.clock(), self._context.settings
        return await self._context.database.run_in_transaction(
            PLATFORM, lambda unit: claim_pushes(unit, settings, now, places)
        )

    async def _attempt(self, push: ClaimedPush) -> Attempt:
        settings, now = self._context.settings, self._context.clock()
        url = f"{settings.finance_url}{path_of(push.kind, push.invoice_id, push.source_id)}"
        headers = {
            "content-type": "application/json",
            "idempotency-key": str(push.id),
            **signed(settings, push.id, now, push.body),
        }
        return await self._sender.send("PUT", url, headers, push.body)

    async def _record(self, attempted: list[tuple[ClaimedPush, Attempt]]) -> None:
        now = self._context.clock()
        blocked = await self._context.database.run_in_transaction(
            PLATFORM, lambda unit: record_attempts(unit, attempted, now)
        )
        for push in blocked:
            facts = {"push_id": str(push.id), "invoice_id": str(push.invoice_id), "kind": push.kind.value}
            logger.warning("A push to the finance system is blocked until retryFinancePush.", extra=facts)
        for attempt in (attempt for _, attempt in attempted if judge(attempt).is_unavailable):
            self._resume_at = max(self._resume_at or now, now + pause_after(0, attempt))
        if any(judge(attempt).error is not None for _, attempt in attempted):
            at = int(time.time()) + 1 + FIRST_PAUSE_SECONDS
            await self._context.queue.enqueue(PUSH_JOB, str(at), at=at)

    async def _log_overdue(self) -> None:
        async with self._context.database.reading(PLATFORM) as connection:
            state = await push_state(connection, self._context.clock())
        if state.is_overdue:
            facts = {"pending": state.pending, "oldest_seconds": state.oldest_seconds, "error": state.last_error}
            logger.warning("Pushes to the finance system have been pending for over an hour.", extra=facts)


def signed(settings: Settings, message_id: UUID, now: datetime, payload: bytes) -> dict[str, str]:
    """The headers of Standard Webhooks for a request to the finance system."""
    return {
        "user-agent": "ArcadiaCloud-Finance",
        "webhook-id": str(message_id),
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signature_of(list(settings.finance_secret), str(message_id), now, payload),
    }
