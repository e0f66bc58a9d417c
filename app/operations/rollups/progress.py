"""Records a run's progress. Its counters change in the transaction that writes the outcomes, so they are always the
sums over the run's outcomes.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from app.database import UnitOfWork
from app.database.copy import copy_rows
from app.operations.chunked_runs import ChunkedRuns
from app.operations.events import Aggregate, RollupData, record_event
from app.operations.rollups.run import Run
from app.tables.events import AggregateType, EventType
from app.tables.ids import new_id
from app.tables.rollups import (
    RollupFailures,
    RollupOutcomes,
    RollupStatus,
    RollupUnpricedUsage,
    RollupWarningCode,
    RollupWarnings,
    TenantOutcome,
    UnpricedReason,
)

_FINISHED = """
SELECT id AS run_id, period_start, status, dry_run, invoices_created, invoices_replaced, invoices_skipped,
       invoices_failed, total_cents
FROM rollup_runs WHERE id = $1
"""


async def _record_finished(unit: UnitOfWork, run_id: UUID, now: datetime) -> None:
    row = await unit.connection.fetchrow(_FINISHED, run_id)
    data = RollupData(**{**row, "status": RollupStatus(row["status"])})
    record_event(unit, EventType.ROLLUP_FINISHED, Aggregate(AggregateType.ROLLUP_RUN, run_id, None), data, now)


ROLLUPS = ChunkedRuns(
    "rollup_runs", "rollup_chunks", total="tenants_total", chunk_job="roll_up_chunk", on_finish=_record_finished
)

_COUNT = """
UPDATE rollup_runs SET
    tenants_done = tenants_done + $2, invoices_created = invoices_created + $3,
    invoices_replaced = invoices_replaced + $4, invoices_skipped = invoices_skipped + $5,
    invoices_failed = invoices_failed + $6, total_cents = total_cents + $7
WHERE id = $1
"""


class TenantFailure(NamedTuple):
    code: str
    message: str
    attempts: int


class Settlement(NamedTuple):
    """The outcome of one tenant in a run. total_cents is what the run billed the tenant, or what a dry run would have
    billed.
    """

    tenant_id: UUID
    outcome: TenantOutcome
    invoice_id: UUID | None = None
    total_cents: int = 0
    failure: TenantFailure | None = None


class UnpricedUsageRow(NamedTuple):
    """Usage that no plan version prices."""

    tenant_id: UUID
    deployment_id: str | None
    resource_kind: str
    quantity: Decimal
    reason: UnpricedReason = UnpricedReason.NOT_PRICED


class TenantWarning(NamedTuple):
    """A warning about a billed tenant, for an operator to check."""

    tenant_id: UUID
    period_start: date
    code: RollupWarningCode
    message: str


@dataclass(slots=True)
class BatchOutcome:
    """The outcomes of a batch of tenants, with their warnings and unpriced usage."""

    settled: list[Settlement] = field(default_factory=list)
    unpriced: list[UnpricedUsageRow] = field(default_factory=list)
    warnings: list[TenantWarning] = field(default_factory=list)


async def record(
    unit: UnitOfWork,
    run: Run,
    settled: Sequence[Settlement],
    unpriced: Sequence[UnpricedUsageRow] = (),
    warnings: Sequence[TenantWarning] = (),
) -> None:
    """Writes the tenants' outcomes and adds them to the counters of the rollup run. It must be the last step of its
    transaction, because it locks the run's row.
    """
    if not settled:
        return
    await copy_rows(
        unit,
        RollupOutcomes,
        (
            RollupOutcomes.id,
            RollupOutcomes.run_id,
            RollupOutcomes.period_start,
            RollupOutcomes.tenant_id,
            RollupOutcomes.outcome,
            RollupOutcomes.invoice_id,
            RollupOutcomes.total_cents,
        ),
        ((new_id(), run.id, run.period.start, *settlement[:4]) for settlement in settled),
    )
    await _record_failures(unit, run, [settlement for settlement in settled if settlement.failure])
    await _record_unpriced(unit, run, unpriced)
    await _record_warnings(unit, run, warnings)
    count = Counter(settlement.outcome for settlement in settled)
    await unit.connection.execute(
        _COUNT,
        run.id,
        len(settled),
        count[TenantOutcome.CREATED],
        count[TenantOutcome.REPLACED],
        count[TenantOutcome.SKIPPED],
        count[TenantOutcome.FAILED],
        sum(settlement.total_cents for settlement in settled),
    )
    await ROLLUPS.notify_progress(unit, run.id)


async def _record_failures(unit: UnitOfWork, run: Run, failed: Sequence[Settlement]) -> None:
    if failed:
        await copy_rows(
            unit,
            RollupFailures,
            (
                RollupFailures.id,
                RollupFailures.run_id,
                RollupFailures.tenant_id,
                RollupFailures.code,
                RollupFailures.message,
                RollupFailures.attempts,
            ),
            ((new_id(), run.id, settlement.tenant_id, *(settlement.failure or ())) for settlement in failed),
        )


async def _record_unpriced(unit: UnitOfWork, run: Run, unpriced: Sequence[UnpricedUsageRow]) -> None:
    if unpriced:
        await copy_rows(
            unit,
            RollupUnpricedUsage,
            (
                RollupUnpricedUsage.id,
                RollupUnpricedUsage.run_id,
                RollupUnpricedUsage.tenant_id,
                RollupUnpricedUsage.deployment_id,
                RollupUnpricedUsage.resource_kind,
                RollupUnpricedUsage.quantity,
                RollupUnpricedUsage.reason,
            ),
            ((new_id(), run.id, *usage) for usage in unpriced),
        )


async def _record_warnings(unit: UnitOfWork, run: Run, warnings: Sequence[TenantWarning]) -> None:
    if warnings:
        await copy_rows(
            unit,
            RollupWarnings,
            (
                RollupWarnings.id,
                RollupWarnings.run_id,
                RollupWarnings.tenant_id,
                RollupWarnings.period_start,
                RollupWarnings.code,
                RollupWarnings.message,
            ),
            ((new_id(), run.id, *warning) for warning in warnings),
        )
