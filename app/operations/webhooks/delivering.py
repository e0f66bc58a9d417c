"""Publishes events and delivers them, until nothing is due."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from app.database import PLATFORM, UnitOfWork
from app.operations.calls.access import Action, authorise
from app.operations.calls.context import Context
from app.operations.events import envelope, has_events, publish_events
from app.operations.events.wake_up import wake_delivery, wake_delivery_later
from app.operations.webhooks.attempt_results import RETRY_SECONDS, AttemptResult, record_attempts
from app.operations.webhooks.delivery_queue import add_deliveries, claim_deliveries
from app.operations.webhooks.endpoint_secrets import SecretUnreadable, decrypt, signature_of
from app.operations.webhooks.sending import Attempt, WebhookSender
from app.tracing import describe_span, span

MAX_CONCURRENT_ATTEMPTS = 100
"""In one worker."""
MAX_SECONDS = 300
"""After this long a job ends, and leaves the rest to the next."""


class Delivery:
    """Delivers in one process, with one loop, whatever number of jobs call it."""

    def __init__(self, context: Context, sender: WebhookSender) -> None:
        self._context = context
        self._sender = sender
        self._woken = asyncio.Event()
        self._running = False
        self._delivered = 0

    async def run(self) -> int:
        """Delivers what is due, and returns how many attempts succeeded. If the loop runs already, it looks again, and
        this returns 0.
        """
        authorise(self._context, Action.PUBLISH_EVENTS)
        self._woken.set()
        if self._running:
            return 0
        self._running, self._delivered = True, 0
        try:
            is_done = await self._loop(time.monotonic() + MAX_SECONDS)
        finally:
            self._running = False
        if not is_done:
            await wake_delivery(self._context)
        return self._delivered

    async def _loop(self, end: float) -> bool:
        """Delivers until nothing is due; returns False if the time was up before."""
        attempting: set[asyncio.Task[AttemptResult]] = set()
        try:
            while True:
                has_time = time.monotonic() < end
                if has_time:
                    await self._publish()
                    attempting |= await self._begin(MAX_CONCURRENT_ATTEMPTS - len(attempting))
                if attempting:
                    attempting -= await self._next_results(attempting)
                elif not (has_time and self._woken.is_set()):
                    return has_time
        finally:
            for attempt in attempting:  # the worker stops: the claims end by themselves
                attempt.cancel()

    async def _publish(self) -> None:
        if self._woken.is_set():
            self._woken.clear()
            now = self._context.clock()
            await publish_events(self._context, lambda unit, ids: add_deliveries(unit, ids, now))

    async def _begin(self, places: int) -> set[asyncio.Task[AttemptResult]]:
        if not places:
            return set()
        now = self._context.clock()
        claim, rows = await self._context.database.run_in_transaction(
            PLATFORM, lambda unit: claim_deliveries(unit, now, places)
        )
        return {asyncio.create_task(self._attempt(claim, row)) for row in rows}

    async def _next_results(self, attempting: set[asyncio.Task[AttemptResult]]) -> set[asyncio.Task[AttemptResult]]:
        """Waits for an attempt to end, or to be woken, and records what has ended."""
        waking = asyncio.create_task(self._woken.wait())
        try:
            done, _ = await asyncio.wait({*attempting, waking}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waking.cancel()
        ended = {attempt for attempt in attempting if attempt in done}
        if ended:
            await self._record([attempt.result() for attempt in ended])
        return ended

    async def _attempt(self, claim: UUID, row: Any) -> AttemptResult:
        now, body = self._context.clock(), msgspec.json.encode(envelope(row))
        try:
            secrets = self._secrets(row)
        except SecretUnreadable as unreadable:
            attempt = Attempt(0, error=str(unreadable))
        else:
            headers = {
                "content-type": "application/json",
                "user-agent": "ArcadiaCloud-Webhooks",
                "webhook-id": str(row["id"]),
                "webhook-timestamp": str(int(now.timestamp())),
                "webhook-signature": signature_of(secrets, str(row["id"]), now, body),
            }
            attempt = await self._post(row, headers, body)
        return AttemptResult(row["queue_id"], claim, row["delivery_id"], row["endpoint_id"], row["attempts"], attempt)

    async def _post(self, row: Any, headers: Mapping[str, str], body: bytes) -> Attempt:
        attributes = {"arcadia.event_id": row["id"], "arcadia.tenant_id": row["tenant_id"]}
        with span("webhook delivery", "CLIENT", attributes):  # receivers get no traceparent
            attempt = await self._sender.send("POST", row["url"], headers, body)
            describe_span({"http.response.status_code": attempt.status}, failed=not attempt.succeeded)
        return attempt

    def _secrets(self, row: Any) -> list[str]:
        stored = [row["secret"]]
        if row["previous_secret"] is not None and self._context.clock() < row["previous_secret_until"]:
            stored.append(row["previous_secret"])
        return [decrypt(self._context.settings, secret) for secret in stored]

    async def _record(self, results: Sequence[AttemptResult]) -> None:
        now = self._context.clock()

        async def work(unit: UnitOfWork) -> bool:
            await record_attempts(unit, results, now)
            return has_events(unit)

        disabled = await self._context.database.run_in_transaction(PLATFORM, work)
        self._delivered += sum(result.attempt.succeeded for result in results)
        if disabled:
            self._woken.set()
        if any(not result.attempt.succeeded for result in results):
            await wake_delivery_later(self._context, RETRY_SECONDS[0])
