"""What a rating makes of a tenant's months: the one that was rolled up, and those that its invoice corrects."""

from collections.abc import Iterator
from datetime import datetime

from app.operations.billing_months.rating import Month
from app.operations.invoices.draft import Draft
from app.operations.rollups.corrections import Corrections
from app.tables.billing_months import BillingMonthState


def note_ratings(draft: Draft, corrections: Corrections, rated_cents: int, now: datetime) -> Iterator[Month]:
    """A tenant's months as they are from now on. rated_cents: the amount of the month that was rolled up."""
    run, months, replaced = corrections.run, corrections.months[draft.tenant_id], corrections.replaced.cents
    own = months.own
    version = draft.header.rules_version
    own.billed_cents -= replaced.get((own.tenant_id, own.period_start), 0)
    own.rate(run.id, now, rated_cents, version)
    own.state = BillingMonthState.DRAFT if draft.billable else BillingMonthState.ZERO
    own.invoice_id = draft.invoice_id if draft.billable else None
    own.input_hash = draft.invoice.input_hash
    own.consumed = True
    if draft.billable:
        own.billed_cents += draft.invoice.net_by_month[own.period_start]
    yield own
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
