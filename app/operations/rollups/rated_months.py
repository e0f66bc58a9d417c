"""Updates a tenant's months after a rating: the month of the rollup, and those that its invoice corrects."""

from collections.abc import Iterator
from datetime import datetime

from app.operations.billing_months.month_locks import Month
from app.operations.events import MonthCorrectedData, record_tenant_event
from app.operations.invoices.draft import Draft
from app.operations.rollups.corrections import Corrections
from app.tables.billing_months import BillingMonthState
from app.tables.events import EventType


def note_ratings(draft: Draft, corrections: Corrections, rated_cents: int, now: datetime) -> Iterator[Month]:
    """Yields the tenant's months with their new values. rated_cents: the amount of the month of the rollup."""
    run, months, replaced = corrections.run, corrections.months[draft.tenant_id], corrections.replaced.cents
    rolled_up_month = months.rolled_up_month
    version = draft.header.rules_version
    rolled_up_month.billed_cents -= replaced.get((rolled_up_month.tenant_id, rolled_up_month.period_start), 0)
    rolled_up_month.rate(run.id, now, rated_cents, version)
    rolled_up_month.state = BillingMonthState.DRAFT if draft.billable else BillingMonthState.ZERO
    rolled_up_month.invoice_id = draft.invoice_id if draft.billable else None
    rolled_up_month.input_hash = draft.invoice.input_hash
    rolled_up_month.consumed = True
    if draft.billable:
        rolled_up_month.billed_cents += draft.invoice.net_by_month[rolled_up_month.period_start]
    yield rolled_up_month
    for month in months.earlier:
        key = month.tenant_id, month.period_start
        month.billed_cents -= replaced.get(key, 0)
        if key in corrections.corrected:
            month.rate(run.id, now, month.billed_cents + month.difference_cents, version)
            month.consumed = key not in corrections.notes.stale
        elif key in corrections.failed:
            month.failure = corrections.failed[key]
        month.billed_cents -= corrections.notes.corrected.get(key, 0)
        if draft.billable:
            month.billed_cents += draft.invoice.net_by_month[month.period_start]
        yield month


def record_corrected(draft: Draft, corrections: Corrections, now: datetime) -> None:
    """Records an event for each earlier month whose amount this rating has changed."""
    for month in corrections.months[draft.tenant_id].earlier:
        key = month.tenant_id, month.period_start
        if key in corrections.corrected and month.difference_cents:
            data = MonthCorrectedData(
                tenant_id=month.tenant_id,
                month=month.period_start,
                run_id=corrections.run.id,
                currency=draft.header.currency,
                difference_cents=month.difference_cents,
                credited_cents=corrections.notes.corrected.get(key, 0),
            )
            record_tenant_event(corrections.unit, EventType.MONTH_CORRECTED, month.tenant_id, data, now)
