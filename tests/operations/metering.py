"""Helpers for tests of usage: resources, their events, and daily totals."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from app.billing import (
    DailyLevel,
    DailyQuantity,
    LevelStream,
    LevelUsage,
    MaxUsage,
    PeakStream,
    SumUsage,
    Usage,
)
from app.operations.deployments import register_resource
from app.operations.usage import MeteredEvent, prove_totals, record_usage
from app.tables.ids import new_id
from app.tables.usage import NO_RESOURCE
from tests.operations.given import Given

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


async def resource(
    given: Given, deployment_id: UUID | None, external_id: str = "1", *, created_at: datetime = LONG_AGO
) -> UUID:
    return await register_resource(
        given.platform,
        deployment_id=deployment_id,
        provider="digitalocean",
        external_id=external_id,
        resource_kind="storage_gb",
        name=f"volume-{external_id}",
        created_at=created_at,
    )


def metered(deployment_id: UUID, kind: str, quantity: str, occurred_at: datetime, **content: Any) -> MeteredEvent:
    return MeteredEvent(
        **{
            "id": str(new_id()),
            "deployment_id": deployment_id,
            "resource_kind": kind,
            "quantity": Decimal(quantity),
            "occurred_at": occurred_at,
            **content,
        }
    )


async def record(given: Given, *events: MeteredEvent) -> None:
    recorded = await record_usage(given.meter(), events=events)
    assert (recorded.accepted, recorded.rejected) == (len(events), ())


async def differing(given: Given) -> list[str]:
    """Returns messages about the daily totals that differ from the aggregate of their events."""
    return [difference.message async for difference in prove_totals(given.platform)]


async def stored(given: Given, deployment_id: UUID, like: Usage) -> Usage:
    """The kind's totals by day as the rules take them."""
    rows = await given.rows(
        "SELECT * FROM usage_daily_totals WHERE deployment_id = $1 AND resource_kind = $2 ORDER BY resource_id, day",
        deployment_id,
        like.resource_kind,
    )
    streams: dict[str | None, list[dict[str, Any]]] = {}
    for row in rows:
        resource_id = None if row["resource_id"] == NO_RESOURCE else str(row["resource_id"])
        streams.setdefault(resource_id, []).append(row)
    match like:
        case SumUsage():
            return SumUsage(like.resource_kind, _quantities(rows, "total"))
        case MaxUsage():
            peaks = (PeakStream(resource_id, _quantities(days, "peak")) for resource_id, days in streams.items())
            return MaxUsage(like.resource_kind, tuple(peaks))
        case LevelUsage():
            levels = (LevelStream(resource_id, _levels(days)) for resource_id, days in streams.items())
            return LevelUsage(like.resource_kind, tuple(levels))


def _quantities(rows: Sequence[dict[str, Any]], column: str) -> tuple[DailyQuantity, ...]:
    return tuple(DailyQuantity(row["day"], row[column]) for row in rows)


def _levels(rows: Sequence[dict[str, Any]]) -> tuple[DailyLevel, ...]:
    return tuple(
        DailyLevel(*(row[name] for name in ("day", "first_at", "last_level", "level_microseconds"))) for row in rows
    )
