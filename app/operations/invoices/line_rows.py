"""Encodes invoice lines and inputs as rows for COPY; fields that many rows share are encoded once."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from functools import lru_cache
from uuid import UUID

from app.billing import Line, decimal_text
from app.database import UnitOfWork
from app.database.copy_format import (
    NULL,
    bigint,
    copy_encoded,
    day,
    integer,
    row_of,
    shared_text,
    text,
    uuid,
    uuid_of,
)

# Decimals are sent as text, which takes less time to send and to read than numeric.
_LINE_COLUMNS = """
    tenant_id uuid, invoice_id uuid, period_start date, deployment_id uuid, subscription_id uuid,
    id uuid, position integer, key text, kind text, description text, resource_kind text, quantity text,
    unit_price_cents text, amount_cents bigint, subscription_addon_id uuid, charge_id uuid
"""
_LINE_ROW = row_of(16)
_INPUT_COLUMNS = """
    tenant_id uuid, invoice_id uuid, id uuid, position integer, subscription_id uuid, document text, late_month date
"""
_INPUT_ROW = row_of(7)


class StagedInvoice:
    """Encodes the lines and inputs of one invoice as rows for COPY."""

    def __init__(self, tenant_id: UUID, invoice_id: UUID) -> None:
        of_invoice = uuid(tenant_id) + uuid(invoice_id)
        self._line = _LINE_ROW + of_invoice
        self._input = _INPUT_ROW + of_invoice

    def line(self, line_id: UUID, position: int, line: Line, month: date) -> bytes:
        """Encodes an invoice line for COPY. It charges for the month that begins on `month`."""
        return b"".join(
            (
                self._line,
                day(month),
                _of_subscription(line.deployment_id, line.subscription_id),
                uuid(line_id),
                integer(position),
                text(line.key),
                shared_text(line.kind),
                text(line.description),
                NULL if line.resource_kind is None else shared_text(line.resource_kind),
                text(decimal_text(line.quantity)),
                _price(line.unit_price_cents),
                bigint(line.amount_cents),
                NULL if line.addon_id is None else uuid_of(line.addon_id),
                NULL if line.charge_id is None else uuid_of(line.charge_id),
            )
        )

    def document(
        self, document_id: UUID, position: int, subscription_id: str | None, document: str, late_month: date | None
    ) -> bytes:
        """Encodes a document of canonical inputs as a row for COPY: the header, a subscription or charges; with
        `late_month`, the correction of that month.
        """
        return b"".join(
            (
                self._input,
                uuid(document_id),
                integer(position),
                NULL if subscription_id is None else uuid_of(subscription_id),
                text(document),
                NULL if late_month is None else day(late_month),
            )
        )


async def stage_lines(unit: UnitOfWork, rows: Iterable[bytes]) -> None:
    """Copies invoice lines into the staging table `staged_invoice_lines`, which then holds only these."""
    await copy_encoded(unit, "staged_invoice_lines", _LINE_COLUMNS, rows)


async def stage_inputs(unit: UnitOfWork, rows: Iterable[bytes]) -> None:
    """Copies invoice inputs into the staging table `staged_invoice_inputs`, which then holds only these."""
    await copy_encoded(unit, "staged_invoice_inputs", _INPUT_COLUMNS, rows)


@lru_cache(maxsize=8)
def _of_subscription(deployment_id: str | None, subscription_id: str | None) -> bytes:
    """Encodes the ids of a line's deployment and subscription; NULL for an id that the line does not have."""
    deployment = NULL if deployment_id is None else uuid_of(deployment_id)
    return deployment + (NULL if subscription_id is None else uuid_of(subscription_id))


@lru_cache(maxsize=1_024)
def _price(cents: Decimal) -> bytes:
    return text(decimal_text(cents))
