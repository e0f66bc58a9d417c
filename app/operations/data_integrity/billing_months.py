"""Checks billing months: they must agree with the invoices, and every cent of a month must be billed or listed."""

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from app.billing import Period
from app.operations.billing_months.month_amounts import MonthInData, months_in_data
from app.operations.data_integrity.integrity_check import (
    CheckedTable,
    Examination,
    Finding,
    IntegrityCheck,
    by_statement,
)

# A month of a subscription must have a row if it is not later than the last month for which rows were inserted.
_MISSING = """
SELECT s.tenant_id::text, format('%s has a subscription and no billing month', m.starts)
FROM installation n
CROSS JOIN LATERAL unnest($1::uuid[]) AS t (id)
JOIN subscriptions s ON s.tenant_id = t.id
CROSS JOIN months_between(s.started_on, least(s.ended_on, n.billing_months_through)) AS m (starts)
WHERE n.billing_months_through IS NOT NULL
  AND NOT EXISTS (SELECT FROM billing_months b WHERE b.tenant_id = t.id AND b.period_start = m.starts)
ORDER BY 1, 2
"""
_UNLIKE_INVOICES = """
SELECT b.id::text, format(
    '%s is %s with invoice %s and %s cents billed; its live invoice is %s (%s), and %s cents are billed',
    b.period_start, b.state, coalesce(b.invoice_id::text, 'none'), b.billed_cents,
    coalesce(i.id::text, 'none'), coalesce(i.status, 'none'), l.billed)
FROM billing_months b
LEFT JOIN tenant_invoices i
    ON i.tenant_id = b.tenant_id AND i.period_start = b.period_start AND i.status <> 'VOID'
CROSS JOIN LATERAL (
    SELECT coalesce(sum(l.amount_cents - invoice_line_corrected_cents(l.tenant_id, l.id)), 0) AS billed
    FROM tenant_invoice_lines l JOIN tenant_invoices v
        ON v.tenant_id = l.tenant_id AND v.id = l.invoice_id AND v.status <> 'VOID'
    WHERE l.tenant_id = b.tenant_id AND l.period_start = b.period_start AND l.kind <> 'TAX'
) AS l
WHERE b.tenant_id = any($1::uuid[]) AND (
    b.billed_cents <> l.billed OR b.invoice_id IS DISTINCT FROM i.id
    OR (b.state = 'DRAFT') IS DISTINCT FROM (i.status = 'DRAFT' AND i.id IS NOT NULL)
    OR (b.state = 'ISSUED') IS DISTINCT FROM (i.id IS NOT NULL AND i.status IN ('ISSUED', 'PAID')))
ORDER BY b.tenant_id, b.period_start
"""
_WITHOUT_MONTH = """
SELECT i.id::text, format('it is live, and %s has no billing month', i.period_start) FROM tenant_invoices i
WHERE i.tenant_id = any($1::uuid[]) AND i.status <> 'VOID'
  AND NOT EXISTS (SELECT FROM billing_months b WHERE b.tenant_id = i.tenant_id AND b.period_start = i.period_start)
ORDER BY i.id
"""
_CHANGES_OF_UNRATED = """
SELECT c.id::text, format('it waits for %s, which is %s', b.period_start, b.state)
FROM billing_month_changes c JOIN billing_months b ON b.tenant_id = c.tenant_id AND b.period_start = c.period_start
WHERE c.tenant_id = any($1::uuid[]) AND b.state NOT IN ('DRAFT', 'ISSUED', 'ZERO')
ORDER BY c.id
"""
# Only months without waiting changes: their amount must be that of their last rating.
_RATED = """
SELECT b.id, b.tenant_id, b.period_start, b.rated_cents, b.billed_cents FROM billing_months b
WHERE b.tenant_id = any($1::uuid[]) AND b.rated_cents IS NOT NULL
  AND NOT EXISTS (SELECT FROM billing_month_changes c
                  WHERE c.tenant_id = b.tenant_id AND c.period_start = b.period_start)
ORDER BY b.period_start, b.tenant_id
"""


async def _not_conserved(examination: Examination, keys: Sequence[Any]) -> list[Finding]:
    findings = []
    for start, group in groupby(await examination.fetch(_RATED, keys), itemgetter("period_start")):
        rows = list(group)
        tenant_ids = [row["tenant_id"] for row in rows]
        months = await months_in_data(examination.unit, tenant_ids, Period(start, examination.zone))
        findings += [
            Finding(f"billing_months {row['id']}", f"{start} {text}")
            for row in rows
            if (text := _text(row, months[row["tenant_id"]]))
        ]
    return findings


def _text(row: Any, month: MonthInData) -> str | None:
    """Returns what is wrong with a billing month, or None."""
    if month.failure:
        return f"cannot be rated: {month.failure}"
    if month.rated_cents == row["rated_cents"]:
        return None
    listed = "it is listed as unbilled" if row["rated_cents"] != row["billed_cents"] else "it is not listed as unbilled"
    return f"comes to {month.rated_cents}c, was rated to {row['rated_cents']}c, and {listed}"


INTEGRITY_CHECKS = (
    IntegrityCheck("every ended month has a billing month", CheckedTable.TENANTS, by_statement("tenants", _MISSING)),
    IntegrityCheck(
        "a billing month's state agrees with its invoices",
        CheckedTable.TENANTS,
        by_statement("billing_months", _UNLIKE_INVOICES),
    ),
    IntegrityCheck(
        "every invoice has a billing month", CheckedTable.TENANTS, by_statement("tenant_invoices", _WITHOUT_MONTH)
    ),
    IntegrityCheck(
        "only rated months have changes",
        CheckedTable.TENANTS,
        by_statement("billing_month_changes", _CHANGES_OF_UNRATED),
    ),
    IntegrityCheck("every cent of a month is billed or listed as unbilled", CheckedTable.TENANTS, _not_conserved),
)
