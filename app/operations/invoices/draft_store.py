"""Writes draft invoices with their lines and inputs, for many tenants at a time."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Any
from uuid import UUID

from app.database.copy import copy_rows
from app.database.unit_of_work import UnitOfWork
from app.operations.invoices.draft import Draft
from app.operations.invoices.line_rows import stage_inputs, stage_lines
from app.tables.invoices import InvoiceStatus, TenantInvoices

INVOICE_COLUMNS = (
    TenantInvoices.id,
    TenantInvoices.tenant_id,
    TenantInvoices.period_start,
    TenantInvoices.period_end,
    TenantInvoices.revision,
    TenantInvoices.status,
    TenantInvoices.currency,
    TenantInvoices.subtotal_cents,
    TenantInvoices.tax_cents,
    TenantInvoices.total_cents,
    TenantInvoices.input_hash,
    TenantInvoices.created_at,
)
_RATED_AGAIN = """
ON CONFLICT (id) DO UPDATE SET currency = excluded.currency, subtotal_cents = excluded.subtotal_cents,
    tax_cents = excluded.tax_cents, total_cents = excluded.total_cents, input_hash = excluded.input_hash
"""
_WRITE_LINES = """
INSERT INTO tenant_invoice_lines (
    id, tenant_id, invoice_id, position, key, kind, description, resource_kind, quantity, unit_price_cents,
    amount_cents, deployment_id, subscription_id, subscription_addon_id, period_start, charge_id
)
SELECT id, tenant_id, invoice_id, position, key, kind, description, resource_kind, quantity::numeric,
       unit_price_cents::numeric, amount_cents, deployment_id, subscription_id, subscription_addon_id, period_start,
       charge_id
FROM pg_temp.staged_invoice_lines
"""
_WRITE_INPUTS = """
INSERT INTO tenant_invoice_inputs (id, tenant_id, invoice_id, position, subscription_id, document, late_month)
SELECT id, tenant_id, invoice_id, position, subscription_id, document, late_month FROM pg_temp.staged_invoice_inputs
"""
_CLEAR_LINES = """
DELETE FROM tenant_invoice_lines AS old USING unnest($1::uuid[], $2::uuid[]) AS i (tenant_id, id)
WHERE old.tenant_id = i.tenant_id AND old.invoice_id = i.id
"""
_CLEAR_INPUTS = """
DELETE FROM tenant_invoice_inputs AS old USING unnest($1::uuid[], $2::uuid[]) AS i (tenant_id, id)
WHERE old.tenant_id = i.tenant_id AND old.invoice_id = i.id
"""


async def write_invoices(unit: UnitOfWork, drafts: Iterable[Draft], now: datetime) -> None:
    """Writes the invoices, or the new totals of those that are already drafts."""
    await copy_rows(unit, TenantInvoices, INVOICE_COLUMNS, (_invoice(d, now) for d in drafts), on_conflict=_RATED_AGAIN)


async def write_lines(unit: UnitOfWork, drafts: Sequence[Draft]) -> None:
    """Writes the lines that the draft invoices have collected since the last call. The invoices must already be
    written.
    """
    await stage_lines(unit, chain.from_iterable(draft.lines for draft in drafts))
    await unit.connection.fetch(_WRITE_LINES)
    for draft in drafts:
        draft.lines.clear()


async def write_inputs(unit: UnitOfWork, drafts: Sequence[Draft]) -> None:
    """Writes the input documents that the draft invoices have collected since the last call. The invoices must already
    be written.
    """
    await stage_inputs(unit, chain.from_iterable(draft.documents for draft in drafts))
    await unit.connection.fetch(_WRITE_INPUTS)
    for draft in drafts:
        draft.documents.clear()


async def clear_drafts(unit: UnitOfWork, invoices: Mapping[UUID, UUID]) -> None:
    """Deletes the lines and inputs of draft invoices that are rated again. `invoices` gives their ids by tenant."""
    if invoices:
        for clear in (_CLEAR_LINES, _CLEAR_INPUTS):
            await unit.connection.execute(clear, list(invoices), list(invoices.values()))


def _invoice(draft: Draft, now: datetime) -> tuple[Any, ...]:
    period = draft.header.period
    return (
        draft.invoice_id,
        draft.tenant_id,
        period.start,
        period.end,
        draft.revision,
        InvoiceStatus.DRAFT,
        draft.header.currency,
        draft.invoice.subtotal_cents,
        draft.invoice.tax_cents,
        draft.invoice.total_cents,
        draft.invoice.input_hash,
        now,
    )
