"""Sends prepared requests of metered events over several connections; every response is read and counted."""

import asyncio
import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice

from bench.usage.seeding import DEPLOYMENTS, deployment_id

KINDS = ("droplet_hours", "egress_gb", "llm_input_tokens", "storage_gb")
DOCUMENT = (
    "mutation ($input: RecordUsageInput!) { recordUsage(input: $input) {"
    " ... on UsageRecorded { accepted duplicates rejected { index code } } ... on Refused { code message } } }"
)
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


def events(series: str, count: int) -> Iterator[dict[str, str]]:
    """Returns new events of the previous month: day by day, for each deployment in turn, five readings of each of four
    kinds. Each series has its own ids.
    """
    last_month = (
        datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0) - timedelta(days=28)
    ).replace(day=1)
    for number in range(count):
        yield {
            "id": f"{series}-{number:09}",
            "source": "bench",
            "deploymentId": deployment_id(number // 20 % DEPLOYMENTS),
            "resourceKind": KINDS[number % len(KINDS)],
            "quantity": f"{number % 997}.{number % 8 * 125:03}",
            "occurredAt": (
                last_month + timedelta(days=number // 20 // DEPLOYMENTS % 28, seconds=number % 86_400)
            ).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }


def batches(series: str, count: int, size: int) -> Iterator[list[dict[str, str]]]:
    made = events(series, count)
    while batch := list(islice(made, size)):
        yield batch


def graphql(batch: Sequence[dict[str, str]]) -> tuple[str, str, bytes]:
    """Path, media type and body."""
    body = json.dumps({"query": DOCUMENT, "variables": {"input": {"events": batch}}}, separators=(",", ":"))
    return "/graphql", "application/json", body.encode()


def ndjson(batch: Sequence[dict[str, str]]) -> tuple[str, str, bytes]:
    lines = "".join(json.dumps(event, separators=(",", ":")) + "\n" for event in batch)
    return "/usage", "application/x-ndjson", lines.encode()


def request(token: str, path: str, media_type: str, body: bytes) -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\naccept: application/json\r\n"
        f"content-type: {media_type}\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


@dataclass(frozen=True)
class Sent:
    """The results for the events of a run."""

    accepted: int
    duplicates: int
    seconds: float


async def send(port: int, requests: Sequence[bytes], connections: int) -> Sent:
    """Sends each request once. Raises RuntimeError for an answer that is none of usage recorded."""
    waiting = iter(requests)
    counts = {"accepted": 0, "duplicates": 0}
    began = time.perf_counter()
    await asyncio.gather(*(_send(port, waiting, counts) for _ in range(connections)))
    return Sent(counts["accepted"], counts["duplicates"], time.perf_counter() - began)


async def _send(port: int, waiting: Iterator[bytes], counts: dict[str, int]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for one in waiting:
            writer.write(one)
            await writer.drain()
            head = await reader.readuntil(b"\r\n\r\n")
            length = _LENGTH.search(head)
            body = await reader.readexactly(int(length[1]) if length else 0)
            answer = json.loads(body)
            recorded = answer.get("data", {}).get("recordUsage", {}) if "data" in answer else answer
            if b" 200 " not in head.partition(b"\r\n")[0] or "accepted" not in recorded:
                raise RuntimeError(f"not recorded: {head!r} {body[:500]!r}")
            counts["accepted"] += recorded["accepted"]
            counts["duplicates"] += recorded["duplicates"]
    finally:
        writer.close()


Shape = Callable[[Sequence[dict[str, str]]], tuple[str, str, bytes]]
