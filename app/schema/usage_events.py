"""Decodes the events of `recordUsage` directly from JSON to the operation's type.

If any value is not certainly valid, `decode` returns None: then graphql-core reads the input field by field, and
reports errors or accepts it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import msgspec

from app.operations.usage import MeteredEvent
from app.reads import BadInputError
from app.schema.scalars import parse_date_time, parse_decimal, parse_id
from app.tables.ids import quick


@dataclass(frozen=True, slots=True)
class DecodedEvents:
    """The input of `recordUsage` as resolvers receive it: the events in the operation's type."""

    metered: list[MeteredEvent]


class _Event(msgspec.Struct, rename="camel", forbid_unknown_fields=True, gc=False):
    """The fields of UsageEventInput, before parsing."""

    id: str
    deployment_id: str
    resource_kind: str
    quantity: Any
    occurred_at: str
    source: str = "api"
    resource_id: str | None = None


class _EventList(msgspec.Struct, forbid_unknown_fields=True):
    events: list[_Event]


def decode(json_value: object) -> DecodedEvents | None:
    """Decodes the input of `recordUsage` from parsed JSON; returns None if any of it is not certainly valid."""
    try:
        events = msgspec.convert(json_value, _EventList).events
        return DecodedEvents([_metered(event) for event in events])
    except (msgspec.ValidationError, BadInputError):
        return None


def build(fields: Mapping[str, Any]) -> DecodedEvents:
    """Builds the events from input fields that graphql-core has read."""
    return DecodedEvents(
        [
            MeteredEvent(
                id=event["id"],
                source=event["source"],
                deployment_id=event["deploymentId"],
                resource_kind=event["resourceKind"],
                quantity=event["quantity"],
                occurred_at=event["occurredAt"],
                resource_id=event.get("resourceId"),
            )
            for event in fields["events"]
        ]
    )


def _metered(event: _Event) -> MeteredEvent:
    return MeteredEvent(
        id=event.id,
        source=event.source,
        deployment_id=known_id(event.deployment_id),
        resource_kind=event.resource_kind,
        quantity=parse_decimal(event.quantity),
        occurred_at=known_instant(event.occurred_at),
        resource_id=None if event.resource_id is None else known_id(event.resource_id),
    )


# A meter sends the same few deployments and instants again and again.
@lru_cache(maxsize=16_384)
def known_id(text: str) -> UUID:
    return quick(parse_id(text))


@lru_cache(maxsize=16_384)
def known_instant(text: str) -> datetime:
    return parse_date_time(text)
