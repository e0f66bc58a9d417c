"""Meters that send the same events as others, late and out of order, through both entry points, until each batch is
answered.
"""

import asyncio
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

import httpx

from app.operations.calls.principal import Role
from tests.faults.api import Api

KINDS = ("droplet_hours", "storage_gb", "storage_gb_hours")
RECORD = """
mutation ($events: [UsageEventInput!]!) { recordUsage(input: {events: $events}) {
  ... on UsageRecorded { accepted duplicates rejected { index } }
} }
"""
Event = dict[str, Any]


@dataclass(frozen=True)
class Load:
    """The events that several senders send, batch by batch: many of them send the same events."""

    events: list[Event]
    senders: list[list[list[Event]]]


def load_of(seed: int, deployments: Sequence[UUID], source: str, count: int, senders: int) -> Load:
    """Draws a load: each event is sent by two senders, each in its own order, over the days up to now."""
    now = datetime.now(UTC).replace(microsecond=0)
    randomly = random.Random(seed)  # noqa: S311 - no secret
    events = [
        {
            "id": f"e{number:05}",
            "source": source,
            "deploymentId": str(randomly.choice(deployments)),
            "resourceKind": randomly.choice(KINDS),
            "quantity": str(randomly.randrange(1, 4000) / 8),
            "occurredAt": (now - timedelta(minutes=15 * randomly.randrange(600))).isoformat(),
        }
        for number in range(count)
    ]
    shares: list[list[Event]] = [[] for _ in range(senders)]
    for event in events:
        for sender in randomly.sample(range(senders), 2):
            shares[sender].append(event)
    return Load(events, [_batches(share, randomly) for share in shares])


def _batches(events: list[Event], randomly: random.Random) -> list[list[Event]]:
    randomly.shuffle(events)
    batches = []
    while events:
        size = randomly.choice((1, 5, 20))
        batches.append(events[:size])
        events = events[size:]
    return batches


@dataclass
class Meters:
    """Sends a load to several processes. What is not answered is sent again, to whichever process answers next."""

    apis: Sequence[Api]
    accepted: int = 0
    unanswered: int = 0
    share_answered: float = 0
    answered: set[str] = field(default_factory=set)

    async def send(self, load: Load) -> None:
        clients = [api.client(Role.METER, timeout=20) for api in self.apis]
        step = 1 / sum(len(batches) for batches in load.senders)
        try:
            await asyncio.gather(*(self._send_all(clients, batches, step) for batches in load.senders))
        finally:
            await asyncio.gather(*(client.aclose() for client in clients))

    async def _send_all(self, clients: Sequence[httpx.AsyncClient], batches: list[list[Event]], step: float) -> None:
        for number, batch in enumerate(batches):
            while (counts := await self._sent(random.choice(clients), batch, by_line=number % 2 == 0)) is None:  # noqa: S311 - any
                self.unanswered += 1
                await asyncio.sleep(0.05)
            assert counts["rejected"] == []
            assert counts["accepted"] + counts["duplicates"] == len(batch)
            self.accepted += counts["accepted"]
            self.answered.update(event["id"] for event in batch)
            self.share_answered += step

    async def _sent(self, client: httpx.AsyncClient, batch: list[Event], *, by_line: bool) -> dict[str, Any] | None:
        """Returns the counts; None if there was no response, or if the batch must be sent again."""
        try:
            response = await (_posted_by_line if by_line else _posted)(client, batch)
        except httpx.TransportError:
            return None
        if response.status_code in {httpx.codes.SERVICE_UNAVAILABLE, httpx.codes.TOO_MANY_REQUESTS}:
            return None
        assert response.status_code == httpx.codes.OK, response.text
        answer = response.json()
        return cast("dict[str, Any]", answer if by_line else answer["data"]["recordUsage"])


async def _posted(client: httpx.AsyncClient, batch: list[Event]) -> httpx.Response:
    return await client.post("/graphql", json={"query": RECORD, "variables": {"events": batch}})


async def _posted_by_line(client: httpx.AsyncClient, batch: list[Event]) -> httpx.Response:
    lines = "".join(f"{json.dumps(event)}\n" for event in batch)
    return await client.post("/usage", content=lines.encode(), headers={"content-type": "application/x-ndjson"})
