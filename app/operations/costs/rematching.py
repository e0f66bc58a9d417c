"""Matches the lines of an imported bill again, because resources may have been registered since the import."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from app.billing.money import ZERO, add
from app.database import UnitOfWork
from app.operations.calls.access import Action, authorise
from app.operations.calls.context import Context
from app.operations.calls.transaction import transact
from app.operations.costs.bill_file import BLOCK_ROWS
from app.operations.costs.bill_rows import round_cents
from app.operations.costs.importing import Progress
from app.operations.costs.matching import Match, match_rows
from app.operations.costs.withdrawing import lock_bill
from app.tables.costs import CloudInvoices

_COUNT = "SELECT count(*) FROM cloud_invoice_lines WHERE cloud_invoice_id = $1"
# Positions have no gaps. The upper bound limits the cost of a block to its own rows, whatever plan PostgreSQL chooses.
_LINES = """
SELECT id, position, description, group_description, started_at, ended_at, exact_cents,
       cloud_resource_id, tenant_id, deployment_id, resource_kind, matched_by, unallocated_reason
FROM cloud_invoice_lines WHERE cloud_invoice_id = $1 AND position > $2::int AND position <= $2::int + $3::int
ORDER BY position
"""
_CHANGE = """
UPDATE cloud_invoice_lines AS l SET
    cloud_resource_id = m.cloud_resource_id, tenant_id = m.tenant_id, deployment_id = m.deployment_id,
    resource_kind = m.resource_kind, matched_by = m.matched_by, unallocated_reason = m.unallocated_reason
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[]) AS m (
    id, cloud_resource_id, tenant_id, deployment_id, resource_kind, matched_by, unallocated_reason)
WHERE l.id = m.id
"""


class RematchOutcome(NamedTuple):
    """The changes made by matching again. Amounts are in the minor unit of the bill's currency."""

    cloud_invoice_id: UUID
    changed_lines: int
    allocated_cents: int
    unallocated_cents: int


class _StoredLine(NamedTuple):
    """A stored line of a bill, as the statement _LINES returns it."""

    id: UUID
    position: int
    description: str
    group_description: str
    started_at: datetime
    ended_at: datetime
    exact_cents: Decimal
    match: tuple[Any, ...]


async def rematch_cloud_invoice(
    context: Context, *, cloud_invoice_id: UUID, progress: Progress | None = None
) -> RematchOutcome:
    """Matches every line of the bill again, as if it were imported now. Amounts do not change.

    Raises NOT_FOUND, and CONFLICT for a withdrawn bill.
    """
    authorise(context, Action.REMATCH_CLOUD_INVOICE)

    async def work(unit: UnitOfWork) -> RematchOutcome:
        bill = await lock_bill(cloud_invoice_id)
        total = await unit.connection.fetchval(_COUNT, cloud_invoice_id) if progress else 0
        allocated, changed, position = ZERO, 0, 0
        while lines := await _lines(unit, cloud_invoice_id, position):
            matches = await match_rows(unit, bill["provider"], lines)
            for line, match in zip(lines, matches, strict=True):
                if match.deployment_id is not None:
                    allocated = add(allocated, line.exact_cents)
            changed += await _change(unit, lines, matches)
            position = lines[-1].position
            if progress:
                progress(position, total)
        allocated_cents = round_cents(allocated)
        await CloudInvoices.update(
            {
                CloudInvoices.allocated_cents: allocated_cents,
                CloudInvoices.matched_at: context.clock(),
                CloudInvoices.matched_by: context.principal.subject,
            }
        ).where(CloudInvoices.id == cloud_invoice_id)
        return RematchOutcome(cloud_invoice_id, changed, allocated_cents, bill["total_cents"] - allocated_cents)

    return await transact(context, work, RematchOutcome)


async def _lines(unit: UnitOfWork, cloud_invoice_id: UUID, after: int) -> list[_StoredLine]:
    rows = await unit.connection.fetch(_LINES, cloud_invoice_id, after, BLOCK_ROWS)
    return [_StoredLine._make([*tuple(row)[:7], tuple(row)[7:]]) for row in rows]


async def _change(unit: UnitOfWork, lines: Sequence[_StoredLine], matches: Sequence[Match]) -> int:
    """Updates the lines whose match differs from the stored one; returns how many differ."""
    differing = [(line.id, *match) for line, match in zip(lines, matches, strict=True) if line.match != tuple(match)]
    if differing:
        await unit.connection.execute(_CHANGE, *map(list, zip(*differing, strict=True)))
    return len(differing)
