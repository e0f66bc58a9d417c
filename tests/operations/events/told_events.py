"""What the tests of events and webhooks read from the database."""

import json
from typing import Any
from uuid import UUID

from tests.operations.given import Given

Told = tuple[int, str, dict[str, Any]]


async def events_of(given: Given, aggregate_id: UUID) -> list[Told]:
    """The events of an aggregate in their order: sequence, type and data."""
    rows = await given.rows(
        "SELECT sequence, type, data FROM events WHERE aggregate_id = $1 ORDER BY sequence", aggregate_id
    )
    return [(row["sequence"], row["type"], json.loads(row["data"])) for row in rows]


def parts(told: list[Told], *names: str) -> list[tuple[Any, ...]]:
    """Of each event: its type, and these members of its data, null where it has none."""
    return [(event_type, *(data.get(name) for name in names)) for _, event_type, data in told]
