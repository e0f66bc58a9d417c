"""Checks credit notes: their sums, what they take off their invoices, and their numbers."""

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from app.billing.money import Ratio, multiply, round_half_away
from app.operations.credit_notes import creditable_invoice
from app.operations.data_integrity.integrity_check import (
    CheckedTable,
    Examination,
    Finding,
    IntegrityCheck,
    by_statement,
)
from app.operations.invoices.verification import UNREADABLE

_SUMS = """
SELECT n.id::text, format('net %s and tax %s, the lines give %s and %s', n.net_cents, n.tax_cents, l.net, l.tax)
FROM credit_notes n CROSS JOIN LATERAL (
    SELECT coalesce(sum(c.amount_cents) FILTER (WHERE c.taxed_net_cents IS NULL), 0) AS net,
           coalesce(sum(c.amount_cents) FILTER (WHERE c.taxed_net_cents IS NOT NULL), 0) AS tax
    FROM credit_note_lines c WHERE c.tenant_id = n.tenant_id AND c.credit_note_id = n.id
) AS l
WHERE n.invoice_id = any($1::uuid[]) AND (n.net_cents, n.tax_cents) IS DISTINCT FROM (l.net, l.tax)
ORDER BY n.id
"""
# A note of another invoice's line, in another currency, or of an invoice that is not issued.
_ELSEWHERE = """
SELECT n.id::text, format('it is of invoice %s (%s, %s), in %s, and credits a line of %s',
                          i.id, i.status, i.currency, n.currency, l.invoice_id)
FROM credit_notes n
JOIN tenant_invoices i ON i.tenant_id = n.tenant_id AND i.id = n.invoice_id
JOIN credit_note_lines c ON c.tenant_id = n.tenant_id AND c.credit_note_id = n.id
JOIN tenant_invoice_lines l ON l.tenant_id = c.tenant_id AND l.id = c.invoice_line_id
WHERE n.invoice_id = any($1::uuid[])
  AND (l.invoice_id <> n.invoice_id OR l.position <> c.position OR (l.kind = 'TAX') <> (c.taxed_net_cents IS NOT NULL)
       OR n.currency <> i.currency OR i.status NOT IN ('ISSUED', 'PAID'))
ORDER BY n.id, c.position
"""
_EXCEEDED = """
SELECT l.id::text, format('%s cents are credited of %s', c.credited, l.amount_cents)
FROM tenant_invoice_lines l CROSS JOIN LATERAL (
    SELECT sum(c.amount_cents) AS credited FROM credit_note_lines c
    WHERE c.tenant_id = l.tenant_id AND c.invoice_line_id = l.id
) AS c
WHERE l.invoice_id = any($1::uuid[])
  AND (c.credited < least(l.amount_cents, 0) OR c.credited > greatest(l.amount_cents, 0))
ORDER BY l.id
"""
_ABSORBED = """
SELECT l.id::text, format('%s cents of corrections are absorbed, where other credit notes took %s off it',
                          a.absorbed, n.credited)
FROM tenant_invoice_lines l CROSS JOIN LATERAL (
    SELECT sum(a.absorbed_cents) AS absorbed FROM absorbed_corrections a
    WHERE a.tenant_id = l.tenant_id AND a.invoice_line_id = l.id
) AS a CROSS JOIN LATERAL (
    SELECT coalesce(sum(c.amount_cents), 0) AS credited FROM credit_note_lines c
    JOIN credit_notes n ON n.tenant_id = c.tenant_id AND n.id = c.credit_note_id AND n.reason <> 'LATE_CORRECTION'
    WHERE c.tenant_id = l.tenant_id AND c.invoice_line_id = l.id
) AS n
WHERE l.invoice_id = any($1::uuid[]) AND a.absorbed NOT BETWEEN 0 AND n.credited
ORDER BY l.id
"""
_BALANCES = """
SELECT b.id::text, format('net %s, tax %s and %s cents off the balance; its credit notes give %s, %s and %s',
                          b.credited_net_cents, b.credited_tax_cents, b.noted_cents, n.net, n.tax, n.noted)
FROM invoice_balances b CROSS JOIN LATERAL (
    SELECT coalesce(sum(n.net_cents), 0) AS net, coalesce(sum(n.tax_cents), 0) AS tax,
           coalesce(sum(n.written_off_cents + n.receivable_cents), 0) AS noted
    FROM credit_notes n WHERE n.tenant_id = b.tenant_id AND n.invoice_id = b.id
) AS n
WHERE b.id = any($1::uuid[])
  AND (b.credited_net_cents, b.credited_tax_cents, b.noted_cents) IS DISTINCT FROM (n.net, n.tax, n.noted)
ORDER BY b.id
"""
# Of each invoice with notes: its taxes, and by how much the net amount that each is on fell.
_CREDITED = """
SELECT n.tenant_id, n.invoice_id, l.key, sum(c.taxed_net_cents)::bigint AS net_cents
FROM credit_notes n
JOIN credit_note_lines c ON c.tenant_id = n.tenant_id AND c.credit_note_id = n.id AND c.taxed_net_cents IS NOT NULL
JOIN tenant_invoice_lines l ON l.tenant_id = c.tenant_id AND l.id = c.invoice_line_id
WHERE n.invoice_id = any($1::uuid[]) GROUP BY 1, 2, 3 ORDER BY 2, 3
"""
_NUMBERS = """
WITH given AS (
    SELECT id, number, extract(year FROM issued_on)::int AS issued_in,
           CASE WHEN number ~ '^CRN-[0-9]{4}-[0-9]{6,9}$' THEN substr(number, 5, 4)::int END AS year,
           CASE WHEN number ~ '^CRN-[0-9]{4}-[0-9]{6,9}$' THEN substr(number, 10)::int END AS place
    FROM credit_notes
)
SELECT 'credit_note_number_sequences ' || s.year,
       format('CRN-%s-%s is on no credit note', s.year, lpad(n::text, 6, '0'))
FROM credit_note_number_sequences s CROSS JOIN LATERAL generate_series(1, s.last_number) AS n
WHERE NOT EXISTS (SELECT FROM given g WHERE g.year = s.year AND g.place = n)
UNION ALL
SELECT 'credit_notes ' || g.id, format('%s was never given', g.number)
FROM given g LEFT JOIN credit_note_number_sequences s ON s.year = g.year
WHERE g.year IS DISTINCT FROM g.issued_in OR g.place > coalesce(s.last_number, 0) OR g.place = 0
ORDER BY 1, 2
"""


