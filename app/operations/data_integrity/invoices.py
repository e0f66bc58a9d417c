"""Checks invoices: sums, tax, numbers, and that rating their inputs again gives the same lines."""

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from app.billing import TaxBase, document_value, header_of, parse_header
from app.operations.data_integrity.integrity_check import (
    CheckedTable,
    Examination,
    Finding,
    IntegrityCheck,
    by_statement,
)
from app.operations.invoices.verification import UNREADABLE, against_inputs

_SUMS = """
SELECT i.id::text, format('subtotal %s and tax %s, the lines give %s and %s',
                          i.subtotal_cents, i.tax_cents, l.subtotal, l.tax)
FROM tenant_invoices i CROSS JOIN LATERAL (
    SELECT coalesce(sum(amount_cents) FILTER (WHERE kind <> 'TAX'), 0) AS subtotal,
           coalesce(sum(amount_cents) FILTER (WHERE kind = 'TAX'), 0) AS tax
    FROM tenant_invoice_lines WHERE tenant_id = i.tenant_id AND invoice_id = i.id
) AS l
WHERE i.id = any($1::uuid[])
  AND (i.subtotal_cents, i.tax_cents, i.total_cents) IS DISTINCT FROM (l.subtotal, l.tax, l.subtotal + l.tax)
ORDER BY i.id
"""
# For each month that the invoice has lines for: their sum without tax, and a document with the month's header.
_TAXES = """
SELECT i.id, m.taxable, h.document, h.position = 0 AS is_own,
       array(SELECT l.key || ' ' || l.amount_cents FROM tenant_invoice_lines l
             WHERE l.tenant_id = i.tenant_id AND l.invoice_id = i.id AND l.kind = 'TAX' ORDER BY l.position) AS taxes
FROM tenant_invoices i
LEFT JOIN LATERAL (
    SELECT l.key LIKE 'late:%' AS is_late, l.period_start, sum(l.amount_cents)::bigint AS taxable,
           min(l.position) AS first
    FROM tenant_invoice_lines l WHERE l.tenant_id = i.tenant_id AND l.invoice_id = i.id AND l.kind <> 'TAX'
    GROUP BY 1, 2
) AS m ON true
LEFT JOIN LATERAL (
    SELECT n.document, n.position FROM tenant_invoice_inputs n
    WHERE n.tenant_id = i.tenant_id AND n.invoice_id = i.id
      AND CASE WHEN m.is_late THEN n.late_month = m.period_start ELSE n.position = 0 END
    ORDER BY n.position LIMIT 1
) AS h ON true
WHERE i.id = any($1::uuid[])
ORDER BY i.id, m.first
"""
_LIVE = """
SELECT (array_agg(id ORDER BY id))[2]::text,
       format('tenant %s has %s live invoices for %s', tenant_id, count(*), period_start)
FROM tenant_invoices
WHERE tenant_id = any($1::uuid[]) AND status <> 'VOID'
GROUP BY tenant_id, period_start HAVING count(*) > 1
ORDER BY tenant_id, period_start
"""
_NUMBERS = """
WITH given AS (
    SELECT id, number, extract(year FROM issued_on)::int AS issued_in,
           CASE WHEN number ~ '^INV-[0-9]{4}-[0-9]{6,9}$' THEN substr(number, 5, 4)::int END AS year,
           CASE WHEN number ~ '^INV-[0-9]{4}-[0-9]{6,9}$' THEN substr(number, 10)::int END AS place
    FROM tenant_invoices WHERE number IS NOT NULL
)
SELECT 'invoice_number_sequences ' || s.year, format('INV-%s-%s is on no invoice', s.year, lpad(n::text, 6, '0'))
FROM invoice_number_sequences s CROSS JOIN LATERAL generate_series(1, s.last_number) AS n
WHERE NOT EXISTS (SELECT FROM given g WHERE g.year = s.year AND g.place = n)
UNION ALL
SELECT 'tenant_invoices ' || g.id, format('%s was never given', g.number)
FROM given g LEFT JOIN invoice_number_sequences s ON s.year = g.year
WHERE g.year IS DISTINCT FROM g.issued_in OR g.place > coalesce(s.last_number, 0) OR g.place = 0
UNION ALL
SELECT 'tenant_invoices ' || (array_agg(id ORDER BY id))[2], format('%s is on %s invoices', number, count(*))
FROM given GROUP BY number HAVING count(*) > 1
ORDER BY 1, 2
"""
_INVOICES = """
SELECT id, tenant_id, period_start, status, currency, subtotal_cents, tax_cents, total_cents, input_hash
FROM tenant_invoices WHERE id = any($1::uuid[]) ORDER BY id
"""


async def _tax_differs(examination: Examination, keys: Sequence[Any]) -> list[Finding]:
    findings = []
    for invoice_id, rows in groupby(await examination.fetch(_TAXES, keys), itemgetter("id")):
        months = list(rows)
        try:
            expected = [f"{line.key} {line.amount_cents}" for line in _due(months).lines()]
        except UNREADABLE as error:
            findings.append(Finding(f"tenant_invoices {invoice_id}", f"its taxes cannot be calculated: {error!r}"))
            continue
        if months[0]["taxes"] != expected:
            message = f"taxes are {_listed(months[0]['taxes'])}, but the lines give {_listed(expected)}"
            findings.append(Finding(f"tenant_invoices {invoice_id}", message))
    return findings


def _due(months: Sequence[Any]) -> TaxBase:
    """Returns the tax base: each month's lines with that month's header. An invoice without lines has none."""
    taxes = TaxBase()
    for month in months:
        if month["taxable"] is not None:
            document = month["document"] or "{}"
            header = parse_header(document) if month["is_own"] else header_of(document_value(document)["header"])
            taxes.add(header, month["taxable"])
    return taxes


def _listed(taxes: Sequence[str]) -> str:
    return ", ".join(taxes) or "none"


async def _unlike_their_inputs(examination: Examination, keys: Sequence[Any]) -> list[Finding]:
    return [
        Finding(f"tenant_invoices {invoice['id']}", difference)
        for invoice in await examination.fetch(_INVOICES, keys)
        for difference in await against_inputs(examination.unit, invoice)
    ]


async def _misnumbered(examination: Examination, _keys: Sequence[Any]) -> list[Finding]:
    return [Finding(*row) for row in await examination.fetch(_NUMBERS)]


INTEGRITY_CHECKS = (
    IntegrityCheck(
        "the lines of an invoice add up to its totals", CheckedTable.INVOICES, by_statement("tenant_invoices", _SUMS)
    ),
    IntegrityCheck("an invoice's tax is the tax rate applied to its lines", CheckedTable.INVOICES, _tax_differs),
    IntegrityCheck("an invoice can be calculated again from its inputs", CheckedTable.INVOICES, _unlike_their_inputs),
    IntegrityCheck(
        "a tenant has at most one live invoice for a month",
        CheckedTable.TENANTS,
        by_statement("tenant_invoices", _LIVE),
    ),
    IntegrityCheck("invoice numbers have no gaps", None, _misnumbered),
)
