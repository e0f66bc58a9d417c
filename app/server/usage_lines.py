"""Reads a line of NDJSON as a metered event: with our own field names, or as a CloudEvent (version 1.0, JSON format).

An event of a JSON array is such a line too (json_events.py).

| ours         | CloudEvents        |
|--------------|--------------------|
| id           | id                 |
| source       | source             |
| deploymentId | subject            |
| resourceKind | type               |
| occurredAt   | time               |
| quantity     | data.quantity      |
| resourceId   | data.resourceId    |

Other fields are ignored; if a field is given in both ways, ours counts. A quantity is text or a number, and is read
exactly. `data_base64` of CloudEvents is not read. `time` is required, which it is not in CloudEvents: an event
with the time of its arrival would be a different event when it is sent again.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import TypeVar

import msgspec

from app.operations.usage import MeteredEvent
from app.reads import BadInputError
from app.schema.scalars import parse_decimal
from app.schema.usage_events import known_id, known_instant
from app.server.ndjson import cut

T = TypeVar("T")

_VERSION = "1.0"
_STEP_LINES = 500
"""Decoded in one step, before the event loop runs other tasks."""


_ABSENT = msgspec.Raw(b"null")


class _Data(msgspec.Struct, rename="camel", gc=False):
    quantity: msgspec.Raw = _ABSENT
    resource_id: str | None = None


class _UsageLine(msgspec.Struct, rename="camel", gc=False):
    id: str
    source: str = "api"
    deployment_id: str | None = None
    resource_kind: str | None = None
    quantity: msgspec.Raw = _ABSENT
    occurred_at: str | None = None
    resource_id: str | None = None
    subject: str | None = None
    type: str | None = None
    time: str | None = None
    data: _Data | None = None
    specversion: str | None = None


class _Absent(StrEnum):
    DEPLOYMENT = "deploymentId (or subject) is required"
    KIND = "resourceKind (or type) is required"
    QUANTITY = "quantity (or data.quantity) is required"
    INSTANT = "occurredAt (or time) is required"


_decoder = msgspec.json.Decoder(_UsageLine)


@dataclass(slots=True)
class Block:
    """The events of a block of lines, with their line numbers, and the malformed lines."""

    events: list[MeteredEvent] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    malformed: list[tuple[int, str]] = field(default_factory=list)


async def read_block(text: bytes, first: int) -> Block:
    """Decodes the events of a block of lines. `first` is the number of its first line. A blank line is ignored: it is
    neither an event nor malformed.
    """
    block = Block()
    for piece in cut(text, _STEP_LINES):
        first += _read(piece, first, block)
        await asyncio.sleep(0)
    return block


def _read(text: bytes, first: int, block: Block) -> int:
    """Decodes the lines of a text and adds their events to the block; returns the number of lines."""
    decoded = _decoded(text)
    for line_number, line in enumerate(decoded, first):
        if isinstance(line, _UsageLine):
            try:
                event = _event(line)
            except (ValueError, BadInputError) as error:
                block.malformed.append((line_number, str(error)))
            else:
                block.events.append(event)
                block.numbers.append(line_number)
        elif line is not None:
            block.malformed.append((line_number, line))
    return len(decoded)


def _decoded(text: bytes) -> Sequence[_UsageLine | str | None]:
    """Returns for each line its decoded value, or a message if it is malformed, or None if it is blank."""
    ends = text.count(b"\n") + (not text.endswith(b"\n"))
    if text.isspace():
        return [None] * ends
    try:
        lines = _decoder.decode_lines(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        lines = []
    return lines if len(lines) == ends else [_decoded_line(line) for line in text.removesuffix(b"\n").split(b"\n")]


def _decoded_line(text: bytes) -> _UsageLine | str | None:
    if not (text := text.strip()):
        return None
    if not text.startswith(b"{"):  # rejects other bodies with as little work as possible
        return "an event must be a JSON object"
    try:
        return _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return str(error)


def _event(line: _UsageLine) -> MeteredEvent:
    """Converts a decoded line to an event. Raises ValueError or BadInputError for missing and malformed fields."""
    if line.specversion is not None and line.specversion != _VERSION:
        raise ValueError(f"specversion must be {_VERSION}")
    data = line.data
    quantity, resource_id = _quantity(bytes(line.quantity)), line.resource_id
    if data is not None:
        quantity = _quantity(bytes(data.quantity)) if quantity is None else quantity
        resource_id = data.resource_id if resource_id is None else resource_id
    return MeteredEvent(
        id=line.id,
        source=line.source,
        deployment_id=known_id(_required(line.deployment_id or line.subject, _Absent.DEPLOYMENT)),
        resource_kind=_required(line.resource_kind or line.type, _Absent.KIND),
        quantity=_required(quantity, _Absent.QUANTITY),
        occurred_at=known_instant(_required(line.occurred_at or line.time, _Absent.INSTANT)),
        resource_id=None if resource_id is None else known_id(resource_id),
    )


@lru_cache(maxsize=16_384)  # the same quantities appear again and again
def _quantity(text: bytes) -> Decimal | None:
    """Parses a JSON number or string exactly. Raises BadInputError."""
    if text == b"null":
        return None
    value = text.decode() if text[:1] in b"-0123456789" else msgspec.json.decode(text)
    return parse_decimal(value)


def _required(value: T | None, absent: _Absent) -> T:
    if value is None:
        raise ValueError(absent.value)
    return value
