"""Encodes events as rows for COPY; the fields shared by a deployment's events are encoded once."""

from collections.abc import Iterable
from typing import NamedTuple, Self
from uuid import UUID

from app.billing import decimal_text
from app.database import UnitOfWork
from app.database.copy_format import NULL, UUID_LENGTH, copy_encoded, instant, row_of, shared_text, text, uuid
from app.operations.usage.event_days import EventDay
from app.operations.usage.metered_events import MeteredEvent, fingerprint

# Quantities are sent as text, which takes less time to send and to read than numeric.
_COLUMNS = """
    tenant_id uuid, deployment_id uuid, resource_kind text, source text COLLATE "C",
    id uuid, event_id text COLLATE "C", quantity text, occurred_at timestamptz, day date, resource_id uuid,
    fingerprint bytea
"""
_ROW = row_of(11)


class StagedDeployment(NamedTuple):
    """A deployment, the text of its id, and the encoded fields with which its rows begin."""

    tenant_id: UUID
    text: str
    fields: bytes

    @classmethod
    def of(cls, tenant_id: UUID, deployment_id: UUID) -> Self:
        return cls(tenant_id, str(deployment_id), b"".join((_ROW, uuid(tenant_id), uuid(deployment_id))))


def encoded(row_id: UUID, event: MeteredEvent, deployment: StagedDeployment, microseconds: int, day: EventDay) -> bytes:
    """Encodes the row of a usage event that occurred `microseconds` after 1970, on the given day."""
    quantity = decimal_text(event.quantity)
    return b"".join(
        (
            deployment.fields,
            shared_text(event.resource_kind),
            shared_text(event.source),
            UUID_LENGTH,
            row_id.bytes,
            text(event.id),
            text(quantity),
            instant(microseconds),
            day.encoded,
            NULL if event.resource_id is None else uuid(event.resource_id),
            UUID_LENGTH,
            fingerprint(event, deployment.text, quantity, microseconds),
        )
    )


async def stage(unit: UnitOfWork, rows: Iterable[bytes]) -> None:
    """Copies usage events into the staging table `staged_usage`, which is empty at the start of each transaction."""
    await copy_encoded(unit, "staged_usage", _COLUMNS, rows)