async def _tax_differs(examination: Examination, keys: Sequence[Any]) -> list[Finding]:
    """The tax that is left is the rounded tax on what is left of the net amount, however many notes there are."""
    findings = []
    rows = await examination.fetch(_CREDITED, keys)
    for (tenant_id, invoice_id), credited in groupby(rows, itemgetter("tenant_id", "invoice_id")):
        net_by_tax = {row["key"]: row["net_cents"] for row in credited}
        try:
            creditable = await creditable_invoice(examination.unit, tenant_id, invoice_id)
        except UNREADABLE as error:
            findings.append(Finding(f"tenant_invoices {invoice_id}", f"what is left of it cannot be told: {error!r}"))
            continue
        for tax in creditable.remaining.taxes:
            due = round_half_away(Ratio(multiply(tax.rate, tax.net_cents)))
            as_issued = tax.net_cents + net_by_tax.get(tax.key, 0)
            if tax.tax_cents != due or tax.net_cents < min(as_issued, 0):
                message = f"{tax.key}: {tax.tax_cents} cents are left on {tax.net_cents}, where {due} are due"
                findings.append(Finding(f"tenant_invoices {invoice_id}", message))
    return findings


async def _misnumbered(examination: Examination, _keys: Sequence[Any]) -> list[Finding]:
    return [Finding(*row) for row in await examination.fetch(_NUMBERS)]


INTEGRITY_CHECKS = (
    IntegrityCheck(
        "the lines of a credit note sum to its totals", CheckedTable.INVOICES, by_statement("credit_notes", _SUMS)
    ),
    IntegrityCheck(
        "a credit note is of its invoice's lines", CheckedTable.INVOICES, by_statement("credit_notes", _ELSEWHERE)
    ),
    IntegrityCheck(
        "no more of a line is credited than it has",
        CheckedTable.INVOICES,
        by_statement("tenant_invoice_lines", _EXCEEDED),
    ),
    IntegrityCheck(
        "no more of a correction is absorbed than other credit notes took off the line",
        CheckedTable.INVOICES,
        by_statement("tenant_invoice_lines", _ABSORBED),
    ),
    IntegrityCheck("what is left of a tax is due on what is left of its lines", CheckedTable.INVOICES, _tax_differs),
    IntegrityCheck(
        "an invoice's balance has its credit notes", CheckedTable.INVOICES, by_statement("invoice_balances", _BALANCES)
    ),
    IntegrityCheck("credit note numbers have no gap", None, _misnumbered),
)
